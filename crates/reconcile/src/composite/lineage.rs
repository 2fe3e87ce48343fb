//! The XRs above an XR, and when composing it would never end.

use std::sync::Arc;

use plat_resource::{GroupVersionKind, ObjectKey, Value};

/// How many XRs may be above one that is composed: as deep as a plan goes.
pub const MOST_ABOVE: usize = 10;

/// Why an XR must not compose this: it is itself, or above it, or it is too deep already.
///
/// `above` are the XRs that control it, the nearest first; of more than [`MOST_ABOVE`] the rest may be missing. Crossplane does
/// not ask, and an XR whose Composition leads back to its own kind fills the cluster.
pub fn endless(composite: &Value, above: &[Arc<Value>], composed: &[ObjectKey]) -> Option<String> {
    let own = ObjectKey::of(composite);
    if above.len() >= MOST_ABOVE {
        let kinds = above.iter().rev().map(|each| GroupVersionKind::of(each).kind);
        let way: Vec<String> = kinds.chain([own.kind.kind]).collect();
        return Some(format!(
            "there are {MOST_ABOVE} XRs above it, and a Composition that leads back to its own kind has no end: {}",
            way.join(" → ")
        ));
    }
    let line: Vec<ObjectKey> = std::iter::once(own).chain(above.iter().map(|each| ObjectKey::of(each))).collect();
    let again = composed.iter().find(|made| line.iter().any(|each| is_same(each, made)))?;
    let what = if is_same(&line[0], again) { "itself" } else { "an XR that is composed of it" };
    Some(format!("it would be composed of {what}: {} {}", again.kind.kind, again.name))
}

/// Versions are views of one object.
fn is_same(one: &ObjectKey, other: &ObjectKey) -> bool {
    let identity =
        |key: &ObjectKey| (key.kind.group.clone(), key.kind.kind.clone(), key.namespace.clone(), key.name.clone());
    identity(one) == identity(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn composite(name: &str) -> Value {
        json!({"apiVersion": "x.org/v1", "kind": "XA", "metadata": {"name": name}})
    }

    #[test]
    fn an_xr_is_not_composed_of_itself_nor_of_what_is_above_it_nor_without_end() {
        let key = |name: &str| ObjectKey::of(&composite(name));
        let above =
            |count: usize| (0..count).map(|number| Arc::new(composite(&format!("p{number}")))).collect::<Vec<_>>();
        let own = composite("own");
        assert_eq!(endless(&own, &above(2), &[key("other")]), None);
        assert_eq!(endless(&own, &above(2), &[key("own")]).unwrap(), "it would be composed of itself: XA own");
        let mut other_version = key("p1");
        other_version.kind.version = "v2".to_owned();
        let told = endless(&own, &above(2), &[key("other"), other_version]).unwrap();
        assert_eq!(told, "it would be composed of an XR that is composed of it: XA p1");
        assert_eq!(endless(&own, &above(9), &[key("other")]), None);
        let told = endless(&own, &above(10), &[]).unwrap();
        assert!(told.contains("has no end: XA → XA"), "{told}");
    }
}
