//! Policies that mean harm.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::fixtures::{constraint, open_kind};
use super::instance::{Certificate, Instance, Stream, folder, register};
use super::server::{self, Answer, Server, server};

/// A template whose violation has this body.
fn template(kind: &str, body: &str) -> Value {
    let name = kind.to_lowercase();
    json!({
        "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": name},
        "spec": {
            "crd": {"spec": {"names": {"kind": kind}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": format!("package {name}\n{body}\n")}],
        },
    })
}

/// Each judges only objects with its own label.
fn policies() -> Vec<Value> {
    let all = [
        ("Recursion", r#"violation[{"msg": "never"}] { again(1) } again(x) { again(x + 1) }"#),
        (
            "Loops",
            r#"violation[{"msg": "never"}] { n := numbers.range(1, 1000); x := n[_]; y := n[_]; z := n[_]; x + y + z < 0 }"#,
        ),
        (
            "Strings",
            r#"violation[{"msg": "never"}] {
                 a := "xxxxxxxxxxxxxxxx"; b := replace(a, "x", a); c := replace(b, "x", b); d := replace(c, "x", c)
                 count(d) < 0
               }"#,
        ),
        (
            "Regex",
            r#"violation[{"msg": "never"}] {
                 a := replace("xxxxxxxxxxxxxxxx", "x", "aaaaaaaaaaaaaaaa")
                 regex.match("^(a|a)*(a+)+(a*)*b$", concat("", [a, "c"]))
               }"#,
        ),
        ("Deep", r#"violation[{"msg": "seen to the end"}] { walk(input.review.object, [_, "the end"]) }"#),
    ];
    let policies = all.iter().flat_map(|(kind, body)| {
        let name = kind.to_lowercase();
        let only = json!({"match": {"labelSelector": {"matchLabels": {"hostile": name}}}});
        [template(kind, body), constraint(kind, &name, &only)]
    });
    policies.collect()
}

/// What is said of an object with the label.
async fn judged(server: &Server, label: &str) -> anyhow::Result<Answer> {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": label, "labels": {"hostile": label}},
    });
    server.ask("POST", "/api/v1/namespaces/hostile/configmaps?dryRun=All", Some(&object)).await
}

/// What is said of an object of so many levels.
async fn judged_deep(server: &Server, levels: usize) -> anyhow::Result<Answer> {
    let deep = (0..levels).fold(json!("the end"), |inner, _| json!({"a": inner}));
    let object = json!({
        "apiVersion": "hostile.example/v1", "kind": "Deep", "metadata": {"name": "a", "labels": {"hostile": "deep"}},
        "spec": deep,
    });
    server.ask("POST", "/apis/hostile.example/v1/namespaces/hostile/deeps?dryRun=All", Some(&object)).await
}

#[test]
fn hostile_policies_refuse_what_they_judge_and_hold_nobody_up() {
    let server = server();
    server.run(async {
        let kind = open_kind("hostile.example", &["v1"], "Deep", "deeps", "Namespaced");
        server.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &kind).await.unwrap();
        let certificate = Certificate::until(2100).unwrap();
        let folder = folder(&certificate, &policies()).unwrap();
        let instance = Instance::start(server, "hostile", folder.path()).await.unwrap();
        let ready = server::get(instance.health, "/readyz").unwrap();
        assert!(ready.contains("recursi"), "what is refused at load is told: {ready}");
        assert!(ready.contains("5 templates"), "and the others are in use: {ready}");
        register(server, "hostile", instance.address, &certificate.text).await.unwrap();
        let stream = Stream::start(server, "hostile");
        for label in ["loops", "strings"] {
            for answer in join_all((0..4).map(|_| judged(server, label))).await {
                let answer = answer.unwrap();
                assert_eq!(answer.code, 403, "{answer:?}");
                assert!(answer.message().contains(&format!("[{label}]")), "{answer:?}");
            }
        }
        assert!(judged(server, "regex").await.unwrap().is_accepted());
        let shallow = judged_deep(server, 50).await.unwrap();
        assert!(shallow.message().contains("[deep] seen to the end"), "{shallow:?}");
        let deep = judged_deep(server, 2_000).await.unwrap();
        assert!(deep.code == 400 && deep.message().contains("nested too deeply to be judged"), "{deep:?}");
        instance.answers(server, 20.0).await.unwrap();
        assert!(stream.finish().await.unwrap() >= 20);
        instance.terminate().unwrap();
    });
}
