//! Whether a policy or a part of the platform would load.
//!
//! Owns which other documents it is read with; reading is done by the same code that makes snapshots. What does not load
//! is refused while its author is still there.

use plat_expand::function::NoFunctions;
use plat_expand::{Engine, Observed, Options};
use plat_platform::Platform;
use plat_policy::{EnforcementAction, PolicySet};
use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object};

use crate::kinds::{Check, Kind, Part, What, find};
use crate::message;
use crate::request::{Operation, Request};
use crate::snapshot::Snapshot;

/// How the object of a request is called where its place is told.
const UNIT: &str = "request";
/// Longer names of policies do not fit into labels, and Gatekeeper refuses them.
const LONGEST_NAME: usize = 63;

/// What is wrong with the object of a request, and what should be known about it.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Checks the object of a request where its kind is in the table. A deletion is never wrong in itself.
pub(crate) fn check(snapshot: &Snapshot, request: &Request) -> Checked {
    let row = find(&request.kind).filter(|row| row.check == Check::Loads);
    let Some(row) = row.filter(|_| request.is_whole() && request.operation != Operation::Delete) else {
        return Checked::default();
    };
    let document = Document::synthetic(request.object().clone(), UNIT);
    let mut checked = match row.part {
        Part::Platform => told(&platform(snapshot, row, document)),
        Part::Policies => policy(snapshot, row, document),
    };
    if row.what == What::Constraint {
        checked.errors.extend(unknown_actions(request.object()));
    }
    if row.part == Part::Policies && request.name.len() > LONGEST_NAME {
        checked.errors.push(format!("metadata.name is longer than {LONGEST_NAME} characters"));
    }
    checked
}

fn told(findings: &[Diagnostic]) -> Checked {
    // Others are read with it only to check it against them.
    let own =
        findings.iter().filter(|finding| finding.location.as_ref().is_none_or(|location| &*location.file == UNIT));
    let (errors, warnings): (Vec<_>, Vec<_>) = own.partition(|finding| finding.is_error());
    let words = |findings: Vec<&Diagnostic>| findings.into_iter().map(message::of_diagnostic).collect();
    Checked { errors: words(errors), warnings: words(warnings) }
}

fn platform(snapshot: &Snapshot, row: &Kind, document: Document) -> Vec<Diagnostic> {
    let name = object::name(&document.value).to_owned();
    let is_other = |other: &str| row.what != What::Definition || other != name;
    let known = snapshot.platform.definitions().iter().filter(|definition| is_other(&definition.name));
    let functions = snapshot.platform.functions().filter_map(|function| {
        snapshot
            .platform
            .objects("pkg.crossplane.io", "Function")
            .find(|found| object::name(&found.value) == function.name)
    });
    let mut documents: Vec<Document> = known.map(|definition| (*definition.document).clone()).collect();
    documents.extend(functions.cloned());
    documents.push(document);
    let (platform, mut findings) = Platform::load(documents);
    let observed = Observed::default();
    findings.extend(Engine::new(&platform, &observed, Options::default(), &NoFunctions).check());
    findings
}

fn policy(snapshot: &Snapshot, row: &Kind, document: Document) -> Checked {
    let kind = GroupVersionKind::of(&document.value).kind;
    let template_of = |kind: &str| {
        let wanted = kind.to_lowercase();
        move |found: &&Document| {
            find(&GroupVersionKind::of(&found.value)).is_some_and(|row| row.what == What::Template)
                && object::name(&found.value) == wanted
        }
    };
    let options = &snapshot.settings.policies;
    let mut documents = Vec::new();
    if row.what == What::Constraint {
        documents.extend(snapshot.policy_documents.iter().filter(template_of(&kind)).cloned());
    }
    documents.push(document);
    let (_, findings) = PolicySet::load(&documents, options);
    let mut checked = told(&findings);
    if row.what == What::Template && checked.errors.is_empty() {
        let template = documents.pop();
        checked.warnings.extend(template.into_iter().flat_map(|template| outdated(snapshot, template)));
    }
    checked
}

/// Constraints that load now and would not with the new version of their template.
fn outdated(snapshot: &Snapshot, template: Document) -> Vec<String> {
    let Some(kind) = crate::constraint_crd::kind_of(&template.value).map(str::to_owned) else { return Vec::new() };
    let is_constraint = |found: &&Document| {
        object::string_at(&found.value, &["kind"]) == Some(&kind)
            && find(&GroupVersionKind::of(&found.value)).is_some_and(|row| row.what == What::Constraint)
    };
    let constraints: Vec<Document> = snapshot.policy_documents.iter().filter(is_constraint).cloned().collect();
    let names: Vec<String> = constraints.iter().map(|found| object::name(&found.value).to_owned()).collect();
    let documents: Vec<Document> = std::iter::once(template).chain(constraints).collect();
    let (set, _) = PolicySet::load(&documents, &snapshot.settings.policies);
    let loads = |name: &String| set.constraints().iter().any(|constraint| constraint.name().name == *name);
    let lost = names.into_iter().filter(|name| !loads(name));
    lost.map(|name| format!("{kind} {name} does not load with this template: change its parameters")).collect()
}

/// Whether two versions of an object ask for the same. Labels and annotations count, patches and selectors read them;
/// not for what is being deleted, whose finalizers must be able to go.
pub(crate) fn asks_for_the_same(old: Option<&Value>, new: &Value) -> bool {
    let goes = object::value_at(new, &["metadata", "deletionTimestamp"]).is_some();
    let same = |old: &Value, path: &[&str]| object::value_at(old, path) == object::value_at(new, path);
    old.is_some_and(|old| {
        same(old, &["spec"]) && (goes || same(old, &["metadata", "labels"]) && same(old, &["metadata", "annotations"]))
    })
}

/// Actions that nobody carries out: Gatekeeper refuses them too.
fn unknown_actions(constraint: &Value) -> Vec<String> {
    let spec = constraint.get("spec").unwrap_or(&Value::Null);
    let own = object::string_at(spec, &["enforcementAction"]);
    let scoped = spec.get("scopedEnforcementActions").and_then(Value::as_array).into_iter().flatten();
    let scoped = scoped.filter_map(|each| object::string_at(each, &["action"]));
    let is_unknown = |action: &str| matches!(EnforcementAction::named(action), EnforcementAction::Other(_));
    let own = own.filter(|action| *action != "scoped" && is_unknown(action));
    let scoped = scoped.filter(|action| is_unknown(action));
    own.map(|action| ("spec.enforcementAction", action))
        .into_iter()
        .chain(scoped.map(|action| ("spec.scopedEnforcementActions", action)))
        .map(|(field, action)| format!("{field}: {action:?} is no action: write deny, warn, dryrun or scoped"))
        .collect()
}
