//! `policy report` where there is no cluster to read from; with one it is tested in `tests/`.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: a, user: {}}]
contexts: [{name: one, context: {cluster: a, user: a}}]
";

#[test]
fn no_kubeconfig() {
    let told = Sandbox::new().run(&["policy", "report", "--kubeconfig", "config"]).refusal();
    assert_snapshot!(told, @r#"
    error: the kubeconfig cannot be used
      caused by: failed to read kubeconfig from '"config"': No such file or directory (os error 2)
    1 error; no report was read
    "#);
}

#[test]
fn no_context() {
    let sandbox = Sandbox::new().file("config", KUBECONFIG);
    assert_snapshot!(sandbox.run(&["policy", "report", "--kubeconfig", "config"]).refusal(), @"
    error: no cluster is named
      caused by: the kubeconfig has no current context
      hint: choose one with --context: one
    1 error; no report was read
    ");
    let unknown = sandbox.run(&["policy", "report", "--kubeconfig", "config", "--context", "on"]);
    assert_snapshot!(unknown.refusal(), @r#"
    error: there is no context "on" in the kubeconfig
      hint: did you mean "one"?
    1 error; no report was read
    "#);
}

#[test]
fn nobody_listens() {
    let sandbox = Sandbox::new().file("config", KUBECONFIG);
    let told = sandbox.run(&["policy", "report", "--kubeconfig", "config", "--context", "one"]).refusal();
    assert!(told.starts_with("error: the cluster at http://127.0.0.1:1 cannot be reached\n  caused by: "), "{told}");
    assert!(told.ends_with("1 error; no report was read\n"), "{told}");
}

#[test]
fn all_namespaces_and_one_are_not_meant_both() {
    let told = Sandbox::new().run(&["policy", "report", "-A", "-n", "team-a"]).misuse();
    assert!(told.contains("'--all-namespaces' cannot be used with '--namespace <NAMESPACE>'"), "{told}");
}
