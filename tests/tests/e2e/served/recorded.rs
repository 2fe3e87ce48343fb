//! What a real API server said by Crossplane's definitions, for machines that have no Go module of it.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::json;

use super::Answers;

fn path() -> PathBuf {
    plat_tests::repository().join("tests/fixtures/served/recorded.jsonl")
}

/// One line for each question; what is stored as it was sent has no answer.
pub(super) fn write(answers: &Answers) -> anyhow::Result<()> {
    let lines: String = answers.iter().map(|(question, answer)| format!("{}\n", json!([question, answer]))).collect();
    fs::write(path(), lines).context("what was recorded cannot be written")
}

pub(super) fn read() -> anyhow::Result<Answers> {
    let text = fs::read_to_string(path()).context("nothing is recorded: PLAT_RECORD=1")?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("no answer: {line}"))).collect()
}
