//! What is shown in the end.

use crate::data::Data;

/// Truth as conditions of steps and outputs have it: an empty list is false.
pub fn is_truthy(value: Option<&Data>) -> bool {
    match value {
        None => false,
        Some(Data::Array(items)) => !items.is_empty(),
        Some(value) => value.is_truthy(),
    }
}

/// Links and texts whose condition is false are left out, and no condition is shown.
pub(super) fn shown(mut output: Data) -> Data {
    if let Data::Object(fields) = &mut output {
        for name in ["links", "text"] {
            if let Some(Data::Array(items)) = fields.get_mut(name) {
                items.retain(|item| item.get("if").is_none_or(|condition| is_truthy(Some(condition))));
                for item in items {
                    if let Data::Object(fields) = item {
                        fields.shift_remove("if");
                    }
                }
            }
        }
    }
    output
}
