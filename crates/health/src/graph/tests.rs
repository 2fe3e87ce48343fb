use super::*;
use crate::render::{self, Layout};
use proptest::prelude::*;
use serde_json::json;

/// 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045;
const MADE: &str = "2026-01-02T02:52:05Z";

/// An object with its namespace (empty: cluster-scoped), a UID that is its name, and more fields.
fn object(api_version: &str, kind: &str, namespace: &str, name: &str, more: &Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "uid": format!("{kind}-{name}"), "creationTimestamp": MADE}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    for (field, value) in more.as_object().into_iter().flatten() {
        if field == "metadata" {
            value.as_object().unwrap().iter().for_each(|(key, value)| object["metadata"][key] = value.clone());
        } else {
            object[field] = value.clone();
        }
    }
    object
}

fn conditions(ready: &str, message: &str) -> Value {
    json!({"conditions": [{"type": "Synced", "status": "True", "reason": "ReconcileSuccess"},
        {"type": "Ready", "status": ready, "reason": "Creating", "message": message}]})
}

fn controlled_by(kind: &str, name: &str, composed: &str) -> Value {
    let mut metadata = json!({"ownerReferences": [
        {"apiVersion": "x/v1", "kind": kind, "name": name, "uid": format!("{kind}-{name}"), "controller": true}]});
    if !composed.is_empty() {
        metadata["annotations"] = json!({"crossplane.io/composition-resource-name": composed});
    }
    metadata
}

/// A claim whose XR composes a ready instance and a firewall that cannot be made.
fn database() -> Vec<Value> {
    let reference =
        |kind: &str, name: &str| json!({"apiVersion": "ec2.aws.upbound.io/v1beta1", "kind": kind, "name": name});
    let failed = json!({"conditions": [
        {"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "VPC vpc-2 does not exist in eu-west-1."}]});
    vec![
        object(
            "v1",
            "Namespace",
            "",
            "team-a",
            &json!({"metadata": {"annotations": {"kubectl-plat.dev/owner": "team-a"}}}),
        ),
        object(
            "sql.acme.io/v1",
            "SQLInstance",
            "team-a",
            "orders-db",
            &json!({
            "spec": {"compositionRef": {"name": "sql-aws"},
                "resourceRef": {"apiVersion": "sql.acme.io/v1", "kind": "XSQLInstance", "name": "orders-db-x7k2p"}},
            "status": conditions("False", "Composite resource claim is waiting for composite resource to become Ready")}),
        ),
        object(
            "sql.acme.io/v1",
            "XSQLInstance",
            "",
            "orders-db-x7k2p",
            &json!({
            "spec": {"compositionRef": {"name": "sql-aws"}, "claimRef": {"name": "orders-db", "namespace": "team-a"},
                "resourceRefs": [reference("SecurityGroup", "orders-db-x7k2p-b2ad9fa78d0b"),
                    reference("Instance", "orders-db-x7k2p-0d845a1d813d")]},
            "status": conditions("False", "Unready resources: firewall")}),
        ),
        object(
            "ec2.aws.upbound.io/v1beta1",
            "Instance",
            "",
            "orders-db-x7k2p-0d845a1d813d",
            &json!({
            "metadata": controlled_by("XSQLInstance", "orders-db-x7k2p", "instance"),
            "spec": {"forProvider": {}}, "status": conditions("True", "")}),
        ),
        object(
            "ec2.aws.upbound.io/v1beta1",
            "SecurityGroup",
            "",
            "orders-db-x7k2p-b2ad9fa78d0b",
            &json!({
            "metadata": controlled_by("XSQLInstance", "orders-db-x7k2p", "firewall"),
            "spec": {"forProvider": {}}, "status": failed}),
        ),
    ]
}

/// An Application with a Deployment that rolls out down to its pods.
fn application() -> Vec<Value> {
    let entry = |group: &str, kind: &str, name: &str, status: &str| {
        json!({"group": group, "version": "v1", "kind": kind,
        "namespace": "team-a", "name": name, "status": status})
    };
    let replicas = |wanted: i64, available: i64| {
        json!({"observedGeneration": 1, "replicas": wanted, "updatedReplicas": wanted,
        "availableReplicas": available, "readyReplicas": available})
    };
    let waiting = json!({"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"web:2\""}}});
    vec![
        object(
            "argoproj.io/v1alpha1",
            "Application",
            "argocd",
            "orders",
            &json!({
            "metadata": {"annotations": {"backstage.io/owner": "group:default/team-a"}},
            "status": {"sync": {"status": "OutOfSync", "revision": "0123456789abcdef0123456789abcdef01234567"},
                "health": {"status": "Degraded"},
                "resources": [entry("", "Service", "orders", "Synced"), entry("apps", "Deployment", "orders", "OutOfSync"),
                    entry("", "ConfigMap", "settings", "Synced")]}}),
        ),
        object("v1", "Service", "team-a", "orders", &json!({"spec": {"type": "ClusterIP"}})),
        object(
            "apps/v1",
            "Deployment",
            "team-a",
            "orders",
            &json!({
            "metadata": {"generation": 1}, "spec": {"replicas": 2}, "status": replicas(2, 1)}),
        ),
        object(
            "apps/v1",
            "ReplicaSet",
            "team-a",
            "orders-5d5f",
            &json!({
            "metadata": controlled_by("Deployment", "orders", ""), "spec": {"replicas": 2}, "status": replicas(2, 1)}),
        ),
        object(
            "apps/v1",
            "ReplicaSet",
            "team-a",
            "orders-77aa",
            &json!({
            "metadata": controlled_by("Deployment", "orders", ""), "spec": {"replicas": 0}, "status": {"replicas": 0}}),
        ),
        object(
            "v1",
            "Pod",
            "team-a",
            "orders-5d5f-abcde",
            &json!({
            "metadata": controlled_by("ReplicaSet", "orders-5d5f", ""), "spec": {"restartPolicy": "Always"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}),
        ),
        object(
            "v1",
            "Pod",
            "team-a",
            "orders-5d5f-fghij",
            &json!({
            "metadata": controlled_by("ReplicaSet", "orders-5d5f", ""), "spec": {"restartPolicy": "Always"},
            "status": {"phase": "Pending", "containerStatuses": [waiting]}}),
        ),
    ]
}

fn events() -> Vec<Value> {
    vec![
        json!({"kind": "Event", "type": "Warning", "reason": "CannotCreateExternalResource", "message": "VPC vpc-2 does not exist",
            "count": 7, "lastTimestamp": "2026-01-02T03:03:05Z", "involvedObject": {"uid": "SecurityGroup-orders-db-x7k2p-b2ad9fa78d0b"}}),
        json!({"kind": "Event", "type": "Warning", "reason": "Failed", "note": "image not found",
            "eventTime": "2026-01-02T03:02:05.000000Z", "regarding": {"kind": "Pod", "namespace": "team-a", "name": "orders-5d5f-fghij"}}),
        json!({"kind": "Event", "type": "Normal", "reason": "Scheduled", "message": "fine",
            "lastTimestamp": "2026-01-02T03:02:05Z", "involvedObject": {"uid": "Pod-orders-5d5f-abcde"}}),
    ]
}

fn tree(objects: &[Value], hidden: &[Hidden]) -> Tree {
    graph(&World { objects, events: &events(), hidden, rules: &Rules::default(), now: NOW })
}

fn shown(tree: &Tree, columns: usize) -> String {
    render::text(tree, Layout { columns: Some(columns), ..Layout::default() })
}

fn everything() -> Tree {
    let hidden = Hidden {
        group: String::new(),
        kind: "ConfigMap".into(),
        namespace: "team-a".into(),
        reason: "forbidden".into(),
    };
    tree(&[database(), application()].concat(), &[hidden])
}

#[test]
fn at_80_columns() {
    insta::assert_snapshot!(shown(&everything(), 80), @r#"
    Application argocd/orders           OutOfSync   Degraded          12m
    ├─ ConfigMap team-a/settings        Synced      hidden
    ├─ Deployment team-a/orders         OutOfSync   1/2 available     12m
    │  └─ ReplicaSet …-5d5f                         1/2 available     12m
    │     ├─ Pod …-abcde                            Running           12m
    │     └─ Pod …-fghij                            ImagePullBackOff  12m
    └─ Service team-a/orders            Synced      Healthy           12m
    SQLInstance team-a/orders-db        Synced      not ready         12m
    └─ XSQLInstance …-x7k2p             Synced      not ready         12m
       ├─ SecurityGroup …-b2ad9fa78d0b  not synced  not ready         12m
       └─ Instance …-0d845a1d813d       Synced      ready             12m

    Why  Application orders: Pod orders-5d5f-fghij: Back-off pulling image "web:2"
         2m ago Failed: image not found
    Who  group:default/team-a

    Why  SQLInstance orders-db: SecurityGroup orders-db-x7k2p-b2ad9fa78d0b
         (firewall): VPC vpc-2 does not exist in eu-west-1
         60s ago CannotCreateExternalResource: VPC vpc-2 does not exist (7 times)
    Who  team-a (owner of the namespace)

    Hidden: you may not list ConfigMap in team-a
    "#);
}

#[test]
fn wide() {
    let layout = Layout { columns: Some(200), is_wide: true, is_colored: false };
    insta::assert_snapshot!(render::text(&everything(), layout), @r#"
    argoproj.io/Application argocd/orders                                OutOfSync   Degraded          12m            0123456  group:default/team-a
    ├─ v1/ConfigMap team-a/settings                                      Synced      hidden                                    group:default/team-a
    ├─ apps/Deployment team-a/orders                                     OutOfSync   1/2 available     12m                     group:default/team-a
    │  └─ apps/ReplicaSet team-a/orders-5d5f                                         1/2 available     12m                     group:default/team-a
    │     ├─ v1/Pod team-a/orders-5d5f-abcde                                         Running           12m                     group:default/team-a
    │     └─ v1/Pod team-a/orders-5d5f-fghij                                         ImagePullBackOff  12m                     group:default/team-a
    └─ v1/Service team-a/orders                                          Synced      Healthy           12m                     group:default/team-a
    sql.acme.io/SQLInstance team-a/orders-db                             Synced      not ready         12m            sql-aws  team-a
    └─ sql.acme.io/XSQLInstance orders-db-x7k2p                          Synced      not ready         12m            sql-aws  team-a
       ├─ ec2.aws.upbound.io/SecurityGroup orders-db-x7k2p-b2ad9fa78d0b  not synced  not ready         12m  firewall           team-a
       └─ ec2.aws.upbound.io/Instance orders-db-x7k2p-0d845a1d813d       Synced      ready             12m  instance           team-a

    Why  Application orders: Pod orders-5d5f-fghij: Back-off pulling image "web:2"
         2m ago Failed: image not found
    Who  group:default/team-a

    Why  SQLInstance orders-db: SecurityGroup orders-db-x7k2p-b2ad9fa78d0b (firewall): VPC vpc-2 does not exist in eu-west-1
         60s ago CannotCreateExternalResource: VPC vpc-2 does not exist (7 times)
    Who  team-a (owner of the namespace)

    Hidden: you may not list ConfigMap in team-a
    "#);
}

#[test]
fn narrow_names_give_way_in_their_middle() {
    insta::assert_snapshot!(shown(&tree(&database(), &[]), 50), @"
    SQLInstance team…ders-db  Synced      not ready  12m
    └─ XSQLInstance …-x7k2p   Synced      not ready  12m
       ├─ SecurityGr…fa78d0b  not synced  not ready  12m
       └─ Instance …a1d813d   Synced      ready      12m

    Why  SQLInstance orders-db: SecurityGroup
         orders-db-x7k2p-b2ad9fa78d0b (firewall): VPC
         vpc-2 does not exist in eu-west-1
         60s ago CannotCreateExternalResource: VPC
         vpc-2 does not exist (7 times)
    Who  team-a (owner of the namespace)
    ");
}

#[test]
fn what_is_well_is_a_table_only() {
    let objects = [object("v1", "Service", "team-a", "web", &json!({"spec": {"type": "ClusterIP"}}))];
    let tree = tree(&objects, &[]);
    assert!(tree.is_well());
    insta::assert_snapshot!(shown(&tree, 80), @"Service team-a/web  Healthy  12m");
    assert_eq!(shown(&self::tree(&[], &[]), 80), "nothing found\n");
}

#[test]
fn colours_change_no_column_and_what_is_told_steers_no_terminal() {
    let layout = Layout { columns: Some(80), is_wide: false, is_colored: true };
    let mut objects = database();
    objects[4]["status"]["conditions"][0]["message"] = json!("no\u{1b}[2J VPC");
    objects[4]["metadata"]["name"] = json!("x\u{202e}y");
    objects[2]["spec"]["resourceRefs"][0]["name"] = json!("x\u{202e}y");
    let colored = render::text(&tree(&objects, &[]), layout);
    let mut parts = colored.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    let plain: String = parts.map(|part| part.split_once('m').unwrap().1).collect();
    assert_eq!(first + &plain, shown(&tree(&objects, &[]), 80));
    assert!(colored.contains("no\\u001b[2J VPC") && colored.contains("x\\u202ey"), "{colored}");
    assert!(colored.contains("\u{1b}[31mnot synced\u{1b}[0m"), "{colored}");
}

#[test]
fn as_yaml() {
    insta::assert_snapshot!(render::yaml(&tree(&database()[1..], &[])), @r#"
    apiVersion: kubectl-plat.dev/v1alpha1
    hidden: []
    isWell: false
    items:
    - apiVersion: sql.acme.io/v1
      children:
      - apiVersion: sql.acme.io/v1
        children:
        - apiVersion: ec2.aws.upbound.io/v1beta1
          created: "2026-01-02T02:52:05Z"
          events:
          - count: 7
            message: VPC vpc-2 does not exist
            reason: CannotCreateExternalResource
            time: "2026-01-02T03:03:05Z"
            type: Warning
          health:
            message: VPC vpc-2 does not exist in eu-west-1.
            status: Degraded
          kind: SecurityGroup
          name: orders-db-x7k2p-b2ad9fa78d0b
          ready: false
          resource: firewall
          role: composed
          state: not ready
          sync: not synced
          why:
            apiVersion: ec2.aws.upbound.io/v1beta1
            isFailure: true
            kind: SecurityGroup
            message: VPC vpc-2 does not exist in eu-west-1.
            name: orders-db-x7k2p-b2ad9fa78d0b
            resource: firewall
        - apiVersion: ec2.aws.upbound.io/v1beta1
          created: "2026-01-02T02:52:05Z"
          health:
            message: Resource is up-to-date.
            status: Healthy
          kind: Instance
          name: orders-db-x7k2p-0d845a1d813d
          ready: true
          resource: instance
          role: composed
          state: ready
          sync: Synced
        created: "2026-01-02T02:52:05Z"
        detail: sql-aws
        health:
          message: 'Unready resources: firewall'
          status: Progressing
        kind: XSQLInstance
        name: orders-db-x7k2p
        ready: false
        role: composite
        state: not ready
        sync: Synced
        why:
          apiVersion: ec2.aws.upbound.io/v1beta1
          isFailure: true
          kind: SecurityGroup
          message: VPC vpc-2 does not exist in eu-west-1.
          name: orders-db-x7k2p-b2ad9fa78d0b
          resource: firewall
      created: "2026-01-02T02:52:05Z"
      detail: sql-aws
      health:
        message: Composite resource claim is waiting for composite resource to become Ready
        status: Progressing
      kind: SQLInstance
      name: orders-db
      namespace: team-a
      ready: false
      role: claim
      state: not ready
      sync: Synced
      why:
        apiVersion: ec2.aws.upbound.io/v1beta1
        isFailure: true
        kind: SecurityGroup
        message: VPC vpc-2 does not exist in eu-west-1.
        name: orders-db-x7k2p-b2ad9fa78d0b
        resource: firewall
    kind: StatusTree
    time: "2026-01-02T03:04:05Z"
    "#);
}

#[test]
fn as_diagrams() {
    let tree = tree(&database(), &[]);
    insta::assert_snapshot!(render::dot(&tree), @r##"
    digraph status {
      rankdir=LR;
      node [shape=box, style="rounded,filled", fontname="sans-serif"];
      n0 [label="SQLInstance orders-db\nSynced, not ready", fillcolor="#fff8c5", color="#9a6700"];
      n1 [label="XSQLInstance orders-db-x7k2p\nSynced, not ready", fillcolor="#fff8c5", color="#9a6700"];
      n0 -> n1;
      n2 [label="SecurityGroup orders-db-x7k2p-b2ad9fa78d0b\nnot synced, not ready", fillcolor="#ffebe9", color="#cf222e"];
      n1 -> n2;
      n3 [label="Instance orders-db-x7k2p-0d845a1d813d\nSynced, ready", fillcolor="#dafbe1", color="#1a7f37"];
      n1 -> n3;
    }
    "##);
    insta::assert_snapshot!(render::mermaid(&tree), @r#"
    flowchart LR
      n0["SQLInstance orders-db<br/>Synced, not ready"]:::waiting
      n1["XSQLInstance orders-db-x7k2p<br/>Synced, not ready"]:::waiting
      n0 --> n1
      n2["SecurityGroup orders-db-x7k2p-b2ad9fa78d0b<br/>not synced, not ready"]:::bad
      n1 --> n2
      n3["Instance orders-db-x7k2p-0d845a1d813d<br/>Synced, ready"]:::well
      n1 --> n3
      classDef well fill:#dafbe1,stroke:#1a7f37,color:#1f2328
      classDef waiting fill:#fff8c5,stroke:#9a6700,color:#1f2328
      classDef bad fill:#ffebe9,stroke:#cf222e,color:#1f2328
      classDef silent fill:#f6f8fa,stroke:#59636e,color:#1f2328
    "#);
}

#[test]
fn as_a_picture() {
    insta::assert_snapshot!(render::svg(&tree(&database()[1..3], &[])), @r##"
    <svg xmlns="http://www.w3.org/2000/svg" width="510" height="240" viewBox="0 0 510 240" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13" role="img">
    <title>Status</title>
    <rect width="100%" height="100%" fill="#ffffff"/>
    <path d="M34 58V93H52" fill="none" stroke="#c8ced4" stroke-width="1.5"/>
    <path d="M70 114V149H88" fill="none" stroke="#c8ced4" stroke-width="1.5"/>
    <path d="M70 114V205H88" fill="none" stroke="#c8ced4" stroke-width="1.5"/>
    <g><rect x="16" y="16" width="244" height="42" rx="6" fill="#fffcf0" stroke="#bf8700"/><rect x="16" y="16" width="5" height="42" rx="2.5" fill="#bf8700"/><text x="30" y="34" fill="#1f2328" font-weight="600">SQLInstance orders-db</text><text x="30" y="50" fill="#59636e" font-size="12">Synced · not ready · 12m</text></g>
    <g><rect x="52" y="72" width="280" height="42" rx="6" fill="#fffcf0" stroke="#bf8700"/><rect x="52" y="72" width="5" height="42" rx="2.5" fill="#bf8700"/><text x="66" y="90" fill="#1f2328" font-weight="600">XSQLInstance orders-db-x7k2p</text><text x="66" y="106" fill="#59636e" font-size="12">Synced · not ready · 12m</text></g>
    <g><title>it is referred to and not there</title><rect x="88" y="128" width="397" height="42" rx="6" fill="#fff5f4" stroke="#cf222e" stroke-dasharray="4 3"/><rect x="88" y="128" width="5" height="42" rx="2.5" fill="#cf222e"/><text x="102" y="146" fill="#1f2328" font-weight="600">Instance orders-db-x7k2p-0d845a1d813d</text><text x="102" y="162" fill="#59636e" font-size="12">missing · it is referred to and not there</text></g>
    <g><title>it is referred to and not there</title><rect x="88" y="184" width="406" height="42" rx="6" fill="#fff5f4" stroke="#cf222e" stroke-dasharray="4 3"/><rect x="88" y="184" width="5" height="42" rx="2.5" fill="#cf222e"/><text x="102" y="202" fill="#1f2328" font-weight="600">SecurityGroup orders-db-x7k2p-b2ad9fa78d0b</text><text x="102" y="218" fill="#59636e" font-size="12">missing · it is referred to and not there</text></g>
    </svg>
    "##);
}

#[test]
fn what_is_referred_to_and_not_there_is_missing_or_hidden() {
    let objects = &database()[1..3];
    let hidden = Hidden {
        group: "ec2.aws.upbound.io".into(),
        kind: "Instance".into(),
        namespace: String::new(),
        reason: String::new(),
    };
    let tree = tree(objects, &[hidden]);
    let composite = &tree.roots[0].children[0];
    let presence: Vec<(&str, Presence)> =
        composite.children.iter().map(|it| (it.key.kind.kind.as_str(), it.presence)).collect();
    assert_eq!(presence, [("Instance", Presence::Hidden), ("SecurityGroup", Presence::Missing)]);
    let why = tree.roots[0].why.as_ref().unwrap();
    assert_eq!(
        (why.key.kind.kind.as_str(), why.message.as_str()),
        ("SecurityGroup", "it is referred to and not there")
    );
}

#[test]
fn what_a_claim_says_of_itself_is_not_the_cause_and_what_an_xr_fails_at_is() {
    let mut objects = database();
    let tree_of = |objects: &[Value]| tree(objects, &[]).roots[0].why.clone().unwrap();
    let why = tree_of(&objects);
    assert_eq!(
        (why.composed.as_deref(), why.message.as_str()),
        (Some("firewall"), "VPC vpc-2 does not exist in eu-west-1.")
    );
    assert!(why.is_failure);
    objects[2]["status"]["conditions"][0] =
        json!({"type": "Synced", "status": "False", "message": "cannot compose: no such function"});
    assert_eq!(tree_of(&objects).message, "cannot compose: no such function");
    objects[2]["metadata"]["annotations"] = json!({"crossplane.io/paused": "true"});
    assert_eq!(tree_of(&objects).message, "reconciling it is paused");
}

#[test]
fn what_is_composed_and_says_ready_is_taken_at_its_word() {
    let mut objects = database();
    objects[3]["spec"] = json!({});
    objects[3]["apiVersion"] = json!("net.acme.io/v1");
    objects[2]["spec"]["resourceRefs"][1]["apiVersion"] = json!("net.acme.io/v1");
    let instance = tree(&objects, &[]).roots[0].children[0].children.pop().unwrap();
    assert_eq!((instance.state.as_str(), instance.sync), ("ready", Some(Sync::Synced)));
    // A pod that has done its work is not Ready, and well.
    let done =
        json!({"phase": "Succeeded", "conditions": [{"type": "Ready", "status": "False", "reason": "PodCompleted"}]});
    objects[3] = object(
        "v1",
        "Pod",
        "",
        "orders-db-x7k2p-0d845a1d813d",
        &json!({
        "metadata": controlled_by("XSQLInstance", "orders-db-x7k2p", "instance"), "status": done}),
    );
    let children = tree(&objects, &[]).roots[0].children[0].children.clone();
    let pod = children.iter().find(|it| it.key.kind.kind == "Pod").unwrap();
    assert!(pod.is_well(), "{pod:?}");
}

#[test]
fn an_owner_is_handed_down_and_comes_before_that_of_the_namespace() {
    let tree = everything();
    let owner = |node: &Node| node.owner.as_ref().map(|it| (it.name.clone(), it.is_of_namespace));
    let application = &tree.roots[0];
    assert_eq!(owner(application), Some(("group:default/team-a".into(), false)));
    assert_eq!(owner(&application.children[0]), owner(application));
    let claim = &tree.roots[1];
    assert_eq!(owner(claim), Some(("team-a".into(), true)));
    assert_eq!(owner(&claim.children[0].children[0]), owner(claim), "an XR is in no namespace, its claim is");
}

#[test]
fn objects_that_own_each_other_are_a_tree_all_the_same() {
    let of = |name: &str, owner: &str| {
        object("x.org/v1", "X", "n", name, &json!({"metadata": controlled_by("X", owner, "")}))
    };
    let tree = tree(&[of("a", "b"), of("b", "a"), of("c", "c")], &[]);
    let count = |node: &Node| 1 + node.children.len();
    assert_eq!(tree.roots.iter().map(count).sum::<usize>(), 3);
}

#[test]
fn a_root_is_chosen_wherever_it_stands() {
    let tree = everything().only(&|key| key.kind.kind == "ReplicaSet");
    assert_eq!(tree.roots.len(), 1);
    assert_eq!(tree.roots[0].children.len(), 2);
}

#[test]
fn each_of_thousands_of_objects_stands_in_one_place() {
    let count = 3_000;
    let pod = |index: usize| {
        let more =
            json!({"metadata": controlled_by("Job", &format!("j{}", index / 10), ""), "status": {"phase": "Running"}});
        object("v1", "Pod", "team-a", &format!("p{index}"), &more)
    };
    let job = |index: usize| object("batch/v1", "Job", "team-a", &format!("j{index}"), &json!({}));
    let objects: Vec<Value> = (0..count).map(pod).chain((0..count / 10).map(job)).collect();
    let tree = tree(&objects, &[]);
    assert_eq!((tree.roots.len(), tree.roots[0].children.len()), (count / 10, 10));
}

/// The live nodes of a tree, and how deep it is.
fn census(nodes: &[Node], depth: usize, names: &mut Vec<String>) -> usize {
    let mut deepest = depth;
    for node in nodes {
        if node.presence == Presence::Live {
            names.push(node.key.name.clone());
        }
        deepest = deepest.max(census(&node.children, depth + 1, names));
    }
    deepest
}

#[test]
fn a_chain_of_owners_has_an_end() {
    let of = |index: usize| {
        let owner = controlled_by("X", &format!("x{}", index + 1), "");
        object("x.org/v1", "X", "n", &format!("x{index}"), &json!({"metadata": owner}))
    };
    let tree = tree(&(0..20_000).map(of).collect::<Vec<_>>(), &[]);
    let mut names = Vec::new();
    assert!(census(&tree.roots, 0, &mut names) < 100);
    assert_eq!(names.len(), 20_000);
    assert!(!shown(&tree, 80).is_empty());
}

proptest! {
    /// Whoever refers to whom, each object stands in one place, and every form can be written.
    #[test]
    fn nothing_is_lost_and_nothing_stands_twice(
        links in prop::collection::vec((0..4_usize, 0..12_usize, 0..12_usize), 0..12),
        conditions in prop::sample::select(vec!["True", "False", "Unknown", ""]),
    ) {
        let objects: Vec<Value> = links.iter().enumerate().map(|(index, (kind, one, other))| {
            let name = format!("x{index}");
            let reference = |to: &usize| json!({"apiVersion": "acme.io/v1", "kind": "X", "name": format!("x{to}")});
            let status = json!({"conditions": [{"type": "Ready", "status": conditions}]});
            let more = match kind {
                0 => json!({"metadata": controlled_by("X", &format!("x{one}"), "a"), "status": status}),
                1 => json!({"spec": {"resourceRef": reference(one)}, "status": status}),
                2 => json!({"spec": {"crossplane": {"resourceRefs": [reference(one), reference(other)]}}}),
                _ => json!({"spec": {"resourceRefs": [reference(one)], "claimRef": {"kind": "X", "name": "x1"}}}),
            };
            object("acme.io/v1", "X", "n", &name, &more)
        }).collect();
        let tree = tree(&objects, &[]);
        let mut names = Vec::new();
        census(&tree.roots, 0, &mut names);
        names.sort();
        let mut expected: Vec<String> = (0..objects.len()).map(|index| format!("x{index}")).collect();
        expected.sort();
        prop_assert_eq!(names, expected);
        let pictures = [render::dot(&tree), render::mermaid(&tree), render::svg(&tree), render::yaml(&tree), shown(&tree, 60)];
        prop_assert!(pictures.iter().all(|picture| !picture.is_empty()));
    }
}
