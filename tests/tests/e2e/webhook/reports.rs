//! `kubectl plat policy report`, on what the real webhook's audit wrote into a real cluster.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use anyhow::Context;
use serde_json::{Value, json};

use super::fixtures::{config_map, constraint};
use super::server::{Server, server};

const LABELS: &str = "/apis/constraints.gatekeeper.sh/v1beta1/k8sforbiddenlabel";
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/reported/roles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/reported/rolebindings";

/// What the command says and how it ends.
struct Told {
    code: Option<i32>,
    answer: String,
    complaint: String,
}

impl Told {
    /// Its answer, which must be all there is.
    fn answer(self) -> String {
        assert_eq!((self.code, self.complaint.as_str()), (Some(0), ""), "{}", self.answer);
        self.answer
    }

    /// Why it refuses.
    fn refusal(self) -> String {
        assert_eq!((self.code, self.answer.as_str()), (Some(1), ""), "{}", self.complaint);
        self.complaint
    }
}

/// Runs `kubectl plat policy report` on a cluster.
fn report(kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<Told> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM
        .get_or_init(|| crate::program::build("kubectl-plat", "kubectl-plat").map_err(|error| format!("{error:#}")));
    let program = program.as_ref().map_err(|error| anyhow::anyhow!("no kubectl-plat: {error}"))?;
    let flags = [OsStr::new("policy"), OsStr::new("report"), OsStr::new("--kubeconfig"), kubeconfig.as_os_str()];
    let output = Command::new(program).args(flags).args(arguments).env("NO_COLOR", "1").output();
    let Output { status, stdout, stderr } = output.context("kubectl-plat")?;
    Ok(Told { code: status.code(), answer: String::from_utf8(stdout)?, complaint: String::from_utf8(stderr)? })
}

/// Runs it on the cluster that the webhook audits.
fn report_here(server: &Server, arguments: &[&str]) -> anyhow::Result<Told> {
    let kubeconfig = server.control_plane().kubeconfig().to_owned();
    report(&kubeconfig, arguments)
}

/// A Namespace and two objects in it that violate its own policies, and the reports on them.
async fn violate(server: &Server, namespace: &str) -> anyhow::Result<()> {
    let metadata = json!({"name": namespace, "labels": {namespace: "x"}});
    server.put("/api/v1/namespaces", &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})).await?;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let mut both = config_map("a", namespace);
    both["metadata"]["labels"]["untidy"] = "x".into();
    server.put(&path, &both).await?;
    server.put(&path, &config_map("b", "untidy")).await?;
    for (name, label, action) in [(namespace, namespace, "deny"), ("untidy", "untidy", "warn")] {
        let name = format!("{namespace}-{name}");
        let spec = json!({
            "enforcementAction": action, "match": {"namespaces": [namespace]}, "parameters": {"label": label},
        });
        server.put(LABELS, &constraint("K8sForbiddenLabel", &name, &spec)).await?;
    }
    let rows = || -> anyhow::Result<usize> {
        let told = report_here(server, &["-A", "-o", "json"])?;
        let all: Value = serde_json::from_str(&told.answer).with_context(|| told.complaint)?;
        Ok(about(&all, namespace).len())
    };
    server.eventually("the reports", || async { Ok(rows()? == 4) }).await
}

/// The results about a namespace and what is in it.
fn about<'a>(reports: &'a Value, namespace: &str) -> Vec<&'a Value> {
    let is_about = |row: &&Value| row["object"]["namespace"] == namespace || row["object"]["name"] == namespace;
    reports["results"].as_array().into_iter().flatten().filter(is_about).collect()
}

#[test]
fn what_the_audit_found_is_shown() {
    let server = server();
    server.run(violate(server, "reported")).unwrap();
    let told = report_here(server, &["-n", "reported"]).unwrap().answer();
    let expected = "\
Namespace reported
  RESULT  OBJECT       POLICY                               MESSAGE
  fail    ConfigMap/a  K8sForbiddenLabel/reported-reported  ConfigMap carries the label reported
  warn    ConfigMap/a  K8sForbiddenLabel/reported-untidy    ConfigMap carries the label untidy
  warn    ConfigMap/b  K8sForbiddenLabel/reported-untidy    ConfigMap carries the label untidy

Reports: 1 fail, 0 error, 2 warn, 0 skip, 0 pass.
";
    assert_eq!(told, expected);
    let all = report_here(server, &["-A"]).unwrap().answer();
    let (cluster, spaces) = all.split_once("\n\n").unwrap();
    assert!(cluster.starts_with("Cluster\n"), "{all}");
    let line = "Namespace carries the label reported";
    assert!(cluster.lines().any(|each| each.contains("Namespace/reported") && each.ends_with(line)), "{all}");
    assert!(spaces.contains(expected.split_once("\n\n").unwrap().0), "{all}");
    assert_eq!(
        report_here(server, &["-n", "nowhere"]).unwrap().answer(),
        "Reports: 0 fail, 0 error, 0 warn, 0 skip, 0 pass.\n"
    );
    let others = report_here(server, &["-n", "reported", "-l", "app.kubernetes.io/managed-by!=kubectl-plat"]);
    assert_eq!(others.unwrap().answer(), "Reports: 0 fail, 0 error, 0 warn, 0 skip, 0 pass.\n");
    programs_read_the_same(server).unwrap();
    permissions_are_told(server).unwrap();
}

fn programs_read_the_same(server: &Server) -> anyhow::Result<()> {
    let read = |format: &str| Ok::<_, anyhow::Error>(report_here(server, &["-n", "reported", "-o", format])?.answer());
    let told: Value = serde_json::from_str(&read("json")?)?;
    assert_eq!((&told["apiVersion"], &told["kind"]), (&json!("kubectl-plat.dev/v1alpha1"), &json!("PolicyReports")));
    assert_eq!(told["summary"], json!({"fail": 1, "error": 0, "warn": 2, "skip": 0, "pass": 0}));
    assert_eq!(told["unlisted"], json!([]));
    let object = server.run(server.ask("GET", "/api/v1/namespaces/reported/configmaps/a", None))?.body;
    let mut first = told["results"][0].clone();
    let seconds = first["seconds"].take().as_i64().context("seconds")?;
    assert!(seconds > 1_700_000_000, "{told}");
    let expected = json!({
        "object": {"group": "", "version": "v1", "kind": "ConfigMap", "namespace": "reported", "name": "a"},
        "result": "fail", "severity": "", "policy": "K8sForbiddenLabel", "rule": "reported-reported",
        "message": "ConfigMap carries the label reported", "field": "", "source": "kubectl-plat",
        "report": object["metadata"]["uid"], "seconds": null,
    });
    assert_eq!(first, expected);
    assert!(read("yaml")?.contains("\nkind: PolicyReports\n"));
    assert!(
        read("wide")?.contains(
            "RESULT  OBJECT       POLICY                               SEVERITY  SOURCE        FIELD  MESSAGE"
        )
    );
    Ok(())
}

/// Nobody is told of nothing where there is something that they may not see.
fn permissions_are_told(server: &Server) -> anyhow::Result<()> {
    let told = report_here(server, &["-n", "reported", "--as", "stranger"])?.refusal();
    let refused = |plural: &str, group: &str| {
        format!(
            "error: you may not read {plural} of {group}/{}\n  caused by: {plural}.{group} is forbidden: User \"stranger\" cannot list resource \
             \"{plural}\" in API group \"{group}\"",
            if group.starts_with('o') { "v1alpha1" } else { "v1alpha2" }
        )
    };
    for (plural, group) in [("reports", "openreports.io"), ("policyreports", "wgpolicyk8s.io")] {
        assert!(told.contains(&refused(plural, group)), "{told}");
    }
    assert!(told.ends_with("2 errors; no report was read\n"), "{told}");
    let may_list = json!({
        "apiGroups": ["openreports.io", "wgpolicyk8s.io"], "resources": ["reports", "policyreports"], "verbs": ["list"],
    });
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"}, "rules": [may_list],
    });
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "reader"}],
    });
    server.run(server.put(ROLES, &role))?;
    server.run(server.put(BINDINGS, &binding))?;
    let reader = || report_here(server, &["-n", "reported", "--as", "reader"]);
    server.run(server.eventually("the permission", || async { Ok(reader()?.code == Some(0)) }))?;
    assert!(reader()?.answer().contains("ConfigMap/b"));
    let told = report_here(server, &["-A", "--as", "reader"])?.refusal();
    assert!(told.contains("error: you may not read clusterreports of openreports.io/v1alpha1\n"), "{told}");
    assert!(told.ends_with("4 errors; no report was read\n"), "{told}");
    Ok(())
}

#[test]
fn reports_of_the_policy_working_group_are_written_and_shown() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    // Only the webhook with this folder says so: what is shown is not from the reports of the other one.
    let spec = json!({"match": {"namespaces": ["older"]}, "parameters": {"label": "older"}});
    let policy = constraint("K8sForbiddenLabel", "older-only", &spec);
    std::fs::write(folder.path().join("older.yaml"), policy.to_string()).unwrap();
    server.run(server.namespace("older")).unwrap();
    let path = "/api/v1/namespaces/older/configmaps";
    server.run(server.put(path, &config_map("a", "older"))).unwrap();
    let object = server.run(server.ask("GET", &format!("{path}/a"), None)).unwrap().body;
    let mut command = Command::new(server.program());
    command
        .args(["--listen=127.0.0.1:0", "--health-addr=127.0.0.1:0", "--self-signed", "--shutdown-delay=0"])
        .args(["--audit", "--audit-interval=1", "--reports=policyreport", "--status-id=older", "--kubeconfig"])
        .arg(server.control_plane().kubeconfig())
        .arg("--policies-dir")
        .arg(folder.path());
    let name = "plat-webhook-older";
    server.control_plane().run_beside(name, &mut command).unwrap();
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let older = format!("/apis/wgpolicyk8s.io/v1alpha2/namespaces/older/policyreports/{uid}");
    let is_there = || async { Ok(server.ask("GET", &older, None).await?.is_accepted()) };
    let written = server.run(server.eventually("the PolicyReport", is_there));
    assert!(written.is_ok(), "{written:?}\n{}", server.control_plane().last_words_of(name));
    let told = report_here(server, &["-n", "older", "-o", "json"]).unwrap().answer();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["summary"]["fail"], 1, "{told}");
    let row = &told["results"][0];
    assert_eq!((&row["rule"], &row["report"]), (&json!("older-only"), &json!(uid)), "{told}");
    // The other webhook says the same of what is in the cluster alone; it is told once.
    server.run(violate(server, "twice")).unwrap();
    let both = || async {
        let path = "/apis/wgpolicyk8s.io/v1alpha2/namespaces/twice/policyreports";
        Ok(server.ask("GET", path, None).await?.body["items"].as_array().is_some_and(|items| items.len() == 2))
    };
    server.run(server.eventually("their PolicyReports", both)).unwrap();
    let told = report_here(server, &["-n", "twice"]).unwrap().answer();
    assert!(told.ends_with("Reports: 1 fail, 0 error, 2 warn, 0 skip, 0 pass.\n"), "{told}");
}

#[test]
fn a_cluster_without_kinds_of_reports_is_told_of() {
    let kubeconfig = crate::cluster::cluster().kubeconfig();
    let told = report(kubeconfig, &["-A"]).unwrap().refusal();
    assert!(told.starts_with("error: the cluster at https://127.0.0.1:"), "{told}");
    let rest = " has no policy reports\n  caused by: it serves neither openreports.io/v1alpha1 nor wgpolicyk8s.io/v1alpha2\n  \
                hint: install the CRDs of openreports.io; plat-webhook --audit writes them, see docs/webhook.md\n\
                1 error; no report was read\n";
    assert!(told.ends_with(rest), "{told}");
}
