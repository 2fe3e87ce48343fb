//! Bytes → documents → mutators, which change the other documents; twice is once, and no text is too odd.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_policy::mutation::{Location, MutationContext, MutationSystem, Operation, is_mutator};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(location) = std::str::from_utf8(bytes).map_err(drop).and_then(|text| Location::parse(text).map_err(drop)) {
        assert!(!location.steps().is_empty() || bytes.iter().all(u8::is_ascii_whitespace));
    }
    let documents = plat_fuzz::documents(bytes);
    let (system, findings) = MutationSystem::load(&documents);
    for finding in findings {
        assert!(!finding.to_string().is_empty());
    }
    let namespace = documents.first().map(|document| &document.value);
    for document in documents.iter().filter(|document| !is_mutator(&document.value)) {
        for operation in [Some(Operation::Create), Some(Operation::Update), None] {
            let context = MutationContext { namespace, operation, ..MutationContext::default() };
            match system.mutate(document.value.clone(), &context) {
                Ok(once) => {
                    assert_eq!(once.changed, once.object != document.value);
                    if let Ok(twice) = system.mutate(once.object.clone(), &context) {
                        assert_eq!(twice.object, once.object, "mutated twice");
                    }
                }
                Err(error) => assert!(!error.diagnostic().to_string().is_empty()),
            }
        }
    }
});
