//! Values to YAML text. (Being written.)

use serde_json::Value;

/// The text of `value`.
pub fn to_string(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}
