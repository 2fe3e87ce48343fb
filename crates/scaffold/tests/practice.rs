//! The template language against the recorded answers of the real renderer, where these are there.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

use std::path::PathBuf;

use plat_scaffold::Data;
use plat_scaffold::capabilities::Capabilities;
use plat_scaffold::template::{ErrorKind, Limits, Options, Renderer};
use serde_json::Value;

/// One recorded answer.
fn differences(line: &str, contexts: &[Data; 2]) -> Vec<String> {
    let case: Value = serde_json::from_str(line).expect("a case is JSON");
    let ordered: Data = serde_json::from_str(line).expect("a case is JSON");
    let option = |name: &str| case["opts"][name].as_bool().unwrap_or(false);
    let options = Options {
        allow_regex_execution: case["opts"]["allowRegexExecution"].as_bool().unwrap_or(true),
        cookiecutter_compat: option("cookiecutterCompat"),
        trim_blocks: option("trimBlocks"),
        lstrip_blocks: option("lstripBlocks"),
        seed: 0,
    };
    let source = case["src"].as_str().expect("a source");
    let host = Capabilities::default();
    let mut limits = Limits::default();
    if let Some(most) = case["limits"]["workUnits"].as_u64() {
        limits.work_units = usize::try_from(most).expect("a limit that fits");
    }
    let renderer = Renderer::new(options, &host).with_limits(limits);
    let context = contexts[usize::from(options.cookiecutter_compat)].clone();
    let context = renderer.prepare(context).expect("the values are taken in");
    let (value, text) = (renderer.render_value(source, &context), renderer.render(source, &context));
    let mut found = Vec::new();
    let wanted = match ordered.get("value") {
        Some(value) => Ok(value.get("v").map(Data::to_json)),
        None => Err(case["valueError"].as_str().unwrap_or_default().to_owned()),
    };
    if let (Err(error), Some(class)) = (&value, case["class"].as_str())
        && class_of(error.kind) != class
    {
        found.push(format!("{source:?}\n  class  {}\n  wanted {class}", class_of(error.kind)));
    }
    let value = value.map(|value| value.map(|value| value.to_json())).map_err(|error| error.message);
    if value != wanted {
        found.push(format!("{source:?}\n  value  {value:?}\n  wanted {wanted:?}"));
    }
    let wanted =
        case["text"].as_str().map(str::to_owned).ok_or(case["textError"].as_str().unwrap_or_default().to_owned());
    let text = text.map_err(|error| error.message);
    if text != wanted {
        found.push(format!("{source:?}\n  text   {text:?}\n  wanted {wanted:?}"));
    }
    found
}

fn class_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Syntax => "syntax_error",
        ErrorKind::Evaluation => "evaluation_error",
        ErrorKind::Capability => "capability_error",
        ErrorKind::Limit => "limit",
        ErrorKind::Context => "TypeError",
    }
}

fn compare(folder: &std::path::Path, answers: &str) {
    let context = std::fs::read_to_string(folder.join("expressions.context.json")).expect("the values");
    let context: Data = serde_json::from_str(&context).expect("the values are JSON");
    // The oracle gives both names to templates of Cookiecutter.
    let renamed = match &context {
        Data::Object(entries) => {
            let mut entries = entries.clone();
            if let Some(values) = entries.get("values").cloned() {
                entries.insert("cookiecutter".to_owned(), values);
            }
            Data::Object(entries)
        }
        other => other.clone(),
    };
    let contexts = [context, renamed];
    let cases = std::fs::read_to_string(folder.join(answers)).expect("the answers");
    let found: Vec<String> = cases.lines().flat_map(|line| differences(line, &contexts)).collect();
    assert!(
        found.is_empty(),
        "{} of {} differ:\n{}",
        found.len(),
        cases.lines().count(),
        found[..found.len().min(60)].join("\n")
    );
}

#[test]
fn recorded_answers_are_identical() {
    compare(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"), "expressions.jsonl");
}

#[test]
fn practice_answers_are_identical() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/backstage");
    let folder = std::env::var_os("PLAT_PRACTICE").map_or(folder, PathBuf::from);
    if folder.is_dir() {
        compare(&folder, "expressions.jsonl");
    }
    // As many more as somebody made: `PLAT_EXPRESSIONS` names a file of answers to the fixtures' values.
    if let Some(answers) = std::env::var_os("PLAT_EXPRESSIONS") {
        let answers = answers.into_string().expect("a path in UTF-8");
        compare(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"), &answers);
    }
}
