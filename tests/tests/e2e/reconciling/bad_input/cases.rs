//! What can be wrong with a Composition and what it makes.

use serde_json::{Value, json};

use crate::reconciling::fixtures::{Platform, config_map};
use crate::webhook::fixtures::open_kind;

/// One thing that is wrong, in an API group of its own.
pub(super) struct Case {
    pub(super) platform: Platform,
    /// What is there already, by the path of its kind.
    pub(super) before: Vec<(String, Value)>,
    pub(super) composition: Value,
    /// The names of claims, or of XRs where there are none, in order. All but the last become ready.
    pub(super) made: Vec<&'static str>,
    /// Which of them, or of what it composed, says what is wrong.
    pub(super) told_at: &'static str,
    /// What is among its words.
    pub(super) says: Vec<&'static str>,
}

/// A claim that composes this, and what it is told.
fn claimed(group: &'static str, resource: Value, says: &[&'static str]) -> Case {
    scoped(group, "LegacyCluster", resource, says)
}

fn scoped(group: &'static str, scope: &'static str, resource: Value, says: &[&'static str]) -> Case {
    let platform = Platform { group, scope };
    let composition = platform.composition(&[resource]);
    let says = says.to_vec();
    Case { platform, before: Vec::new(), composition, made: vec!["shop"], told_at: "shop", says }
}

/// A ConfigMap template with something different about it.
fn changed(namespace: &str, path: &str, value: Value) -> Value {
    let mut resource = config_map("map", namespace);
    if let Some(place) = resource.pointer_mut(path.rsplit_once('/').unwrap_or_default().0) {
        place[path.rsplit('/').next().unwrap_or_default()] = value;
    }
    resource
}

fn bare(name: &str, base: &Value) -> Value {
    json!({"name": name, "base": base, "readinessChecks": [{"type": "NonEmpty", "fieldPath": "metadata.uid"}]})
}

pub(super) fn cases() -> Vec<Case> {
    let step = "pipeline step \"make\"";
    vec![
        claimed(
            "unknownkind.example",
            bare("gadget", &json!({"apiVersion": "nowhere.example/v1", "kind": "Gadget"})),
            &["composed resource \"gadget\"", "the cluster has no kind nowhere.example/v1", "Gadget"],
        ),
        claimed(
            "badname.example",
            changed("badname", "/base/metadata/name", json!("Not_A_Name")),
            &["\"map\"", "invalid name \"Not_A_Name\""],
        ),
        claimed("unknownfield.example", changed("unknownfield", "/patchez", json!([])), &[step, "patchez"]),
        claimed(
            "badpatch.example",
            changed("badpatch", "/patches", json!([{"type": "FromCompositeFieldPath"}])),
            &[step, "fromFieldPath"],
        ),
        claimed(
            "badobject.example",
            changed("badobject", "/base/data", json!({"not a key!": "x"})),
            &["XApp shop-", "(map: ConfigMap", "data[not a key!]: Invalid value"],
        ),
        claimed(
            "nonamespace.example",
            config_map("map", "not-there"),
            &["(map: ", "namespaces \"not-there\" not found"],
        ),
        nobody_is_called(),
        scoped(
            "toowide.example",
            "Namespaced",
            bare("role", &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": []})),
            &["cannot apply cluster scoped composed resource \"role\"", "ClusterRole"],
        ),
        two_want_the_same(),
        somebody_elses(),
        claimed(
            "endless.example",
            // Ready once the one below is.
            json!({"name": "again", "base": {"apiVersion": "endless.example/v1", "kind": "XApp", "spec": {}}}),
            &["has no end: XApp → XApp", "resource \"again\" (XApp "],
        ),
        itself(),
        each_other(),
        too_large(),
    ]
}

/// A function that is not there.
fn nobody_is_called() -> Case {
    let mut case = claimed("nofunction.example", config_map("map", "nofunction"), &["function-nowhere"]);
    case.composition["spec"]["pipeline"][0]["functionRef"]["name"] = json!("function-nowhere");
    case
}

fn two_want_the_same() -> Case {
    let resource = changed("contested", "/base/metadata/name", json!("contested"));
    let mut case = claimed("contested.example", resource, &["(map: ", "ConfigMap \"contested\"", "XApp"]);
    (case.made, case.told_at) = (vec!["first", "second"], "second");
    case
}

/// An object that another one controls.
fn somebody_elses() -> Case {
    let resource = changed("foreign", "/base/metadata/name", json!("foreign"));
    let says = ["(map: ", "ConfigMap \"foreign\"", "ConfigMap/owner and XApp/shop-"];
    let mut case = claimed("foreign.example", resource, &says);
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let (owner, mut foreign) = (map("owner"), map("foreign"));
    // The UID is put in once it is known.
    foreign["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "", "controller": true}]);
    let path = "/api/v1/namespaces/foreign/configmaps".to_owned();
    case.before = vec![(path.clone(), owner), (path, foreign)];
    case
}

fn named(group: &str, transforms: &Value) -> Value {
    let mut resource = bare("again", &json!({"apiVersion": format!("{group}/v1"), "kind": "XApp", "spec": {}}));
    resource["patches"] = json!([{
        "type": "FromCompositeFieldPath", "fromFieldPath": "metadata.name", "toFieldPath": "metadata.name",
        "transforms": transforms,
    }]);
    resource
}

fn itself() -> Case {
    let resource = named("itself.example", &json!([]));
    scoped("itself.example", "Cluster", resource, &["it would be composed of itself: XApp shop"])
}

fn each_other() -> Case {
    let resource = named("eachother.example", &json!([{"type": "map", "map": {"shop": "other", "other": "shop"}}]));
    let says = ["it would be composed of an XR that is composed of it: XApp shop"];
    Case { told_at: "other", ..scoped("eachother.example", "Cluster", resource, &says) }
}

/// More than etcd takes, of two parts that it takes.
fn too_large() -> Case {
    let text = "x".repeat(1_100_000);
    let base = json!({"apiVersion": "toolarge.example/v1", "kind": "Blob", "metadata": {"namespace": "toolarge"},
        "spec": {"one": text}});
    let mut resource = bare("blob", &base);
    resource["patches"] = json!([{
        "type": "FromCompositeFieldPath", "fromFieldPath": "metadata.name", "toFieldPath": "spec.two",
        "transforms": doubled(),
    }]);
    let mut case = claimed("toolarge.example", resource, &["composed resource \"blob\"", "too large"]);
    case.before = vec![(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
        open_kind("toolarge.example", &["v1"], "Blob", "blobs", "Namespaced"),
    )];
    case
}

/// Makes of a name of ten letters a text of 640 KiB.
fn doubled() -> Value {
    let double = json!({"type": "string", "string": {"type": "Format", "fmt": "%[1]s%[1]s"}});
    Value::Array(vec![double; 16])
}
