//! `cargo xtask conformance --policy DIR`: suites through plat and through the real `gator verify`.
//!
//! Owns the comparison: of every case the messages of all violations, in order, and whether a test can be run at all. So
//! that gator prints the messages, every case is given an assertion that cannot hold. Without the real program its
//! recorded answers are used, as CI does.

mod gator;
mod generate;
mod suites;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};

/// What is said of one test or case, by suite, test and case; the case is empty for a test that cannot be run.
pub(crate) type Answers = BTreeMap<String, String>;

/// Where the answers of the real program are kept.
const RECORDED: &str = "tests/fixtures/policies-recorded";
/// How many generated constraints are recorded.
const RECORDED_CONSTRAINTS: u64 = 24;

/// What to compare of policies
#[derive(Debug, Default, clap::Args)]
#[group(id = "policy_arguments")]
pub(crate) struct Arguments {
    /// Run the suites of this folder instead, and compare with what Gatekeeper's gator says; with --real gator is run
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// Write down what gator says, for those who have no gator
    #[arg(long, requires_all = ["policy", "real"])]
    pub(crate) record: bool,
    /// How many generated constraints go to gator, each with all kinds of objects
    #[arg(long, default_value_t = 60, requires = "policy")]
    pub(crate) constraints: u64,
}

/// Compares, prints what differs, and counts. With `real` gator is asked rather than what was recorded of it; `seed` is
/// the first of the generated constraints.
pub(crate) fn run(folder: &Path, arguments: &Arguments, real: bool, seed: u64) -> anyhow::Result<ExitCode> {
    let mut differing = 0;
    let prepared = suites::prepare(folder)?;
    let ours = suites::answers(&prepared)?;
    ensure!(!ours.is_empty(), "{} holds no suite", folder.display());
    let name = folder.display().to_string().trim_end_matches('/').replace('/', "-");
    let theirs = if real { gator::answers(&prepared)? } else { recorded(&name)? };
    if arguments.record {
        record(&name, &theirs)?;
        record("generated", &gator::answers(&generate::write(0, RECORDED_CONSTRAINTS)?)?)?;
    }
    differing += compare(&ours, &theirs);
    println!("{} cases of {}, {differing} differ", ours.len(), folder.display());
    if real && arguments.constraints > 0 {
        let generated = generate::write(seed, arguments.constraints)?;
        let ours = suites::answers(&generated)?;
        let differ = compare(&ours, &gator::answers(&generated)?);
        println!("{} generated cases of match criteria, {differ} differ", ours.len());
        differing += differ;
    }
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn record(name: &str, answers: &Answers) -> anyhow::Result<()> {
    let path = Path::new(RECORDED).join(format!("{name}.json"));
    std::fs::create_dir_all(RECORDED)?;
    Ok(std::fs::write(path, serde_json::to_string_pretty(answers)? + "\n")?)
}

fn recorded(name: &str) -> anyhow::Result<Answers> {
    let path = Path::new(RECORDED).join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}; run with --real --record first", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Prints what differs; how much that is.
fn compare(ours: &Answers, theirs: &Answers) -> usize {
    let mut names: Vec<_> = ours.keys().chain(theirs.keys()).collect();
    names.sort();
    names.dedup();
    let mut differing = 0;
    for name in names {
        let (our, their) = (ours.get(name), theirs.get(name));
        if our != their {
            differing += 1;
            let text = |answer: Option<&String>| answer.map_or("(nothing)", String::as_str).to_owned();
            println!("differs  {name}\n  plat   {}\n  gator  {}", text(our), text(their));
        }
    }
    differing
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, since the folders that are written are the same for all, and so is the current directory.
    #[test]
    fn plat_says_what_gator_was_recorded_to_say() {
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let mut total = 0;
        for folder in ["policies", "tests/fixtures/policies"] {
            let ours = suites::answers(&suites::prepare(Path::new(folder)).unwrap()).unwrap();
            let theirs = recorded(&folder.replace('/', "-")).unwrap();
            assert_eq!(
                compare(&ours, &theirs),
                0,
                "{folder}: run cargo xtask conformance --policy {folder} --real --record"
            );
            total += ours.len();
        }
        let ours = suites::answers(&generate::write(0, RECORDED_CONSTRAINTS).unwrap()).unwrap();
        assert_eq!(compare(&ours, &recorded("generated").unwrap()), 0);
        assert!(total + ours.len() > 500, "most of the cases are gone");
    }
}
