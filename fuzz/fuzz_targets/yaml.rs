//! Bytes → documents → text → the same documents; every place can be told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_resource::{FieldPath, Value, yaml};

fuzz_target!(|bytes: &[u8]| {
    for document in plat_fuzz::documents(bytes) {
        visit(&document.value, &FieldPath::default(), &mut |path| drop(document.locate(path)));
        let text = yaml::to_string(&document.value);
        let (again, diagnostics) = yaml::parse("printed.yaml", text.as_bytes());
        assert!(diagnostics.is_empty(), "{diagnostics:?}\n{text}");
        assert_eq!(again.len(), 1, "{text}");
        assert_eq!(again[0].value, document.value, "{text}");
    }
});

/// A few places are enough: each is found by reading the text again.
fn visit(value: &Value, path: &FieldPath, place: &mut impl FnMut(&FieldPath)) {
    place(path);
    if let Some((key, below)) = value.as_object().and_then(|map| map.iter().next_back()) {
        visit(below, &path.key(key), place);
    }
}
