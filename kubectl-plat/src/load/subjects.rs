//! Which objects given with `-f` are to be planned, and in which namespace they stand.

use std::collections::{BTreeMap, BTreeSet};

use plat_platform::{Platform, Role, what_is};
use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, Location, ObjectKey, object};

/// Picks claims and XRs out of `documents`, in the order given; leaves out what is clearly something else, and says so.
pub(crate) fn subjects(
    documents: Vec<Document>,
    platform: &Platform,
    namespace: Option<&str>,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Document> {
    subjects_in(documents, platform, namespace, DEFAULT_NAMESPACE, findings)
}

/// The same, where claims stand in the namespace `otherwise` when nobody says another.
pub(crate) fn subjects_in(
    documents: Vec<Document>,
    platform: &Platform,
    namespace: Option<&str>,
    otherwise: &str,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Document> {
    let given = documents.len();
    let mut picked = Vec::new();
    let mut left_out = BTreeSet::new();
    let mut places: BTreeMap<ObjectKey, Location> = BTreeMap::new();
    for mut document in documents {
        let kind = GroupVersionKind::of(&document.value);
        if is_something_else(platform, &kind) {
            left_out.insert(kind.kind);
            continue;
        }
        match check(&mut document, platform, &kind, (namespace, otherwise)) {
            Err(finding) => findings.push(finding),
            Ok(warning) => {
                findings.extend(warning);
                match places.insert(identity(&document), document.location()) {
                    Some(first) if !object::name(&document.value).is_empty() => findings.push(twice(&document, &first)),
                    _ => picked.push(document),
                }
            }
        }
    }
    let kinds = left_out.into_iter().collect::<Vec<_>>().join(", ");
    if picked.is_empty() && !findings.iter().any(Diagnostic::is_error) {
        findings.push(nothing(given, &kinds));
    } else if !picked.is_empty() && !kinds.is_empty() {
        findings.push(Diagnostic::warning(format!("left out what is neither a claim nor an XR: {kinds}")));
    }
    picked
}

/// Two versions of one object are one object.
fn identity(document: &Document) -> ObjectKey {
    let mut key = ObjectKey::of(&document.value);
    key.kind.version.clear();
    key
}

fn is_something_else(platform: &Platform, kind: &GroupVersionKind) -> bool {
    let is_named = !kind.kind.is_empty() && !kind.version.is_empty();
    // Kubernetes' own groups have no dot (apps, batch, core) or end in k8s.io; no XRD may define kinds there.
    let is_builtin = !kind.group.contains('.') || kind.group.ends_with(".k8s.io");
    platform.kind(kind).is_none() && is_named && (is_builtin || what_is(kind).is_some() || platform.crd(kind).is_some())
}

fn check(
    document: &mut Document,
    platform: &Platform,
    kind: &GroupVersionKind,
    (namespace, otherwise): (Option<&str>, &str),
) -> Result<Option<Diagnostic>, Diagnostic> {
    if kind.kind.is_empty() || kind.version.is_empty() {
        let field = if kind.kind.is_empty() { "kind" } else { "apiVersion" };
        let finding = Diagnostic::error(format!("{} has an object that cannot be planned", document.file()));
        return Err(finding.at(document.location()).field(field).because("it is required"));
    }
    platform.served_kind(kind).map_err(|finding| {
        let place = document.locate(&FieldPath::default().key("kind"));
        if finding.location.is_some() { finding } else { finding.at(place) }
    })?;
    match platform.is_namespaced(kind) {
        Some(true) => {
            let is_claim = platform.kind(kind).is_some_and(|found| found.role == Role::Claim);
            set_namespace(document, namespace, is_claim.then_some(otherwise)).map(|()| None)
        }
        Some(false) => Ok(needless_namespace(document)),
        None => Ok(None),
    }
}

/// Of a cluster-scoped object the API server drops the namespace without a word.
fn needless_namespace(document: &Document) -> Option<Diagnostic> {
    if object::namespace(&document.value).is_empty() {
        return None;
    }
    let kind = object::string_at(&document.value, &["kind"]).unwrap_or("object");
    let path = FieldPath::default().key("metadata").key("namespace");
    Some(
        Diagnostic::warning(format!("{kind} {} stands in no namespace", object::name(&document.value)))
            .at(document.locate(&path))
            .field("metadata.namespace")
            .because("the kind is cluster-scoped: the API server drops the namespace")
            .hint("remove metadata.namespace"),
    )
}

/// Where kubectl puts an object without a namespace.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// A claim without a namespace goes where kubectl would put it. An XR is left as it is written, as `crossplane composition
/// render` leaves it; a plan puts it there later.
fn set_namespace(document: &mut Document, wanted: Option<&str>, otherwise: Option<&str>) -> Result<(), Diagnostic> {
    let own = object::namespace(&document.value).to_owned();
    match wanted {
        Some(wanted) if !own.is_empty() && own != wanted => {
            let what = format!(
                "{} {}",
                object::string_at(&document.value, &["kind"]).unwrap_or("object"),
                object::name(&document.value)
            );
            let path = FieldPath::default().key("metadata").key("namespace");
            Err(Diagnostic::error(format!("{what} cannot be planned"))
                .at(document.locate(&path))
                .field("metadata.namespace")
                .because(format!("it stands in namespace {own:?}, --namespace says {wanted:?}"))
                .hint(format!("leave out --namespace, or give -n {own}")))
        }
        _ => {
            if let Some(namespace) = wanted.or(otherwise).filter(|_| own.is_empty()) {
                object::set_metadata(&mut document.value, "namespace", namespace);
            }
            Ok(())
        }
    }
}

fn twice(document: &Document, first: &Location) -> Diagnostic {
    let key = ObjectKey::of(&document.value);
    let name = if key.namespace.is_empty() { key.name } else { format!("{}/{}", key.namespace, key.name) };
    Diagnostic::error(format!("{} {name} is given twice", key.kind.kind))
        .at(document.location())
        .because(format!("it stands at {first} too"))
}

fn nothing(given: usize, kinds: &str) -> Diagnostic {
    let finding = Diagnostic::error("there is nothing to plan");
    match given {
        0 => finding.because("-f names no object"),
        _ => finding.because(format!("none of the objects is a claim or an XR: {kinds}")),
    }
}
