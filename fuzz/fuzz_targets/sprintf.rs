//! A format in the first line, its arguments below as JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_expand::go::{format, json};

fuzz_target!(|bytes: &[u8]| {
    let Some((text, values)) = plat_fuzz::line_and_values(bytes) else { return };
    let arguments: Vec<_> = values.iter().collect();
    drop(format::sprintf(text, &arguments, 1 << 20));
    let arguments: Vec<_> = values.iter().map(json::to_struct).collect();
    drop(format::sprintf(text, &arguments.iter().collect::<Vec<_>>(), 1 << 20));
    for value in &values {
        let once = json::normalized(value);
        assert_eq!(json::normalized(&once), once);
        let read: serde_json::Value = serde_json::from_str(&json::marshal(&once)).expect("JSON");
        assert_eq!(json::normalized(&read), once);
    }
});
