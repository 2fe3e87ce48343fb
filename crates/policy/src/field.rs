//! The field that a violation is about.

use plat_resource::{FieldPath, Value};

/// The field that `details` names, else the first path in `message` that leads somewhere in `object`.
pub(crate) fn named(details: &Value, message: &str, object: &Value) -> Option<String> {
    if let Some(field) = details.get("field").and_then(Value::as_str).filter(|field| !field.is_empty()) {
        return Some(field.to_owned());
    }
    message.split(|character: char| character.is_whitespace() || "<>{}\"'`,;()".contains(character)).find_map(|word| {
        let word = word.trim_end_matches(['.', ':', '!', '?']).trim_start_matches('.');
        let is_path = word.contains(['.', '[']) && word.starts_with(|first: char| first.is_ascii_lowercase());
        let path = is_path.then(|| FieldPath::parse(word).ok())??;
        path.get(object).is_ok().then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_come_before_the_message_and_the_message_must_be_true() {
        let object = json!({"spec": {"containers": [{"name": "a"}], "size": 3}});
        let field = |details: &Value, message: &str| named(details, message, &object);
        assert_eq!(field(&json!({"field": "spec.x"}), "spec.size is 3").as_deref(), Some("spec.x"));
        assert_eq!(field(&json!({}), "spec.size is 3, example.com says").as_deref(), Some("spec.size"));
        assert_eq!(field(&json!({}), "see <spec.containers[0].name>.").as_deref(), Some("spec.containers[0].name"));
        assert_eq!(field(&json!({}), "spec.nothing is missing, e.g. this"), None);
    }
}
