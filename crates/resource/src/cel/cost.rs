//! What a call costs, as the API server reckons it.

use super::declarations::Charge;
use super::node::Call;
use super::types::Type;
use super::value::{List, Value};

/// Making a list.
pub(super) const LIST: u64 = 10;
/// Making a map.
pub(super) const MAP: u64 = 30;

/// A tenth for each character, rounded up.
fn tenths(size: u64) -> u64 {
    size.div_ceil(10)
}

/// Comparing two values costs the smaller of them.
pub(super) fn of_equality(one: &Value<'_>, other: &Value<'_>) -> u64 {
    if matches!(one, Value::Extension(_)) { 1 } else { tenths(one.size().min(other.size())) }
}

/// The cost of a call that is known before it is made: of all but those that depend on what they make.
pub(super) fn before(call: &Call, arguments: &[Value<'_>]) -> Option<u64> {
    let size = |index: usize| arguments.get(index).map_or(1, Value::size);
    let first_parameter = call.known.and_then(|known| known.parameters.first());
    let is_text = matches!(first_parameter, Some(Type::String | Type::Bytes));
    Some(match call.charge() {
        Charge::Traversal => arguments.first().map_or(0, traversal),
        Charge::First(times) => tenths(size(0) * times),
        Charge::Second => tenths(size(1)),
        Charge::Conversion => {
            let converts = match call.function.name {
                "string" => first_parameter == Some(&Type::Bytes),
                _ => first_parameter == Some(&Type::String),
            };
            if converts { tenths(size(0)) } else { 1 }
        }
        Charge::Pattern => tenths(size(0) + 1) * size(1).div_ceil(4),
        Charge::Contains => tenths(size(0)) * tenths(size(1)),
        Charge::Sum if is_text => tenths(size(0) + size(1)),
        Charge::Smaller if is_text => tenths(size(0).min(size(1))),
        Charge::InList if call.known.is_some_and(|known| matches!(known.parameters.get(1), Some(Type::List(_)))) => {
            size(1)
        }
        Charge::Ip if matches!(arguments.first(), Some(Value::String(_))) => tenths(size(0)),
        Charge::One | Charge::Sum | Charge::Smaller | Charge::InList | Charge::Ip => 1,
        Charge::ContainsIp => tenths(size(0) * 2) + other_text(call, size(1)),
        Charge::ContainsNetwork => tenths(size(0) * 2) + tenths(size(0)) + 1 + other_text(call, size(1)),
        Charge::Format => {
            let pattern = match arguments.first() {
                Some(Value::Extension(extension)) => super::functions::pattern_size(extension),
                _ => 1,
            };
            tenths(size(1) + 1) * pattern.div_ceil(4)
        }
        Charge::Flatten => {
            let depth = match arguments.get(1) {
                Some(Value::Int(depth)) => u64::try_from(*depth).unwrap_or(1),
                _ => 1,
            };
            if call.known.is_some() { size(0).saturating_mul(depth).saturating_add(LIST + 1) } else { 1 }
        }
        Charge::Sets(times) => size(0).saturating_mul(size(1)).saturating_mul(times).saturating_add(1),
        Charge::Square(_) if call.known.is_none() => 1,
        Charge::Square(index) => match arguments.get(index) {
            Some(Value::List(list)) => square(list),
            _ => 1,
        },
        Charge::ListResult if call.function.name == "lists.range" => match arguments.first() {
            Some(Value::Int(count)) if *count > super::functions::MAX_RANGE => 1,
            Some(Value::Int(count)) => u64::try_from(*count).unwrap_or(1).saturating_add(LIST + 1),
            _ => 1,
        },
        Charge::Result | Charge::ListResult => return None,
    })
}

fn other_text(call: &Call, size: u64) -> u64 {
    let is_text = call.known.is_some_and(|known| known.parameters.get(1) == Some(&Type::String));
    if is_text { tenths(size) } else { 0 }
}

fn square(list: &List<'_>) -> u64 {
    let size = list.len() as u64;
    let squared = size.saturating_mul(size);
    let surcharge = match list.get(0) {
        Some(Value::String(_) | Value::Bytes(_)) => squared / 10,
        _ => 0,
    };
    squared.saturating_mul(2).saturating_add(surcharge).saturating_add(LIST + 1)
}

/// The cost of a call that depends on what it made.
pub(super) fn after(call: &Call, result: Option<&Value<'_>>) -> u64 {
    let size = result.map_or(1, Value::size);
    match call.charge() {
        Charge::Result => tenths(size * 2),
        _ => size + LIST + 1,
    }
}

/// All texts of a value in tenths, 1 for each other scalar.
fn traversal(value: &Value<'_>) -> u64 {
    match value {
        Value::String(text) => text.as_str().len() as u64 / 10,
        Value::Bytes(bytes) => bytes.len() as u64 / 10,
        Value::List(list) => list.iter().map(|item| traversal(&item)).sum(),
        Value::Map(map) => map.entries().iter().map(|(key, value)| traversal(key) + traversal(value)).sum(),
        _ => 1,
    }
}
