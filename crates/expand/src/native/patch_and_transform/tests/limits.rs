//! What a few bytes may not make.

use super::*;
use crate::budget::{MAX_PATCHES, MAX_TEXT_BYTES};

#[test]
fn a_wide_format_is_an_error_that_names_the_patch() {
    let string = json!([{"type": "string", "string": {"type": "Format", "fmt": "%9999999s"}}]);
    let error = patched(json!({"fromFieldPath": "spec.name", "toFieldPath": "out", "transforms": string})).unwrap_err();
    assert_eq!(
        error,
        "cannot render composed resource \"thing\" \"FromCompositeFieldPath\" patch at index 0: transform at index 0 \
         returned error: string transform could not resolve: the text is longer than 1048576 bytes"
    );
    let combine =
        json!({"strategy": "string", "string": {"fmt": "%9999999s"}, "variables": [{"fromFieldPath": "spec.name"}]});
    let error = patched(json!({"type": "CombineFromComposite", "toFieldPath": "out", "combine": combine})).unwrap_err();
    assert!(error.ends_with("patch at index 0: the text is longer than 1048576 bytes"), "{error}");
}

#[test]
fn replacing_and_joining_stop_before_they_fill_the_memory() {
    let long = "a".repeat(MAX_TEXT_BYTES - 1);
    let replace =
        json!([{"type": "string", "string": {"type": "Replace", "replace": {"search": "a", "replace": long}}}]);
    let want = "string transform could not resolve: the text is longer than 1048576 bytes";
    assert_eq!(transformed(&json!(long), replace).unwrap_err(), want);
    let join = json!([{"type": "string", "string": {"type": "Join", "join": {"separator": long}}}]);
    assert_eq!(transformed(&json!(vec![0; 1000]), join).unwrap_err(), want);
    let json = json!([{"type": "string", "string": {"type": "Convert", "convert": "ToBase64"}}]);
    assert_eq!(transformed(&json!(long), json).unwrap_err(), want);
    assert_eq!(transformed(&json!(long), json!([])).unwrap(), json!(long), "a patch without format may copy it");
}

#[test]
fn an_array_into_each_element_of_an_array_stops() {
    let mut composite = composite();
    composite["spec"]["tags"] = json!(vec!["0123456789"; 1000]);
    let copy = |to: &str| json!({"fromFieldPath": "spec.tags", "toFieldPath": to});
    let few = one(json!([copy("a"), copy("a[*]")]));
    let response = run_over(&few, &composite, &[]);
    assert_eq!(response.results, [], "a million elements are allowed");
    let many = one(json!([copy("a"), copy("a[*]"), copy("a[*][*]")]));
    let response = run_over(&many, &composite, &[]);
    let message = &response.results.first().expect("a fatal result").message;
    assert!(message.ends_with("patch at index 2: the patches of this step write more than 64 MiB"), "{message}");
}

#[test]
fn patch_sets_inlined_thousands_of_times_stop() {
    let set = json!([{"name": "s", "patches": vec![json!({"fromFieldPath": "a"}); 1000]}]);
    let template = |uses: usize| json!({"name": "t", "base": {"kind": "K"}, "patches": vec![json!({"type": "PatchSet", "patchSetName": "s"}); uses]});
    let input = |uses: usize| json!({"patchSets": set, "resources": [template(uses / 2), template(uses - uses / 2)]});
    assert!(Compiled::new(&input(MAX_PATCHES / 1000)).is_ok());
    assert_eq!(
        refused(&input(MAX_PATCHES / 1000 + 1)),
        "cannot resolve PatchSets: they come to more than 100000 patches"
    );
}
