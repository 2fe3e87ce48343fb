//! Ways to name input: files, folders, globs, lists, stdin; what is picked out of it.

use insta::assert_snapshot;

use crate::sandbox::{CLAIM, COMPOSITION, DEFINITION, Sandbox};

fn claim(name: &str) -> String {
    CLAIM.replace("name: data", &format!("name: {name}"))
}

/// Names of the claims that were planned, in order.
fn planned(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let json = sandbox.plan(&[arguments, &["-o", "json"]].concat()).answer();
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    let name = |claim: &serde_json::Value| claim["given"]["name"].as_str().unwrap().to_owned();
    plan["claims"].as_array().unwrap().iter().map(name).collect()
}

fn many() -> Sandbox {
    Sandbox::with_platform()
        .file("claims/a.yaml", claim("a"))
        .file("claims/b.yml", claim("b"))
        .file(
            "claims/c.json",
            r#"{"apiVersion":"test.example/v1","kind":"Disk","metadata":{"name":"c"},"spec":{"size":1}}"#,
        )
        .file("claims/notes.txt", "{ not yaml")
        .file("claims/deep/d.yaml", format!("{}---\n{}", claim("d"), claim("e")))
        .file("claims/.hidden/f.yaml", claim("f"))
}

#[test]
fn files_folders_globs_and_lists() {
    let sandbox = many();
    assert_eq!(planned(&sandbox, &["-f", "claims"]), ["a", "b", "c"]);
    assert_eq!(planned(&sandbox, &["-f", "claims/", "-R"]), ["a", "b", "c", "d", "e"]);
    assert_eq!(planned(&sandbox, &["-f", "claims", "--recursive"]), ["a", "b", "c", "d", "e"]);
    assert_eq!(planned(&sandbox, &["-f", "claims/*.y*ml"]), ["a", "b"]);
    assert_eq!(planned(&sandbox, &["-f", "claims/**/d.yaml"]), ["d", "e"]);
    assert_eq!(planned(&sandbox, &["-f", "claims/c.json,claims/a.yaml"]), ["c", "a"]);
    assert_eq!(planned(&sandbox, &["--filename", "claims/b.yml", "-f", "claims/a.yaml"]), ["b", "a"]);
}

#[test]
fn a_file_named_twice_is_read_once() {
    assert_eq!(planned(&many(), &["-f", "claims/b.yml", "-f", "claims"]), ["b", "a", "c"]);
}

#[test]
fn a_file_may_have_any_name_if_it_is_named() {
    let sandbox = Sandbox::with_platform().file("claim.txt", claim("odd"));
    assert_eq!(planned(&sandbox, &["-f", "claim.txt"]), ["odd"]);
}

#[test]
fn stdin_is_a_file_too() {
    let sandbox = Sandbox::with_platform();
    let arguments = ["claim", "render", "--platform", "platform", "-f", "-"];
    let stdin = sandbox.run_with(&arguments, CLAIM.as_bytes()).answer();
    assert_eq!(stdin, sandbox.run(&["claim", "render", "--platform", "platform", "-f", "claim.yaml"]).answer());
    let platform = format!("{DEFINITION}---\n{COMPOSITION}");
    let arguments = ["claim", "render", "--platform", "-", "-f", "claim.yaml"];
    assert_eq!(sandbox.run_with(&arguments, platform.as_bytes()).answer(), stdin);
}

#[test]
fn stdin_is_read_once() {
    let sandbox = Sandbox::with_platform();
    let arguments = ["claim", "plan", "--platform", "-", "-f", "-"];
    assert_snapshot!(sandbox.run_with(&arguments, CLAIM.as_bytes()).refusal(), @"
    error: --platform - cannot be read
      caused by: stdin was already read for -f

    error: kind test.example/v1/Disk is unknown
      caused by: <stdin>:3:7: kind: the platform has no XRD
    2 errors; nothing was planned
    ");
}

#[test]
fn a_platform_is_found_among_anything() {
    let sandbox = Sandbox::new()
        .file("repository/README.md", "# not YAML")
        .file("repository/chart/templates/x.yaml", "{{ if .Values.x }}\nkind: X\n{{ end }}\n")
        .file("repository/other/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n")
        .file("repository/values.yaml", "replicas: 3\n")
        .file("repository/list.yaml", "- 1\n- 2\n")
        .file("repository/z/definition.yaml", DEFINITION)
        .file("repository/a/composition.yaml", COMPOSITION)
        .file("claim.yaml", CLAIM);
    let outcome = sandbox.run(&["claim", "plan", "--platform", "repository", "-f", "claim.yaml"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_snapshot!(outcome.stderr, @"warning: left out what cannot be read and names no platform kind: repository/chart/templates/x.yaml, repository/list.yaml");
}

#[test]
fn a_platform_in_several_places() {
    let sandbox = Sandbox::new().file("one.yaml", DEFINITION).file("two/x.yaml", COMPOSITION).file("claim.yaml", CLAIM);
    sandbox.run(&["claim", "plan", "--platform", "one.yaml", "--platform", "two", "-f", "claim.yaml"]).answer();
}

#[test]
fn what_is_neither_claim_nor_xr_is_left_out() {
    let sandbox = Sandbox::with_platform().file(
        "mixed.yaml",
        format!("{CLAIM}---\n{COMPOSITION}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: x}}\n"),
    );
    let outcome = sandbox.plan(&["-f", "mixed.yaml"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_snapshot!(outcome.stderr, @"warning: left out what is neither a claim nor an XR: Composition, Namespace");
}

#[test]
fn a_claim_without_a_namespace_goes_where_kubectl_puts_it() {
    let sandbox = Sandbox::with_platform().file("bare.yaml", CLAIM.replace(", namespace: team-a", ""));
    let namespace = |arguments: &[&str]| {
        let json = sandbox.plan(&[&["-f", "bare.yaml", "-o", "json"], arguments].concat()).answer();
        let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
        plan["claims"][0]["given"]["namespace"].as_str().unwrap().to_owned()
    };
    assert_eq!(namespace(&[]), "default");
    assert_eq!(namespace(&["-n", "team-b"]), "team-b");
    assert_eq!(namespace(&["--namespace=team-b"]), "team-b");
}

#[test]
fn a_namespace_that_contradicts_the_claim_is_an_error() {
    assert_snapshot!(Sandbox::with_platform().plan(&["-f", "claim.yaml", "-n", "team-b"]).refusal(), @r#"
    error: Disk data cannot be planned
      caused by: claim.yaml:4:35: metadata.namespace: it stands in namespace "team-a", --namespace says "team-b"
      hint: leave out --namespace, or give -n team-a
    1 error; nothing was planned
    "#);
}

#[test]
fn yaml_lists_stand_for_their_items() {
    let items = |names: &[&str]| names.iter().map(|name| claim(name).replace('\n', "\n  ")).collect::<String>();
    let text = items(&["a", "b"]).replace("  apiVersion", "- apiVersion");
    let sandbox = Sandbox::with_platform().file("list.yaml", format!("apiVersion: v1\nkind: List\nitems:{text}\n"));
    assert_eq!(planned(&sandbox, &["-f", "list.yaml"]), ["a", "b"]);
}
