//! Claims and XRs that a user names instead of giving a file: `KIND/NAME`, `KIND NAME`, or `NAME`.

use plat_cluster::api_server::ClusterError;
use plat_platform::{KindRef, Platform, Role, Scope};
use plat_resource::{Diagnostic, Document, GroupVersionKind, ObjectKey, Value, object, suggest};

use super::{Cluster, described};

/// What no user wrote.
const SERVER_METADATA: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "selfLink",
    "deletionGracePeriodSeconds",
];

/// The live objects that `words` name, as documents to plan.
pub(crate) fn named(
    cluster: &Cluster,
    platform: &Platform,
    words: &[String],
    namespace: &str,
) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut documents = Vec::new();
    let mut findings = Vec::new();
    for (kind, name) in pairs(words) {
        match find(cluster, platform, kind, name, namespace) {
            Ok(found) => documents.extend(found.into_iter().map(given)),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(documents) } else { Err(findings) }
}

/// `KIND/NAME ...`, or `KIND NAME...`, or `NAME`, as kubectl takes them.
fn pairs(words: &[String]) -> Vec<(Option<&str>, &str)> {
    if words.iter().any(|word| word.contains('/')) || words.len() == 1 {
        return words
            .iter()
            .map(|word| word.split_once('/').map_or((None, word.as_str()), |(kind, name)| (Some(kind), name)))
            .collect();
    }
    let (kind, names) = words.split_first().map_or(("", &[][..]), |(kind, names)| (kind.as_str(), names));
    names.iter().map(|name| (Some(kind), name.as_str())).collect()
}

fn find(
    cluster: &Cluster,
    platform: &Platform,
    kind: Option<&str>,
    name: &str,
    namespace: &str,
) -> Result<Vec<Value>, Diagnostic> {
    let kinds = match kind {
        Some(kind) => platform.kinds_named(kind),
        None => claims(platform),
    };
    if kinds.is_empty() {
        return Err(unknown(platform, kind));
    }
    let keys: Vec<ObjectKey> = kinds.iter().map(|found| key(found, name, namespace)).collect();
    let mut found = cluster.read(&keys).map_err(|error| error.diagnostic())?;
    // A claim and an XR may answer to one word; the claim is what its user means.
    if let Some(claim) = found.iter().position(|value| is_claim(platform, value)) {
        let claim = found.swap_remove(claim);
        found = vec![claim];
    }
    if found.is_empty() {
        let kinds: Vec<String> = kinds.iter().map(|found| kind_of(found).kind).collect();
        let finding = Diagnostic::error(format!("there is no {} {name}", kinds.join(" or ")));
        return Err(finding
            .because(format!("nothing of that name is in namespace {namespace}, or you may not read it"))
            .hint("kubectl plat claim plan -A shows what there is; -n names another namespace"));
    }
    Ok(found)
}

/// Every claim, and every XR that stands for itself: of a namespace, or of the cluster.
pub(crate) fn all(
    cluster: &Cluster,
    platform: &Platform,
    namespace: Option<&str>,
    selector: Option<&str>,
) -> Result<Vec<Document>, ClusterError> {
    let mut found = Vec::new();
    for definition in platform.definitions() {
        let word = |names: &plat_platform::Names| format!("{}.{}", names.plural, definition.group);
        let words = definition.claim_names.iter().chain([&definition.names]).map(word);
        for kind in words.flat_map(|word| platform.kinds_named(&word)) {
            let is_in_cluster = kind.role == Role::Composite && definition.scope != Scope::Namespaced;
            // What stands in no namespace is in no namespace's list.
            if is_in_cluster && namespace.is_some() {
                continue;
            }
            match cluster.list(&kind_of(&kind), namespace, selector) {
                Ok(objects) => found.extend(objects.into_iter().filter(stands_for_itself)),
                Err(error) => drop(cluster.or_hidden(Err(error))?),
            }
        }
    }
    Ok(found.into_iter().map(given).collect())
}

/// Neither the XR of a claim, nor one that another composed.
fn stands_for_itself(value: &Value) -> bool {
    object::value_at(value, &["spec", "claimRef"]).is_none() && object::controller(value).is_none()
}

/// A live object as one that is to be planned.
fn given(value: Value) -> Document {
    let place = format!("{} in the cluster", described(&ObjectKey::of(&value)));
    Document::synthetic(as_written(value), &place)
}

fn claims(platform: &Platform) -> Vec<KindRef<'_>> {
    let words = platform.definitions().iter().map(|definition| {
        let names = definition.claim_names.as_ref().unwrap_or(&definition.names);
        format!("{}.{}", names.plural, definition.group)
    });
    words.flat_map(|word| platform.kinds_named(&word)).collect()
}

fn is_claim(platform: &Platform, value: &Value) -> bool {
    platform.kind(&GroupVersionKind::of(value)).is_some_and(|found| found.role == Role::Claim)
}

fn kind_of(found: &KindRef<'_>) -> GroupVersionKind {
    let names = found.definition.names_of(found.role);
    GroupVersionKind {
        group: found.definition.group.clone(),
        version: found.version.name.clone(),
        kind: names.map(|names| names.kind.clone()).unwrap_or_default(),
    }
}

fn key(found: &KindRef<'_>, name: &str, namespace: &str) -> ObjectKey {
    let is_namespaced = found.role == Role::Claim || found.definition.scope == Scope::Namespaced;
    let namespace = if is_namespaced { namespace.to_owned() } else { String::new() };
    ObjectKey { kind: kind_of(found), namespace, name: name.to_owned() }
}

fn unknown(platform: &Platform, kind: Option<&str>) -> Diagnostic {
    let Some(word) = kind else {
        return Diagnostic::error("there is nothing to plan").because("the cluster has no XRD");
    };
    let names = platform.definitions().iter().flat_map(|definition| {
        let claim = definition.claim_names.iter().map(|names| names.plural.as_str());
        claim.chain([definition.names.plural.as_str()])
    });
    Diagnostic::error(format!("{word:?} is no kind of claim or XR"))
        .because("no XRD of the cluster defines it")
        .maybe_hint(suggest::did_you_mean(word, names))
}

/// A live object as somebody may have written it.
fn as_written(mut value: Value) -> Value {
    value.as_object_mut().map(|fields| fields.remove("status"));
    if let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        for key in SERVER_METADATA {
            metadata.remove(key);
        }
    }
    // What the engine wrote is the engine's to decide anew.
    for path in [&["spec"][..], &["spec", "crossplane"]] {
        if object::value_at(&value, path).is_some() {
            object::object_at_mut(&mut value, path).remove("resourceRefs");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_as_for_kubectl() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(pairs(&words("db/a bucket/b")), [(Some("db"), "a"), (Some("bucket"), "b")]);
        assert_eq!(pairs(&words("db a b")), [(Some("db"), "a"), (Some("db"), "b")]);
        assert_eq!(pairs(&words("a")), [(None, "a")]);
    }
}
