//! An object in memory that is looked at now and then: as text.
//!
//! Owns that form. As a tree an object takes five times as much; reading the text again costs no more than copying the tree.

use std::sync::Arc;

use plat_resource::Value;
use tracing::error;

/// An object as its JSON text. Equal objects are equal texts, as keys are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed(Arc<[u8]>);

impl Packed {
    /// Packs an object.
    pub(super) fn of(object: &Value) -> Self {
        Self(object.to_string().into_bytes().into())
    }

    /// The object.
    pub(super) fn open(&self) -> Arc<Value> {
        let object = serde_json::from_slice(&self.0).unwrap_or_else(|mistake| {
            error!("a mistake in plat itself: an object that was kept cannot be read again: {mistake}");
            Value::Null
        });
        Arc::new(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_comes_out_as_it_went_in() {
        let text = r#"{"a":{"b":[1,-2,1.5,1e300,18446744073709551615,null,true,"\u0000ü\n"]},"c":{}}"#;
        let object: Value = serde_json::from_str(text).unwrap();
        let packed = Packed::of(&object);
        assert_eq!(*packed.open(), object);
        assert_eq!(packed, Packed::of(&json!({"c": {}, "a": object["a"]})), "the order of keys is no difference");
        assert_ne!(packed, Packed::of(&json!({"a": object["a"]})));
    }
}
