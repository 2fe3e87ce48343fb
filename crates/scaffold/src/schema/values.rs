//! Values as rules see and messages show them.

use crate::data::Data;
use crate::template::number;

/// True where a value is of a type; a type that nobody knows is any.
pub(super) fn is_of_type(value: &Data, name: &str) -> bool {
    match name {
        "string" => matches!(value, Data::String(_)),
        "number" => matches!(value, Data::Number(number) if number.is_finite()),
        "integer" => matches!(value, Data::Number(number) if number % 1.0 == 0.0),
        "boolean" => matches!(value, Data::Bool(_)),
        "array" => matches!(value, Data::Array(_)),
        "null" => matches!(value, Data::Null),
        "object" => matches!(value, Data::Object(_)),
        "date" => false,
        _ => true,
    }
}

/// Equality as the real checker has it: a record may equal a list of its numbered fields.
pub(super) fn same(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Array(left), Data::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Data::Object(left), Data::Object(right)) => {
            let equal = |(key, value): (&String, &Data)| right.get(key).is_some_and(|other| same(value, other));
            left.len() == right.len() && left.iter().all(equal)
        }
        (Data::Object(left), Data::Array(right)) => {
            let item = |key: &str| key.parse::<usize>().ok().and_then(|index| right.get(index));
            left.len() == right.len()
                && left.iter().all(|(key, value)| item(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

/// `String(value)`.
pub(crate) fn shown(value: &Data) -> String {
    match value {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Number(number) => number::print(*number),
        Data::String(text) => text.clone(),
        Data::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| if *item == Data::Null { String::new() } else { shown(item) }).collect();
            items.join(",")
        }
        Data::Object(_) => "[object Object]".to_owned(),
    }
}

/// How a name continues a path.
pub(crate) fn suffix(key: &str) -> String {
    let special = key.contains(|character: char| ".[]".contains(character) || character.is_whitespace());
    let digit = key.starts_with(|character: char| character.is_ascii_digit());
    if !special && !digit {
        return format!(".{key}");
    }
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("[{key}]");
    }
    format!("[{}]", Data::from(key).to_json())
}

/// What messages call one of several schemas.
pub(super) fn name_of(schema: &Data, index: usize, brackets: bool) -> String {
    let text = |name: &str| schema.get(name).and_then(Data::as_str).filter(|text| !text.is_empty());
    if let Some(id) = text("$id").or_else(|| text("id")) {
        return if brackets { format!("<{id}>") } else { id.to_owned() };
    }
    match (text("title"), text("$ref")) {
        (Some(title), _) => Data::from(title).to_json(),
        (None, Some(reference)) => format!("<{reference}>"),
        (None, None) => format!("[subschema {index}]"),
    }
}

/// The characters of a text, as its length is counted.
pub(super) fn length(text: &str) -> f64 {
    number::from_count(text.chars().count())
}

/// How many digits a number has after its point.
pub(super) fn decimals(value: f64) -> f64 {
    let text = number::print(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, ""));
    let mut places = 0.0;
    if !exponent.is_empty() {
        let Some(negative) = exponent.strip_prefix('-') else { return 0.0 };
        places = negative.parse().unwrap_or(0.0);
    }
    places + number::from_count(mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len()))
}
