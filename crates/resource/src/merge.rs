//! Merging of one value into another, as the patch policies of patch-and-transform ask.
//!
//! The rules are those of mergo 1.0.2 as crossplane-runtime `pkg/fieldpath/merge.go` calls it, oddities included: they
//! were read there and checked against recorded answers of the real program.

use serde_json::{Map, Value};

use crate::go;

/// How a value goes into a field that already has one (`policy.toFieldPath`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// Values that the destination already has stay (mergo without override).
    pub keep_map_values: bool,
    /// Arrays are appended instead of replaced.
    pub append_arrays: bool,
}

/// Why two values do not merge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to merge values: cannot append two slices with different type ({source_type}, {destination_type})")]
pub struct MergeError {
    source_type: &'static str,
    destination_type: &'static str,
}

/// Merges `source` into `destination` and returns the result. A null on either side is a plain replace.
pub fn merge(destination: Option<&Value>, source: &Value, options: MergeOptions) -> Result<Value, MergeError> {
    let Some(destination) = destination.filter(|value| !value.is_null()) else { return Ok(source.clone()) };
    if source.is_null() {
        return Ok(source.clone());
    }
    if options.append_arrays && adds_nothing(destination, source) {
        // A Go slice that was never filled: it prints as null.
        return Ok(Value::Null);
    }
    let source = if options.append_arrays { without_duplicates(destination, source) } else { source.clone() };
    let mut wrapped = Map::from_iter([("arg".to_owned(), destination.clone())]);
    merge_maps(&mut wrapped, &Map::from_iter([("arg".to_owned(), source)]), options)?;
    Ok(wrapped.remove("arg").unwrap_or(Value::Null))
}

/// Elements of an array source that the array destination already has are dropped; only at the top, as upstream.
fn without_duplicates(destination: &Value, source: &Value) -> Value {
    match (destination, source) {
        (Value::Array(have), Value::Array(add)) => {
            Value::Array(add.iter().filter(|item| !have.contains(item)).cloned().collect())
        }
        _ => source.clone(),
    }
}

fn adds_nothing(destination: &Value, source: &Value) -> bool {
    let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    empty(destination) && empty(source)
}

fn merge_maps(
    destination: &mut Map<String, Value>,
    source: &Map<String, Value>,
    options: MergeOptions,
) -> Result<(), MergeError> {
    let overwrite = !options.keep_map_values;
    for (key, incoming) in source {
        if incoming.is_null() {
            if overwrite {
                destination.insert(key.clone(), Value::Null);
            }
            continue;
        }
        match incoming {
            Value::Object(add) => {
                if let Some(Value::Object(have)) = destination.get_mut(key) {
                    merge_maps(have, add, options)?;
                }
            }
            Value::Array(add) => merge_array(destination, key, add, options)?,
            _ => {}
        }
        let present = destination.get(key);
        let filled = present.is_some_and(|value| !go::is_empty(value));
        // Containers were dealt with above; what is left decides by emptiness.
        if filled && (incoming.is_array() || (incoming.is_object() && present.is_some_and(Value::is_object))) {
            continue;
        }
        if overwrite || !filled {
            destination.insert(key.clone(), incoming.clone());
        }
    }
    Ok(())
}

fn merge_array(
    destination: &mut Map<String, Value>,
    key: &str,
    add: &[Value],
    options: MergeOptions,
) -> Result<(), MergeError> {
    let present = destination.get(key).filter(|value| !value.is_null());
    let merged = if options.append_arrays {
        match present {
            None => Value::Array(add.to_vec()),
            Some(Value::Array(have)) => Value::Array(have.iter().chain(add).cloned().collect()),
            Some(other) => {
                return Err(MergeError { source_type: "[]interface {}", destination_type: go_type(other) });
            }
        }
    } else if options.keep_map_values {
        // The destination map is never empty here but for a missing key.
        match present {
            None if destination.is_empty() => Value::Array(add.to_vec()),
            None => Value::Array(Vec::new()),
            Some(value) => value.clone(),
        }
    } else {
        Value::Array(add.to_vec())
    };
    destination.insert(key.to_owned(), merged);
    Ok(())
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests;
