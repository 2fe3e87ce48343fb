//! Input that is wrong in every way met so far: a clear error each, never a panic.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::sandbox::{CLAIM, COMPOSITION, DEFINITION, Sandbox};

/// What plat says of a claim that is written so.
fn refused(claim: impl AsRef<[u8]>) -> String {
    Sandbox::with_platform().file("claim.yaml", claim).plan(&["-f", "claim.yaml"]).refusal()
}

/// What plat says of a platform with this in addition.
fn refused_platform(document: &str) -> String {
    Sandbox::with_platform().file("platform/more.yaml", document).plan(&["-f", "claim.yaml"]).refusal()
}

#[test]
fn an_empty_file() {
    assert_snapshot!(refused(""), @"");
    assert_snapshot!(refused("# nothing\n---\n"), @"");
}

#[test]
fn empty_stdin() {
    assert_snapshot!(Sandbox::with_platform().plan(&["-f", "-"]).refusal(), @"");
}

#[test]
fn a_binary_file() {
    assert_snapshot!(refused(b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe"), @"");
}

#[test]
fn a_yaml_bomb() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    assert_snapshot!(refused(format!("{CLAIM}{bomb}")), @"");
}

#[test]
fn ten_megabytes_of_yaml() {
    let comment = format!("# {}\n", "x".repeat(100)).repeat(100_000);
    let outcome = Sandbox::with_platform().file("claim.yaml", format!("{CLAIM}{comment}")).plan(&["-f", "claim.yaml"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let keys = (0..500_000).fold(String::new(), |mut keys, key| {
        writeln!(keys, "  unknown{key}: 1").unwrap();
        keys
    });
    let talk = refused(format!("{}\n{keys}", CLAIM.replace("spec: {size: 10}", "spec:\n  size: 10").trim_end()));
    assert!(talk.lines().count() < 100 && talk.len() < 20_000, "{} bytes", talk.len());
}

#[test]
fn deep_nesting() {
    let talk = refused(format!("{CLAIM}deep: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)));
    assert_snapshot!(talk, @"");
}

#[test]
fn a_tab() {
    assert_snapshot!(refused(CLAIM.replace("spec: {size: 10}", "spec:\n\tsize: 10")), @"");
}

#[test]
fn duplicate_keys() {
    assert_snapshot!(refused(format!("{CLAIM}spec: {{size: 20}}\n")), @"");
}

#[test]
fn no_kind() {
    assert_snapshot!(refused("metadata: {name: x}\n"), @"");
}

#[test]
fn an_unknown_kind() {
    assert_snapshot!(refused(CLAIM.replace("kind: Disk", "kind: Dsik")), @"");
}

#[test]
fn a_version_that_is_not_served() {
    assert_snapshot!(refused(CLAIM.replace("/v1", "/v0")), @"");
    assert_snapshot!(refused(CLAIM.replace("/v1", "/v7")), @"");
}

#[test]
fn an_unknown_field() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "size: 10, knid: fast")), @"");
}

#[test]
fn a_wrong_type() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "size: 10GB")), @"");
}

#[test]
fn a_missing_field_and_a_wrong_value() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "kind: slow")), @"");
}

#[test]
fn a_violated_rule() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "size: 101, kind: fast")), @"");
}

#[test]
fn a_name_too_long() {
    assert_snapshot!(refused(CLAIM.replace("name: data", &format!("name: {}", "x".repeat(64)))), @"");
}

#[test]
fn no_name_and_a_bad_name() {
    assert_snapshot!(refused(CLAIM.replace("name: data, ", "")), @"");
    assert_snapshot!(refused(CLAIM.replace("name: data", "name: Data_1")), @"");
}

#[test]
fn a_claim_given_twice() {
    assert_snapshot!(refused(format!("{CLAIM}---\n{CLAIM}")), @"");
}

#[test]
fn fifty_thousand_elements() {
    let tags = vec!["x"; 50_000].join(", ");
    let sandbox = Sandbox::with_platform().file("claim.yaml", CLAIM.replace("size: 10", &format!("size: 10, tags: [{tags}]")));
    let outcome = sandbox.plan(&["-f", "claim.yaml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let talk = refused(CLAIM.replace("size: 10", &format!("size: 10, tags: [{}]", vec!["1"; 50_000].join(", "))));
    assert!(talk.lines().count() < 100, "{} lines", talk.lines().count());
}

#[test]
fn an_xrd_without_a_served_version() {
    assert_snapshot!(refused_platform(&DEFINITION.replace("served: true", "served: false").replace("disk", "tape").replace("Disk", "Tape")), @"");
}

#[test]
fn a_composition_for_another_xrd() {
    let sandbox = Sandbox::with_platform()
        .file("platform/composition.yaml", COMPOSITION.replace("kind: XDisk", "kind: XDsik"));
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @"");
}

#[test]
fn two_compositions_that_fit() {
    assert_snapshot!(refused_platform(&COMPOSITION.replace("{name: disk}", "{name: other}")), @"");
}

#[test]
fn a_missing_patch_set() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION
            .replace("resources:", "patchSets:\n      - {name: common, patches: [{fromFieldPath: spec.size}]}\n      resources:")
            .replace("- {fromFieldPath: spec.size, toFieldPath: spec.size}", "- {type: PatchSet, patchSetName: comon}"),
    );
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @"");
}

#[test]
fn a_cyclic_nested_xr() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION.replace("{apiVersion: cloud.example/v1, kind: Volume}", "{apiVersion: test.example/v1, kind: XDisk}"),
    );
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @"");
}

#[test]
fn a_wildcard_over_nothing() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION.replace("toFieldPath: spec.size", "toFieldPath: 'spec.disks[*].size'"),
    );
    let outcome = sandbox.plan(&["-f", "claim.yaml"]);
    assert_snapshot!(outcome, @"");
}

#[test]
fn a_function_that_does_not_run() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION.replace("function-patch-and-transform", "function-go-templating"),
    );
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @"");
    let skipped = sandbox.plan(&["-f", "claim.yaml", "--skip-unavailable-functions"]);
    assert_eq!(skipped.code, 0, "{skipped}");
    assert!(skipped.stdout.contains("function-go-templating"), "{skipped}");
    let nobody = sandbox.plan(&["-f", "claim.yaml", "--function", "function-go-templating=localhost:1"]).refusal();
    assert!(nobody.contains("function-go-templating") && nobody.contains("localhost:1"), "{nobody}");
}

#[test]
fn paths_that_cannot_be_read() {
    let sandbox = Sandbox::with_platform().file("empty/deeper/claim.yaml", CLAIM).file("none/readme.txt", "");
    let arguments = [
        "claim", "plan", "-f", "clam.yaml", "-f", "nowhere/", "-f", "empty", "-f", "none", "-f", "*.toml", "-f",
        "https://example.org/claim.yaml", "--platform", "platfrom", "--observed", "missing",
    ];
    assert_snapshot!(sandbox.run(&arguments).refusal(), @"");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_platform();
    let claim = sandbox.path().join("claim.yaml");
    std::fs::set_permissions(&claim, std::fs::Permissions::from_mode(0)).unwrap();
    // Root reads everything; then there is nothing to test.
    if std::fs::read(&claim).is_ok() {
        return;
    }
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @"
    error: -f claim.yaml cannot be read
      caused by: permission denied
    1 error; nothing was planned
    ");
}

#[test]
fn everything_is_reported_in_one_run() {
    let sandbox = Sandbox::with_platform()
        .file("platform/broken.yaml", "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nmetadata: {name: [}\n")
        .file("claim.yaml", CLAIM.replace("size: 10", "size: none"));
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml", "-f", "missing.yaml"]).refusal(), @"");
}

#[test]
fn many_errors_are_counted() {
    let claims: Vec<String> = (0..30)
        .map(|number| CLAIM.replace("name: data", &format!("name: data-{number}")).replace("size: 10", "size: none"))
        .collect();
    let talk = refused(claims.join("---\n"));
    assert!(talk.contains("data-19 ") && !talk.contains("data-20 "), "{talk}");
    assert!(talk.ends_with("\n\nand 10 more errors\n30 errors; nothing was planned\n"), "{talk}");
}
