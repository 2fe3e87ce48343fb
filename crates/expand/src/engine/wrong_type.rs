//! Words for a value of the wrong type.
//!
//! Owns reading the API server's sentence about it and saying the same shorter, with what to write instead. What a type
//! is and which values have it is the schema's.

use plat_resource::schema::Violation;
use plat_resource::{FieldPath, Segment, Value};

const TYPES: [&str; 6] = ["integer", "number", "string", "boolean", "array", "object"];

/// A value longer than this is not repeated.
const MAX_SHOWN: usize = 60;

/// Of a field that has the wrong type, nothing else need be said.
pub(super) fn without_echoes(violations: Vec<Violation>) -> Vec<Violation> {
    let wrong: Vec<FieldPath> =
        violations.iter().filter(|fault| wanted_type(fault).is_some()).map(|fault| fault.field.clone()).collect();
    let is_echo = |fault: &Violation| wanted_type(fault).is_none() && wrong.contains(&fault.field);
    violations.into_iter().filter(|fault| !is_echo(fault)).collect()
}

/// Cause and hint for a fault that is about a type.
pub(super) fn words(violation: &Violation, given: &Value) -> Option<(String, Option<String>)> {
    let wanted = wanted_type(violation)?;
    let found = violation.field.get(given).unwrap_or(&Value::Null);
    let schema_wants = wanted.iter().map(|kind| with_article(kind)).collect::<Vec<_>>().join(" or ");
    let cause = match shown(found) {
        Some(text) => format!("{text} is {}, the schema wants {schema_wants}", with_article(type_of(found))),
        None => format!("this is {}, the schema wants {schema_wants}", with_article(type_of(found))),
    };
    let instead = wanted.first().and_then(|wanted| instead(found, wanted));
    let hint = instead.map(|text| match violation.field.segments().last() {
        Some(Segment::Field(name)) => format!("write {name}: {text}"),
        _ => format!("write {text}"),
    });
    Some((cause, hint))
}

/// The types that the schema wants, where the fault is about that.
fn wanted_type(violation: &Violation) -> Option<Vec<&str>> {
    let (_, rest) = violation.message.split_once(" in body must be of type ")?;
    let (wanted, found) = rest.split_once(": ")?;
    let wanted: Vec<&str> = wanted.split(',').collect();
    // The sentence is used of formats too (`must be of type date-time`); there the value is named, not its type.
    let is_type = |word: &str| TYPES.contains(&word) || word == "null";
    (wanted.iter().all(|word| TYPES.contains(word)) && is_type(found.trim_matches('"'))).then_some(wanted)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "integer" | "array" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

fn shown(value: &Value) -> Option<String> {
    let scalar = !matches!(value, Value::Null | Value::Array(_) | Value::Object(_));
    scalar.then(|| value.to_string()).filter(|text| text.chars().count() <= MAX_SHOWN)
}

/// What was probably meant.
fn instead(found: &Value, wanted: &str) -> Option<String> {
    match (found, wanted) {
        (Value::String(text), "integer") => leading_digits(text),
        (Value::String(text), "number") => {
            let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
            if is_number { Some(text.clone()) } else { leading_digits(text) }
        }
        (Value::String(text), "boolean") => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some("true".to_owned()),
            "false" | "no" | "off" => Some("false".to_owned()),
            _ => None,
        },
        (Value::Bool(_) | Value::Number(_), "string") => Some(format!("\"{found}\"")),
        (Value::Bool(_) | Value::Number(_) | Value::String(_), "array") => shown(found).map(|text| format!("[{text}]")),
        (Value::Array(items), wanted) => match items.as_slice() {
            [only] if type_of(only) == wanted => shown(only),
            _ => None,
        },
        _ => None,
    }
}

/// `50` of `50GB`.
fn leading_digits(text: &str) -> Option<String> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let digits = text.get(..end).map(|digits| digits.trim_start_matches('0'))?;
    let rest = text.get(end..)?;
    // `1.5` and `10-20` are not a number with a unit.
    let is_unit = rest.chars().all(|letter| letter.is_ascii_alphabetic() || letter == ' ');
    (!digits.is_empty() && digits.len() <= 18 && is_unit).then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use plat_resource::schema::ViolationKind;
    use serde_json::json;

    use super::*;

    fn told(value: &Value, wanted: &str) -> String {
        let violation = Violation {
            field: FieldPath::default().key("spec").key("size"),
            message: format!(
                "spec.size: Invalid value: \"{0}\": spec.size in body must be of type {wanted}: \"{0}\"",
                type_of(value)
            ),
            kind: ViolationKind::TypeInvalid,
            from_rule: false,
        };
        let (cause, hint) = words(&violation, &json!({"spec": {"size": value}})).unwrap();
        format!("{cause}; {}", hint.unwrap_or_else(|| "no hint".to_owned()))
    }

    #[test]
    fn says_what_it_is_what_is_wanted_and_what_to_write() {
        let cases = [
            (json!("50GB"), "integer", "\"50GB\" is a string, the schema wants an integer; write size: 50"),
            (json!("007"), "integer", "\"007\" is a string, the schema wants an integer; write size: 7"),
            (json!("1.5"), "integer", "\"1.5\" is a string, the schema wants an integer; no hint"),
            (json!("1.5"), "number", "\"1.5\" is a string, the schema wants a number; write size: 1.5"),
            (json!("big"), "integer", "\"big\" is a string, the schema wants an integer; no hint"),
            (json!(16), "string", "16 is an integer, the schema wants a string; write size: \"16\""),
            (json!(true), "string", "true is a boolean, the schema wants a string; write size: \"true\""),
            (json!("Yes"), "boolean", "\"Yes\" is a string, the schema wants a boolean; write size: true"),
            (json!("eu"), "array", "\"eu\" is a string, the schema wants an array; write size: [\"eu\"]"),
            (json!(["eu"]), "string", "this is an array, the schema wants a string; write size: \"eu\""),
            (json!(["eu", 1]), "string", "this is an array, the schema wants a string; no hint"),
            (json!({}), "integer,string", "this is an object, the schema wants an integer or a string; no hint"),
            (json!(null), "string", "this is null, the schema wants a string; no hint"),
        ];
        for (value, wanted, expected) in cases {
            assert_eq!(told(&value, wanted), expected);
        }
    }

    #[test]
    fn a_format_is_not_a_type() {
        let message = "spec.when: Invalid value: \"noon\": spec.when in body must be of type date-time: \"noon\"";
        let violation = Violation {
            field: FieldPath::default().key("spec").key("when"),
            message: message.to_owned(),
            kind: ViolationKind::TypeInvalid,
            from_rule: false,
        };
        assert_eq!(words(&violation, &json!({"spec": {"when": "noon"}})), None);
    }

    #[test]
    fn the_type_is_the_only_fault_told_of_a_field() {
        let fault = |field: &str, message: &str| Violation {
            field: FieldPath::default().key(field),
            message: message.to_owned(),
            kind: ViolationKind::Invalid,
            from_rule: false,
        };
        let wrong = fault("a", "a: Invalid value: \"integer\": a in body must be of type string: \"integer\"");
        let echo = fault("a", "a: Unsupported value: 3: supported values: \"small\"");
        let other = fault("b", "b: Required value");
        assert_eq!(without_echoes(vec![wrong.clone(), echo, other.clone()]), [wrong, other]);
    }
}
