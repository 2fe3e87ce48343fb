//! The request path as a whole: operations, kinds, subresources, claims, broken policies.

mod gaps;

use std::collections::BTreeMap;
use std::sync::Arc;

use json_patch::Patch;
use plat_platform::Platform;
use plat_policy::{Inventory, Options, PolicySet};
use plat_resource::{Document, Value};
use proptest::prelude::*;
use serde_json::json;

use crate::exemption::Exemptions;
use crate::fixtures::{PLATFORM, claim, documents};
use crate::request::{API_VERSION, Request};
use crate::response::Decision;
use crate::snapshot::{Settings, Snapshot};
use crate::{mutate, validate};

const POLICIES: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sforbidden}
spec:
  crd:
    spec:
      names: {kind: K8sForbidden}
      validation:
        openAPIV3Schema:
          type: object
          properties: {label: {type: string}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package k8sforbidden
      violation[{"msg": msg}] {
        input.review.object.metadata.labels[input.parameters.label]
        msg := sprintf("%v %v carries %v", [input.review.kind.kind, input.review.operation, input.parameters.label])
      }
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8ssize}
spec:
  crd: {spec: {names: {kind: K8sSize}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package k8ssize
      violation[{"msg": msg, "details": {"field": "spec.forProvider.sizeGb"}}] {
        size := input.review.object.spec.forProvider.sizeGb
        size > 40
        msg := sprintf("spec.forProvider.sizeGb is %v, the limit is 40", [size])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sForbidden
metadata: {name: no-bad}
spec: {parameters: {label: bad}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sForbidden
metadata: {name: warn-odd}
spec: {enforcementAction: warn, parameters: {label: odd}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sForbidden
metadata: {name: note-new}
spec: {enforcementAction: dryrun, parameters: {label: new}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sForbidden
metadata: {name: by-namespace}
spec:
  match: {kinds: [{apiGroups: [""], kinds: [ConfigMap]}], namespaceSelector: {matchLabels: {strict: "yes"}}}
  parameters: {label: anything}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sSize
metadata: {name: size-limit}
spec: {match: {kinds: [{apiGroups: [storage.acme.io], kinds: [CloudBucket]}]}}
---
apiVersion: config.gatekeeper.sh/v1alpha1
kind: Config
metadata: {name: config, namespace: gatekeeper-system}
spec: {match: [{excludedNamespaces: [sandbox], processes: [webhook]}, {excludedNamespaces: [raw], processes: [mutation-webhook]}]}
"#;

const OWN: &str = "system:serviceaccount:plat-system:plat-webhook";

fn snapshot() -> Snapshot {
    let policies = documents(POLICIES);
    let (set, findings) = PolicySet::load(&policies, &Options::default());
    assert!(findings.is_empty(), "{findings:?}");
    let (platform, _) = Platform::load(documents(PLATFORM));
    let namespace = |name: &str, labels: Value| {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        (name.to_owned(), Arc::new(object))
    };
    let namespaces = [
        namespace("team-a", json!({"kubectl-plat.dev/owner": "team-a"})),
        namespace("strict", json!({"strict": "yes"})),
        namespace("raw", json!({"kubectl-plat.dev/owner": "raw"})),
    ];
    Snapshot {
        platform: Arc::new(platform),
        policies: Arc::new(set),
        policy_documents: Arc::new(policies),
        namespaces: Arc::new(BTreeMap::from(namespaces)),
        inventory: Arc::new(Inventory::default()),
        settings: Arc::new(Settings {
            own_account: Some(OWN.to_owned()),
            exemptions: Exemptions::default(),
            ..Settings::default()
        }),
        ..Snapshot::default()
    }
}

/// How a request differs from one that creates.
type Change = fn(&mut Value);

/// A request to create `object`, changed.
fn request(object: &Value, change: impl FnOnce(&mut Value)) -> Request {
    let kind = plat_resource::GroupVersionKind::of(object);
    let mut request = json!({
        "uid": "u", "operation": "CREATE", "object": object, "userInfo": {"username": "jane"},
        "kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "name": plat_resource::object::name(object), "namespace": plat_resource::object::namespace(object),
    });
    change(&mut request);
    let review = json!({"apiVersion": API_VERSION, "kind": "AdmissionReview", "request": request});
    Request::of_review(review).unwrap()
}

fn labelled(kind: &str, label: &str) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "team-a", "labels": {label: "x"}}})
}

fn messages(decision: &Decision) -> Vec<&str> {
    decision.denied.iter().flat_map(|denial| &denial.messages).map(String::as_str).collect()
}

fn code(decision: &Decision) -> u16 {
    decision.denied.as_ref().map_or(200, |denial| denial.reason.code())
}

#[test]
fn a_violation_denies_warns_or_is_noted_by_its_action() {
    let snapshot = snapshot();
    let denied = validate(&snapshot, &request(&labelled("Pod", "bad"), |_| {}));
    assert_eq!((code(&denied), messages(&denied)), (403, vec!["[no-bad] Pod CREATE carries bad"]));
    assert_eq!(denied.annotations["violations"], "K8sForbidden/no-bad: deny");
    let warned = validate(&snapshot, &request(&labelled("Pod", "odd"), |_| {}));
    assert_eq!(
        (code(&warned), warned.warnings.as_slice()),
        (200, &["[warn-odd] Pod CREATE carries odd".to_owned()][..])
    );
    let noted = validate(&snapshot, &request(&labelled("Pod", "new"), |_| {}));
    assert_eq!((code(&noted), noted.warnings.len()), (200, 0));
    assert_eq!(noted.annotations["violations"], "K8sForbidden/note-new: dryrun");
    let fine = validate(&snapshot, &request(&labelled("Pod", "fine"), |_| {}));
    assert!(fine.denied.is_none() && fine.annotations.is_empty());
}

#[test]
fn every_operation_and_part_is_judged() {
    let snapshot = snapshot();
    let bad = labelled("Pod", "bad");
    let cases: &[(&str, Change, u16)] = &[
        ("update", |request| request["operation"] = json!("UPDATE"), 403),
        (
            "update that takes the label off: the old object matches, the new one is judged",
            |request| {
                request["operation"] = json!("UPDATE");
                request["oldObject"] = request["object"].clone();
                request["object"]["metadata"]["labels"] = json!({});
            },
            200,
        ),
        (
            "delete",
            |request| {
                request["operation"] = json!("DELETE");
                request["oldObject"] = request["object"].take();
            },
            403,
        ),
        ("ephemeral containers", |request| request["subResource"] = json!("ephemeralcontainers"), 403),
        ("status", |request| request["subResource"] = json!("status"), 403),
        (
            "exec",
            |request| {
                request["operation"] = json!("CONNECT");
                request["subResource"] = json!("exec");
                request["kind"] = json!({"group": "", "version": "v1", "kind": "PodExecOptions"});
                request["object"]["kind"] = json!("PodExecOptions");
            },
            403,
        ),
        (
            "generated name",
            |request| {
                request["name"] = json!("");
                request["object"]["metadata"] = json!({"generateName": "a-", "labels": {"bad": "x"}});
            },
            403,
        ),
        ("dry run", |request| request["dryRun"] = json!(true), 403),
        (
            "being deleted",
            |request| {
                request["operation"] = json!("UPDATE");
                request["object"]["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            },
            403,
        ),
        ("own account", |request| request["userInfo"]["username"] = json!(OWN), 200),
        ("another account", |request| request["userInfo"]["username"] = json!("system:serviceaccount:a:b"), 403),
        ("excluded namespace", |request| request["namespace"] = json!("sandbox"), 200),
        ("namespace excluded from mutation only", |request| request["namespace"] = json!("raw"), 403),
    ];
    for (name, change, expected) in cases {
        let decision = validate(&snapshot, &request(&bad, change));
        assert_eq!(code(&decision), *expected, "{name}: {decision:?}");
    }
}

#[test]
fn a_selector_that_cannot_be_decided_refuses() {
    let snapshot = snapshot();
    let map = |namespace: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace, "labels": {"anything": "x"}}});
    let decide = |namespace: &str| validate(&snapshot, &request(&map(namespace), |_| {}));
    assert_eq!(code(&decide("strict")), 403);
    assert_eq!(code(&decide("team-a")), 200);
    let unknown = decide("just-made");
    assert_eq!(code(&unknown), 403);
    assert!(messages(&unknown)[0].starts_with("[by-namespace] "), "{unknown:?}");
}

#[test]
fn a_namespace_counts_by_its_own_name_and_labels() {
    let snapshot = snapshot();
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"bad": "x"}}});
    assert_eq!(code(&validate(&snapshot, &request(&namespace("team-b"), |_| {}))), 403);
    assert_eq!(code(&validate(&snapshot, &request(&namespace("sandbox"), |_| {}))), 200);
}

#[test]
fn a_claim_is_judged_by_everything_it_would_create() {
    let snapshot = snapshot();
    let large = validate(&snapshot, &request(&claim("orders", &json!({"size": 50})), |_| {}));
    assert_eq!(code(&large), 403);
    insta::assert_snapshot!(messages(&large).join("\n"), @"[size-limit] bucket (storage.acme.io/CloudBucket): spec.forProvider.sizeGb is 50, the limit is 40; change spec.size of the claim");
    assert_eq!(large.annotations["composition"], "buckets");
    let small = validate(&snapshot, &request(&claim("orders", &json!({"size": 5})), |_| {}));
    assert_eq!(code(&small), 200, "{small:?}");
    let generated = validate(
        &snapshot,
        &request(&claim("", &json!({"size": 50})), |request| {
            request["object"]["metadata"] = json!({"generateName": "orders-", "namespace": "team-a"});
        }),
    );
    assert_eq!(messages(&generated).len(), 1, "{generated:?}");
    let status = request(&claim("orders", &json!({"size": 50})), |request| request["subResource"] = json!("status"));
    assert_eq!(code(&validate(&snapshot, &status)), 200);
}

#[test]
fn a_claim_that_cannot_be_expanded_is_refused_unless_it_asks_for_nothing_new() {
    let snapshot = snapshot();
    let wrong = claim("orders", &json!({"compositionRef": {"name": "missing"}}));
    let refused = validate(&snapshot, &request(&wrong, |_| {}));
    assert_eq!(code(&refused), 422);
    assert!(messages(&refused)[0].contains("\"missing\""), "{refused:?}");
    let unchanged = request(&wrong, |request| {
        request["operation"] = json!("UPDATE");
        request["oldObject"] = request["object"].clone();
        request["object"]["metadata"]["finalizers"] = json!([]);
    });
    let allowed = validate(&snapshot, &unchanged);
    assert_eq!((code(&allowed), allowed.warnings.len()), (200, 1), "{allowed:?}");
}

#[test]
fn what_does_not_load_is_refused_and_may_still_be_deleted() {
    let snapshot = snapshot();
    let parse = |text: &str| documents(text).remove(0).value;
    let composition = PLATFORM.split("---").nth(1).unwrap();
    let cases = [
        ("a Composition", composition.replace("FromCompositeFieldPath", "FromCompositeFieldPth"), "FromCompositeFieldPath"),
        ("an XRD", PLATFORM.split("---").next().unwrap().replace("type: integer", "type: intger"), "intger"),
        ("a template", POLICIES.split("---").next().unwrap().replace("msg :=", "msg := ) +"), "k8sforbidden"),
        (
            "a constraint",
            "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sForbidden\nmetadata: {name: a}\nspec: {parameters: {label: 5}}".to_owned(),
            "spec.parameters.label",
        ),
        (
            "a constraint without a template",
            "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sForbiden\nmetadata: {name: a}".to_owned(),
            "there is no ConstraintTemplate",
        ),
    ];
    for (name, text, contains) in &cases {
        let object = parse(text);
        let decision = validate(&snapshot, &request(&object, |_| {}));
        assert_eq!(code(&decision), 422, "{name}: {decision:?}");
        assert!(messages(&decision).join("\n").contains(contains), "{name}: {decision:?}");
        let deletion = request(&object, |request| {
            request["operation"] = json!("DELETE");
            request["oldObject"] = request["object"].take();
        });
        assert_eq!(code(&validate(&snapshot, &deletion)), 200, "{name}");
    }
    for good in documents(POLICIES).into_iter().chain(documents(PLATFORM)) {
        let decision = validate(&snapshot, &request(&good.value, |_| {}));
        assert_eq!(code(&decision), 200, "{}: {decision:?}", good.value);
    }
}

#[test]
fn a_template_whose_constraints_would_be_lost_warns() {
    let snapshot = snapshot();
    let text = POLICIES.split("---").next().unwrap().replace("label: {type: string}", "label: {type: integer}");
    let decision = validate(&snapshot, &request(&documents(&text).remove(0).value, |_| {}));
    assert_eq!(code(&decision), 200, "{decision:?}");
    let lost: Vec<_> = decision.warnings.iter().filter(|warning| warning.contains("does not load")).collect();
    assert_eq!(lost.len(), 4, "{decision:?}");
}

#[test]
fn a_claim_is_filled_in_and_other_things_are_left_alone() {
    let snapshot = snapshot();
    let orders = claim("orders", &json!({"size": 5}));
    let patch = |change: fn(&mut Value)| mutate(&snapshot, &request(&orders, change)).patch;
    let text = serde_json::to_string(&patch(|_| {})).unwrap();
    insta::assert_snapshot!(text, @r#"[{"op":"add","path":"/metadata/annotations","value":{"kubectl-plat.dev/composition-selected":"only"}},{"op":"add","path":"/metadata/labels","value":{"kubectl-plat.dev/owner":"team-a"}},{"op":"add","path":"/spec/compositionRef","value":{"name":"buckets"}},{"op":"add","path":"/spec/region","value":"eu"}]"#);
    let untouched: &[(&str, Change)] = &[
        ("delete", |request| {
            request["operation"] = json!("DELETE");
            request["oldObject"] = request["object"].clone();
        }),
        ("connect", |request| request["operation"] = json!("CONNECT")),
        ("status", |request| request["subResource"] = json!("status")),
        ("own account", |request| request["userInfo"]["username"] = json!(OWN)),
        ("excluded", |request| request["namespace"] = json!("raw")),
    ];
    for (name, change) in untouched {
        assert_eq!(patch(*change), Patch(Vec::new()), "{name}");
    }
    assert!(!patch(|request| request["dryRun"] = json!(true)).0.is_empty());
}

#[test]
fn an_answer_is_not_larger_than_people_read() {
    let snapshot = snapshot();
    let mut pod = labelled("Pod", "bad");
    pod["metadata"]["annotations"] = json!({"large": "x".repeat(1 << 20)});
    let review = validate(&snapshot, &request(&pod, |_| {})).review("u");
    assert!(review.to_string().len() < 1000, "{review}");
}

fn specs() -> impl Strategy<Value = Value> {
    let reference = prop_oneof![Just(json!(null)), Just(json!({"name": "buckets"})), Just(json!({"name": "x"}))];
    let selector =
        prop_oneof![Just(json!(null)), Just(json!({"matchLabels": {}})), Just(json!({"matchLabels": {"a": "b"}}))];
    let field = prop_oneof![Just(json!(null)), (0..100_i64).prop_map(Value::from), Just(json!("text"))];
    (reference, selector, field.clone(), field).prop_map(|(reference, selector, size, region)| {
        let mut spec =
            json!({"compositionRef": reference, "compositionSelector": selector, "size": size, "region": region});
        spec.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        spec
    })
}

proptest! {
    /// The patch gives the filled-in object, and asked about its own answer the webhook has nothing to change.
    #[test]
    fn filling_in_is_safe_to_repeat(spec in specs(), labels in prop_oneof![Just(json!(null)), Just(json!({"kubectl-plat.dev/owner": "x"}))]) {
        let snapshot = snapshot();
        let mut given = claim("orders", &spec);
        given["metadata"]["labels"] = labels;
        let first = mutate(&snapshot, &request(&given, |_| {}));
        let mut patched = given.clone();
        json_patch::patch(&mut patched, &first.patch).unwrap();
        for (key, value) in given["spec"].as_object().unwrap() {
            prop_assert_eq!(&patched["spec"][key], value);
        }
        let second = mutate(&snapshot, &request(&patched, |request| {
            request["operation"] = json!("UPDATE");
            request["oldObject"] = given.clone();
        }));
        prop_assert!(second.patch.0.is_empty(), "{:?}", second.patch);
    }
}

#[test]
fn documents_of_a_request_are_its_own() {
    // A policy that is wrong in the cluster is not told to whoever sends another one.
    let mut snapshot = snapshot();
    let broken = Document::synthetic(
        json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "k8sforbidden"}}),
        "ConstraintTemplate/k8sforbidden",
    );
    snapshot.policy_documents = Arc::new(vec![broken]);
    let sync = json!({"apiVersion": "syncset.gatekeeper.sh/v1alpha1", "kind": "SyncSet", "metadata": {"name": "a"}, "spec": {"gvks": []}});
    assert_eq!(code(&validate(&snapshot, &request(&sync, |_| {}))), 200);
}

#[test]
fn the_audit_sees_what_a_claim_makes_and_lists_only_what_matters() {
    use crate::audit::{Kinds, audit};
    let snapshot = snapshot();
    let found = audit(&snapshot, &claim("orders", &json!({"size": 50})));
    let told: Vec<_> =
        found.iter().map(|each| (each.verdict.constraint.name.as_str(), each.composed.as_deref())).collect();
    assert_eq!(told, [("size-limit", Some("bucket (storage.acme.io/CloudBucket)"))]);
    let nowhere = json!({"size": 5, "compositionRef": {"name": "nowhere"}});
    let found = audit(&snapshot, &claim("orders", &nowhere));
    assert_eq!((found.len(), found[0].verdict.cause), (1, plat_policy::Cause::Evaluation), "{found:?}");
    assert!(found[0].verdict.message.starts_with("what it creates cannot be judged: "), "{found:?}");
    let mut stored = claim("orders", &nowhere);
    stored["metadata"]["uid"] = json!("u");
    let report = crate::report::report(crate::report::Format::OpenReports, &stored, &found, 0).unwrap();
    assert_eq!((&report["summary"]["error"], &report["results"][0]["result"]), (&json!(1), &json!("error")));
    assert_eq!(audit(&snapshot, &labelled("Pod", "new")).len(), 1, "dryrun is for the audit");
    assert!(audit(&snapshot, &labelled("Pod", "fine")).is_empty());
    assert_eq!(Kinds::of(&snapshot), Kinds::All, "some constraints name no kinds");
    let only = POLICIES.split("---").filter(|text| text.contains("K8sSize")).collect::<Vec<_>>().join("---");
    let (set, _) = PolicySet::load(&documents(&only), &Options::default());
    let kinds = Kinds::of(&Snapshot { policies: Arc::new(set), ..snapshot });
    let contains = |version: &str, kind: &str| kinds.contain(&plat_resource::GroupVersionKind::new(version, kind));
    assert!(contains("storage.acme.io/v1", "CloudBucket") && contains("acme.io/v1", "Bucket"));
    assert!(!contains("v1", "Pod"));
    let none = Kinds::of(&Snapshot::default());
    assert!(!none.contain(&plat_resource::GroupVersionKind::new("v1", "Pod")));
}

#[test]
fn the_pods_that_expansion_templates_make_are_judged() {
    let mut snapshot = snapshot();
    let expansion = r"
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: expand-deployments}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {group: '', version: v1, kind: Pod}
";
    let all: Vec<Document> = documents(POLICIES).into_iter().chain(documents(expansion)).collect();
    snapshot.policies = Arc::new(PolicySet::load(&all, &Options::default()).0);
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "team-a"},
        "spec": {"template": {"metadata": {"labels": {"bad": "x"}}, "spec": {"containers": []}}},
    });
    let decision = validate(&snapshot, &request(&deployment, |_| {}));
    assert_eq!(messages(&decision), ["[no-bad] [Implied by expand-deployments] Pod CREATE carries bad"]);
    let without = validate(
        &snapshot,
        &request(
            &json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "team-a"}}),
            |_| {},
        ),
    );
    assert_eq!(code(&without), 403, "{without:?}");
}

#[test]
fn mutators_run_before_claims_are_filled_in_and_settle_with_them() {
    let mut snapshot = snapshot();
    let mutators = r"
apiVersion: mutations.gatekeeper.sh/v1
kind: AssignMetadata
metadata: {name: add-annotation}
spec:
  location: metadata.annotations.added
  parameters: {assign: {value: 'yes'}}
---
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {name: set-size}
spec:
  applyTo: [{groups: [acme.io], versions: [v1], kinds: [Bucket]}]
  location: spec.size
  parameters: {assign: {value: 7}}
";
    let all: Vec<Document> = documents(POLICIES).into_iter().chain(documents(mutators)).collect();
    snapshot.policies = Arc::new(PolicySet::load(&all, &Options::default()).0);
    let given = claim("orders", &json!({"size": 5}));
    let mut patched = given.clone();
    json_patch::patch(&mut patched, &mutate(&snapshot, &request(&given, |_| {})).patch).unwrap();
    assert_eq!((&patched["spec"]["size"], &patched["spec"]["region"]), (&json!(7), &json!("eu")));
    assert_eq!(patched["metadata"]["annotations"]["added"], "yes");
    assert!(mutate(&snapshot, &request(&patched, |_| {})).patch.0.is_empty());
    let config = documents(mutators).remove(0).value;
    assert!(mutate(&snapshot, &request(&config, |_| {})).patch.0.is_empty(), "policies are not mutated");
}

#[test]
fn a_claim_whose_xrd_does_not_load_is_refused() {
    let mut platform = documents(PLATFORM);
    platform[0].value["spec"]["versions"] = json!("none");
    let (platform, findings) = Platform::load(platform);
    assert!(findings.iter().any(plat_resource::Diagnostic::is_error), "the XRD must not load: {findings:?}");
    let snapshot = Snapshot { platform: Arc::new(platform), ..snapshot() };
    let decision = validate(&snapshot, &request(&claim("orders", &json!({"size": 5})), |_| {}));
    assert_eq!(code(&decision), 422, "{:?}", messages(&decision));
    assert!(messages(&decision).concat().contains("xbuckets.acme.io does not load"), "{:?}", messages(&decision));
}

#[test]
fn an_action_that_nobody_carries_out_is_refused() {
    let constraint = |spec: Value| {
        let kind = snapshot().policies.constraints().first().map(|constraint| constraint.name().kind.clone());
        json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind, "metadata": {"name": "new"}, "spec": spec})
    };
    let scoped = |action: &str| {
        json!({"enforcementAction": "scoped", "scopedEnforcementActions": [
            {"action": action, "enforcementPoints": [{"name": "*"}]},
        ]})
    };
    let of_policy = |request: &mut Value| {
        for key in ["namespace", "name"] {
            request[key] = json!("");
        }
    };
    for (spec, field) in [
        (json!({"enforcementAction": "Deny"}), "spec.enforcementAction: \"Deny\" is no action"),
        (scoped("wran"), "spec.scopedEnforcementActions: \"wran\" is no action"),
    ] {
        let decision = validate(&snapshot(), &request(&constraint(spec), of_policy));
        assert!(messages(&decision).concat().contains(field), "{:?}", messages(&decision));
    }
    for spec in [json!({"enforcementAction": "dryrun"}), scoped("warn"), json!({})] {
        let decision = validate(&snapshot(), &request(&constraint(spec), of_policy));
        assert_eq!(messages(&decision), Vec::<&str>::new());
    }
}

#[test]
fn an_annotation_alone_keeps_no_mutator_away() {
    let mut claim = claim("orders", &json!({"size": 5}));
    let untouched = mutate(&snapshot(), &request(&claim, |_| {})).patch;
    claim["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    let decision = mutate(&snapshot(), &request(&claim, |_| {}));
    assert!(!untouched.0.is_empty() && !decision.patch.0.is_empty());
}
