//! The guardrails of one run: read and compiled once, asked by all threads.
//!
//! Owns where policies, inventory and Namespaces come from on the command line. What a policy says is `plat_policy`'s, what
//! it means for a claim `plat_plan`'s.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plat_plan::guardrails::{self, Finding, Implied, Reviewer};
use plat_policy::{Cause, EnforcementPoint, Inventory, Options, PolicySet, Review, Source, Verdict};
use plat_resource::{Diagnostic, Document, Value, object};

use crate::arguments::{GuardrailArgs, PointArg};
use crate::load::{self, Depth, File, Files};

/// The time since the epoch.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Policies, and what they may look at.
pub(crate) struct Policies {
    set: PolicySet,
    inventory: Inventory,
    point: EnforcementPoint,
    mutates: bool,
}

impl Policies {
    /// Reads everything that the arguments name. `objects` are in the inventory too. What is wrong goes to `findings`.
    pub(crate) fn read(
        arguments: &GuardrailArgs,
        objects: &[Value],
        files: &mut Files,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let set = Self::load(arguments, files, findings);
        let given = files.read("--inventory", &arguments.inventory, Depth::Recursive, findings);
        let given = load::documents(&given, findings);
        let all = given.iter().map(|document| &document.value).chain(objects);
        Self::new(arguments, set, all, PointArg::default())
    }

    /// Policies of a cluster, and what they may look at.
    pub(crate) fn of<'v>(
        arguments: &GuardrailArgs,
        set: PolicySet,
        objects: impl IntoIterator<Item = &'v Value>,
    ) -> Self {
        Self::new(arguments, set, objects, PointArg::Webhook)
    }

    /// `point` counts where the user names none.
    fn new<'v>(
        arguments: &GuardrailArgs,
        set: PolicySet,
        objects: impl IntoIterator<Item = &'v Value>,
        point: PointArg,
    ) -> Self {
        let mutates = !arguments.no_mutation && !set.mutation().mutators().is_empty();
        let point = arguments.enforcement_point.unwrap_or(point);
        Self { set, inventory: Inventory::new(objects), point: point.into(), mutates }
    }

    /// Reads the policies alone.
    pub(crate) fn load(arguments: &GuardrailArgs, files: &mut Files, findings: &mut Vec<Diagnostic>) -> PolicySet {
        let Found { documents, samples } = documents(&arguments.policies, files, findings);
        let set = compiled(arguments, &documents, findings);
        if !findings.iter().any(Diagnostic::is_error) && !arguments.policies.is_empty() {
            findings.extend(what_is_missing(&set, samples));
        }
        set
    }

    /// Applies the mutators to claims and XRs before they are expanded. Where that fails goes to `findings`.
    pub(crate) fn mutate(&self, documents: &mut [Document], findings: &mut Vec<Diagnostic>) {
        if !self.mutates {
            return;
        }
        for document in documents {
            let namespace = self.namespace(object::namespace(&document.value));
            match self.mutated(Review::of_object(&document.value, namespace)) {
                Ok(review) => document.value = review.object().clone(),
                Err(reason) => findings.push(
                    Diagnostic::error(format!("the mutators cannot be applied to {}", object::name(&document.value)))
                        .at(document.location())
                        .because(reason),
                ),
            }
        }
    }

    /// Whether there is nothing to ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.constraints().is_empty() && !self.mutates
    }

    /// The compiled policies.
    pub(crate) fn set(&self) -> &PolicySet {
        &self.set
    }

    /// Whether mutators are applied.
    pub(crate) fn mutates(&self) -> bool {
        self.mutates
    }

    /// Who asks.
    pub(crate) fn point(&self) -> EnforcementPoint {
        self.point
    }
}

/// Compiles policies. What is wrong with them goes to `findings`.
pub(crate) fn compiled(arguments: &GuardrailArgs, documents: &[Document], findings: &mut Vec<Diagnostic>) -> PolicySet {
    let options = Options { cel: !arguments.rego_only, clock: Some(now), ..Options::default() };
    let (set, found) = PolicySet::load(documents, &options);
    findings.extend(found);
    set
}

/// Documents of policies, and how many files were left out as samples.
pub(crate) struct Found {
    pub(crate) documents: Vec<Document>,
    samples: usize,
}

/// The documents below `paths` of `--policies`, without the samples of suites.
pub(crate) fn documents(paths: &[String], files: &mut Files, findings: &mut Vec<Diagnostic>) -> Found {
    let mut found = Found { documents: Vec::new(), samples: 0 };
    for path in paths {
        let read = files.read("--policies", std::slice::from_ref(path), Depth::Recursive, findings);
        let (samples, read): (Vec<File>, Vec<File>) = read.into_iter().partition(|file| file.is_sample_below(path));
        found.samples += samples.len();
        found.documents.extend(load::documents(&read, findings));
    }
    found
}

fn what_is_missing(set: &PolicySet, samples: usize) -> Option<Diagnostic> {
    if !set.constraints().is_empty() || !set.mutation().mutators().is_empty() {
        return None;
    }
    let hint = (samples > 0).then(|| {
        "folders called samples belong to the tests of a policy and were left out; name one to read it".to_owned()
    });
    let mut templates = set.templates().map(plat_policy::Template::kind);
    Some(match templates.next() {
        None => Diagnostic::error("--policies has no guardrail")
            .because("there is neither a ConstraintTemplate nor a Constraint")
            .maybe_hint(hint),
        Some(kind) => Diagnostic::warning("no guardrail is enabled: nothing can be denied")
            .because("there are ConstraintTemplates, and no Constraint that uses one")
            .maybe_hint(hint.or_else(|| Some(format!("add a Constraint, for instance of kind {kind}")))),
    })
}

impl Reviewer for Policies {
    fn review(&self, review: &Review) -> Vec<Verdict> {
        self.set.review(review, self.point, &self.inventory)
    }

    fn namespace(&self, name: &str) -> Option<Value> {
        self.inventory.namespace(name).cloned()
    }

    fn mutated(&self, review: Review) -> Result<Review, String> {
        if self.mutates { guardrails::mutated(self.set.mutation(), review) } else { Ok(review) }
    }

    fn implied(&self, object: &Value, namespace: Option<&Value>) -> Result<Vec<Implied>, String> {
        let mut mutate = |value: Value| {
            let mut review = Review::of_object(&value, namespace.cloned());
            review.source = Source::Generated;
            self.mutated(review).map(|review| review.object().clone())
        };
        guardrails::implied_by(self.set.expansion(), object, namespace, &mut mutate)
    }
}

/// Adds what to do where it is the command line that lacks something.
pub(crate) fn with_hints(mut findings: Vec<Finding>) -> Vec<Finding> {
    for finding in findings.iter_mut().filter(|finding| finding.cause == Cause::Match) {
        let namespace = &finding.object.namespace;
        if !namespace.is_empty() {
            finding.hint = Some(format!("give the Namespace {namespace} in a file of --inventory"));
        }
    }
    findings
}

/// Complains where no policies are named.
pub(crate) fn require(arguments: &GuardrailArgs, findings: &mut Vec<Diagnostic>) {
    if arguments.policies.is_empty() {
        let finding = Diagnostic::error("there are no guardrails to ask").because("--policies is not given");
        findings.push(finding.hint("name files or folders with ConstraintTemplates and Constraints: --policies PATH"));
    }
}
