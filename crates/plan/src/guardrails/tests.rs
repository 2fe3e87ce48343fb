use plat_expand::Removed;
use plat_policy::{Cause, ConstraintName};
use serde_json::json;

use super::*;
use crate::fixtures::{composed, expansion, orders_db, origin, path};
use crate::live::NoSchemas;

/// A policy: a name, an action, and what it says of a request where it has anything to say.
type Rule = (&'static str, EnforcementAction, fn(&Review) -> Option<(&'static str, String)>);

/// A policy of this name was not evaluated.
const UNEVALUATED: &str = "unevaluated";

struct Rules(Vec<Rule>);

impl Reviewer for Rules {
    fn review(&self, review: &Review) -> Vec<Verdict> {
        let say = |(name, action, rule): &Rule| {
            let (field, message) = rule(review)?;
            Some(Verdict {
                constraint: ConstraintName { kind: "Rule".to_owned(), name: (*name).to_owned() },
                action: action.clone(),
                message,
                details: json!({}),
                field: Some(field.to_owned()).filter(|field| !field.is_empty()),
                cause: if *name == UNEVALUATED { Cause::Budget } else { Cause::Violation },
            })
        };
        self.0.iter().filter_map(say).collect()
    }

    fn namespace(&self, name: &str) -> Option<Value> {
        Some(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    }

    fn implied(&self, object: &Value, _namespace: Option<&Value>) -> Result<Vec<Implied>, String> {
        if object["kind"] == "Endless" {
            return Err("maximum recursion depth of 30 reached".to_owned());
        }
        let Some(pod) = object::value_at(object, &["spec", "template"]) else { return Ok(Vec::new()) };
        let mut pod = pod.clone();
        object::object_at_mut(&mut pod, &[]).insert("apiVersion".to_owned(), "v1".into());
        object::object_at_mut(&mut pod, &[]).insert("kind".to_owned(), "Pod".into());
        Ok(vec![Implied { templates: vec!["pods".to_owned()], object: pod, action: Some(EnforcementAction::Warn) }])
    }
}

fn large(review: &Review) -> Option<(&'static str, String)> {
    let field = "spec.forProvider.allocatedStorage";
    let size = path(field).get(review.object()).ok()?.as_i64()?;
    (size > 40).then(|| (field, format!("{field} is {size}, the limit is 40")))
}

#[expect(clippy::unnecessary_wraps, reason = "it is a rule, and rules may have nothing to say")]
fn tells_of_all(review: &Review) -> Option<(&'static str, String)> {
    let text = |key: &str| review.request.get(key).and_then(Value::as_str).unwrap_or_default();
    let old = review.old_object().map_or("", |_| " old");
    let namespace = review.namespace.as_ref().map_or("-", |namespace| object::name(namespace));
    let kind = object::string_at(review.object(), &["kind"]).unwrap_or_default();
    Some(("", format!("{} {kind} {:?}{old} {namespace}", text("operation"), review.source)))
}

fn review_all(expansion: &Expansion, observed: &Observed, rules: Vec<Rule>) -> Vec<Finding> {
    review_expansion(expansion, observed, Extent::All, &NoSchemas, &Rules(rules))
}

fn told(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("{}: {}", finding.object_in_words(), finding.message));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_budget_is_not_enough_for_is_told_once_for_each_action() {
    let (_, expansion, observed) = orders_db();
    let rules = || vec![(UNEVALUATED, EnforcementAction::Deny, tells_of_all as fn(&Review) -> _)];
    let findings = review_all(&expansion, &observed, rules());
    assert_eq!(findings.len(), 1, "of the first object, and not of all: {}", told(&findings));
    let mut both = rules();
    both.push((UNEVALUATED, EnforcementAction::Warn, tells_of_all));
    let findings = review_all(&expansion, &observed, both);
    assert_eq!(findings.len(), 2, "an action that warns hides none that denies: {}", told(&findings));
}

#[test]
fn every_object_is_reviewed_as_the_request_it_will_be() {
    let (_, expansion, observed) = orders_db();
    let findings = review_all(&expansion, &observed, vec![("all", EnforcementAction::Deny, tells_of_all)]);
    insta::assert_snapshot!(told(&findings), @"
    claim: UPDATE SQLInstance Original old team-a
    XR: UPDATE XSQLInstance Generated old -
    connection: CREATE Secret Generated team-a
    firewall: UPDATE SecurityGroup Generated old -
    instance: UPDATE Instance Generated old -
    subnet: UPDATE SubnetGroup Generated old -
    replica (to be deleted): DELETE Instance Generated old -
    ");
    let generated = review_expansion(
        &expansion,
        &observed,
        Extent::Generated,
        &NoSchemas,
        &Rules(vec![("all", EnforcementAction::Deny, tells_of_all)]),
    );
    assert_eq!(generated, findings[1..]);
}

#[test]
fn an_xr_that_was_given_is_original_and_left_out_where_only_the_generated_are_asked_for() {
    let given =
        expansion(crate::fixtures::xr(5), vec![composed("a", json!({"apiVersion": "v1", "kind": "ConfigMap"}))]);
    let rule: Rule = ("all", EnforcementAction::Deny, tells_of_all);
    let findings = review_all(&given, &Observed::default(), vec![rule.clone()]);
    insta::assert_snapshot!(told(&findings), @"
    XR: CREATE XSQLInstance Original -
    a: CREATE ConfigMap Generated -
    ");
    let generated = review_expansion(&given, &Observed::default(), Extent::Generated, &NoSchemas, &Rules(vec![rule]));
    assert_eq!(generated, findings[1..]);
}

#[test]
fn the_field_of_the_claim_behind_a_violation_is_named() {
    let (_, expansion, observed) = orders_db();
    let findings = review_all(&expansion, &observed, vec![("storage", EnforcementAction::Deny, large)]);
    let [finding] = findings.as_slice() else { panic!("one finding: {findings:#?}") };
    assert_eq!(finding.resource.as_deref(), Some("instance"));
    assert_eq!(finding.origin.as_ref().map(|origin| origin.patch), Some(3));
    assert_eq!(finding.given_fields, ["spec.parameters.storageGB"]);
    assert_eq!(finding.hint.as_deref(), Some("change spec.parameters.storageGB of the claim"));
}

fn only(review: &Review) -> Option<&Value> {
    Some(review.object()).filter(|object| object["kind"] == "Instance")
}

#[test]
fn fields_that_no_claim_decides_are_told_as_such() {
    let instance =
        json!({"apiVersion": "a.b/v1", "kind": "Instance", "spec": {"region": "mars", "vpc": "v", "ip": "i"}});
    let mut resource = composed("instance", instance);
    let mut from_environment = origin("instance", 1, "network.vpc");
    "environment".clone_into(&mut from_environment.source);
    let mut from_other = origin("instance", 2, "status.ip");
    "firewall".clone_into(&mut from_other.source);
    resource.origins.insert(path("spec.vpc"), from_environment);
    resource.origins.insert(path("spec.ip"), from_other);
    let expansion = expansion(crate::fixtures::xr(5), vec![resource]);
    let rules: Vec<Rule> = vec![
        ("a", EnforcementAction::Deny, |review| only(review).map(|_| ("spec.region", "mars".to_owned()))),
        ("b", EnforcementAction::Deny, |review| only(review).map(|_| ("spec.encrypted", "not encrypted".to_owned()))),
        ("c", EnforcementAction::Deny, |review| only(review).map(|_| ("spec.vpc", "vpc".to_owned()))),
        ("d", EnforcementAction::Deny, |review| only(review).map(|_| ("spec.ip", "ip".to_owned()))),
        ("e", EnforcementAction::Deny, |review| only(review).map(|_| ("spec[", "a field that is none".to_owned()))),
    ];
    let findings = review_all(&expansion, &Observed::default(), rules);
    let hints: Vec<&str> = findings.iter().map(|finding| finding.hint.as_deref().unwrap_or("-")).collect();
    insta::assert_snapshot!(hints.join("\n"), @r#"
    no field of the XR decides this: composition sql-aws sets it itself, in its resource "instance"
    no field of the XR decides this: composition sql-aws does not set it, in its resource "instance"
    no field of the XR decides this: it is network.vpc of the environment
    no field of the XR decides this: it comes of status.ip of "firewall"
    -
    "#);
}

/// An XR `network` in the XR of a claim; the inner resource takes its size from the inner XR, which has it from the claim.
fn nested() -> Expansion {
    let mut inner =
        composed("subnet", json!({"apiVersion": "a.b/v1", "kind": "Subnet", "spec": {"size": 50, "own": 50}}));
    inner.origins.insert(path("spec.size"), origin("subnet", 0, "spec.size"));
    inner.origins.insert(path("spec.own"), origin("subnet", 1, "spec.constant"));
    let network = json!({"apiVersion": "a.b/v1", "kind": "XNetwork", "spec": {"size": 50, "constant": 50}});
    let mut outer = composed("network", network.clone());
    outer.origins.insert(path("spec.size"), origin("network", 0, "spec.parameters.storageGB"));
    let mut below = expansion(network, vec![inner]);
    "network-aws".clone_into(&mut below.composition);
    below.removed = vec![
        Removed { name: "old".to_owned(), object: json!({"kind": "Old"}) },
        Removed { name: "subnet".to_owned(), object: json!({"kind": "LeftBehind"}) },
    ];
    outer.nested = Some(Box::new(below));
    let mut expansion = expansion(crate::fixtures::xr(50), vec![outer]);
    expansion.claim = Some(crate::fixtures::claim(json!({"storageGB": 50})));
    expansion
}

#[test]
fn origins_are_followed_through_nested_xrs() {
    fn subnet(review: &Review) -> bool {
        review.object()["kind"] == "Subnet"
    }
    let rules: Vec<Rule> = vec![
        ("a", EnforcementAction::Deny, |review| subnet(review).then(|| ("spec.size", "too large".to_owned()))),
        ("b", EnforcementAction::Warn, |review| subnet(review).then(|| ("spec.own", "too large".to_owned()))),
    ];
    let findings = review_all(&nested(), &Observed::default(), rules);
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!("{}: {:?} {}", finding.object_in_words(), finding.given_fields, finding.hint.clone().unwrap())
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    network/subnet: ["spec.parameters.storageGB"] change spec.parameters.storageGB of the claim
    network/subnet: [] no field of the claim decides this: it comes of spec.constant of the XR
    "#);
    let all = review_all(&nested(), &Observed::default(), vec![("all", EnforcementAction::Deny, tells_of_all)]);
    insta::assert_snapshot!(told(&all), @"
    claim: CREATE SQLInstance Original team-a
    XR: CREATE XSQLInstance Generated -
    network: CREATE XNetwork Generated -
    network/subnet: CREATE Subnet Generated -
    network/old (to be deleted): DELETE Old Generated old -
    ");
}

#[test]
fn what_is_said_of_the_claim_is_not_said_again_of_its_xr() {
    let (_, expansion, observed) = orders_db();
    let findings = review_all(
        &expansion,
        &observed,
        vec![("backup", EnforcementAction::Deny, |review| {
            path("spec.parameters.backup")
                .get(review.object())
                .ok()
                .map(|_| ("spec.parameters.backup", "no".to_owned()))
        })],
    );
    assert_eq!(told(&findings), "claim: no");
    assert_eq!(findings[0].given_fields, ["spec.parameters.backup"]);
}

#[test]
fn the_gravest_comes_first_and_implied_objects_follow_theirs() {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"},
                            "spec": {"template": {"spec": {}}}});
    let rules: Vec<Rule> = vec![
        ("z", EnforcementAction::Dryrun, tells_of_all),
        ("y", EnforcementAction::Warn, tells_of_all),
        ("x", EnforcementAction::Deny, |review| tells_of_all(review).map(|(_, text)| ("spec.x", text))),
    ];
    let findings = review_object(&Review::of_object(&deployment, None), &Rules(rules));
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("{:?} {} {}", finding.action, finding.constraint.name, finding.object_in_words()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    Deny x Deployment web
    Warn y Deployment web
    Dryrun z Deployment web
    Warn x Pod (implied by pods)
    Warn y Pod (implied by pods)
    Warn z Pod (implied by pods)
    ");
    assert_eq!(findings[0].given_fields, ["spec.x"]);
    assert_eq!(Tally::of(&findings), Tally { denied: 1, warned: 4, noted: 1 });
    assert_eq!(most_severe(&findings), Some(&EnforcementAction::Deny));
}

#[test]
fn implied_objects_carry_the_operation_of_theirs() {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"},
                            "spec": {"template": {"spec": {}}}});
    let rule: Vec<Rule> = vec![("x", EnforcementAction::Deny, |review| {
        let told = format!("{} {}", review.request["operation"], review.request.get("oldObject").is_some());
        (review.source == Source::Generated).then_some(("spec", told))
    })];
    let rules = Rules(rule);
    for (operation, expected) in [("UPDATE", r#""UPDATE" false"#), ("DELETE", r#""DELETE" true"#), ("", r#""" false"#)]
    {
        let mut review = Review::of_object(&deployment, None);
        review.request["operation"] = operation.into();
        let findings = review_object(&review, &rules);
        assert_eq!(findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn what_cannot_be_expanded_is_refused() {
    let endless = json!({"apiVersion": "a.b/v1", "kind": "Endless", "metadata": {"name": "one"}});
    let findings = review_object(&Review::of_object(&endless, None), &Rules(Vec::new()));
    assert_eq!(told(&findings), "Endless one: what it implies cannot be told: maximum recursion depth of 30 reached");
    assert!(findings[0].is_denial());
}
