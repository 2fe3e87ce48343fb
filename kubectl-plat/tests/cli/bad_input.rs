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
    assert_snapshot!(refused(""), @"
    error: claim.yaml cannot be used
      caused by: it is empty
    1 error; nothing was planned
    ");
    assert_snapshot!(refused("# nothing\n---\n"), @"
    error: claim.yaml cannot be used
      caused by: it has no object, only blanks and comments
    1 error; nothing was planned
    ");
}

#[test]
fn empty_stdin() {
    assert_snapshot!(Sandbox::with_platform().plan(&["-f", "-"]).refusal(), @"
    error: <stdin> cannot be used
      caused by: it is empty
    1 error; nothing was planned
    ");
}

#[test]
fn a_binary_file() {
    assert_snapshot!(refused(b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe"), @"
    error: cannot read claim.yaml
      caused by: claim.yaml:1:1: this is a binary file, not text
      hint: give YAML or JSON files
    1 error; nothing was planned
    ");
}

#[test]
fn a_yaml_bomb() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    assert_snapshot!(refused(format!("{CLAIM}{bomb}")), @"
    error: cannot read claim.yaml
      caused by: claim.yaml:9:25: the document contains excessive aliasing
      hint: write repeated parts out, or use fewer `*aliases` of large anchors
    1 error; nothing was planned
    ");
}

#[test]
fn ten_megabytes_of_yaml() {
    let comment = format!("# {}\n", "x".repeat(100)).repeat(100_000);
    let outcome = Sandbox::with_platform().file("claim.yaml", format!("{CLAIM}{comment}")).plan(&["-f", "claim.yaml"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let keys = (0..20_000).fold(String::new(), |mut keys, key| {
        writeln!(keys, "  unknown{key}: 1").unwrap();
        keys
    });
    let talk = refused(format!("{}\n{keys}", CLAIM.replace("spec: {size: 10}", "spec:\n  size: 10").trim_end()));
    assert!(talk.lines().count() < 100 && talk.len() < 20_000, "{} bytes", talk.len());
}

#[test]
fn deep_nesting() {
    let talk = refused(format!("{CLAIM}deep: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)));
    assert_snapshot!(talk, @"
    error: cannot read claim.yaml
      caused by: claim.yaml:6:262: the document nests deeper than 500 levels
    1 error; nothing was planned
    ");
}

#[test]
fn a_tab() {
    assert_snapshot!(refused(CLAIM.replace("spec: {size: 10}", "spec:\n\tsize: 10")), @"
    error: cannot read claim.yaml
      caused by: claim.yaml:6:1: a tab is used to indent; YAML indents with spaces only
      hint: replace the tab with spaces
    1 error; nothing was planned
    ");
}

#[test]
fn duplicate_keys() {
    assert_snapshot!(refused(format!("{CLAIM}spec: {{size: 20}}\n")), @r#"
    error: cannot read claim.yaml
      caused by: claim.yaml:6:1: the key "spec" is given twice, first at line 5, column 1
      hint: keep one of the two
    1 error; nothing was planned
    "#);
}

#[test]
fn no_kind() {
    assert_snapshot!(refused("metadata: {name: x}\n"), @"
    error: claim.yaml has an object that cannot be planned
      caused by: claim.yaml:1:1: kind: it is required
    1 error; nothing was planned
    ");
}

#[test]
fn an_unknown_kind() {
    assert_snapshot!(refused(CLAIM.replace("kind: Disk", "kind: Dsik")), @r#"
    error: kind test.example/v1/Dsik is unknown
      caused by: claim.yaml:3:7: kind: no XRD of the platform defines Dsik in group "test.example"
      hint: did you mean test.example/v1, kind Disk?
    1 error; nothing was planned
    "#);
}

#[test]
fn a_version_that_is_not_served() {
    assert_snapshot!(refused(CLAIM.replace("/v1", "/v0")), @r#"
    error: kind test.example/v0/Disk cannot be used
      caused by: claim.yaml:3:7: apiVersion: version "v0" of XRD xdisks.test.example (platform/definition.yaml:2:1) is not served
      hint: write apiVersion: test.example/v1
    1 error; nothing was planned
    "#);
    assert_snapshot!(refused(CLAIM.replace("/v1", "/v7")), @r#"
    error: kind test.example/v7/Disk cannot be used
      caused by: claim.yaml:3:7: apiVersion: version "v7" of XRD xdisks.test.example (platform/definition.yaml:2:1) does not exist
      hint: write apiVersion: test.example/v1
    1 error; nothing was planned
    "#);
}

#[test]
fn an_unknown_field() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "size: 10, knid: fast")), @r#"
    error: Disk team-a/data is not valid
      caused by: claim.yaml:5:18: spec.knid: unknown field
      hint: did you mean "kind"?
    1 error; nothing was planned
    "#);
}

#[test]
fn a_wrong_type() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "size: 10GB")), @r#"
    error: Disk team-a/data is not valid
      caused by: claim.yaml:5:14: spec.size: "10GB" is a string, the schema wants an integer
      hint: write size: 10
    1 error; nothing was planned
    "#);
}

#[test]
fn a_missing_field_and_a_wrong_value() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "kind: slow")), @r#"
    error: Disk team-a/data is not valid
      caused by: claim.yaml:5:14: spec.kind: Unsupported value: "slow": supported values: "fast", "cheap"

    error: Disk team-a/data is not valid
      caused by: claim.yaml:5:7: spec.size: Required value
    2 errors; nothing was planned
    "#);
}

#[test]
fn a_violated_rule() {
    assert_snapshot!(refused(CLAIM.replace("size: 10", "size: 101, kind: fast")), @"
    error: Disk team-a/data is not valid
      caused by: claim.yaml:5:7: spec: Invalid value: fast disks have at most 100
    1 error; nothing was planned
    ");
}

#[test]
fn a_name_too_long() {
    assert_snapshot!(refused(CLAIM.replace("name: data", &format!("name: {}", "x".repeat(64)))), @"
    error: Disk team-a/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx is not valid
      caused by: claim.yaml:4:18: metadata.name: Too long: may not be more than 63 bytes
    1 error; nothing was planned
    ");
}

#[test]
fn no_name_and_a_bad_name() {
    assert_snapshot!(refused(CLAIM.replace("name: data, ", "")), @"
    error: Disk team-a/ is not valid
      caused by: claim.yaml:4:11: metadata.name: Required value: a claim or XR needs a name
    1 error; nothing was planned
    ");
    assert_snapshot!(refused(CLAIM.replace("name: data", "name: Data_1")), @r"
    error: Disk team-a/Data_1 is not valid
      caused by: claim.yaml:4:18: metadata.name: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    1 error; nothing was planned
    ");
}

#[test]
fn a_claim_given_twice() {
    assert_snapshot!(refused(format!("{CLAIM}---\n{CLAIM}")), @"
    error: Disk team-a/data is given twice
      caused by: claim.yaml:8:1: it stands at claim.yaml:2:1 too
    1 error; nothing was planned
    ");
}

#[test]
fn fifty_thousand_elements() {
    let tags = vec!["x"; 50_000].join(", ");
    let sandbox =
        Sandbox::with_platform().file("claim.yaml", CLAIM.replace("size: 10", &format!("size: 10, tags: [{tags}]")));
    let outcome = sandbox.plan(&["-f", "claim.yaml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let talk = refused(CLAIM.replace("size: 10", &format!("size: 10, tags: [{}]", vec!["1"; 50_000].join(", "))));
    assert!(talk.lines().count() < 100, "{} lines", talk.lines().count());
}

#[test]
fn an_xrd_without_a_served_version() {
    assert_snapshot!(refused_platform(&DEFINITION.replace("served: true", "served: false").replace("disk", "tape").replace("Disk", "Tape")), @r#"
    error: XRD xtapes.test.example is not usable
      caused by: platform/more.yaml:11:5: spec.versions: no version is served
      hint: set served: true on one version

    error: XRD xtapes.test.example is not usable
      caused by: platform/more.yaml:11:5: spec.versions: the referenceable version "v1" is not served
      hint: set served: true on it
    2 errors; nothing was planned
    "#);
}

#[test]
fn a_composition_for_another_xrd() {
    let sandbox =
        Sandbox::with_platform().file("platform/composition.yaml", COMPOSITION.replace("kind: XDisk", "kind: XDsik"));
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @"
    warning: Composition disk may not do what it says
      caused by: platform/composition.yaml:6:21: spec.compositeTypeRef: no XRD of the platform defines test.example/v1/XDsik
      hint: did you mean test.example/v1, kind XDisk?

    error: no Composition can be chosen for XDisk data-h8pml
      caused by: claim.yaml:2:1: no compatible Compositions found for test.example/v1/XDisk
      caused by: Composition disk is for test.example/v1/XDsik
      hint: add a Composition with compositeTypeRef test.example/v1, kind XDisk
    1 error; nothing was planned
    ");
}

#[test]
fn two_compositions_that_fit() {
    assert_snapshot!(refused_platform(&COMPOSITION.replace("{name: disk}", "{name: other}")), @"
    error: no Composition can be chosen for XDisk data-h8pml
      caused by: claim.yaml:2:1: 2 Compositions are for XDisk and nothing says which; Crossplane would take one at random
      caused by: candidate disk with labels {}
      caused by: candidate other with labels {}
      hint: write spec.compositionRef.name: disk (or another of them), a spec.compositionSelector.matchLabels that only one has, or give the XRD a defaultCompositionRef
    1 error; nothing was planned
    ");
}

#[test]
fn a_missing_patch_set() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION
            .replace(
                "resources:",
                "patchSets:\n      - {name: common, patches: [{fromFieldPath: spec.size}]}\n      resources:",
            )
            .replace("- {fromFieldPath: spec.size, toFieldPath: spec.size}", "- {type: PatchSet, patchSetName: comon}"),
    );
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @r#"
    error: composition disk is not usable
      caused by: platform/composition.yaml:20:42: spec.pipeline[0].input.resources[0].patches[0].patchSetName: pipeline step "compose", resource "volume", cannot resolve PatchSets: cannot find PatchSet by name comon
      hint: did you mean "common"?
    1 error; nothing was planned
    "#);
}

#[test]
fn a_cyclic_nested_xr() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION
            .replace("{apiVersion: cloud.example/v1, kind: Volume}", "{apiVersion: test.example/v1, kind: XDisk}"),
    );
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @r#"
    error: Disk team-a/data cannot be planned
      caused by: claim.yaml:2:1: XDisk composes itself without end: XDisk (disk) → XDisk (disk) → XDisk (disk)
      caused by: in nested XDisk data-h8pml-cd7b3c441be8 ("volume" of XDisk (disk) → XDisk (disk))
      caused by: in nested XDisk data-h8pml-919d3b5188d8 ("volume" of XDisk (disk))
      hint: a Composition must not lead back to its own kind
    1 error; nothing was planned
    "#);
}

#[test]
fn a_wildcard_over_nothing() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION.replace("toFieldPath: spec.size", "toFieldPath: 'spec.disks[*].size'"),
    );
    let outcome = sandbox.plan(&["-f", "claim.yaml"]);
    assert_snapshot!(outcome, @r#"
    exit code 1
    --- stdout
    --- stderr
    error: Disk team-a/data cannot be planned
      caused by: platform/composition.yaml:18:11: spec.pipeline[0].input.resources[0].patches[0]: cannot compose resources: pipeline step "compose" returned a fatal result: cannot render composed resource "volume" "FromCompositeFieldPath" patch at index 0: cannot expand ToFieldPath spec.disks[*].size
    1 error; nothing was planned
    "#);
}

#[test]
fn a_function_that_does_not_run() {
    let sandbox = Sandbox::with_platform().file(
        "platform/composition.yaml",
        COMPOSITION.replace("function-patch-and-transform", "function-go-templating"),
    );
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml"]).refusal(), @r#"
    error: Disk team-a/data cannot be planned
      caused by: platform/composition.yaml:10:25: spec.pipeline[0].functionRef.name: cannot compose resources: cannot run Composition pipeline step "compose": function "function-go-templating" is not native to plat and no running instance of it was given
      hint: run the function and give --function function-go-templating=HOST:PORT, or plan the rest with --skip-unavailable-functions
    1 error; nothing was planned
    "#);
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
        "claim",
        "plan",
        "-f",
        "clam.yaml",
        "-f",
        "nowhere/",
        "-f",
        "empty",
        "-f",
        "none",
        "-f",
        "*.toml",
        "-f",
        "https://example.org/claim.yaml",
        "--platform",
        "platfrom",
        "--observed",
        "missing",
    ];
    assert_snapshot!(sandbox.run(&arguments).refusal(), @"
    error: -f clam.yaml cannot be read
      caused by: no such file or folder
      hint: did you mean claim.yaml?

    error: -f nowhere/ cannot be read
      caused by: no such file or folder

    error: -f empty cannot be read
      caused by: the folder has no .yaml, .yml or .json file
      hint: -R reads the folders in it too

    error: -f none cannot be read
      caused by: the folder has no .yaml, .yml or .json file

    error: -f *.toml cannot be read
      caused by: no file matches the pattern

    error: -f https://example.org/claim.yaml cannot be read
      caused by: it is a URL
      hint: plat reads files only: curl -sL https://example.org/claim.yaml | kubectl plat ... -f -

    error: --platform platfrom cannot be read
      caused by: no such file or folder
      hint: did you mean platform?

    error: --observed missing cannot be read
      caused by: no such file or folder
    8 errors; nothing was planned
    ");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_platform();
    let claim = sandbox.path().join("claim.yaml");
    std::fs::set_permissions(&claim, std::fs::Permissions::from_mode(0o000)).unwrap();
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
        .file(
            "platform/broken.yaml",
            "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nmetadata: {name: [}\n",
        )
        .file("claim.yaml", CLAIM.replace("size: 10", "size: none"));
    assert_snapshot!(sandbox.plan(&["-f", "claim.yaml", "-f", "missing.yaml"]).refusal(), @r#"
    error: -f missing.yaml cannot be read
      caused by: no such file or folder

    error: cannot read platform/broken.yaml
      caused by: platform/broken.yaml:3:19: not valid YAML: while parsing a node, did not find expected node content

    error: Disk team-a/data is not valid
      caused by: claim.yaml:5:14: spec.size: "none" is a string, the schema wants an integer
    3 errors; nothing was planned
    "#);
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
