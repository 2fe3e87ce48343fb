//! Running a suite.

use std::collections::BTreeMap;

use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object, yaml};

use super::cover::Cover;
use super::{Case, CaseResult, Filter, Outcome, Suite, SuiteResult, Test, TestResult, join, reviewed};
use crate::constraint::{self, Fault};
use crate::expansion::Expansion;
use crate::report::Report;
use crate::template::{self, Template};
use crate::{Constraint, EnforcementPoint, Inventory, Options, PolicySet, Review, Source};

/// Runs suites; what they name comes through `files`, from a path to its bytes.
pub struct Runner<'a> {
    /// How policies are read and run.
    pub options: &'a Options,
    /// From a path to the bytes of the file, or why it cannot be read.
    pub files: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// Whether it is told which lines of templates are reached.
    pub coverage: bool,
}

/// A template that tests of a suite have in common.
struct Known {
    template: Template,
    cover: Option<Cover>,
}

/// What the objects of a test are put before.
struct Judge<'a> {
    policies: PolicySet,
    cover: Option<&'a mut Cover>,
}

/// Why a test cannot be run.
struct Stop {
    message: String,
    findings: Vec<Diagnostic>,
    /// Whether it is that the constraint does not satisfy the template's schema.
    of_schema: bool,
}

impl Stop {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), findings: Vec::new(), of_schema: false }
    }

    fn of(message: &str, findings: Vec<Diagnostic>) -> Self {
        let causes: Vec<_> = findings.iter().filter(|finding| finding.is_error()).map(cause).collect();
        Self { message: format!("{message}: {}", causes.join("; ")), findings, of_schema: false }
    }
}

fn cause(finding: &Diagnostic) -> String {
    let cause = finding.causes.first().unwrap_or(&finding.message);
    finding.field.as_ref().map_or_else(|| cause.clone(), |field| format!("{field}: {cause}"))
}

impl Runner<'_> {
    /// Runs the tests of `suite` that `filter` selects.
    pub fn run(&self, suite: &Suite, filter: &Filter) -> SuiteResult {
        let path = suite.path.clone();
        if suite.skip {
            return SuiteResult { path, outcome: Outcome::Skipped, tests: Vec::new(), coverage: Vec::new() };
        }
        let mut templates = BTreeMap::new();
        let tests: Vec<_> = suite.tests.iter().map(|test| self.test(suite, test, filter, &mut templates)).collect();
        let failed = tests.iter().any(|test| test.outcome == Outcome::Failed);
        let lines = |(path, known): (&String, &Known)| known.cover.as_ref()?.lines(path, &known.template);
        let coverage = templates.iter().filter_map(lines).collect();
        SuiteResult { path, outcome: if failed { Outcome::Failed } else { Outcome::Passed }, tests, coverage }
    }

    fn test(&self, suite: &Suite, test: &Test, filter: &Filter, templates: &mut BTreeMap<String, Known>) -> TestResult {
        let mut result = TestResult {
            name: test.name.clone(),
            outcome: Outcome::Skipped,
            error: None,
            findings: Vec::new(),
            cases: Vec::new(),
        };
        if test.skip || !filter.matches_test(test) {
            return result;
        }
        let policies = self.policies(suite, test, templates);
        let ran = match (test.invalid, policies) {
            (true, Err(stop)) if stop.of_schema => Ok(Vec::new()),
            (true, policies) => {
                let got = policies.err().map_or_else(|| "none".to_owned(), |stop| stop.message);
                let wanted = "constraint should have failed schema validation";
                Err(Stop::new(format!("{wanted}: got error {got} but want schema validation failed")))
            }
            (false, Err(stop)) => Err(stop),
            (false, Ok(policies)) => {
                let known = templates.get_mut(&join(&suite.path, &test.template));
                let cover = known.and_then(|known| known.cover.as_mut());
                self.cases(suite, test, filter, &mut Judge { policies, cover })
            }
        };
        result.outcome = Outcome::Passed;
        match ran {
            Ok(cases) => result.cases = cases,
            Err(stop) => (result.error, result.findings) = (Some(stop.message), stop.findings),
        }
        if result.error.is_some() || result.cases.iter().any(|case| case.outcome == Outcome::Failed) {
            result.outcome = Outcome::Failed;
        }
        result
    }

    /// The template and the constraint of a test as a set.
    fn policies(&self, suite: &Suite, test: &Test, templates: &mut BTreeMap<String, Known>) -> Result<PolicySet, Stop> {
        if test.template.is_empty() {
            return Err(Stop::new("invalid Suite: missing template"));
        }
        let path = join(&suite.path, &test.template);
        if !templates.contains_key(&path) {
            templates.insert(path.clone(), self.template(&path)?);
        }
        let Some(Known { template, .. }) = templates.get(&path) else {
            return Err(Stop::new("invalid Suite: missing template"));
        };
        if !template.is_compiled() {
            return Err(Stop::of("adding template", template.findings.clone()));
        }
        let constraint = self.constraint(suite, test, template)?;
        Ok(PolicySet::of(template.clone(), constraint, self.options))
    }

    fn template(&self, path: &str) -> Result<Known, Stop> {
        let document = self.first(path, "ConstraintTemplate")?;
        let kind = GroupVersionKind::of(&document.value);
        if kind.group != template::GROUP || kind.kind != "ConstraintTemplate" {
            return Err(Stop::new(format!("path {path:?}: not a ConstraintTemplate")));
        }
        let template = template::read(&document, self.options);
        Ok(Known { template, cover: self.coverage.then(|| Cover::new(document)) })
    }

    fn constraint(&self, suite: &Suite, test: &Test, template: &Template) -> Result<Constraint, Stop> {
        if test.constraint.is_empty() {
            return Err(Stop::new("invalid Suite: missing constraint"));
        }
        let document = self.first(&join(&suite.path, &test.constraint), "Constraint")?;
        let kind = GroupVersionKind::of(&document.value);
        if kind.group != constraint::GROUP {
            return Err(Stop::new("not a Constraint"));
        }
        if !kind.kind.eq_ignore_ascii_case(&template.kind) {
            let wanted = kind.kind.to_lowercase();
            return Err(Stop::new(format!("missing ConstraintTemplate: template {wanted:?} not found")));
        }
        constraint::read(&document, template).map_err(|Fault { findings, of_schema }| {
            let message = if of_schema { "schema validation failed" } else { "invalid Constraint" };
            Stop { of_schema, ..Stop::of(message, findings) }
        })
    }

    /// The first object of a file: the only one that gator reads of templates and constraints.
    fn first(&self, path: &str, what: &str) -> Result<Document, Stop> {
        let bytes = (self.files)(path).map_err(|error| Stop::new(format!("reading {what} from {path:?}: {error}")))?;
        let (documents, findings) = yaml::parse(path, &bytes);
        match documents.into_iter().next() {
            Some(document) => Ok(document),
            None if findings.is_empty() => {
                Err(Stop::new(format!("missing objects: path {path:?} defines no YAML objects")))
            }
            None => Err(Stop::of("invalid yaml", findings)),
        }
    }

    fn objects(&self, path: &str) -> Result<Vec<Document>, String> {
        let bytes = (self.files)(path)?;
        let (documents, findings) = yaml::parse(path, &bytes);
        let faults: Vec<_> = findings.iter().filter(|finding| finding.is_error()).map(cause).collect();
        if !faults.is_empty() {
            return Err(format!("reading {path:?}: invalid yaml: {}", faults.join("; ")));
        }
        if documents.is_empty() {
            return Err(format!("missing objects: path {path:?} defines no YAML objects"));
        }
        if documents.iter().any(|document| object::string_at(&document.value, &["kind"]).is_none_or(str::is_empty)) {
            return Err(format!("reading {path:?}: invalid yaml: Object 'Kind' is missing"));
        }
        Ok(documents)
    }

    fn cases(
        &self,
        suite: &Suite,
        test: &Test,
        filter: &Filter,
        judge: &mut Judge<'_>,
    ) -> Result<Vec<CaseResult>, Stop> {
        let expansion = self.expansion(suite, test)?;
        let mut run = |case: &Case| {
            let name = case.name.clone();
            if case.skip || !filter.matches_case(&test.name, &case.name) {
                return CaseResult { name, outcome: Outcome::Skipped, error: None, messages: Vec::new() };
            }
            let (messages, error) = match self.messages(suite, case, judge, expansion.as_ref()) {
                Ok(messages) => {
                    let error = case.assertions.iter().find_map(|assertion| assertion.check(&messages).err());
                    (messages, error)
                }
                Err(error) => (Vec::new(), Some(error)),
            };
            let outcome = if error.is_some() { Outcome::Failed } else { Outcome::Passed };
            CaseResult { name, outcome, error, messages }
        };
        Ok(test.cases.iter().map(&mut run).collect())
    }

    fn expansion(&self, suite: &Suite, test: &Test) -> Result<Option<Expansion>, Stop> {
        if test.expansion.is_empty() {
            return Ok(None);
        }
        let path = join(&suite.path, &test.expansion);
        let documents = self.objects(&path).map_err(Stop::new)?;
        let mut expansion = Expansion::default();
        let mut findings = Vec::new();
        for document in &documents {
            let kind = GroupVersionKind::of(&document.value);
            if kind.group != crate::expansion::GROUP || kind.kind != "ExpansionTemplate" {
                return Err(Stop::new(format!("not an Expansion Template: {path:?}")));
            }
            let name = object::name(&document.value);
            let mut report = Report::new(document, format!("ExpansionTemplate {name}"));
            expansion.read(document, &mut report);
            findings.extend(report.into_findings());
        }
        if !findings.is_empty() {
            return Err(Stop::of("error upserting template", findings));
        }
        match expansion.drop_cycles().first() {
            Some(name) => Err(Stop::new(format!("error upserting template {name}: template forms expansion cycle"))),
            None => Ok(Some(expansion)),
        }
    }

    /// What is said of the object of a case, and of what it would make.
    fn messages(
        &self,
        suite: &Suite,
        case: &Case,
        judge: &mut Judge<'_>,
        expansion: Option<&Expansion>,
    ) -> Result<Vec<String>, String> {
        if case.object.is_empty() {
            return Err("invalid Case: must define object".to_owned());
        }
        if case.assertions.is_empty() {
            return Err("invalid Case: assertions must be non-empty".to_owned());
        }
        let path = join(&suite.path, &case.object);
        let objects = self.objects(&path)?;
        let [reviewed] = objects.as_slice() else {
            let count = objects.len();
            return Err(format!("object file must contain exactly one object: {path:?} defines {count} objects"));
        };
        let reviewed = &reviewed.value;
        let inventory = self.inventory(suite, case)?;
        if reviewed::is_admission_review(reviewed) {
            return Ok(judge.say(&reviewed::of_admission_review(reviewed)?, &inventory));
        }
        let mut messages = judge.say(&Review::of_object(reviewed, None), &inventory);
        let Some(expansion) = expansion else { return Ok(messages) };
        let name = object::name(reviewed);
        let made = expansion.expand(reviewed, space(reviewed), &mut Ok);
        for made in
            made.map_err(|error| format!("expanding resource {name}: error expanding resource {name}: {error}"))?
        {
            let review = Review { source: Source::Generated, ..Review::of_object(&made.object, None) };
            let implied = judge.say(&review, &inventory).into_iter();
            messages.extend(implied.map(|message| format!("[Implied by {}] {message}", made.template)));
        }
        Ok(messages)
    }

    fn inventory(&self, suite: &Suite, case: &Case) -> Result<Inventory, String> {
        let mut objects: Vec<Value> = Vec::new();
        for path in &case.inventory {
            for document in self.objects(&join(&suite.path, path))? {
                let kind = GroupVersionKind::of(&document.value);
                if kind.version.is_empty() {
                    let name = object::name(&document.value);
                    let fault = format!("resource {name} has no version");
                    return Err(format!("unable to add object to data.inventory: invalid request object: {fault}"));
                }
                objects.push(document.value);
            }
        }
        Ok(Inventory::new(&objects))
    }
}

/// The namespace of what results, which gator knows in two cases only.
fn space(object: &Value) -> Option<&str> {
    Some(object::namespace(object)).filter(|name| ["", "default"].contains(name))
}

impl Judge<'_> {
    fn say(&mut self, review: &Review, inventory: &Inventory) -> Vec<String> {
        let point = EnforcementPoint::CommandLine;
        if let Some(cover) = &mut self.cover {
            self.policies.reach(review, point, inventory, &mut cover.reached);
        }
        let findings = self.policies.findings(review, point, inventory);
        findings.into_iter().map(|finding| finding.message).collect()
    }
}
