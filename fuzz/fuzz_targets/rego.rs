//! Bytes → a module and an input, apart by a zero byte → compiled in both languages → evaluated; twice, with one answer.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use plat_rego::{Document, Limits, Module, Program, Version};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (source, input) = text.split_once('\0').unwrap_or((&text, "{}"));
    let input = Document::new(&serde_json::from_str(input).unwrap_or_default());
    let limits = Limits { time: Duration::from_millis(20), memory: 16 << 20, now: Some(Duration::from_secs(1)) };
    for version in [Version::V0, Version::V1] {
        let program = match Program::compile(&[Module { name: "fuzz.rego", source }], version) {
            Ok(program) => program,
            Err(errors) => {
                assert!(!errors.is_empty(), "refused without a reason");
                continue;
            }
        };
        for rule in ["data", "data.t.violation"] {
            let eval = || program.eval(rule, &input, &Document::default(), limits);
            assert_eq!(eval(), eval(), "two answers to one question");
        }
    }
});
