//! Actions on files: what they do to a workspace, and what they refuse.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

use plat_scaffold::Data;
use plat_scaffold::capabilities::Capabilities;
use plat_scaffold::files::{Done, Entry, Sources, Surroundings, Workspace, act};

struct One(Workspace);

impl Sources for One {
    fn folder(&self, _address: &str) -> Result<Workspace, String> {
        Ok(self.0.clone())
    }

    fn file(&self, address: &str) -> Result<Vec<u8>, String> {
        self.0.read(address).map(<[u8]>::to_vec)
    }
}

fn workspace(files: &[(&str, &str)]) -> Workspace {
    let mut workspace = Workspace::default();
    for (path, content) in files {
        workspace.add_file(path, *content).expect("a file");
    }
    workspace
}

fn run(action: &str, input: &str, workspace: &mut Workspace, source: Workspace) -> Result<Done, String> {
    let input: Data = serde_json::from_str(input).expect("an input");
    let (sources, capabilities) = (One(source), Capabilities::default());
    let surroundings = Surroundings { sources: &sources, capabilities: &capabilities };
    act(action, &input, workspace, &surroundings).expect("an action on files")
}

fn paths(workspace: &Workspace) -> Vec<&str> {
    workspace.entries().map(|(path, _)| path).collect()
}

#[test]
fn files_are_deleted_and_their_folders_stay() {
    let mut files = workspace(&[("a/b.md", ""), ("a/c.txt", ""), ("d.md", "")]);
    run("fs:delete", r#"{"files": ["**/*.md"]}"#, &mut files, Workspace::default()).expect("deleted");
    assert_eq!(paths(&files), ["a", "a/c.txt"]);
    run("fs:delete", r#"{"files": ["a"]}"#, &mut files, Workspace::default()).expect("deleted");
    assert_eq!(paths(&files), ["a"]);
}

#[test]
fn folders_move_with_all_in_them() {
    let mut files = workspace(&[("a/b/c", "1"), ("x", "2")]);
    run("fs:rename", r#"{"files": [{"from": "a", "to": "z/y"}]}"#, &mut files, Workspace::default()).expect("renamed");
    assert_eq!(paths(&files), ["x", "z", "z/y", "z/y/b", "z/y/b/c"]);
    let taken = run("fs:rename", r#"{"files": [{"from": "x", "to": "z/y/b/c"}]}"#, &mut files, Workspace::default());
    assert_eq!(taken, Err("dest already exists.".to_owned()));
    let inside = run("fs:rename", r#"{"files": [{"from": "z", "to": "z/w"}]}"#, &mut files, Workspace::default());
    assert!(inside.is_err(), "a folder in itself: {inside:?}");
}

#[test]
fn folders_are_listed() {
    let mut files = workspace(&[("a/b/c", ""), ("a/d", "")]);
    let names = |done: &Done| -> Vec<String> {
        done.outputs.iter().map(|(name, value)| format!("{name} {}", value.to_json())).collect()
    };
    let done = run("fs:readdir", r#"{"paths": ["a"]}"#, &mut files, Workspace::default()).expect("listed");
    let file = r#"files [{"name":"d","path":"a/d","fullPath":"a/d"}]"#;
    assert_eq!(names(&done), [file, r#"folders [{"name":"b","path":"a/b","fullPath":"a/b"}]"#]);
    let done =
        run("fs:readdir", r#"{"paths": ["a"], "recursive": true}"#, &mut files, Workspace::default()).expect("listed");
    assert!(done.outputs[0].1.to_json().contains("a/b/c"), "{done:?}");
}

#[test]
fn nothing_leads_out() {
    let out = "Relative path is not allowed to refer to a directory outside its parent";
    let source = || workspace(&[("f", "x")]);
    for target in ["../x", "/x", "a/../../x", "C:\\\\x", "..\\\\x"] {
        let input = format!(r#"{{"url": ".", "targetPath": "{target}"}}"#);
        for action in ["fetch:plain", "fetch:template"] {
            let result = run(action, &input, &mut Workspace::default(), source());
            assert_eq!(result, Err(out.to_owned()), "{action} {target}");
        }
    }
    for target in ["/etc/passwd", "../../x", "a/../../../x"] {
        let mut links = source();
        links.add("deep/link", Entry::Link(target.to_owned())).expect("a link");
        for action in ["fetch:plain", "fetch:template"] {
            let result = run(action, r#"{"url": "."}"#, &mut Workspace::default(), links.clone());
            assert_eq!(result, Err(out.to_owned()), "{action} {target}");
        }
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    let mut files = Workspace::default();
    files.add("link", Entry::Link("elsewhere".to_owned())).expect("a link");
    let result = run("fetch:plain", r#"{"url": ".", "targetPath": "link"}"#, &mut files, workspace(&[("f", "x")]));
    assert_eq!(result, Err("link: is not a folder".to_owned()));
}

#[test]
fn one_file_is_rendered() {
    let mut files = Workspace::default();
    let source = || workspace(&[("t", "Hello ${{ values.name }}")]);
    let input = r#"{"url": "t", "targetPath": "out/f", "values": {"name": "x"}}"#;
    run("fetch:template:file", input, &mut files, source()).expect("rendered");
    assert_eq!(files.read("out/f"), Ok(b"Hello x".as_slice()));
    let input = r#"{"url": "t", "targetPath": "out/f", "values": {"name": "y"}}"#;
    run("fetch:template:file", input, &mut files, source()).expect("left alone");
    assert_eq!(files.read("out/f"), Ok(b"Hello x".as_slice()));
}

#[test]
fn roadies_actions_write_and_replace() {
    let mut files = workspace(&[("a.txt", "x.y x.y"), (".hidden.txt", "x.y")]);
    let mut run = |action: &str, input: &str| {
        run(&format!("roadiehq:utils:{action}"), input, &mut files, Workspace::default()).expect("done")
    };
    run("fs:replace", r#"{"files": [{"file": "*.txt", "find": "x.y", "replaceWith": "[$&]"}]}"#);
    run("fs:replace", r#"{"files": [{"file": "a.txt", "find": "(x)\\.", "replaceWith": "$1-", "matchRegex": true}]}"#);
    run("fs:append", r#"{"path": "a.txt", "content": "!"}"#);
    run("fs:write", r#"{"path": "b/c.json", "content": "{\"b\":1}", "preserveFormatting": true}"#);
    let parsed = run("fs:parse", r#"{"path": "b/c.json", "parser": "json"}"#);
    let serialized =
        run("serialize:json", r#"{"data": {"b": {"a": 1, "c": 2}, "a": [1]}, "replacer": ["a", "b"], "space": 1}"#);
    assert_eq!(parsed.outputs[0].1.to_json(), r#"{"b":1}"#);
    assert_eq!(serialized.outputs[0].1.as_str(), Some("{\n \"a\": [\n  1\n ],\n \"b\": {\n  \"a\": 1\n }\n}"));
    assert_eq!(files.read("a.txt"), Ok(b"[x-y] [x-y]!".as_slice()));
    assert_eq!(files.read(".hidden.txt"), Ok(b"x.y".as_slice()));
    assert_eq!(files.read("b/c.json"), Ok(b"{\n  \"b\": 1\n}".as_slice()));
}

#[test]
fn patterns_take_time_in_proportion() {
    let name = "a".repeat(200);
    let pattern = "*a".repeat(100);
    let mut files = workspace(&[(&format!("{name}b"), "")]);
    let deep = vec!["**"; 60].join("/");
    let input = format!(
        r#"{{"files": ["{pattern}", "{deep}/x", "{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}{{a,b}}"]}}"#
    );
    run("fs:delete", &input, &mut files, Workspace::default()).expect("nothing fits");
    assert_eq!(paths(&files).len(), 1);
}
