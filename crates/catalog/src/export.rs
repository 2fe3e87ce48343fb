//! Entities as catalog files that Backstage reads.
//!
//! Owns what is left out: what a catalog says of an entity itself, and what an object of a cluster carries along.

use plat_resource::javascript::{Map, Value};

use crate::ingest::dump::dump;

/// Annotations that a catalog makes itself, or that only a cluster has a use for.
const NOT_EXPORTED: [&str; 6] = [
    "backstage.io/managed-by-location",
    "backstage.io/managed-by-origin-location",
    "backstage.io/view-url",
    "backstage.io/edit-url",
    "backstage.io/orphan",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// The text of a file with `entities`, one document each.
pub fn catalog_info<'a>(entities: impl IntoIterator<Item = &'a Value>) -> String {
    entities.into_iter().map(|entity| format!("---\n{}", dump(&cleaned(entity)))).collect()
}

/// The entity as somebody would have written it.
fn cleaned(entity: &Value) -> Value {
    let mut out = Map::new();
    // Whatever order it came in.
    for key in ["apiVersion", "kind", "metadata", "spec"] {
        if let Some(value) = entity.get(key) {
            out.insert(key, value.clone());
        }
    }
    if let Some(metadata) = out.get_mut("metadata").and_then(Value::as_map_mut) {
        for key in ["uid", "etag"] {
            metadata.remove(key);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_map_mut) {
            for key in NOT_EXPORTED {
                annotations.remove(key);
            }
        }
        for key in ["annotations", "labels", "links", "tags"] {
            let is_empty = match metadata.get(key) {
                Some(Value::Map(map)) => map.is_empty(),
                Some(Value::List(items)) => items.is_empty(),
                _ => false,
            };
            if is_empty {
                metadata.remove(key);
            }
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::NothingToRead;
    use crate::read;

    #[test]
    fn what_is_written_reads_back_without_what_a_catalog_adds() {
        let entity = Value::from_json(
            r#"{"relations": [], "kind": "Component", "apiVersion": "backstage.io/v1alpha1",
                "metadata": {"name": "a", "uid": "u", "links": [], "annotations": {"backstage.io/managed-by-location": "cluster origin: x",
                "note": "yes"}, "title": "a: b"}, "spec": {"type": "service", "lifecycle": "y", "owner": "team", "system": "0x1"}}"#,
        )
        .unwrap();
        let text = catalog_info([&entity]);
        let expected = "\
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: a
  annotations:
    note: 'yes'
  title: 'a: b'
spec:
  type: service
  lifecycle: 'y'
  owner: team
  system: '0x1'
";
        assert_eq!(text, expected);
        let (entries, findings) = read("catalog-info.yaml", text.as_bytes(), &NothingToRead);
        assert_eq!(findings, []);
        assert_eq!(entries[0].entity.text_at(&["spec", "system"]), Some("0x1"));
    }
}
