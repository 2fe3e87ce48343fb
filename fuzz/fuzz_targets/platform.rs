//! Bytes → documents → Platform → CRDs and schemas, which default, prune, check and explain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_platform::{Platform, Role};
use plat_resource::FieldPath;

fuzz_target!(|bytes: &[u8]| {
    let documents = plat_fuzz::documents(bytes);
    let (platform, diagnostics) = Platform::load(documents.clone());
    for diagnostic in diagnostics {
        assert!(!diagnostic.to_string().is_empty());
    }
    for definition in platform.definitions() {
        drop(definition.crds());
        for version in &definition.versions {
            for role in [Role::Composite, Role::Claim] {
                let Some(schema) = definition.schema(role, &version.name) else { continue };
                drop(schema.explain(&FieldPath::default().key("spec")));
                for document in &documents {
                    let mut value = document.value.clone();
                    schema.apply_defaults(&mut value);
                    schema.prune(&mut value);
                    drop(schema.validate(&value, Some(&document.value)));
                    let before = value.clone();
                    schema.apply_defaults(&mut value);
                    assert_eq!(schema.prune(&mut value), [], "pruned twice");
                    assert_eq!(value, before, "defaulted twice");
                }
            }
        }
        for composition in platform.compositions() {
            drop(platform.select_composition(definition, &composition.document.value));
        }
    }
});
