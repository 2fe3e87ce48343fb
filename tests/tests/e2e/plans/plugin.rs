//! The real plugin, run as a user runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Exit code.
    pub(crate) code: Option<i32>,
    /// The answer.
    pub(crate) out: String,
    /// The talk.
    pub(crate) err: String,
}

/// Runs `kubectl plat` with these words, against the cluster of a kubeconfig.
pub(crate) fn plat(kubeconfig: &Path, words: &[&str]) -> anyhow::Result<Said> {
    let program = crate::program::build("kubectl-plat", "kubectl-plat")?;
    let mut command = Command::new(program);
    command.args(words).arg("--kubeconfig").arg(kubeconfig).env("NO_COLOR", "1");
    let output = command.output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
}

/// A file with these objects, in a folder that lasts as long as the guard.
pub(crate) fn file(folder: &tempfile::TempDir, name: &str, objects: &[Value]) -> anyhow::Result<PathBuf> {
    let path = folder.path().join(name);
    let text: Vec<String> = objects.iter().map(ToString::to_string).collect();
    std::fs::write(&path, text.join("\n---\n"))?;
    Ok(path)
}
