#![expect(clippy::needless_pass_by_value, reason = "builders read best with a json! literal as argument")]

use plat_expand::{Expansion, Failure, Observed, Removed};
use plat_resource::Value;
use serde_json::json;

use crate::fixtures::{composed, expansion, plan, xr};
use crate::model::{Action, BlockedBy, Node, Note};

fn bucket(spec: Value) -> Value {
    json!({
        "apiVersion": "s3.aws.upbound.io/v1beta1", "kind": "Bucket",
        "metadata": {"name": "b", "ownerReferences": [
            {"apiVersion": "sql.acme.io/v1", "kind": "XSQLInstance", "name": "orders-db-x7k2p", "uid": "u-1", "controller": true}]},
        "spec": spec,
    })
}

fn live_xr() -> Observed {
    Observed { composite: Some(xr(20)), ..Observed::default() }
}

/// The node of the only composed resource.
fn only(expansion: &Expansion) -> Node {
    let mut plan = plan(expansion, &live_xr());
    plan.claims.remove(0).tree.children.remove(0)
}

fn changed(before: Value, after: Value) -> Node {
    let mut resource = composed("bucket", after);
    resource.observed = Some(before);
    only(&expansion(xr(20), vec![resource]))
}

fn deleted(live: Value) -> Node {
    let mut expansion = expansion(xr(20), Vec::new());
    expansion.removed = vec![Removed { name: "bucket".to_owned(), object: live }];
    only(&expansion)
}

fn blocked_by(node: &Node) -> Option<(BlockedBy, Action)> {
    assert_eq!(node.blocked.is_some(), node.action == Action::Blocked);
    node.blocked.as_ref().map(|blocked| (blocked.by, blocked.would))
}

fn set(mut object: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[key] = value;
    object
}

#[test]
fn the_same_object_is_unchanged_whatever_else_is_live() {
    let mut live = bucket(json!({"forProvider": {"a": 1, "late": true}}));
    live["status"] = json!({"atProvider": {}});
    live["metadata"]["uid"] = json!("u-2");
    let node = changed(live, bucket(json!({"forProvider": {"a": 1.0}})));
    assert_eq!((node.action, node.changes.len()), (Action::NoOp, 0));
}

#[test]
fn a_made_up_owner_uid_is_no_change() {
    let after = bucket(json!({"forProvider": {}}));
    let live = set(after.clone(), "/metadata/ownerReferences/0/uid", json!("real"));
    let mut resource = composed("bucket", after);
    resource.observed = Some(live);
    let plan = plan(&expansion(xr(20), vec![resource]), &Observed::default());
    assert_eq!(plan.claims[0].tree.children[0].action, Action::NoOp);
}

#[test]
fn management_policies_block_what_they_do_not_allow() {
    let with =
        |policies: Value, size: u32| bucket(json!({"managementPolicies": policies, "forProvider": {"size": size}}));
    let policies = BlockedBy::ManagementPolicies;
    let observe = json!(["Observe"]);
    assert_eq!(
        blocked_by(&changed(with(observe.clone(), 1), with(observe.clone(), 2))),
        Some((policies, Action::Update))
    );
    assert_eq!(
        blocked_by(&only(&expansion(xr(20), vec![composed("b", with(observe, 1))]))),
        Some((policies, Action::Create))
    );
    for allowing in [json!(["*"]), json!(["Observe", "Create", "Update"])] {
        assert_eq!(changed(with(allowing.clone(), 1), with(allowing.clone(), 2)).action, Action::Update);
        assert_eq!(only(&expansion(xr(20), vec![composed("b", with(allowing, 1))])).action, Action::Create);
    }
    let keep = json!(["Observe", "Create"]);
    let node = deleted(with(keep, 1));
    assert_eq!((node.action, node.notes.len()), (Action::Delete, 1), "the object goes, the external resource stays");
}

#[test]
fn pausing_blocks_at_every_level() {
    let paused = |object: Value| set(object, "/metadata/annotations", json!({"crossplane.io/paused": "true"}));
    let (one, two) = (bucket(json!({"forProvider": {"a": 1}})), bucket(json!({"forProvider": {"a": 2}})));
    let node = changed(paused(one.clone()), paused(two.clone()));
    assert_eq!(blocked_by(&node), Some((BlockedBy::Paused, Action::Update)));
    assert_eq!(blocked_by(&deleted(paused(one.clone()))), Some((BlockedBy::Paused, Action::Delete)));

    let mut resource = composed("bucket", two);
    resource.observed = Some(one);
    let mut expansion = expansion(xr(50), vec![resource]);
    expansion.paused = true;
    let tree = plan(&expansion, &live_xr()).claims.remove(0).tree;
    assert_eq!(tree.action, Action::Update, "the XR itself is written by the user");
    assert_eq!(blocked_by(&tree.children[0]), Some((BlockedBy::Paused, Action::Update)));
}

#[test]
fn deletions_respect_usages_and_owners() {
    let live = bucket(json!({"forProvider": {}}));
    assert_eq!(deleted(live.clone()).action, Action::Delete);
    let used = set(live.clone(), "/metadata/labels", json!({"crossplane.io/in-use": "true"}));
    assert_eq!(blocked_by(&deleted(used)), Some((BlockedBy::InUse, Action::Delete)));
    let nobodys = set(live.clone(), "/metadata/ownerReferences", json!([]));
    assert_eq!(blocked_by(&deleted(nobodys)), Some((BlockedBy::NotControlled, Action::Delete)));
    let others = set(live.clone(), "/metadata/ownerReferences/0/uid", json!("u-9"));
    assert_eq!(blocked_by(&deleted(others)), Some((BlockedBy::NotControlled, Action::Delete)));
    let orphan = deleted(set(live, "/spec/deletionPolicy", json!("Orphan")));
    assert_eq!((orphan.action, orphan.notes.len()), (Action::Delete, 1));
}

#[test]
fn nothing_is_applied_after_a_fatal_step() {
    let mut expansion = expansion(xr(20), vec![composed("bucket", bucket(json!({})))]);
    let message = "it broke".to_owned();
    expansion.fatal = Some(Failure { step: None, resource: None, path: None, message, hint: None });
    assert_eq!(blocked_by(&only(&expansion)), Some((BlockedBy::Failure, Action::Create)));
}

#[test]
fn another_kind_under_the_same_name_leaves_the_old_object_behind() {
    let mut resource = composed("bucket", bucket(json!({})));
    let old = set(bucket(json!({})), "/kind", json!("OldBucket"));
    resource.observed = Some(old.clone());
    let node = only(&expansion(xr(20), vec![resource]));
    assert_eq!(node.action, Action::Create);
    assert_eq!(node.left_behind.as_ref().map(|key| key.kind.kind.as_str()), Some("OldBucket"));

    let mut both = expansion(xr(20), vec![composed("bucket", bucket(json!({})))]);
    both.removed = vec![Removed { name: "bucket".to_owned(), object: old }];
    let plan = plan(&both, &live_xr());
    assert_eq!(plan.claims[0].tree.children.len(), 1);
    assert_eq!((plan.summary.add, plan.summary.destroy), (1, 0));
}

#[test]
fn no_content_of_a_secret_is_in_the_plan() {
    let secret = |kind: &str, value: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "s"}, "stringData": {"p": value}});
    let wrapped = |value: &str| {
        bucket(json!({"forProvider": {"manifest": secret("Secret", value), "list": [secret("Secret", value)]}}))
    };
    let live = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "aHVudGVyMQ=="}});
    for (before, after) in [
        (Some(live), secret("Secret", "hunter2")),
        (None, secret("Secret", "hunter2")),
        (Some(wrapped("hunter1")), wrapped("hunter2")),
        (None, wrapped("hunter2")),
        (Some(bucket(json!({"forProvider": {"manifest": "none"}}))), wrapped("hunter2")),
        (Some(wrapped("hunter1")), bucket(json!({"forProvider": {"manifest": "none", "list": ["none"]}}))),
    ] {
        let mut resource = composed("secret", after);
        resource.observed = before;
        let plan = plan(&expansion(xr(20), vec![resource]), &live_xr());
        let text = crate::render::json(&plan).unwrap();
        assert!(!text.contains("hunter") && !text.contains("aHVudGVy"), "{text}");
        assert!(text.contains("(sensitive)"), "{text}");
    }
}

#[test]
fn the_same_string_data_as_live_is_unchanged() {
    let live = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "aHVudGVyMg=="}});
    let after =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "hunter2"}});
    assert_eq!(changed(live, after).action, Action::NoOp);
}

#[test]
fn status_alone_is_no_change_of_the_plan() {
    let mut xr = xr(20);
    xr["status"]["size"] = json!(99);
    let tree = plan(&expansion(xr, Vec::new()), &live_xr()).claims.remove(0).tree;
    assert_eq!(tree.action, Action::NoOp);
    assert_eq!(tree.changes.iter().map(|change| change.notes.clone()).collect::<Vec<_>>(), [vec![Note::Status]]);
}

#[test]
fn nested_expansions_stand_below_their_composite() {
    let inner = expansion(xr(1), vec![composed("leaf", bucket(json!({"forProvider": {}})))]);
    let mut outer = composed(
        "network",
        json!({"apiVersion": "net.acme.io/v1", "kind": "XNetwork", "metadata": {"name": "n"}, "spec": {}}),
    );
    outer.nested = Some(Box::new(inner));
    let plan = plan(&expansion(xr(20), vec![outer]), &live_xr());
    let network = &plan.claims[0].tree.children[0];
    assert_eq!((network.children.len(), network.composition.as_deref()), (1, Some("sql-aws")));
    assert_eq!(plan.summary.add, 2);
}

#[test]
fn a_default_alone_is_no_change_of_the_claim() {
    let claim = |spec: Value| json!({"apiVersion": "a.b/v1", "kind": "C", "metadata": {"name": "c", "namespace": "n"}, "spec": spec});
    let mut expansion = expansion(xr(20), Vec::new());
    expansion.claim = Some(claim(json!({"size": 1, "backup": true})));
    let (given, mut observed) = (claim(json!({"size": 1})), live_xr());
    observed.claim = Some(given.clone());
    let subject = crate::Subject {
        file: None,
        given: Some(&given),
        expansion: &expansion,
        observed: &observed,
        warnings: &[],
        verdicts: &[],
    };
    let plan = crate::Plan::new(plat_expand::Compatibility::V2, &[subject], &crate::NoSchemas);
    let tree = &plan.claims[0].tree;
    assert_eq!((tree.action, tree.changes.len()), (Action::NoOp, 1));
}
