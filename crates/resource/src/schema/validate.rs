//! Values against schemas, keyword by keyword, in the order and the words of kube-openapi.
//!
//! Owns types, limits, patterns, formats, enums and required fields. Alternatives are in `combine`.

use serde_json::{Map, Number, Value};

use super::combine;
use super::formats::Format;
use super::node::{Additional, Kind, ListType, Node};
use super::place::Place;
use super::text::{bad_value, float, quoted, violation};
use super::{Violation, ViolationKind as Is};

/// The first float above all 64-bit integers.
const INTEGER_LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// What is wrong with a value, and how many checks it passed: the best of several alternatives is told from that.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) errors: Vec<Violation>,
    pub(super) matches: usize,
}

impl Outcome {
    pub(super) fn merge(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.matches += other.matches;
    }

    pub(super) fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    fn add(&mut self, place: &Place<'_>, kind: Is, value: Option<&str>, detail: &str) {
        let path = place.dotted();
        let path = if path.is_empty() { "<nil>" } else { &path };
        self.errors.push(violation(kind, (place, path), value, detail));
    }

    /// An error that Kubernetes prints without a path.
    pub(super) fn add_general(&mut self, place: &Place<'_>, detail: &str) {
        self.errors.push(violation(Is::Invalid, (place, "<nil>"), Some("\"\""), detail));
    }

    fn add_type(&mut self, place: &Place<'_>, wanted: &str, found: &str) {
        let found = quoted(found);
        let detail = format!("{} in body must be of type {wanted}: {found}", place.dotted());
        self.add(place, Is::TypeInvalid, Some(&found), &detail);
    }
}

/// Validates a value that may be left as it was: an update does not have to mend what it does not touch.
pub(super) fn ratcheted(value: &Value, old: Option<&Value>, node: &Node, place: &Place<'_>) -> Outcome {
    let mut outcome = strict(value, old, node, place);
    if !outcome.is_valid() && old == Some(value) {
        outcome.errors.clear();
    }
    outcome
}

/// Validates a value; what is below it may be left as it was.
pub(super) fn strict(value: &Value, old: Option<&Value>, node: &Node, place: &Place<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let typed = !node.kinds().is_empty() || node.format.is_some();
    if value.is_null() {
        outcome.matches += usize::from(check_null(node, place, &mut outcome));
        check_enum(value, node, place, &mut outcome);
        return outcome;
    }
    if typed {
        let before = outcome.errors.len();
        check_type(value, node, place, &mut outcome);
        outcome.matches += usize::from(outcome.errors.len() == before) + 1;
    }
    outcome.merge(combine::validate(value, node, place));
    outcome.matches += 1;
    match value {
        Value::String(text) => {
            check_text(text, node, place, &mut outcome);
            outcome.matches += 1;
            if let Some(Format::Text(format)) = node.format {
                outcome.matches += 1;
                if !format.accepts(text) {
                    let name = node.format_text.as_deref().unwrap_or_default();
                    outcome.add_type(place, name, text);
                }
            }
        }
        Value::Number(number) => {
            check_number(number, node, place, &mut outcome);
            outcome.matches += 2;
        }
        Value::Array(items) => {
            outcome.merge(array(items, old, node, place));
            outcome.matches += 2;
        }
        _ => {}
    }
    check_enum(value, node, place, &mut outcome);
    outcome.matches += 1;
    if let Value::Object(map) = value {
        outcome.merge(object(map, old, node, place));
        outcome.matches += 1;
    }
    outcome.matches += 1;
    outcome
}

fn kinds_text(node: &Node) -> String {
    node.kinds().iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",")
}

fn check_null(node: &Node, place: &Place<'_>, outcome: &mut Outcome) -> bool {
    let refused = !node.kinds().is_empty() && !node.nullable;
    if refused {
        outcome.add_type(place, &kinds_text(node), "null");
    }
    !refused
}

fn check_type(value: &Value, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let kinds = node.kinds();
    let has = |kind: Kind| kinds.contains(&kind);
    let (found, format) = match value {
        Value::Null => return,
        Value::Bool(_) => (Kind::Boolean, ""),
        Value::String(_) => (Kind::String, ""),
        Value::Array(_) => (Kind::Array, ""),
        Value::Object(_) => (Kind::Object, ""),
        Value::Number(number) if number.as_i64().is_some() => (Kind::Integer, "int64"),
        Value::Number(_) => (Kind::Number, "float64"),
    };
    let whole = found == Kind::Number && has(Kind::Integer) && value.as_f64().is_some_and(is_whole);
    let fits = has(found) || whole || (found == Kind::Integer && has(Kind::Number));
    let formatted = node.format.and(node.format_text.as_deref());
    if let Some(wanted) = formatted {
        let texts = matches!(found, Kind::String | Kind::Array);
        if !texts && !fits && format != wanted {
            return outcome.add_type(place, wanted, format);
        }
        if texts && !has(Kind::Number) && !has(Kind::Integer) {
            return;
        }
    }
    if !fits {
        outcome.add_type(place, &kinds_text(node), found.name());
    }
}

/// Go's reading of a float as a JSON integer: near enough is whole.
fn is_whole(number: f64) -> bool {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    if !number.is_finite() || number.abs() > LARGEST {
        return false;
    }
    let whole = number.trunc();
    number.fract() == 0.0 || (whole != 0.0 && (number - whole).abs() / (number.abs() + whole.abs()) < 1e-9)
}

fn check_enum(value: &Value, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    if node.enumeration.is_empty() || node.enumeration.iter().any(|allowed| is_one_of(value, allowed)) {
        return;
    }
    let allowed = node.enumeration.iter().map(|allowed| match allowed {
        Value::String(text) => quoted(text),
        other => quoted(&super::text::json(other)),
    });
    let detail = format!("supported values: {}", allowed.collect::<Vec<_>>().join(", "));
    outcome.add(place, Is::Unsupported, Some(&bad_value(value)), &detail);
}

/// Go converts the value to the type of the enum's member first, floats to integers too.
fn is_one_of(value: &Value, allowed: &Value) -> bool {
    match (value, allowed) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Number(value), Value::Number(allowed)) => match (allowed.as_i64(), value.as_f64()) {
            (Some(allowed), Some(float)) => {
                value.as_i64().map_or_else(|| truncated(float) == allowed, |value| value == allowed)
            }
            _ => value.as_f64() == allowed.as_f64(),
        },
        _ => value == allowed,
    }
}

/// Go's conversion to int64, as the processors of most servers do it: what does not fit becomes the least integer.
#[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
fn truncated(number: f64) -> i64 {
    if (-INTEGER_LIMIT..INTEGER_LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

fn check_text(text: &str, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let limits = &node.limits;
    let length = || i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if let Some(most) = limits.max_length.filter(|most| length() > *most) {
        let unit = if most == 1 { "byte" } else { "bytes" };
        let detail =
            if most >= 0 { format!("may not be more than {most} {unit}") } else { "value is too long".to_owned() };
        return outcome.add(place, Is::TooLong, None, &detail);
    }
    let detail = if let Some(least) = limits.min_length.filter(|least| length() < *least) {
        format!("{} in body should be at least {least} chars long", place.dotted())
    } else {
        match &node.pattern {
            Some(pattern) => match &pattern.regex {
                Ok(regex) if regex.is_match(text) => return,
                Ok(_) => format!("{} in body should match '{}'", place.dotted(), pattern.text),
                Err(error) => format!(
                    "{} in body should match '{}, but pattern is invalid: {error}'",
                    place.dotted(),
                    pattern.text
                ),
            },
            None => return,
        }
    };
    outcome.add(place, Is::Invalid, Some(&quoted(text)), &detail);
}

fn check_number(number: &Number, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let Some(value) = number.as_f64() else { return };
    check_range(number.as_i64(), value, "Checked", node, place, outcome);
    let limits = &node.limits;
    if let Some(factor) = limits.multiple_of {
        check_multiple(number, factor, node, place, outcome);
    }
    let mut refuse = |detail: String| {
        let detail = format!("{} in body should be {detail}", place.dotted());
        outcome.add(place, Is::Invalid, Some(&super::text::number(number)), &detail);
    };
    if let Some(least) = limits.minimum {
        let (below, exclusive) = (compare(number, least, node).is_lt(), limits.exclusive_minimum);
        if below || (exclusive && compare(number, least, node).is_eq()) {
            let words = if exclusive { "greater than" } else { "greater than or equal to" };
            refuse(format!("{words} {}", bound_text(number, least, node)));
        }
    }
    if let Some(most) = limits.maximum {
        let (above, exclusive) = (compare(number, most, node).is_gt(), limits.exclusive_maximum);
        if above || (exclusive && compare(number, most, node).is_eq()) {
            let words = if exclusive { "less than" } else { "less than or equal to" };
            refuse(format!("{words} {}", bound_text(number, most, node)));
        }
    }
    let bounds = [
        (limits.multiple_of, "MultipleOf"),
        (limits.minimum, "Minimum boundary"),
        (limits.maximum, "Maximum boundary"),
    ];
    for (bound, name) in bounds {
        if let Some(bound) = bound {
            check_range(None, bound, name, node, place, outcome);
        }
    }
}

fn check_multiple(number: &Number, factor: f64, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let value = number.as_f64().unwrap_or_default();
    let integer = number.as_i64().filter(|_| bound_fits(factor, node));
    let path = place.dotted();
    let (shown, detail) = match integer {
        // A factor below 1 is cut down to 0 for integers, and refused as such.
        Some(_) if truncated(factor) <= 0 => (truncated(factor).to_string(), None),
        None if factor <= 0.0 => (float(factor), None),
        Some(integer) if integer.wrapping_rem(truncated(factor)) == 0 => return,
        None if is_whole(if factor < 1.0 { 1.0 / factor * value } else { value / factor }) => return,
        _ => (super::text::number(number), Some(bound_text(number, factor, node))),
    };
    let detail = match detail {
        Some(factor) => format!("{path} in body should be a multiple of {factor}"),
        None => format!("factor MultipleOf declared for {path} must be positive: {shown}"),
    };
    outcome.add(place, Is::Invalid, Some(&shown), &detail);
}

/// Go compares an integer with the bound cut down to an integer.
fn compare(number: &Number, bound: f64, node: &Node) -> std::cmp::Ordering {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) if bound_fits(bound, node) => integer.cmp(&truncated(bound)),
        (_, Some(value)) => value.total_cmp(&bound),
        (_, None) => std::cmp::Ordering::Equal,
    }
}

/// A bound that an integer's type cannot hold is told of on its own, and compared as it is.
fn bound_fits(bound: f64, node: &Node) -> bool {
    node.kinds() != [Kind::Integer] || (bound.fract() == 0.0 && (-INTEGER_LIMIT..INTEGER_LIMIT).contains(&bound))
}

fn bound_text(number: &Number, bound: f64, node: &Node) -> String {
    if number.as_i64().is_some() && bound_fits(bound, node) { truncated(bound).to_string() } else { float(bound) }
}

/// A number must be in the range of the type and the format that the schema names.
fn check_range(integer: Option<i64>, value: f64, what: &str, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let (kind, in_range) = match node.kinds() {
        [Kind::Integer] => {
            let whole = integer.is_some() || (value.fract() == 0.0 && (-INTEGER_LIMIT..INTEGER_LIMIT).contains(&value));
            let small = || (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value);
            ("integer", whole && (node.format != Some(Format::Int32) || small()))
        }
        [Kind::Number] => ("number", node.format != Some(Format::Float) || value.abs() <= f64::from(f32::MAX)),
        _ => return,
    };
    if !in_range {
        let format = match node.format.and(node.format_text.as_deref()) {
            Some(format) => format!("with format {format}"),
            None => "(default format)".to_owned(),
        };
        outcome.add_general(place, &format!("{what} value must be of type {kind} {format} in {}", place.dotted()));
    }
}

fn array(items: &[Value], old: Option<&Value>, node: &Node, place: &Place<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    if let Some(child) = node.items.as_deref() {
        for (index, item) in items.iter().enumerate() {
            let before = correlated(item, old, node);
            outcome.merge(ratcheted(item, before, child, &place.index(index)));
        }
    }
    let size = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if let Some(least) = node.limits.min_items.filter(|least| size < *least) {
        let detail = format!("{} in body should have at least {least} items", place.dotted());
        outcome.add(place, Is::Invalid, Some(&size.to_string()), &detail);
    }
    if let Some(most) = node.limits.max_items.filter(|most| size > *most) {
        outcome.add(place, Is::TooMany, Some(&size.to_string()), &at_most(most));
    }
    if node.limits.unique_items && has_duplicates(items) {
        let detail = format!("{} in body shouldn't contain duplicates", place.dotted());
        outcome.add(place, Is::Invalid, Some("\"\""), &detail);
    }
    outcome
}

fn has_duplicates(items: &[Value]) -> bool {
    let mut seen = std::collections::HashSet::new();
    items.iter().any(|item| !seen.insert(super::text::json(item)))
}

fn at_most(most: i64) -> String {
    format!("must have at most {most} {}", if most == 1 { "item" } else { "items" })
}

/// The item of the old list that is the same by its keys; lists of other types cannot tell.
pub(super) fn correlated<'a>(item: &Value, old: Option<&'a Value>, node: &Node) -> Option<&'a Value> {
    if node.list_type != Some(ListType::Map) {
        return None;
    }
    let same =
        |other: &&Value| other.is_object() && node.list_map_keys.iter().all(|key| item.get(key) == other.get(key));
    old?.as_array()?.iter().find(same)
}

fn object(map: &Map<String, Value>, old: Option<&Value>, node: &Node, place: &Place<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let size = i64::try_from(map.len()).unwrap_or(i64::MAX);
    if let Some(least) = node.limits.min_properties.filter(|least| size < *least) {
        let detail = format!("{} in body should have at least {least} properties", place.dotted());
        outcome.add(place, Is::Invalid, Some(&size.to_string()), &detail);
    }
    if let Some(most) = node.limits.max_properties.filter(|most| size > *most) {
        outcome.add(place, Is::TooMany, Some(&size.to_string()), &at_most(most));
    }
    for (key, value) in map.iter().filter(|(key, _)| !node.properties.contains_key(*key)) {
        match &node.additional {
            Additional::Allowed(false) => {
                let detail = format!("{}.{key} in body is a forbidden property", place.dotted());
                outcome.add(place, Is::Invalid, Some(&quoted(key)), &detail);
            }
            Additional::Schema(child) => {
                outcome.merge(ratcheted(value, old.and_then(|old| old.get(key)), child, &place.key(key)));
            }
            Additional::Allowed(true) | Additional::Unsaid => {}
        }
    }
    for (key, child) in &node.properties {
        if let Some(value) = map.get(key) {
            let type_of_root = place.is_root() && matches!(key.as_str(), "apiVersion" | "kind");
            let before = old.filter(|_| !type_of_root).and_then(|old| old.get(key));
            outcome.merge(ratcheted(value, before, child, &place.field(key)));
        }
    }
    for key in node.required.iter().filter(|key| !map.contains_key(*key)) {
        outcome.add(&place.field(key), Is::Required, None, "");
    }
    outcome
}
