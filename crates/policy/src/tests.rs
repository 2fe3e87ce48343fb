//! Sets of policies as a whole: load and review.

mod budget;

use plat_resource::{Diagnostic, Value, yaml};
use serde_json::json;

use super::*;

const POLICIES: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: labelled
spec:
  crd:
    spec:
      names:
        kind: Labelled
      validation:
        openAPIV3Schema:
          type: object
          properties:
            label:
              type: string
              default: owner
            others:
              type: array
              items: {type: string}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package labelled
      violation[{"msg": msg, "details": {"field": "metadata.labels"}}] {
        not input.review.object.metadata.labels[input.parameters.label]
        msg := sprintf("there is no label %v", [input.parameters.label])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata:
  name: owned
spec:
  match:
    kinds:
    - apiGroups: [""]
      kinds: [Pod]
  parameters: {}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata:
  name: tiered
spec:
  enforcementAction: warn
  match:
    namespaceSelector:
      matchLabels: {tier: gold}
  parameters:
    label: tier
"#;

fn load(text: &str) -> (PolicySet, Vec<Diagnostic>) {
    let (documents, findings) = yaml::parse("policies.yaml", text.as_bytes());
    assert_eq!(findings, []);
    PolicySet::load(&documents, &Options::default())
}

fn told(findings: &[Diagnostic]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn pod() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "a"}})
}

fn space(tier: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"tier": tier}}})
}

fn said(verdicts: &[Verdict]) -> Vec<String> {
    verdicts
        .iter()
        .map(|verdict| format!("{} {}: {}", verdict.action.name(), verdict.constraint.name, verdict.message))
        .collect()
}

#[test]
fn parameters_are_defaulted_and_actions_kept() {
    let (set, findings) = load(POLICIES);
    assert_eq!(told(&findings), "");
    let inventory = Inventory::new([&space("gold")]);
    let verdicts = set.review(&Review::of_object(&pod(), None), EnforcementPoint::CommandLine, &inventory);
    assert_eq!(said(&verdicts), ["deny owned: there is no label owner", "warn tiered: there is no label tier"]);
    assert_eq!(verdicts[0].field.as_deref(), Some("metadata.labels"));
    assert_eq!(verdicts[0].cause, Cause::Violation);
}

#[test]
fn an_unknown_namespace_refuses() {
    let (set, _) = load(POLICIES);
    let verdicts = set.review(&Review::of_object(&pod(), None), EnforcementPoint::Webhook, &Inventory::default());
    let expected = "warn tiered: unable to match constraints: error matching the requested object: web :failed to run Match criteria: namespace selector for namespace-scoped object but missing Namespace";
    assert_eq!(said(&verdicts)[1], expected);
    assert_eq!(verdicts[1].cause, Cause::Match);
}

#[test]
fn the_old_object_matches_as_well() {
    let (set, _) = load(POLICIES);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "a"}});
    let mut review = Review::of_object(&service, Some(space("iron")));
    assert_eq!(said(&set.review(&review, EnforcementPoint::Webhook, &Inventory::default())), Vec::<String>::new());
    review.request["oldObject"] = pod();
    let verdicts = set.review(&review, EnforcementPoint::Webhook, &Inventory::default());
    assert_eq!(said(&verdicts), ["deny owned: there is no label owner"]);
}

#[test]
fn a_request_without_an_object_is_refused_by_all_that_match_something() {
    let (set, _) = load(POLICIES);
    let review = Review { request: json!({"operation": "CONNECT"}), namespace: None, source: Source::Original };
    let verdicts = set.review(&review, EnforcementPoint::Webhook, &Inventory::default());
    assert_eq!(verdicts.len(), 2);
    assert!(verdicts.iter().all(|verdict| verdict.cause == Cause::Match));
}

#[test]
fn explain_names_the_criterion() {
    let (set, _) = load(POLICIES);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "a"}});
    let review = Review::of_object(&service, Some(space("gold")));
    let outcomes = set.explain(&review, EnforcementPoint::Webhook);
    let Outcome::Differs(mismatch) = &outcomes[0].outcome else { panic!("{outcomes:?}") };
    assert_eq!(mismatch.criterion, matcher::Criterion::Kinds);
    assert_eq!(outcomes[1].outcome, Outcome::Matches);
}

#[test]
fn operations_of_a_template_count_at_admission_only() {
    let text = POLICIES.replace("    rego: |", "    operations: [CREATE]\n    rego: |");
    let (set, findings) = load(&text);
    assert_eq!(told(&findings), "");
    let mut review = Review::of_object(&pod(), Some(space("iron")));
    review.request["operation"] = json!("UPDATE");
    assert_eq!(set.review(&review, EnforcementPoint::Webhook, &Inventory::default()), []);
    assert_eq!(set.review(&review, EnforcementPoint::Audit, &Inventory::default()).len(), 1);
    assert!(matches!(set.explain(&review, EnforcementPoint::Webhook)[0].outcome, Outcome::Operation { .. }));
}

#[test]
fn faulty_constraints_are_told_at_their_place_and_the_rest_is_used() {
    let faulty = r"
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labeled
metadata: {name: misspelt}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: unknown}
spec:
  parameters:
    lable: x
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: typed}
spec:
  match: {namespaces: [a_b], labelSelector: {matchLabels: {a: b}}}
  parameters: {label: 3}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: selector}
spec:
  match: {labelSelector: {matchExpressions: [{key: a, operator: Is}]}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: scoped}
spec: {enforcementAction: scoped}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Labelled
metadata: {name: owned}
";
    let (set, findings) = load(&format!("{POLICIES}{faulty}"));
    assert_eq!(set.constraints().len(), 2);
    insta::assert_snapshot!(told(&findings), @r#"
    error: Labeled misspelt is not usable
      caused by: policies.yaml:55:7: kind: there is no ConstraintTemplate labeled
      hint: did you mean "Labelled"?
    error: Labelled unknown is not usable
      caused by: policies.yaml:63:5: spec.parameters.lable: the template's schema has no such field
    error: Labelled typed is not usable
      caused by: policies.yaml:69:24: spec.match.namespaces[0]: Invalid value: "a_b": spec.match.namespaces[0] in body should match '^\*?[-:a-z0-9]*\*?$'
    error: Labelled typed is not usable
      caused by: policies.yaml:70:23: spec.parameters.label: Invalid value: "integer": spec.parameters.label in body must be of type string: "integer"
    error: Labelled selector is not usable
      caused by: policies.yaml:76:65: spec.match.labelSelector.matchExpressions[0].operator: not a valid selector operator
    error: Labelled scoped is not usable
      caused by: policies.yaml:81:7: spec: enforcementAction is scoped, and scopedEnforcementActions is missing
    error: Labelled owned is there twice
      caused by: policies.yaml:83:1: the first is at policies.yaml:30:1; the last one counts
      hint: remove one of them
    "#);
}

#[test]
fn templates_that_did_not_change_are_kept() {
    let (documents, _) = yaml::parse("policies.yaml", POLICIES.as_bytes());
    let (first, _) = PolicySet::load(&documents, &Options::default());
    let (second, findings) = PolicySet::load_after(&first, &documents, &Options::default());
    assert_eq!(findings, []);
    let engine =
        |set: &PolicySet| std::sync::Arc::as_ptr(&set.templates["labelled"].engine.as_ref().unwrap().1).cast::<()>();
    assert_eq!(engine(&first), engine(&second));
    assert_eq!(second.constraints().len(), 2);
}

#[test]
fn the_set_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<PolicySet>();
    shared::<Inventory>();
}

#[test]
fn the_inventory_is_where_gatekeeper_has_it() {
    let text = r#"
apiVersion: templates.gatekeeper.sh/v1beta1
kind: ConstraintTemplate
metadata: {name: unique}
spec:
  crd: {spec: {names: {kind: Unique}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package unique
      violation[{"msg": msg}] {
        other := data.inventory.namespace[ns]["apps/v1"].Deployment[name]
        other.spec.host == input.review.object.spec.host
        node := data.inventory.cluster.v1.Node[_].metadata.name
        msg := sprintf("%v/%v on %v", [ns, name, node])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Unique
metadata: {name: host}
"#;
    let (set, findings) = load(text);
    assert_eq!(told(&findings), "");
    let deployment = |name: &str| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "b"}, "spec": {"host": "x"}});
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
    let inventory = Inventory::new([&deployment("one"), &node]);
    let review = Review::of_object(&deployment("two"), None);
    let verdicts = set.review(&review, EnforcementPoint::Audit, &inventory);
    assert_eq!(said(&verdicts), ["deny host: b/one on n"]);
    assert_eq!(set.review(&review, EnforcementPoint::Audit, &Inventory::default()), []);
}

#[test]
fn each_evaluation_is_observed() {
    #[derive(Debug, Default)]
    struct Seen(std::sync::Mutex<Vec<String>>);
    impl Observer for Seen {
        fn begin(&self, constraint: &ConstraintName) {
            self.0.lock().unwrap().push(format!("begin {}", constraint.name));
        }
        fn end(&self, constraint: &ConstraintName) {
            self.0.lock().unwrap().push(format!("end {}", constraint.name));
        }
    }
    let seen = std::sync::Arc::new(Seen::default());
    let (documents, _) = yaml::parse("policies.yaml", POLICIES.as_bytes());
    let (set, _) = PolicySet::load(&documents, &Options { observer: Some(seen.clone()), ..Options::default() });
    let review = Review::of_object(&pod(), Some(space("iron")));
    set.review(&review, EnforcementPoint::Webhook, &Inventory::default());
    assert_eq!(*seen.0.lock().unwrap(), ["begin owned", "end owned"], "what does not match is not evaluated");
}

#[test]
fn the_clock_is_asked_at_each_evaluation() {
    let text = POLICIES
        .replace("not input.review.object.metadata.labels[input.parameters.label]", "time.now_ns() > 5000000000");
    let review = Review::of_object(&pod(), Some(space("iron")));
    let (documents, _) = yaml::parse("policies.yaml", text.as_bytes());
    let verdicts = |options: &Options| {
        let (set, findings) = PolicySet::load(&documents, options);
        assert_eq!(told(&findings), "");
        said(&set.review(&review, EnforcementPoint::Webhook, &Inventory::default()))
    };
    let at = |clock: fn() -> std::time::Duration| verdicts(&Options { clock: Some(clock), ..Options::default() });
    assert_eq!(at(|| std::time::Duration::from_secs(5)), [] as [&str; 0]);
    assert_eq!(at(|| std::time::Duration::from_secs(6)), ["deny owned: there is no label owner"]);
    let told = verdicts(&Options::default());
    assert!(told.len() == 1 && told[0].starts_with("deny owned: "), "without a clock nothing is let through: {told:?}");
}

#[test]
fn a_package_may_have_any_name() {
    for package in ["a[\"b-c\"]", "a[\"b.c\"].d", "a[\"\\u0062 \\\"c\"]", "violation", "a.violation"] {
        let text = POLICIES.replace("package labelled", &format!("package {package}"));
        let (policies, findings) = load(&text);
        assert_eq!(told(&findings), "", "{package}");
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}});
        let review = Review::of_object(&pod, None);
        let verdicts = policies.review(&review, EnforcementPoint::Webhook, &Inventory::default());
        assert!(verdicts.iter().any(|verdict| verdict.message == "there is no label owner"), "{package}: {verdicts:?}");
    }
}
