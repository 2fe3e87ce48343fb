//! What is live of claims and XRs: themselves, what they refer to, and what their functions ask for.

use std::collections::BTreeSet;

use plat_cluster::api_server::ClusterError;
use plat_expand::function::{ResourceMatch, ResourceSelector};
use plat_platform::{Platform, Role};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::{COMPOSITE_LABEL, Cluster};

/// Claim, XR, ten levels of nested XRs, Secrets: references lead no deeper.
const ROUNDS: usize = 13;

/// Everything live that belongs to `subjects`, themselves included.
pub(crate) fn live_of(
    cluster: &Cluster,
    platform: &Platform,
    subjects: impl Iterator<Item = ObjectKey>,
) -> Result<Vec<Value>, ClusterError> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<ObjectKey> = subjects.filter(|key| seen.insert(key.clone())).collect();
    let mut found = Vec::new();
    for _ in 0..ROUNDS {
        if next.is_empty() {
            break;
        }
        let objects = cluster.read(&next)?;
        let below = objects.iter().flat_map(|object| references(platform, object));
        next = below.filter(|key| !key.name.is_empty() && seen.insert(key.clone())).collect();
        found.extend(objects);
    }
    Ok(found)
}

/// What an object names: a claim its XR, an XR what it composed, a composed resource its connection Secret.
fn references(platform: &Platform, value: &Value) -> Vec<ObjectKey> {
    let kind = GroupVersionKind::of(value);
    let Some(found) = platform.kind(&kind) else { return secret(value).into_iter().collect() };
    match found.role {
        Role::Claim => {
            let reference = object::value_at(value, &["spec", "resourceRef"]);
            reference.map(|reference| referred(reference, "")).into_iter().collect()
        }
        Role::Composite => {
            let machinery = object::value_at(value, found.definition.machinery_path());
            let references = machinery.and_then(|machinery| machinery.get("resourceRefs")).and_then(Value::as_array);
            let namespace = object::namespace(value);
            references.into_iter().flatten().map(|reference| referred(reference, namespace)).collect()
        }
    }
}

fn referred(reference: &Value, namespace: &str) -> ObjectKey {
    let text = |key: &str| object::string_at(reference, &[key]).unwrap_or_default();
    ObjectKey {
        kind: GroupVersionKind::new(text("apiVersion"), text("kind")),
        namespace: if namespace.is_empty() { text("namespace") } else { namespace }.to_owned(),
        name: text("name").to_owned(),
    }
}

/// Only a composed resource's counts: what it says reaches patches.
fn secret(value: &Value) -> Option<ObjectKey> {
    object::label(value, COMPOSITE_LABEL)?;
    let reference = object::value_at(value, &["spec", "writeConnectionSecretToRef"])?;
    let namespace = object::string_at(reference, &["namespace"]).unwrap_or(object::namespace(value));
    Some(ObjectKey {
        kind: GroupVersionKind::new("v1", "Secret"),
        namespace: namespace.to_owned(),
        name: object::string_at(reference, &["name"])?.to_owned(),
    })
}

/// The live objects that functions ask for.
pub(crate) fn required(cluster: &Cluster, selectors: &[ResourceSelector]) -> Result<Vec<Value>, ClusterError> {
    let mut found = Vec::new();
    for selector in selectors {
        let kind = GroupVersionKind::new(&selector.api_version, &selector.kind);
        let namespace = selector.namespace.clone();
        match &selector.matches {
            ResourceMatch::Name(name) => {
                let key = ObjectKey { kind, namespace: namespace.unwrap_or_default(), name: name.clone() };
                found.extend(cluster.read(&[key])?);
            }
            ResourceMatch::Labels(labels) => {
                let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                match cluster.list(&kind, namespace.as_deref(), Some(&pairs.join(","))) {
                    Ok(objects) => found.extend(objects),
                    Err(error) => drop(cluster.or_hidden(Err(error))?),
                }
            }
        }
    }
    Ok(found)
}
