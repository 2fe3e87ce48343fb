//! Every flag is in a test: a flag nobody runs is a flag nobody knows to work.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

/// Every flag that `--help` of a command shows, long and short.
fn flags(command: &[&str]) -> BTreeSet<String> {
    let help = Sandbox::new().run(&[command, &["--help"]].concat()).answer();
    let options = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let words = options.flat_map(|line| line.split_whitespace().take(2));
    words.map(|word| word.trim_end_matches(',').to_owned()).filter(|word| word.starts_with('-')).collect()
}

#[test]
fn every_flag_is_in_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let tests: String =
        fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let commands: [&[&str]; 13] = [
        &[],
        &["claim"],
        &["claim", "plan"],
        &["claim", "render"],
        &["claim", "explain"],
        &["policy"],
        &["policy", "check"],
        &["policy", "explain"],
        &["policy", "test"],
        &["policy", "lint"],
        &["version"],
        &["completion"],
        &["help"],
    ];
    let mut seen = BTreeSet::new();
    for command in commands {
        for flag in flags(command) {
            let used = [format!("\"{flag}\""), format!("\"{flag}=")].iter().any(|text| tests.contains(text.as_str()));
            assert!(used, "no test runs {command:?} {flag}");
            seen.insert(flag);
        }
    }
    assert!(seen.len() > 20, "the help was not read well: {seen:?}");
}

#[test]
fn short_help_and_version() {
    let help = Sandbox::new().run(&["-h"]).answer();
    assert_eq!(help, Sandbox::new().run(&["--help"]).answer());
    assert_eq!(Sandbox::new().run(&["-V"]).answer(), Sandbox::new().run(&["--version"]).answer());
}
