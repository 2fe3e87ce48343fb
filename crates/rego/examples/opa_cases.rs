//! Runs OPA's own conformance cases: `cargo run -p plat-rego --example opa_cases -- FOLDER…`, each folder one of
//! `v1/test/cases/testdata/v0` and `v1` of OPA's source. Says of each case whether it is equal, refused, or different.
#![expect(clippy::print_stdout, reason = "it is a program")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plat_rego::{Document, EvalError, Limits, Module, Options, Program, Version};
use serde_json::{Value, json};

fn main() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let verbose = std::env::args().any(|argument| argument == "-v");
    for folder in std::env::args().skip(1).filter(|argument| argument != "-v") {
        let version = if folder.trim_end_matches('/').ends_with("v0") { Version::V0 } else { Version::V1 };
        let mut files = Vec::new();
        find(Path::new(&folder), &mut files);
        files.sort();
        for file in files {
            let text = std::fs::read(&file).unwrap_or_default();
            let (documents, _) = plat_resource::yaml::parse("case", &text);
            let cases = documents.iter().filter_map(|document| document.value.get("cases")?.as_array().cloned());
            for case in cases.flatten() {
                let (verdict, detail) = run(&case, version);
                *counts.entry(verdict).or_default() += 1;
                if verdict != "equal" && (verbose || verdict != "refused") {
                    let folder =
                        file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
                    println!("{verdict}\t{folder}\t{}\t{detail}", case["note"].as_str().unwrap_or("?"));
                }
            }
        }
    }
    println!("{counts:?}");
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn run(case: &Value, version: Version) -> (&'static str, String) {
    if case.get("env").is_some() || case["strict_error"] == json!(true) {
        return ("skipped", String::new());
    }
    let wants_error = case.get("want_error").is_some() || case.get("want_error_code").is_some();
    let names: Vec<String> =
        case["want_result"][0].as_object().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    let query = case["query"].as_str().unwrap_or_default();
    let bindings = names.iter().map(|name| format!("{name:?}: {name}")).collect::<Vec<_>>().join(", ");
    let head = match version {
        Version::V0 => format!("answers[{{{bindings}}}] {{ {query} }}"),
        Version::V1 => format!("answers contains {{{bindings}}} if {{ {query} }}"),
    };
    let term = case["input_term"].as_str().map(|term| format!("value := {term}"));
    let mut sources: Vec<String> =
        case["modules"].as_array().into_iter().flatten().map(|m| m.as_str().unwrap_or_default().to_owned()).collect();
    sources.push(format!("package conformance_query\n{head}"));
    if let Some(term) = &term {
        sources.push(format!("package conformance_input\n{term}"));
    }
    let modules: Vec<Module<'_>> = sources.iter().map(|source| Module { name: "module", source }).collect();
    let program = match Program::compile_with(&modules, &Options { version, allowed_data: None }) {
        Ok(program) => program,
        Err(_) if wants_error => return ("equal", String::new()),
        Err(errors) => {
            let text = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return ("refused", text);
        }
    };
    let limits =
        Limits { time: Duration::from_secs(10), now: Some(Duration::from_secs(1_700_000_000)), ..Limits::default() };
    let data = case.get("data").filter(|data| !data.is_null()).cloned().unwrap_or_else(|| json!({}));
    let data = Document::new(&data);
    let input = case.get("input").cloned();
    let input = if term.is_some() {
        program.eval_document("data.conformance_input.value", &Document::default(), &data, limits).ok().flatten()
    } else {
        input.map(|input| Document::new(&input))
    };
    let input = input.unwrap_or_else(Document::undefined);
    match program.eval("data.conformance_query.answers", &input, &data, limits) {
        Err(EvalError::Failed(_)) if wants_error => ("equal", String::new()),
        Err(error) => ("error", error.to_string()),
        Ok(answers) if wants_error => ("no error", answers.unwrap_or_default().to_string()),
        Ok(answers) => compare(case, &answers.unwrap_or_else(|| json!([]))),
    }
}

fn compare(case: &Value, answers: &Value) -> (&'static str, String) {
    if let Some(defined) = case["want_defined"].as_bool() {
        let found = answers.as_array().is_some_and(|rows| !rows.is_empty());
        return if found == defined { ("equal", String::new()) } else { ("different", format!("defined: {found}")) };
    }
    let sorted = case["sort_bindings"] == json!(true);
    let normal = |value: &Value| {
        let mut rows: Vec<String> =
            value.as_array().into_iter().flatten().map(|row| normal(row, sorted).to_string()).collect();
        rows.sort();
        rows
    };
    let (want, got) = (normal(&case["want_result"]), normal(answers));
    if want == got {
        ("equal", String::new())
    } else {
        ("different", format!("want {want:?} got {got:?}").chars().take(600).collect())
    }
}

/// Numbers by value, and lists sorted where their order does not count.
fn normal(value: &Value, sorted: bool) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| normal(item, sorted)).collect();
            if sorted {
                items.sort_by_key(ToString::to_string);
            }
            Value::Array(items)
        }
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), normal(item, sorted))).collect(),
        other => other.clone(),
    }
}
