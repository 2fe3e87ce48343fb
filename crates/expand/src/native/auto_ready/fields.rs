//! Reading single fields of an object the way the health checks do.

use plat_resource::Value;

/// The value at `path`, through objects only.
pub(super) fn value_at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.as_object()?.get(*key))
}

/// The text at `path`.
pub(super) fn text_at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    value_at(object, path)?.as_str()
}

/// The list at `path`; empty where there is none.
pub(super) fn list_at<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    value_at(object, path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The number at `path`, cut to a whole one. Numbers have been through a protobuf Struct, so 3 and 3.0 are the same.
pub(super) fn whole_at(object: &Value, path: &[&str]) -> Option<i64> {
    let number = value_at(object, path)?;
    number.as_i64().or_else(|| number.as_f64().map(truncate))
}

/// What Go makes of a float that no `int64` can hold (on amd64 and arm64 it differs; this is amd64).
#[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
fn truncate(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// True when a condition of type `kind` is `True`.
pub(super) fn is_true(condition: &Value, kind: &str) -> bool {
    text_at(condition, &["type"]) == Some(kind) && text_at(condition, &["status"]) == Some("True")
}
