//! What a patch reads, writes and skips.

use super::*;

fn merged(policy: &str, from: &str, to: &str) -> Result<Value, String> {
    let mut made = patched(json!({"fromFieldPath": from, "toFieldPath": to, "policy": {"toFieldPath": policy}}))?;
    Ok(made["spec"].take())
}

#[test]
fn policies_decide_what_stays() {
    let map = |policy: &str| merged(policy, "spec.map", "spec.map").unwrap()["map"].clone();
    assert_eq!(map("Replace"), json!({"k": "v", "empty": ""}));
    assert_eq!(map("MergeObjects"), json!({"k": "base", "empty": ""}));
    assert_eq!(map("ForceMergeObjects"), json!({"k": "v", "empty": ""}));
    let array = |policy: &str| merged(policy, "spec.tags", "spec.array").unwrap()["array"].clone();
    assert_eq!(array("MergeObjects"), json!(["t"]));
    assert_eq!(array("MergeObjectsAppendArrays"), json!(["t", "u"]), "without duplicates");
    assert_eq!(array("ForceMergeObjects"), json!(["t", "u"]));
    let error = merged("ForceMergeObjectsAppendArrays", "spec.tags", "spec.map").unwrap_err();
    assert!(error.contains("cannot append two slices with different type"), "{error}");
}

#[test]
fn wildcards_write_each_element() {
    let made = patched(json!({"fromFieldPath": "spec.size", "toFieldPath": "spec.list[*].n"})).unwrap();
    assert_eq!(made["spec"]["list"], json!([{"n": 3}, {"n": 3}]));
    let error = patched(json!({"fromFieldPath": "spec.size", "toFieldPath": "spec.gone[*].n"})).unwrap_err();
    assert!(error.ends_with("patch at index 0: cannot expand ToFieldPath spec.gone[*].n"), "{error}");
}

#[test]
fn what_is_not_there_is_skipped_unless_it_is_required() {
    let untouched = patched(json!({"fromFieldPath": "metadata.name", "toFieldPath": "metadata.name"})).unwrap();
    assert_eq!(untouched["metadata"]["name"], "x");
    assert!(patched(json!({"fromFieldPath": "spec.gone", "toFieldPath": "out"})).unwrap().get("out").is_none());
    assert_eq!(patched(json!({"fromFieldPath": "spec.none", "toFieldPath": "out"})).unwrap()["out"], Value::Null);
    let required =
        json!([{"fromFieldPath": "spec.gone", "toFieldPath": "out", "policy": {"fromFieldPath": "Required"}}]);
    let response = run_over(&one(required.clone()), &composite(), &[]);
    assert!(response.desired.resources.is_empty());
    assert_eq!(response.results.len(), 1);
    assert_eq!(
        response.results[0].message,
        "not adding new composed resource \"thing\" to desired state because \"FromCompositeFieldPath\" patch at index 0 \
         has 'policy.fromFieldPath: Required': spec.gone: no such field"
    );
    let exists = [("thing", json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "live"}}))];
    let response = run_over(&one(required), &composite(), &exists);
    assert_eq!(response.desired.resources["thing"].resource["metadata"]["name"], "live");
    assert!(
        response.results[0]
            .message
            .contains("ignoring 'policy.fromFieldPath: Required' because 'to' resource already exists")
    );
}

#[test]
fn combine_and_the_way_back() {
    let combine = |fields: &[&str]| {
        json!({
            "strategy": "string", "string": {"fmt": "%s-%v"},
            "variables": fields.iter().map(|field| json!({"fromFieldPath": field})).collect::<Vec<_>>(),
        })
    };
    let patch =
        |fields: &[&str]| json!({"type": "CombineFromComposite", "combine": combine(fields), "toFieldPath": "out"});
    assert_eq!(patched(patch(&["spec.name", "spec.size"])).unwrap()["out"], "orders-3");
    assert!(patched(patch(&["spec.name", "spec.gone"])).unwrap().get("out").is_none(), "all variables or none");
    let back = one(json!([{"type": "ToCompositeFieldPath", "fromFieldPath": "status.id", "toFieldPath": "status.id"}]));
    let response = run_over(&back, &composite(), &[]);
    assert!(response.desired.composite.resource.get("status").is_none(), "nothing to read yet");
    let live = [("thing", json!({"apiVersion": "v1", "kind": "Thing", "status": {"id": 7}}))];
    assert_eq!(run_over(&back, &composite(), &live).desired.composite.resource["status"]["id"], 7);
}

#[test]
fn environment_patches_come_first() {
    let mut input = one(json!([{"type": "FromEnvironmentFieldPath", "fromFieldPath": "name", "toFieldPath": "out"}]));
    input["environment"] = json!({"patches": [{"fromFieldPath": "spec.name", "toFieldPath": "name"}]});
    let response = run_over(&input, &composite(), &[]);
    assert_eq!(response.desired.resources["thing"].resource["out"], "orders");
    let environment = &response.context.unwrap()[super::super::ENVIRONMENT_KEY];
    assert_eq!(environment["kind"], "Environment");
    assert_eq!(environment["name"], "orders");
}
