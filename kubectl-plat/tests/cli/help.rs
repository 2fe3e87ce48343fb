//! Help, topics, version, and command lines that are not understood.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn help(arguments: &[&str]) -> String {
    Sandbox::new().run(arguments).answer()
}

fn misuse(arguments: &[&str]) -> String {
    Sandbox::new().run(arguments).misuse()
}

#[test]
fn help_of_the_plugin() {
    assert_snapshot!(help(&["--help"]), @"");
}

#[test]
fn help_of_plan() {
    assert_snapshot!(help(&["claim", "plan", "--help"]), @"");
}

#[test]
fn help_of_render() {
    assert_snapshot!(help(&["claim", "render", "--help"]), @"");
}

#[test]
fn help_of_explain() {
    assert_snapshot!(help(&["claim", "explain", "--help"]), @"");
}

#[test]
fn topics() {
    assert_snapshot!(help(&["help", "topics"]), @"");
    for topic in ["formats", "exit-codes", "guardrails", "compatibility"] {
        let text = help(&["help", topic]);
        assert!(text.starts_with(&topic.to_uppercase().replace('-', " ")), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{topic} is wider than 80 columns");
    }
}

#[test]
fn help_takes_commands_like_the_flag() {
    assert_eq!(help(&["help", "claim", "plan"]), help(&["claim", "plan", "--help"]));
    assert_eq!(help(&["help", "claim", "plan"]), help(&["claim", "plan", "-h"]));
    assert_eq!(help(&["help"]), help(&["--help"]));
    assert_snapshot!(misuse(&["help", "claims"]), @"");
    assert_snapshot!(misuse(&["help", "zebra"]), @"");
}

#[test]
fn version() {
    assert_snapshot!(help(&["version"]), @"");
    assert_snapshot!(help(&["version", "-o", "json"]), @"");
    assert_snapshot!(help(&["version", "-o", "yaml"]), @"");
    assert_eq!(help(&["--version"]), format!("kubectl-plat {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn command_lines_that_are_not_understood() {
    assert_snapshot!(misuse(&[]), @"");
    assert_snapshot!(misuse(&["claim", "paln"]), @"");
    assert_snapshot!(misuse(&["claim", "plan", "--platfrom", "x"]), @"");
    assert_snapshot!(misuse(&["claim", "plan"]), @"");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "-o", "xml"]), @"");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "--function", "x"]), @"");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "--function", "x=host"]), @"");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "--compatibility", "v3"]), @"");
    assert_snapshot!(misuse(&["completion", "tcsh"]), @"");
}
