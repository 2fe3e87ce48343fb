//! Which of the fetched EnvironmentConfigs count, and in what order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plat_resource::{FieldPath, Value};

use super::input::{Input, Selector, Source};
use super::requirement_name;
use crate::function::FunctionResource;

/// The EnvironmentConfigs that go to one place in the environment.
pub(super) struct Placed<'a> {
    /// `toFieldPath`; empty for the root.
    pub(super) path: &'a str,
    /// The configs, the later ones winning.
    pub(super) configs: Vec<&'a Value>,
}

/// Takes for each source what was fetched for it. The real Function walks the places in random order, so where two
/// places overlap its answer is a matter of chance; here the place that is named first comes first.
pub(super) fn select<'a>(
    input: &Input,
    sources: &'a [Source],
    fetched: &'a BTreeMap<String, Vec<FunctionResource>>,
) -> Result<Vec<Placed<'a>>, String> {
    let mut selected: Vec<Placed<'a>> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let name = requirement_name(index);
        // An optional selector without a single label was never asked for.
        let Some(resources) = fetched.get(&name) else { continue };
        let resources: Vec<&Value> = resources.iter().map(|resource| &resource.resource).collect();
        let configs = match source.kind() {
            "Reference" => {
                let wanted = source.reference_name(index)?;
                by_reference(wanted, resources, input.is_resolution_optional).map_err(|error| {
                    format!("cannot process environment config {wanted:?} by reference, {name:?}: {error}")
                })?
            }
            "Selector" => by_selector(source.selector_of(index)?, resources)
                .map_err(|error| format!("cannot process environment config {name:?} by selector: {error}"))?,
            _ => continue,
        };
        if configs.is_empty() {
            continue;
        }
        match selected.iter_mut().find(|placed| placed.path == source.to_field_path) {
            Some(placed) => placed.configs.extend(configs),
            None => selected.push(Placed { path: &source.to_field_path, configs }),
        }
    }
    Ok(selected)
}

fn by_reference<'a>(name: &str, resources: Vec<&'a Value>, is_optional: bool) -> Result<Vec<&'a Value>, String> {
    match resources.len() {
        0 if is_optional => Ok(resources),
        0 => Err(format!("Required environment config {name:?} not found")),
        1 => Ok(resources),
        count => Err(format!("expected exactly one required resource {name:?}, got {count}")),
    }
}

fn by_selector<'a>(selector: &Selector, mut resources: Vec<&'a Value>) -> Result<Vec<&'a Value>, String> {
    let count = resources.len();
    match selector.mode.as_str() {
        "Single" if count == 1 => Ok(resources),
        "Single" => Err(format!("expected exactly one required resource, got {count}")),
        "Multiple" => {
            if let Some(minimum) = selector.minimum.filter(|minimum| (count as u64) < *minimum) {
                return Err(format!("expected at least {minimum} required resources, got {count}"));
            }
            sort(&mut resources, &selector.sort_by)?;
            if let Some(maximum) = selector.maximum {
                resources.truncate(usize::try_from(maximum).unwrap_or(usize::MAX));
            }
            Ok(resources)
        }
        mode => Err(format!("unknown selector mode {mode:?}")),
    }
}

/// Sorts by the value at `path`: texts or numbers, a missing one counting as the smallest of its kind's zero value. Equal
/// ones keep their order; the real Function promises that for up to twelve.
fn sort(resources: &mut [&Value], path: &str) -> Result<(), String> {
    let parsed = FieldPath::parse(path).map_err(|error| error.to_string())?;
    let mut keyed = Vec::with_capacity(resources.len());
    let mut kind: Option<Kind> = None;
    for &resource in resources.iter() {
        let value = match parsed.get(resource) {
            Ok(value) => value,
            Err(error) if error.is_not_found() => &Value::Null,
            Err(error) => return Err(error.to_string()),
        };
        match (kind, Kind::of(value)) {
            (None, found) => kind = found,
            (Some(expected), Some(found)) if expected != found => {
                return Err(format!(
                    "cannot sort values of different types {:?} and {:?}",
                    expected.go_type(),
                    found.go_type()
                ));
            }
            _ => {}
        }
        keyed.push((value, resource));
    }
    let compare: fn(&Value, &Value) -> Ordering = match kind {
        Some(Kind::Text) => |left, right| left.as_str().unwrap_or_default().cmp(right.as_str().unwrap_or_default()),
        Some(Kind::Number) => |left, right| number(left).total_cmp(&number(right)),
        // Nothing compares fewer than two.
        Some(other) if keyed.len() > 1 => {
            return Err(format!("unsupported type {:?} for sorting", other.go_kind()));
        }
        _ => return Ok(()),
    };
    keyed.sort_by(|(left, _), (right, _)| compare(left, right));
    for (slot, (_, resource)) in resources.iter_mut().zip(keyed) {
        *slot = resource;
    }
    Ok(())
}

fn number(value: &Value) -> f64 {
    // Adding zero makes a negative zero equal to zero, as `<` has it.
    value.as_f64().unwrap_or_default() + 0.0
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Boolean,
    List,
    Object,
}

impl Kind {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(_) => Some(Self::Number),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) => Some(Self::List),
            Value::Object(_) => Some(Self::Object),
        }
    }

    fn go_type(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "float64",
            Self::Boolean => "bool",
            Self::List => "[]interface {}",
            Self::Object => "map[string]interface {}",
        }
    }

    fn go_kind(self) -> &'static str {
        match self {
            Self::List => "slice",
            Self::Object => "map",
            other => other.go_type(),
        }
    }
}
