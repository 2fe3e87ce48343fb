//! A path and two values: parse and print, set then get, expand, delete.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_resource::{FieldPath, Value};

fuzz_target!(|bytes: &[u8]| {
    let Some((text, values)) = plat_fuzz::line_and_values(bytes) else { return };
    let path = match FieldPath::parse(text) {
        Ok(path) => path,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut values = values.into_iter();
    let mut object = values.next().unwrap_or(Value::Null);
    let value = values.next().unwrap_or(Value::Null);
    for found in path.expand(&object).unwrap_or_default() {
        assert!(!found.has_wildcard() || found.get(&object).is_ok());
    }
    let before = object.clone();
    if path.set(&mut object, value.clone()).is_ok() && !path.segments().is_empty() {
        assert_eq!(path.get(&object), Ok(&value), "{text}");
        assert!(path.delete(&mut object).is_ok());
    } else if path.segments().is_empty() {
        assert_eq!(object, before);
    }
});
