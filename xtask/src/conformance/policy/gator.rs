//! The real `gator verify`, and what it prints.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Answers;
use super::suites::said_of;

/// Where `cargo xtask test` builds it.
const PROGRAM: &str = "target/real-programs/v3.23.1/gator";

/// What gator says of all suites in a folder.
pub(super) fn answers(folder: &Path) -> anyhow::Result<Answers> {
    let pattern = format!("{}/...", folder.display());
    let ran = Command::new(PROGRAM)
        .args(["verify", "-v", &pattern])
        .output()
        .with_context(|| format!("cannot run {PROGRAM}"))?;
    let text = String::from_utf8_lossy(&ran.stdout);
    ensure!(!text.is_empty(), "gator says nothing: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(read(&text, &folder.display().to_string()))
}

/// Reads the verbose output. A suite is named after its tests, so they wait for it.
fn read(text: &str, folder: &str) -> Answers {
    let mut answers = Answers::new();
    let mut of_suite: Vec<(String, String)> = Vec::new();
    let mut current = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("=== RUN   ") {
            name.clone_into(&mut current);
        } else if let Some(rest) = line.strip_prefix("    --- FAIL: ") {
            let name = name_of(rest);
            let mut failure = String::new();
            while let Some(more) = lines.next_if(|line| !is_mark(line)) {
                failure.push_str(if failure.is_empty() { more.trim_start() } else { more });
                failure.push('\n');
            }
            of_suite.push((format!("{current} / {name}"), said_of(&failure)));
        } else if let Some(rest) = line.strip_prefix("    --- PASS: ") {
            of_suite.push((format!("{current} / {}", name_of(rest)), "cannot be run".to_owned()));
        } else if line.starts_with("--- FAIL: ")
            && lines.peek().is_some_and(|line| line.starts_with("  ") && !is_mark(line))
        {
            of_suite.push((current.clone(), "cannot be run".to_owned()));
        } else if let Some(rest) = line.strip_prefix("ok\t").or(line.strip_prefix("FAIL\t")) {
            let suite = name_of(rest);
            let suite = suite.strip_prefix(folder).unwrap_or(&suite).trim_start_matches('/').to_owned();
            answers.extend(of_suite.drain(..).map(|(name, said)| (format!("{suite} {name}"), said)));
        }
    }
    answers
}

/// Whether the line starts something new, rather than going on with a message.
fn is_mark(line: &str) -> bool {
    ["    === ", "    --- ", "=== ", "--- ", "ok\t", "FAIL\t"].iter().any(|mark| line.starts_with(mark))
}

fn name_of(rest: &str) -> String {
    rest.split('\t').next().unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_gator_is_understood() {
        let text = "=== RUN   one\n    === RUN   a\n    --- FAIL: a\t(0.004s)\n        unexpected number of violations: got 1 violations but want exactly 99999: got messages [x\ny]\n--- FAIL: one\t(0.1s)\n=== RUN   two\n--- FAIL: two\t(0.001s)\n  adding template: no\nFAIL\td/s/suite.yaml\t0.1s\nFAIL\n";
        let answers = read(text, "d");
        let expected = [("s/suite.yaml one / a", "[x\ny]"), ("s/suite.yaml two", "cannot be run")];
        let expected = expected.map(|(name, said)| (name.to_owned(), said.to_owned()));
        assert_eq!(answers, Answers::from(expected));
    }
}
