#![expect(clippy::needless_pass_by_value, reason = "builders read best with a json! literal as argument")]

use serde_json::json;

use super::*;

fn predicted(live: Value, desired: Value, manager: &str) -> Value {
    let kind = GroupVersionKind::of(&live);
    let lists = CoreKind::new(&kind, None);
    let owned = Owned::by_manager(&live, manager);
    let mut after = predict(&live, &desired, &owned, &lists);
    if let Some(metadata) = after.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    after
}

#[test]
fn what_we_do_not_set_stays() {
    let live = json!({"spec": {"a": 1, "defaulted": true}, "status": {"x": 1}});
    let after = predicted(live, json!({"spec": {"a": 1.0, "b": null}}), "us");
    assert_eq!(after, json!({"spec": {"a": 1, "defaulted": true}, "status": {"x": 1}}));
}

#[test]
fn what_we_owned_alone_and_no_longer_set_goes() {
    let fields = json!({"f:spec": {"f:ours": {}, "f:shared": {}, "f:tags": {".": {}, "f:x": {}}, "f:kept": {}}});
    let live = json!({
        "metadata": {"managedFields": [
            {"manager": "us/1", "operation": "Apply", "fieldsV1": fields},
            {"manager": "them", "operation": "Update", "fieldsV1": {"f:spec": {"f:shared": {}, "f:theirs": {}}}},
        ]},
        "spec": {"ours": 1, "shared": 2, "theirs": 3, "tags": {"x": "1"}, "kept": 4},
    });
    let after = predicted(live, json!({"spec": {"kept": 4}}), "us");
    assert_eq!(after["spec"], json!({"shared": 2, "theirs": 3, "kept": 4}));
}

#[test]
fn elements_of_list_maps_are_merged_and_go_by_key() {
    let live = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"managedFields": [{"manager": "us", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:name": {}},
            "k:{\"name\":\"old\"}": {".": {}, "f:image": {}, "f:name": {}},
        }}}}}}]},
        "spec": {"template": {"spec": {"containers": [
            {"name": "app", "image": "a:1", "imagePullPolicy": "Always", "resources": {"limits": {"cpu": "500m"}}},
            {"name": "old", "image": "o:1"},
            {"name": "injected", "image": "i:1"},
        ]}}},
    });
    let desired = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "app", "image": "a:2", "resources": {"limits": {"cpu": "0.5"}}},
    ]}}}});
    let after = predicted(live, desired, "us");
    assert_eq!(
        after["spec"]["template"]["spec"]["containers"],
        json!([
            {"name": "app", "image": "a:2", "imagePullPolicy": "Always", "resources": {"limits": {"cpu": "500m"}}},
            {"name": "injected", "image": "i:1"},
        ])
    );
}

#[test]
fn kubectl_removes_what_it_applied_last() {
    let applied = json!({"spec": {"a": 1, "b": {"c": 2}}}).to_string();
    let live = json!({
        "metadata": {"annotations": {crate::constants::LAST_APPLIED: applied}},
        "spec": {"a": 1, "b": {"c": 2, "d": 3}, "set-by-others": 4},
    });
    let owned = Owned::by_kubectl(&live, &NoSchemas);
    let kind = GroupVersionKind::default();
    let after = predict(&live, &json!({"spec": {"a": 2}}), &owned, &CoreKind::new(&kind, None));
    assert_eq!(after["spec"], json!({"a": 2, "b": {"d": 3}, "set-by-others": 4}));
}

#[test]
fn immutable_fields_of_core_kinds() {
    let cases = [
        ("apps/v1", "Deployment", json!({}), "spec.selector.matchLabels.app", true),
        ("apps/v1", "Deployment", json!({}), "spec.replicas", false),
        ("apps/v1", "StatefulSet", json!({}), "spec.serviceName", true),
        ("apps/v1", "StatefulSet", json!({}), "spec.template.spec", false),
        ("v1", "Service", json!({"spec": {"clusterIP": "10.0.0.1"}}), "spec.clusterIP", true),
        ("v1", "Service", json!({"spec": {}}), "spec.clusterIP", false),
        ("v1", "PersistentVolumeClaim", json!({}), "spec.storageClassName", true),
        ("v1", "PersistentVolumeClaim", json!({}), "spec.resources.requests.storage", false),
        ("v1", "ConfigMap", json!({"immutable": true}), "data.a", true),
        ("v1", "ConfigMap", json!({}), "data.a", false),
        ("v1", "Secret", json!({}), "type", true),
        ("batch/v1", "Job", json!({}), "spec.template.spec", true),
        ("batch/v1", "Job", json!({}), "spec.parallelism", false),
        ("example.org/v1", "Service", json!({"spec": {"clusterIP": "10.0.0.1"}}), "spec.clusterIP", false),
    ];
    for (api_version, kind, live, path, want) in cases {
        let path = plat_resource::FieldPath::parse(path).unwrap();
        let kind = GroupVersionKind::new(api_version, kind);
        assert_eq!(immutable(&kind, &live, path.segments()), want, "{kind} {path}");
    }
}
