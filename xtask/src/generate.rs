//! `cargo xtask generate`: files that are made from the code and committed.
//!
//! Owns which files, and writing or comparing them. What is in them is made by the crates that know it.

mod install;
mod rights;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use plat_admission::{configuration, kinds};

/// Make the files that come from the code: manifests, tables in the docs
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail where a file is not as it would be made
    #[arg(long)]
    check: bool,
}

/// Page with the kind table, between the two marks.
const KINDS_PAGE: &str = "docs/admission.md";
/// Page with the rights, between the two marks.
const RIGHTS_PAGE: &str = "docs/install.md";
const BEGIN: &str = "<!-- made by cargo xtask generate: begin -->\n";
const END: &str = "<!-- made by cargo xtask generate: end -->\n";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace is the parent folder")?;
    let mut stale = Vec::new();
    for (path, text) in files(root)? {
        if std::fs::read_to_string(root.join(&path)).is_ok_and(|old| old == text) {
            continue;
        }
        if !arguments.check {
            let file = root.join(&path);
            std::fs::create_dir_all(file.parent().unwrap_or(root))?;
            std::fs::write(file, text)?;
        }
        stale.push(path.display().to_string());
    }
    match (stale.is_empty(), arguments.check) {
        (true, _) => println!("everything is current"),
        (false, false) => println!("made {}", stale.join(", ")),
        (false, true) => {
            println!("not current: {}; run cargo xtask generate", stale.join(", "));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn files(root: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let page = |path: &'static str, text: &str| -> anyhow::Result<(PathBuf, String)> {
        let page = std::fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))?;
        Ok((path.into(), between(&page, text).with_context(|| format!("{path} has no marks"))?))
    };
    Ok(vec![
        ("manifests/webhook.yaml".into(), configuration::manifest()),
        ("manifests/install.yaml".into(), install::manifest()),
        ("manifests/crds.yaml".into(), plat_served::manifest()),
        ("manifests/policy-crds.yaml".into(), plat_served::policy_manifest()),
        page(KINDS_PAGE, &kinds::markdown())?,
        page(RIGHTS_PAGE, &rights::markdown())?,
    ])
}

/// The page with `text` between the marks.
fn between(page: &str, text: &str) -> anyhow::Result<String> {
    let (Some((before, rest)), 1) = (page.split_once(BEGIN), page.matches(BEGIN).count()) else {
        bail!("{BEGIN:?} must stand there once")
    };
    let Some((_, after)) = rest.split_once(END) else { bail!("{END:?} is missing") };
    Ok(format!("{before}{BEGIN}\n{text}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_files_are_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (path, text) in files(root).unwrap() {
            let old = std::fs::read_to_string(root.join(&path)).unwrap();
            assert_eq!(old, text, "{} is stale: run cargo xtask generate", path.display());
        }
    }

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = format!("a\n{BEGIN}old\n{END}b\n");
        assert_eq!(between(&page, "new").unwrap(), format!("a\n{BEGIN}\nnew\n{END}b\n"));
        assert!(between("a", "new").is_err() && between(BEGIN, "new").is_err());
    }
}
