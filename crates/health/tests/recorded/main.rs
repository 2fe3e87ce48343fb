//! plat's answers beside those of Argo CD's own rules in Go (gitops-engine), over generated objects.
//!
//! Its answers to the first of them are recorded. With Go, it can be asked about more:
//! `cargo test -p plat-health --test recorded -- --ignored`, and with `RECORD=1` its answers are recorded anew.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not see as tests")]

mod generate;

use std::fs;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use plat_health::Rules;
use plat_resource::Value;
use serde_json::json;

/// How many objects have recorded answers.
const RECORDED: u64 = 500;
/// How many the real rules are asked about.
const ASKED: u64 = 20_000;

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

fn fixture() -> PathBuf {
    tests_folder().join("fixtures/health/recorded.jsonl")
}

/// As Argo CD's packages print it: what is empty is left out.
fn answer_of_plat(object: &Value) -> Value {
    match Rules::of_argo_cd().health(object, 0) {
        None => Value::Null,
        Some(health) if health.message.is_empty() => json!({"status": health.status.as_str()}),
        Some(health) => json!({"status": health.status.as_str(), "message": health.message}),
    }
}

/// The answers of the real rules.
fn ask(objects: &[Value]) -> Vec<Value> {
    let folder = tests_folder().join("real-programs/gitops-engine");
    let mut go = Command::new("go");
    let go = go.args(["run", "-mod=readonly", "."]).current_dir(folder).envs([("GOFLAGS", ""), ("GOWORK", "off")]);
    let mut child = go.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let answers = thread::scope(|scope| {
        scope.spawn(move || {
            let mut input = BufWriter::new(input);
            for object in objects {
                writeln!(input, "{object}").unwrap();
            }
        });
        BufReader::new(output).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    });
    assert!(child.wait().unwrap().success());
    answers
}

#[test]
fn recorded_answers_of_argo_cd_are_plats() {
    let text = fs::read_to_string(fixture()).unwrap();
    let mut compared = 0;
    for line in text.lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer_of_plat(&pair["object"]), pair["health"], "{}", pair["object"]);
        compared += 1;
    }
    assert_eq!(compared, RECORDED);
}

#[test]
#[ignore = "builds gitops-engine with Go, which takes minutes"]
fn answers_of_argo_cd_are_plats() {
    let objects: Vec<Value> = (0..ASKED).map(generate::object).collect();
    let answers = ask(&objects);
    assert_eq!(answers.len(), objects.len());
    if std::env::var_os("RECORD").is_some() {
        let recorded = objects.iter().zip(&answers).take(usize::try_from(RECORDED).unwrap());
        let lines: String =
            recorded.map(|(object, health)| json!({"object": object, "health": health}).to_string() + "\n").collect();
        fs::write(fixture(), lines).unwrap();
    }
    let differs = |(object, answer): &(&Value, &Value)| answer_of_plat(object) != **answer;
    let differences: Vec<_> = objects.iter().zip(&answers).filter(differs).collect();
    println!("{} objects, {} differences", objects.len(), differences.len());
    let shown = differences
        .iter()
        .take(5)
        .map(|(object, answer)| format!("{object}\n  plat:    {}\n  Argo CD: {answer}", answer_of_plat(object)));
    assert!(differences.is_empty(), "{}", shown.collect::<Vec<_>>().join("\n"));
}
