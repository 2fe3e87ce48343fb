//! An expression in the first line, its variables below as JSON: it ends, and says the same twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_resource::cel::{self, Bindings, Failure, Outcome, Program, Value, admission};

struct Variables<'a>(&'a [serde_json::Value]);

impl<'a> Bindings<'a> for Variables<'a> {
    fn global(&self, number: usize) -> Value<'a> {
        self.0.get(number).map_or(Value::Null, Value::from_json)
    }

    fn variable(&self, _: usize) -> Outcome<'a> {
        Err(Failure::Said("no such variable".into()))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((text, values)) = plat_fuzz::line_and_values(bytes) else { return };
    let program = match Program::compile(text, &admission::environment(true)) {
        Ok(program) => program,
        Err(errors) => {
            assert!(!errors.is_empty());
            drop(cel::refusal(text, &errors));
            return;
        }
    };
    let run = || {
        let (outcome, cost) = program.run(&Variables(&values), 10_000);
        (outcome.map(|value| value.type_name()).map_err(|failure| failure.to_string()), cost)
    };
    let guarded = || cel::guarded(program.depth(), run).expect("it does not panic");
    assert_eq!(guarded(), guarded(), "two answers to one question");
});
