//! Whether an object can be read into the Go types of `k8s.io/api` v0.31.0: some health checks read it that way, and an
//! object that does not fit is not healthy, whichever of its fields is to blame.
//!
//! The types, and crossplane-runtime's `ConditionedStatus`, are in `kubernetes_types.txt`, one struct a line: its name, then `field:shape`. A shape is `text`, `bool`,
//! `int`, `time`, `quantity`, `intstr`, `any` or a struct's name; `[` before it makes it a list and `{` a map.

use std::collections::HashMap;
use std::sync::LazyLock;

use plat_resource::{Value, time};

type Fields = Vec<(&'static str, &'static str)>;

static STRUCTS: LazyLock<HashMap<&'static str, Fields>> = LazyLock::new(|| {
    let table = include_str!("kubernetes_types.txt").lines();
    table
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.filter_map(|word| word.split_once(':')).collect()))
        })
        .collect()
});

/// True when `value` fits `shape`. Null fits everything, unknown fields do not matter. No struct contains itself, so the
/// depth is that of the types and not that of the value.
pub(super) fn fits(value: &Value, shape: &str) -> bool {
    if value.is_null() {
        return true;
    }
    if let Some(element) = shape.strip_prefix('[') {
        return value.as_array().is_some_and(|items| items.iter().all(|item| fits(item, element)));
    }
    if let Some(element) = shape.strip_prefix('{') {
        return value.as_object().is_some_and(|map| map.values().all(|item| fits(item, element)));
    }
    match shape {
        "any" => true,
        "text" => value.is_string(),
        "bool" => value.is_boolean(),
        "int" => is_whole(value),
        "time" => value.as_str().is_some_and(|text| time::parse(text).is_some()),
        "quantity" => is_quantity(value),
        "intstr" => {
            let limits = f64::from(i32::MIN)..=f64::from(i32::MAX);
            value.is_string() || (is_whole(value) && value.as_f64().is_some_and(|number| limits.contains(&number)))
        }
        name => value.as_object().is_some_and(|map| {
            let fields = STRUCTS.get(name).map(Vec::as_slice).unwrap_or_default();
            fields.iter().all(|(key, field)| map.get(*key).is_none_or(|item| fits(item, field)))
        }),
    }
}

fn is_whole(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn is_quantity(value: &Value) -> bool {
    match value {
        Value::String(text) => is_quantity_text(text.trim()),
        // The text of a number is a quantity.
        other => other.is_number(),
    }
}

fn is_quantity_text(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let suffix = unsigned.trim_start_matches(|character: char| character.is_ascii_digit());
    let suffix = suffix.strip_prefix('.').unwrap_or(suffix);
    let suffix = suffix.trim_start_matches(|character: char| character.is_ascii_digit());
    let number = unsigned.strip_suffix(suffix).unwrap_or_default();
    let is_exponent = || suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i64>().is_ok());
    number.contains(|character: char| character.is_ascii_digit()) && (SUFFIXES.contains(&suffix) || is_exponent())
}

const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_shape_in_the_table_is_known_and_no_struct_contains_itself() {
        fn walk(shape: &str, open: &mut Vec<String>) {
            let name = shape.trim_start_matches(['[', '{']);
            if ["any", "text", "bool", "int", "time", "quantity", "intstr"].contains(&name) {
                return;
            }
            assert!(!open.iter().any(|outer| outer == name), "{name} contains itself");
            let fields = STRUCTS.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
            open.push(name.to_owned());
            for (_, field) in fields {
                walk(field, open);
            }
            open.pop();
        }
        for name in ["CronJob", "Job", "HorizontalPodAutoscaler", "PersistentVolumeClaim", "Pod", "ReplicaSet"] {
            walk(name, &mut Vec::new());
        }
        walk("ConditionedStatus", &mut Vec::new());
    }

    #[test]
    fn quantities_are_numbers_with_a_known_suffix() {
        for text in ["0", "1", "-1.5", "+.5", "1.", "100m", "1Gi", "2e3", "2E-3", "1E"] {
            assert!(is_quantity_text(text), "{text}");
        }
        for text in ["", "m", ".", "-", "1gi", "1 Gi", "1e", "1.2.3", "x1", "1e1.5"] {
            assert!(!is_quantity_text(text), "{text}");
        }
    }

    #[test]
    fn each_shape_takes_its_values_and_null_and_nothing_else() {
        let values = json!([true, 1.5, 3.0, "x", "2024-01-01T00:00:00Z", "1Gi", ["x"], {"a": "x"}, 5_000_000_000_f64]);
        let taken = |shape: &str| -> Vec<usize> {
            assert!(fits(&Value::Null, shape), "{shape}");
            let values = values.as_array().unwrap().iter().enumerate();
            values.filter(|(_, value)| fits(value, shape)).map(|(index, _)| index).collect()
        };
        assert_eq!(taken("any").len(), 9);
        assert_eq!(taken("text"), [3, 4, 5]);
        assert_eq!(taken("bool"), [0]);
        assert_eq!(taken("int"), [2, 8]);
        assert_eq!(taken("time"), [4]);
        assert_eq!(taken("quantity"), [1, 2, 5, 8]);
        assert_eq!(taken("intstr"), [2, 3, 4, 5]);
        assert_eq!(taken("[text"), [6]);
        assert_eq!(taken("{text"), [7]);
        assert_eq!(taken("[int"), Vec::<usize>::new());
        assert_eq!(taken("Pod"), [7]);
    }
}
