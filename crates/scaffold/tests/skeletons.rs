//! Skeletons against what the real handler wrote.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

mod answers;

use base64::Engine;
use plat_scaffold::Data;
use plat_scaffold::capabilities::Capabilities;
use plat_scaffold::files::{Entry, Sources, Surroundings, Workspace, act};

struct One(Workspace);

impl Sources for One {
    fn folder(&self, address: &str) -> Result<Workspace, String> {
        assert_eq!(address, "./skeleton");
        Ok(self.0.clone())
    }

    fn file(&self, address: &str) -> Result<Vec<u8>, String> {
        Err(format!("{address}: no such file"))
    }
}

fn bytes(content: &Data) -> Vec<u8> {
    match content {
        Data::String(text) => text.clone().into_bytes(),
        other => {
            let text = other.get("base64").and_then(Data::as_str).unwrap_or_default();
            base64::engine::general_purpose::STANDARD.decode(text).expect("bytes")
        }
    }
}

fn workspace(files: &Data) -> Workspace {
    let mut workspace = Workspace::default();
    for (path, content) in files.as_object().into_iter().flatten() {
        let executable = path.strip_suffix(".txt").is_some();
        let mode = if executable { 0o100_755 } else { 0o100_644 };
        workspace.add(path, Entry::File { content: bytes(content), mode }).expect("a file");
    }
    workspace
}

/// A workspace in the oracle's words.
fn shown(workspace: &Workspace) -> Data {
    Data::object(workspace.entries().map(|(path, entry)| {
        let entry = match entry {
            Entry::Folder => Data::object([("folder", Data::Bool(true))]),
            Entry::File { content, mode } => {
                let text = base64::engine::general_purpose::STANDARD.encode(content);
                Data::object([("base64", Data::from(text)), ("executable", Data::Bool(mode & 0o100 != 0))])
            }
            Entry::Link(target) => Data::from(target.as_str()),
        };
        (path, entry)
    }))
}

fn difference(line: &str) -> Option<String> {
    let case: Data = serde_json::from_str(line).expect("an answer is JSON");
    let get = |name: &str| case.get(name).cloned().expect("a part of a case");
    let (sources, capabilities) = (One(workspace(&get("skeleton"))), Capabilities::default());
    let mut workspace = workspace(&get("workspace"));
    let surroundings = Surroundings { sources: &sources, capabilities: &capabilities };
    let result = act("fetch:template", &get("input"), &mut workspace, &surroundings).expect("an action on files");
    let same = match (&result, case.get("error").and_then(Data::as_str)) {
        (Ok(_), None) => shown(&workspace) == get("written"),
        // What an operating system says is its own, and of several broken files of a depth either may be met first.
        (Err(error), Some(wanted)) if error.starts_with("Template error") => wanted.starts_with("Template error"),
        (Err(error), Some(wanted)) => {
            error == wanted || wanted.starts_with('E') || wanted.starts_with("Cannot overwrite")
        }
        _ => false,
    };
    let shown = || shown(&workspace).to_json();
    (!same).then(|| format!("{line}\n  result {:?}\n  wrote {}", result.map(|_| ()), shown()))
}

fn compare(answers: &str) {
    let found: Vec<String> = answers.lines().filter_map(difference).collect();
    answers::settle(answers.lines().count(), &found);
}

#[test]
fn skeletons_are_written_as_the_real_handler_wrote_them() {
    answers::each("skeletons.jsonl", "PLAT_SKELETONS", compare);
}
