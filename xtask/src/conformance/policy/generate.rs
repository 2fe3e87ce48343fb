//! Generated constraints and objects: every match criterion against many shapes of objects.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::suites::{UNREACHED, write_object};

/// Writes one suite with `count` constraints and all objects, and answers its folder.
pub(super) fn write(seed: u64, count: u64) -> anyhow::Result<PathBuf> {
    let folder = Path::new("target/conformance/policy/generated").to_owned();
    let _ = std::fs::remove_dir_all(&folder);
    write_object(&folder.join("template.yaml"), &template())?;
    write_object(&folder.join("namespaces.yaml"), &namespace("team-a"))?;
    let mut cases = Vec::new();
    for (index, object) in objects().iter().enumerate() {
        let file = format!("object-{index}.yaml");
        write_object(&folder.join(&file), object)?;
        for (name, inventory) in [("known", json!(["namespaces.yaml"])), ("unknown", json!([]))] {
            cases.push(json!({
                "name": format!("{index} {name}"), "object": file, "inventory": inventory,
                "assertions": [{"violations": UNREACHED}],
            }));
        }
    }
    let mut tests = Vec::new();
    for number in seed..seed + count {
        let file = format!("constraint-{number}.yaml");
        write_object(&folder.join(&file), &constraint(number))?;
        tests.push(
            json!({"name": format!("{number}"), "template": "template.yaml", "constraint": file, "cases": cases}),
        );
    }
    let suite = json!({"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "metadata": {"name": "generated"}, "tests": tests});
    write_object(&folder.join("suite.yaml"), &suite)?;
    Ok(folder)
}

fn template() -> Value {
    let rego =
        "package matched\nviolation[{\"msg\": msg}] {\n  msg := sprintf(\"%v matches\", [input.review.name])\n}\n";
    json!({
        "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "matched"},
        "spec": {
            "crd": {"spec": {"names": {"kind": "Matched"}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": rego}],
        },
    })
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"tier": "gold", "team": name}}})
}

fn objects() -> Vec<Value> {
    let pod = |metadata: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata});
    let web = pod(json!({"name": "web-1", "namespace": "team-a", "labels": {"app": "web", "tier": "gold"}}));
    let database = pod(json!({"name": "db-1", "namespace": "team-a", "labels": {"app": "db"}}));
    let review = |operation: &str, object: &Value, old: &Value| {
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "operation": operation, "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "team-a",
            "name": "web-1", "object": object, "oldObject": old, "userInfo": {},
        }})
    };
    vec![
        web.clone(),
        database.clone(),
        pod(json!({"name": "web-1"})),
        pod(json!({"name": "web-1", "namespace": "default"})),
        pod(json!({"generateName": "web-", "namespace": "team-a"})),
        pod(json!({"name": "web-1", "namespace": "kube-system", "deletionTimestamp": "2026-01-01T00:00:00Z"})),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "team-a", "labels": {"tier": ""}}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "web-1", "labels": {"app": "web"}}}),
        namespace("team-a"),
        namespace("kube-system"),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web-1"}}),
        json!({"apiVersion": "example.org/v1", "kind": "Namespace", "metadata": {"name": "team-a", "namespace": "team-b"}}),
        review("UPDATE", &web, &database),
        review("DELETE", &Value::Null, &web),
        review("CREATE", &web, &Value::Null),
    ]
}

/// A small generator: the same number gives the same constraint everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(bound).unwrap_or(1)).unwrap_or_default()
    }

    fn pick(&mut self, choices: &[Value]) -> Value {
        choices.get(self.below(choices.len())).cloned().unwrap_or_default()
    }

    fn some(&mut self, choices: &[Value], most: usize) -> Value {
        let count = self.below(most + 1);
        (0..count).map(|_| self.pick(choices)).collect()
    }
}

fn constraint(number: u64) -> Value {
    let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5EED);
    let names = ["team-a", "team-*", "*-a", "*ea*", "*", "kube-system", "kube-*", "default", "web-1", "", "**"]
        .map(Value::from);
    let mut criteria = json!({});
    for _ in 0..=random.below(3) {
        let (field, value) = criterion(&mut random, &names);
        criteria[field] = value;
    }
    let action = random.pick(&[json!("deny"), json!("warn"), json!("dryrun"), json!("whatever"), json!("scoped")]);
    let mut spec = json!({"match": criteria, "enforcementAction": action});
    if action == "scoped" {
        let points = ["*", "gator.gatekeeper.sh", "validation.gatekeeper.sh", "audit.gatekeeper.sh"]
            .map(|name| json!({"name": name}));
        spec["scopedEnforcementActions"] = (0..random.below(3))
            .map(|_| json!({"action": random.pick(&[json!("deny"), json!("warn")]), "enforcementPoints": random.some(&points, 2)}))
            .collect();
    }
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Matched", "metadata": {"name": format!("c{number}")}, "spec": spec})
}

fn criterion(random: &mut Random, names: &[Value]) -> (&'static str, Value) {
    let texts = |choices: &[&str]| choices.iter().map(|choice| json!(choice)).collect::<Vec<_>>();
    match random.below(8) {
        0 => {
            let groups = texts(&["", "apps", "*", "example.org", "rbac.authorization.k8s.io"]);
            let kinds = texts(&["Pod", "Deployment", "Namespace", "*", "ClusterRole", "pod"]);
            let entry =
                |random: &mut Random| json!({"apiGroups": random.some(&groups, 2), "kinds": random.some(&kinds, 2)});
            let entries: Vec<_> = (0..random.below(3)).map(|_| entry(random)).collect();
            ("kinds", json!(entries))
        }
        1 => ("scope", random.pick(&texts(&["Cluster", "Namespaced", "*", "", "cluster", "namespaced"]))),
        2 => ("namespaces", random.some(names, 2)),
        3 => ("excludedNamespaces", random.some(names, 2)),
        4 => ("labelSelector", selector(random)),
        5 => ("namespaceSelector", selector(random)),
        6 => {
            let names = texts(&["web-1", "web-*", "*-1", "*eb*", "", "web-", "*", "w*"]);
            ("name", random.pick(&names))
        }
        _ => ("source", random.pick(&texts(&["All", "Original", "Generated", "other", ""]))),
    }
}

fn selector(random: &mut Random) -> Value {
    let key = |random: &mut Random| {
        random.pick(&["app", "tier", "team", "kubernetes.io/metadata.name", "a b"].map(Value::from))
    };
    let values = ["web", "db", "gold", "", "team-a", "no value"].map(Value::from);
    let mut selector = json!({});
    if random.below(2) == 0 {
        let key = key(random);
        selector["matchLabels"] = json!({key.as_str().unwrap_or_default(): random.pick(&values)});
    }
    if random.below(2) == 0 {
        let operator = random.pick(&["In", "NotIn", "Exists", "DoesNotExist", "Is"].map(Value::from));
        selector["matchExpressions"] =
            json!([{"key": key(random), "operator": operator, "values": random.some(&values, 2)}]);
    }
    selector
}
