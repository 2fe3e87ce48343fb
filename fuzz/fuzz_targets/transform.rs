//! An input of patch-and-transform, an XR and composed resources that exist, one JSON value a line, without an engine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_expand::function::{FunctionResource, RunFunctionRequest};
use plat_expand::native::patch_and_transform::{Compiled, run};

fuzz_target!(|text: &str| {
    let lines: Result<Vec<serde_json::Value>, _> = text.lines().map(serde_json::from_str).collect();
    let Ok(lines) = lines else { return };
    let Some((input, rest)) = lines.split_first() else { return };
    let compiled = match Compiled::new(input) {
        Ok(compiled) => compiled,
        Err(fault) => return assert!(!fault.message.is_empty()),
    };
    let mut request = RunFunctionRequest::default();
    if let Some(composite) = rest.first() {
        request.observed.composite.resource = composite.clone();
    }
    for (name, observed) in compiled.template_names().zip(rest.iter().skip(1)) {
        let resource = FunctionResource { resource: observed.clone(), ..FunctionResource::default() };
        request.observed.resources.insert(name.to_owned(), resource);
    }
    let first = run(&compiled, &request).0;
    assert_eq!(first, run(&compiled, &request).0, "two answers to one question");
});
