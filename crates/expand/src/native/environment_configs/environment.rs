//! The environment that comes out: the configs' data, laid over what was there, laid over the defaults.

use plat_resource::{FieldPath, Map, Value};

use super::selection::Placed;

/// Merges the data of the selected configs.
pub(super) fn data_of(selected: Vec<Placed<'_>>) -> Result<Map<String, Value>, String> {
    let mut merged = Map::new();
    for placed in selected {
        for config in placed.configs {
            merge(&mut merged, data(config, placed.path)?);
        }
    }
    Ok(merged)
}

/// Lays `data` over the incoming environment and that over the defaults, and names the result's kind where nothing else
/// does: a key `kind` or `apiVersion` in the data is taken for it.
pub(super) fn build(
    data: Map<String, Value>,
    incoming: Option<Value>,
    defaults: Option<Map<String, Value>>,
) -> Map<String, Value> {
    let mut environment = defaults.unwrap_or_default();
    if let Some(Value::Object(incoming)) = incoming {
        merge(&mut environment, incoming);
    }
    merge(&mut environment, data);
    if is_without_kind(&environment) {
        environment.insert("apiVersion".to_owned(), "internal.crossplane.io/v1alpha1".into());
        environment.insert("kind".to_owned(), "Environment".into());
    }
    environment
}

fn is_without_kind(environment: &Map<String, Value>) -> bool {
    let text = |key: &str| environment.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("apiVersion") {
        "" | "/" => text("kind").is_empty(),
        // Go cannot parse such an apiVersion and then ignores the kind too.
        version => version.matches('/').count() > 1,
    }
}

fn data(config: &Value, path: &str) -> Result<Map<String, Value>, String> {
    let name = config.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let found = config.get("data");
    if !path.is_empty() {
        let mut placed = Value::Object(Map::new());
        let written =
            FieldPath::parse(path).and_then(|parsed| parsed.set(&mut placed, found.cloned().unwrap_or(Value::Null)));
        return match (written, placed) {
            (Ok(()), Value::Object(map)) => Ok(map),
            // The Function leaves the cause out.
            _ => Err(format!("cannot get data from environment config {name} into path {path:?}")),
        };
    }
    let kind = match found {
        Some(Value::Object(map)) => return Ok(map.clone()),
        Some(Value::Null) => return Ok(Map::new()),
        None => return Err(format!("cannot get data from environment config {name:?}: data: no such field")),
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
    };
    Err(format!(
        "cannot get data from environment config {name:?}: cannot unmarshal value from JSON: \
         json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
    ))
}

/// Lays `over` over `base`, object by object; anything else replaces what was there. Works off a list instead of calling
/// itself, as data may be nested deeply.
fn merge(base: &mut Map<String, Value>, over: Map<String, Value>) {
    let mut pending = vec![(Vec::<String>::new(), over)];
    while let Some((path, over)) = pending.pop() {
        let Some(target) = path.iter().try_fold(&mut *base, |map, key| map.get_mut(key)?.as_object_mut()) else {
            continue;
        };
        for (key, value) in over {
            match (target.get_mut(&key), value) {
                (Some(Value::Object(_)), Value::Object(inner)) => {
                    let mut deeper = path.clone();
                    deeper.push(key);
                    pending.push((deeper, inner));
                }
                (Some(slot), value) => *slot = value,
                (None, value) => {
                    target.insert(key, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, said the short way.
    fn merged(base: &Map<String, Value>, over: &Map<String, Value>) -> Map<String, Value> {
        let mut out = base.clone();
        for (key, value) in over {
            let value = match (base.get(key), value) {
                (Some(Value::Object(base)), Value::Object(over)) => Value::Object(merged(base, over)),
                _ => value.clone(),
            };
            out.insert(key.clone(), value);
        }
        out
    }

    fn maps() -> impl Strategy<Value = Map<String, Value>> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..9).prop_map(Value::from)];
        let value = leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[abc]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        prop::collection::btree_map("[abc]", value, 0..4).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn merging_is_laying_object_over_object(base in maps(), over in maps()) {
            let mut out = base.clone();
            merge(&mut out, over.clone());
            prop_assert_eq!(&out, &merged(&base, &over));
            let once = out.clone();
            merge(&mut out, over);
            prop_assert_eq!(out, once);
        }
    }

    #[test]
    fn deep_data_is_no_danger() {
        let deep =
            || (0..2000).fold(Value::from(1), |inner, _| Value::Object(Map::from_iter([("a".to_owned(), inner)])));
        let (Value::Object(mut base), Value::Object(over)) = (deep(), deep()) else { panic!("not objects") };
        merge(&mut base, over);
        assert_eq!(base.len(), 1);
    }
}
