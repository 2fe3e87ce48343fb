//! The shape of the input as the Function's Go types have it, and the decoder's words where a value does not fit.
//!
//! Objects are walked in key order, as protobuf JSON writes them, so that the first fault found is the one the Function
//! reports. The decoder says "cannot" or "unable to" by chance; here it is always "cannot".

use plat_resource::Value;

/// What a place in the input takes. Null fits everywhere.
pub(super) enum Shape {
    /// Anything.
    Any,
    /// Text, with the name of its Go type.
    Text(&'static str),
    /// `true` or `false`.
    Boolean,
    /// A whole number in range of `int64`.
    Signed,
    /// A whole number in range of `uint64`.
    Unsigned,
    /// A list: Go type and shape of the elements.
    List(&'static str, &'static Shape),
    /// An object with free keys: Go type and shape of the values.
    Keyed(&'static str, &'static Shape),
    /// An object with these keys and no others: Go type and fields.
    Fields(&'static str, &'static [(&'static str, Shape)]),
}

use Shape::{Any, Boolean, Fields, Keyed, List, Signed, Text, Unsigned};

const STRING: Shape = Text("string");
const TIME: Shape = Text("v1.Time");
const LABELS: Shape = Keyed("map[string]string", &STRING);

const OWNER_REFERENCE: Shape = Fields(
    "v1.OwnerReference",
    &[
        ("apiVersion", STRING),
        ("kind", STRING),
        ("name", STRING),
        ("uid", Text("types.UID")),
        ("controller", Boolean),
        ("blockOwnerDeletion", Boolean),
    ],
);

const MANAGED_FIELDS: Shape = Fields(
    "v1.ManagedFieldsEntry",
    &[
        ("manager", STRING),
        ("operation", Text("v1.ManagedFieldsOperationType")),
        ("apiVersion", STRING),
        ("time", TIME),
        ("fieldsType", STRING),
        ("fieldsV1", Any),
        ("subresource", STRING),
    ],
);

const METADATA: Shape = Fields(
    "v1.ObjectMeta",
    &[
        ("name", STRING),
        ("generateName", STRING),
        ("namespace", STRING),
        ("selfLink", STRING),
        ("uid", Text("types.UID")),
        ("resourceVersion", STRING),
        ("generation", Signed),
        ("creationTimestamp", TIME),
        ("deletionTimestamp", TIME),
        ("deletionGracePeriodSeconds", Signed),
        ("labels", LABELS),
        ("annotations", LABELS),
        ("ownerReferences", List("[]v1.OwnerReference", &OWNER_REFERENCE)),
        ("finalizers", List("[]string", &STRING)),
        ("managedFields", List("[]v1.ManagedFieldsEntry", &MANAGED_FIELDS)),
    ],
);

const LABEL_MATCHER: Shape = Fields(
    "v1beta1.EnvironmentSourceSelectorLabelMatcher",
    &[
        ("type", Text("v1beta1.EnvironmentSourceSelectorLabelMatcherType")),
        ("key", STRING),
        ("valueFromFieldPath", STRING),
        ("fromFieldPathPolicy", Text("v1beta1.FromFieldPathPolicy")),
        ("value", STRING),
    ],
);

const SELECTOR: Shape = Fields(
    "v1beta1.EnvironmentSourceSelector",
    &[
        ("mode", Text("v1beta1.EnvironmentSourceSelectorModeType")),
        ("maxMatch", Unsigned),
        ("minMatch", Unsigned),
        ("sortByFieldPath", STRING),
        ("matchLabels", List("[]v1beta1.EnvironmentSourceSelectorLabelMatcher", &LABEL_MATCHER)),
    ],
);

const SOURCE: Shape = Fields(
    "v1beta1.EnvironmentSource",
    &[
        ("type", Text("v1beta1.EnvironmentSourceType")),
        ("ref", Fields("v1beta1.EnvironmentSourceReference", &[("name", STRING)])),
        ("selector", SELECTOR),
        ("toFieldPath", STRING),
    ],
);

const SPEC: Shape = Fields(
    "v1beta1.InputSpec",
    &[
        ("defaultData", Keyed("map[string]v1.JSON", &Any)),
        ("environmentConfigs", List("[]v1beta1.EnvironmentSource", &SOURCE)),
        ("policy", Fields("v1beta1.Policy", &[("resolution", Text("v1.ResolutionPolicy"))])),
    ],
);

/// The whole input.
pub(super) const INPUT: Shape =
    Fields("v1beta1.Input", &[("apiVersion", STRING), ("kind", STRING), ("metadata", METADATA), ("spec", SPEC)]);

/// Checks `value`; the error continues the decoder's `json: cannot unmarshal`.
pub(super) fn check(value: &Value, shape: &Shape) -> Result<(), String> {
    match (shape, value) {
        (Any, _) | (_, Value::Null) | (Text(_), Value::String(_)) | (Boolean, Value::Bool(_)) => Ok(()),
        (Signed, Value::Number(_)) => {
            whole_number(value, "int64", "signed", i128::from(i64::MIN)..=i128::from(i64::MAX))
        }
        (Unsigned, Value::Number(_)) => whole_number(value, "uint64", "unsigned", 0..=i128::from(u64::MAX)),
        (List(_, element), Value::Array(items)) => items.iter().try_for_each(|item| check(item, element)),
        (Keyed(_, element), Value::Object(map)) => map.values().try_for_each(|item| check(item, element)),
        (Fields(go_type, fields), Value::Object(map)) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            keys.into_iter().try_for_each(|(key, item)| match fields.iter().find(|(name, _)| name == key) {
                Some((_, field)) => check(item, field),
                None => Err(format!("Go value of type {go_type}: unknown name {key:?}")),
            })
        }
        _ => Err(format!("JSON {} into Go value of type {}", json_kind(value), go_type(shape))),
    }
}

fn go_type(shape: &Shape) -> &'static str {
    match shape {
        Any => "interface {}",
        Boolean => "bool",
        Signed => "int64",
        Unsigned => "uint64",
        Text(name) | List(name, _) | Keyed(name, _) | Fields(name, _) => name,
    }
}

fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn whole_number(value: &Value, go_type: &str, sign: &str, range: std::ops::RangeInclusive<i128>) -> Result<(), String> {
    let text = number_text(value);
    let reason = match text.parse::<i128>() {
        Ok(number) if range.contains(&number) => return Ok(()),
        Ok(number) if number >= 0 || sign == "signed" => "value out of range",
        _ => "invalid syntax",
    };
    Err(format!("JSON number into Go value of type {go_type}: cannot parse {text:?} as {sign} integer: {reason}"))
}

/// The number as protobuf JSON writes a double: plain from 1e-6 up to 1e21, with an exponent beyond.
fn number_text(value: &Value) -> String {
    let number = value.as_f64().unwrap_or_default();
    let size = number.abs();
    if let Some(whole) = value.as_i64() {
        return whole.to_string();
    }
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        // Rust writes no sign before a positive exponent and no leading zero.
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
            _ => text,
        };
    }
    format!("{number}")
}
