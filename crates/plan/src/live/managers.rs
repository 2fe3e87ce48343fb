//! Who set a field of a live object, by `metadata.managedFields`.

use plat_resource::object::{string_at, value_at};
use plat_resource::{Segment, Value};

use super::same;

/// The field manager that owns the field at `path` of `live`; where several do, the one that wrote last.
pub fn manager_of<'a>(live: &'a Value, path: &[Segment]) -> Option<&'a str> {
    let entries = value_at(live, &["metadata", "managedFields"]).and_then(Value::as_array)?;
    let owning = entries.iter().filter(|entry| {
        let fields = entry.get("fieldsV1");
        fields.is_some_and(|fields| owns(fields, live, path))
    });
    // Times are in RFC 3339, in UTC: as texts they are in order.
    let last = owning.max_by_key(|entry| string_at(entry, &["time"]).unwrap_or_default())?;
    string_at(last, &["manager"])
}

fn owns(fields: &Value, value: &Value, path: &[Segment]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let Some(fields) = fields.as_object() else { return false };
    // Whoever owns a list or a map as a whole owns what is in it.
    if fields.is_empty() {
        return true;
    }
    match first {
        Segment::Field(key) => fields.get(&format!("f:{key}")).is_some_and(|below| {
            let value = value.get(key).unwrap_or(&Value::Null);
            owns(below, value, rest)
        }),
        Segment::Index(index) => {
            let item = usize::try_from(*index).ok().and_then(|index| value.get(index)).unwrap_or(&Value::Null);
            fields.iter().any(|(field, below)| is_item(field, item) && owns(below, item, rest))
        }
    }
}

fn is_item(field: &str, item: &Value) -> bool {
    if let Some(keys) = field.strip_prefix("k:") {
        let Ok(Value::Object(keys)) = serde_json::from_str(keys) else { return false };
        return keys.iter().all(|(key, value)| item.get(key).is_some_and(|have| same(have, value)));
    }
    let value = field.strip_prefix("v:").and_then(|text| serde_json::from_str::<Value>(text).ok());
    value.is_some_and(|value| same(item, &value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_resource::FieldPath;
    use serde_json::json;

    #[test]
    fn the_last_writer_of_a_field_is_found_also_in_lists() {
        let live = json!({
            "metadata": {"managedFields": [
                {"manager": "plat", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {
                    "f:size": {}, "f:ports": {"k:{\"port\":80}": {".": {}, "f:port": {}}}, "f:args": {}}}},
                {"manager": "kubectl-edit", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:size": {}}}},
            ]},
            "spec": {"size": 1, "ports": [{"port": 80, "name": "http"}], "args": ["a"], "free": true},
        });
        let who = |path: &str| manager_of(&live, FieldPath::parse(path).unwrap().segments());
        assert_eq!(who("spec.size"), Some("kubectl-edit"));
        assert_eq!(who("spec.ports[0].port"), Some("plat"));
        assert_eq!(who("spec.args[0]"), Some("plat"));
        assert_eq!(who("spec.ports[0].name"), None);
        assert_eq!(who("spec.free"), None);
    }
}
