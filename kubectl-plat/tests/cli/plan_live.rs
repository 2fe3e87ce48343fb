//! `claim plan` where there is no cluster to ask; with one it is tested in `tests/`.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: one
clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: a, user: {}}]
contexts: [{name: one, context: {cluster: a, user: a}}]
";

#[test]
fn nothing_is_named() {
    assert_snapshot!(Sandbox::new().run(&["claim", "plan"]).refusal(), @"
    error: there is nothing to plan
      caused by: no claim is named
      hint: give a file with -f, name a claim as KIND/NAME, choose some with -l, or all with -A
    1 error; nothing was planned
    ");
    assert_snapshot!(Sandbox::new().file("platform/a.yaml", "").plan(&[]).refusal(), @"
    error: there is nothing to plan
      caused by: -f names no file
      hint: without a cluster, claims come from files: -f FILE; --live asks the cluster too
    1 error; nothing was planned
    ");
}

#[test]
fn no_cluster_is_named() {
    // Which places were looked in is the machine's.
    for words in [["-l", "a=b", "--local"], ["--selector", "a=b", "--live"], ["--all-namespaces", "--as", "somebody"]] {
        let told = Sandbox::new().run(&[&["claim", "plan"], &words[..]].concat()).refusal();
        assert!(told.starts_with("error: no cluster is named\n  caused by: there is no kubeconfig: "), "{told}");
        let hint = "  hint: name one: --kubeconfig FILE, or the variable KUBECONFIG\n1 error; nothing was planned\n";
        assert!(told.ends_with(hint), "{told}");
    }
}

#[test]
fn a_platform_asks_no_cluster_unless_one_is_named() {
    let sandbox = Sandbox::new().file("config", KUBECONFIG).file("platform/a.yaml", "");
    let unreachable = |words: &[&str]| {
        let told = sandbox.plan(words).refusal();
        assert!(
            told.starts_with("error: the cluster at http://127.0.0.1:1 cannot be reached\n  caused by: "),
            "{told}"
        );
        assert!(told.ends_with("1 error; nothing was planned\n"), "{told}");
    };
    unreachable(&["db/a", "--kubeconfig", "config"]);
    unreachable(&["-A", "--kubeconfig", "config", "--live", "--qps", "5", "--request-timeout", "3"]);
}
