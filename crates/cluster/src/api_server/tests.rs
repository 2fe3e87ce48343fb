use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use super::*;

fn kubeconfig(folder: &Path, server: &str) -> PathBuf {
    let path = folder.join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters: [{{name: a, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: a, user: {{token: t}}}}]\ncontexts:\n- {{name: one, context: {{cluster: a, user: a, namespace: team}}}}\n\
         - {{name: two, context: {{cluster: a, user: a}}}}\n"
    );
    fs::write(&path, text).unwrap();
    path
}

fn options(kubeconfig: PathBuf) -> ConnectOptions {
    ConnectOptions { kubeconfig: Some(kubeconfig), ..ConnectOptions::default() }
}

/// Answers one request after the other with these bodies, and tells what was asked.
fn serve(answers: Vec<(u16, String)>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let answer = |(code, body): (u16, String)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            let length = body.len();
            let text = format!("HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(text.as_bytes()).unwrap();
            String::from_utf8(head).unwrap().lines().next().unwrap().to_owned()
        };
        answers.into_iter().map(answer).collect()
    });
    (url, asked)
}

fn reports() -> Collection {
    let [api_version, plural] = ["openreports.io/v1alpha1", "reports"].map(str::to_owned);
    Collection { api_version, plural, namespace: Some("team".to_owned()) }
}

fn status(code: u16) -> (u16, String) {
    (code, format!(r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no, {code}","code":{code}}}"#))
}

fn list(answers: Vec<(u16, String)>) -> (Result<Option<Vec<Value>>, ClusterError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (url, asked) = serve(answers);
    let server = ApiServer::connect(&options(kubeconfig(folder.path(), &url))).unwrap();
    let answer = server.list(&reports(), Some("a=b,c"));
    (answer, asked.join().unwrap())
}

#[test]
fn a_list_comes_in_pages() {
    let pages = [r#"{"items":[{"a":1}],"metadata":{"continue":"x+y"}}"#, r#"{"items":[{"a":2}],"metadata":{}}"#];
    let (answer, asked) = list(pages.map(|page| (200, page.to_owned())).to_vec());
    assert_eq!(answer.unwrap().unwrap().len(), 2);
    let path = "GET /apis/openreports.io/v1alpha1/namespaces/team/reports?limit=500&labelSelector=a%3Db%2Cc";
    assert_eq!(asked, [format!("{path} HTTP/1.1"), format!("{path}&continue=x%2By HTTP/1.1")]);
}

#[test]
fn a_list_that_grew_old_is_asked_for_again() {
    let pages = [
        (200, r#"{"items":[{"a":1}],"metadata":{"continue":"x"}}"#.to_owned()),
        status(410),
        (200, r#"{"items":[{"a":1},{"a":2}]}"#.to_owned()),
    ];
    let (answer, asked) = list(pages.to_vec());
    assert_eq!(answer.unwrap().unwrap().len(), 2);
    assert!(asked[2].ends_with("reports?labelSelector=a%3Db%2Cc HTTP/1.1"), "{asked:?}");
}

#[test]
fn a_kind_that_is_not_there_is_no_error_and_a_refusal_is_one() {
    assert!(list(vec![status(404)]).0.unwrap().is_none());
    let told = |code| list(vec![status(code)]).0.unwrap_err().diagnostic().to_string();
    assert_eq!(told(403), "error: you may not read reports of openreports.io/v1alpha1\n  caused by: no, 403");
    assert!(told(401).contains("does not accept your credentials\n  caused by: no, 401\n  hint: log in again"));
    assert!(told(500).contains("does not give reports of openreports.io/v1alpha1\n  caused by: no, 500 (HTTP 500)"));
}

#[test]
fn nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = ApiServer::connect(&options(kubeconfig(folder.path(), &url))).unwrap();
    let told = server.list(&reports(), None).unwrap_err().diagnostic().to_string();
    assert!(told.starts_with(&format!("error: the cluster at {url} cannot be reached\n  caused by: ")), "{told}");
    assert!(told.to_lowercase().contains("connection refused"), "{told}");
}

#[test]
fn nobody_answers() {
    let folder = tempfile::tempdir().unwrap();
    // The system accepts connections; nobody reads them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut options = options(kubeconfig(folder.path(), &url));
    options.timeout = Duration::from_millis(50);
    let error = ApiServer::connect(&options).unwrap().api_versions().unwrap_err();
    assert!(matches!(error, ClusterError::Timeout { .. }), "{error:?}");
    assert!(error.diagnostic().to_string().contains("no answer came within 0.05 s"));
}

#[test]
fn contexts() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(kubeconfig(folder.path(), "https://127.0.0.1:1/"));
    let server = ApiServer::connect(&options).unwrap();
    assert_eq!((server.url(), server.namespace()), ("https://127.0.0.1:1", "team"));
    options.context = Some("two".to_owned());
    assert_eq!(ApiServer::connect(&options).unwrap().namespace(), "default");
    options.context = Some("twoo".to_owned());
    let told = ApiServer::connect(&options).unwrap_err().diagnostic().to_string();
    assert_eq!(told, "error: there is no context \"twoo\" in the kubeconfig\n  hint: did you mean \"two\"?");
}

#[test]
fn kubeconfigs_that_are_of_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let told = || ApiServer::connect(&options(path.clone())).unwrap_err().diagnostic().to_string();
    assert!(told().starts_with("error: the kubeconfig cannot be used\n  caused by: "), "{}", told());
    fs::write(&path, "contexts: [{name: a, context: {cluster: a}}]").unwrap();
    assert!(told().ends_with("has no current context\n  hint: choose one with --context: a"), "{}", told());
    fs::write(&path, "current-context: a\ncontexts: [{name: a, context: {cluster: gone}}]").unwrap();
    assert!(told().contains("gone"), "{}", told());
    fs::write(&path, "a: [").unwrap();
    assert!(told().starts_with("error: the kubeconfig cannot be used\n  caused by: "), "{}", told());
}
