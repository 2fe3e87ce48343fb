//! How the plugin behaves among other programs: pipes, colour, completion, no panic.

use std::process::Stdio;

use crate::sandbox::{Sandbox, command, run};

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::with_platform();
    for arguments in [
        &["claim", "plan", "-f", "claim.yaml", "--platform", "platform"][..],
        &["claim", "render", "-f", "claim.yaml", "--platform", "platform"],
        &["--help"],
        &["completion", "bash"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let outcome = run(command(arguments).current_dir(sandbox.path()).stdout(Stdio::from(writer)), b"");
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{arguments:?}: {outcome}");
    }
}

#[test]
fn a_talk_nobody_reads_is_no_error_of_its_own() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let outcome = run(command(&["claim", "paln"]).stderr(Stdio::from(writer)), b"");
    assert_eq!(outcome.code, 64);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let sandbox = Sandbox::with_platform();
    let colored = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["claim", "plan", "-f", "claim.yaml", "--platform", "platform"], arguments].concat();
        let mut command = command(&arguments);
        command.current_dir(sandbox.path()).envs(variables.iter().copied());
        run(&mut command, b"").answer().contains('\u{1b}')
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["--color", "always", "-o", "json"], &[]));
}

#[test]
fn colour_never_carries_meaning_alone() {
    let sandbox = Sandbox::with_platform();
    let plain = sandbox.plan(&["-f", "claim.yaml"]).answer();
    let colored = sandbox.plan(&["-f", "claim.yaml", "--color", "always"]).answer();
    let mut text = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        text.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(text + rest, plain);
}

#[test]
fn completion_scripts_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Sandbox::new().run(&["completion", shell]).answer();
        assert!(script.contains("kubectl-plat") && script.contains("explain"), "{shell}: {script}");
    }
}
