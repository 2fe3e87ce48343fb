//! Rules about constraints.

use plat_resource::{Document, FieldPath, Segment, Value, object, suggest};

use super::{Lints, Rule, field, prefix};
use crate::Template;
use crate::matcher::{Match, Wildcard};

pub(super) fn check(document: &Document, template: Option<&Template>, lints: &mut Lints) {
    let spec = document.value.get("spec").unwrap_or(&Value::Null);
    actions(document, spec, lints);
    if let Some(criteria) = spec.get("match") {
        let matcher = Match::read(criteria);
        nothing(document, &matcher, lints);
        namespaces(document, &matcher, lints);
        scope(document, &matcher, lints);
    }
    if let (Some(template), Some(parameters)) = (template, spec.get("parameters")) {
        unread(document, template, parameters, lints);
        prefix::check(document, template, parameters, lints);
    }
}

const ACTIONS: [&str; 4] = ["deny", "warn", "dryrun", "scoped"];
const POINTS: [&str; 5] = ["*", "validation.gatekeeper.sh", "audit.gatekeeper.sh", "gator.gatekeeper.sh", "vap.k8s.io"];

fn actions(document: &Document, spec: &Value, lints: &mut Lints) {
    let mut say = |path: &FieldPath, action: &str, known: &[&str], what: &str| {
        if !known.contains(&action) {
            let cause = format!("{action:?} is no {what}: it stops nothing and tells nobody");
            lints.warn(Rule::ActionUnknown, document, path, cause).hint =
                suggest::did_you_mean(action, known.iter().copied())
                    .or(Some(format!("use one of {}", known.join(", "))));
        }
    };
    if let Some(action) = object::string_at(spec, &["enforcementAction"]) {
        say(&field(&["spec", "enforcementAction"]), action, &ACTIONS, "enforcement action");
    }
    let root = field(&["spec", "scopedEnforcementActions"]);
    for (index, entry) in
        spec.get("scopedEnforcementActions").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        let path = root.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        let action = object::string_at(entry, &["action"]).unwrap_or_default();
        say(&path.key("action"), action, &ACTIONS[..3], "enforcement action");
        for point in entry.get("enforcementPoints").and_then(Value::as_array).into_iter().flatten() {
            let point = object::string_at(point, &["name"]).unwrap_or_default();
            say(&path.key("enforcementPoints"), point, &POINTS, "enforcement point");
        }
    }
}

fn nothing(document: &Document, matcher: &Match, lints: &mut Lints) {
    let path = |key: &str| field(&["spec", "match", key]);
    let mut say = |key: &str, cause: String| {
        lints.warn(Rule::MatchesNothing, document, &path(key), cause);
    };
    for (key, selector) in
        [("labelSelector", matcher.label_selector()), ("namespaceSelector", matcher.namespace_selector())]
    {
        if let Some(key_of_label) = selector.and_then(|selector| selector.contradiction()) {
            say(key, format!("no labels satisfy it: what it asks of {key_of_label} contradicts itself"));
        }
    }
    let excluded = matcher.excluded_namespaces();
    let covered = |wanted: &Wildcard| excluded.iter().any(|excluded| covers(excluded, wanted));
    if !matcher.namespaces().is_empty() && matcher.namespaces().iter().all(covered) && !matches_cluster(matcher) {
        say("excludedNamespaces", "every namespace of spec.match.namespaces is excluded".to_owned());
    }
    let kinds: Option<Vec<_>> = matcher.kinds().iter().map(|kinds| kinds.listed_kinds()).collect();
    let listed: Vec<_> = kinds.into_iter().flatten().flatten().collect();
    if listed.is_empty() {
        return;
    }
    if matcher.scope() == "Cluster" && listed.iter().all(|kind| NAMESPACED.contains(&kind.as_str())) {
        say("scope", "the scope is Cluster, and these kinds are in namespaces".to_owned());
    }
    if matcher.scope() == "Namespaced" && listed.iter().all(|kind| CLUSTER.contains(&kind.as_str())) {
        say("scope", "the scope is Namespaced, and these kinds are in no namespace".to_owned());
    }
}

/// Whether the match may reach what is in no namespace, for which `namespaces` does not count.
fn matches_cluster(matcher: &Match) -> bool {
    let listed = |kinds: &crate::matcher::Kinds| {
        kinds
            .listed_kinds()
            .is_none_or(|kinds| kinds.iter().any(|kind| !NAMESPACED.contains(&kind.as_str()) && kind != "Namespace"))
    };
    matcher.scope() != "Namespaced" && (matcher.kinds().is_empty() || matcher.kinds().iter().any(listed))
}

/// Whether every name that `inner` stands for is one that `outer` stands for.
fn covers(outer: &Wildcard, inner: &Wildcard) -> bool {
    if inner.is_exact() {
        return outer.matches(inner.as_str());
    }
    let core = inner.as_str().trim_matches('*');
    match outer.as_str() {
        "*" | "**" => true,
        text if text == inner.as_str() => true,
        text => match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(rest), Some(_)) => core.contains(rest.trim_end_matches('*')),
            (None, Some(start)) => !inner.as_str().starts_with('*') && core.starts_with(start),
            (Some(end), None) => !inner.as_str().ends_with('*') && core.ends_with(end),
            (None, None) => false,
        },
    }
}

/// Well-known kinds that are in no namespace, but for Namespaces, which have a rule of their own.
const CLUSTER: [&str; 16] = [
    "APIService",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];
/// Well-known kinds that are in a namespace.
const NAMESPACED: [&str; 20] = [
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Job",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "ReplicaSet",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "StatefulSet",
];

fn namespaces(document: &Document, matcher: &Match, lints: &mut Lints) {
    let kinds: Option<Vec<_>> = matcher.kinds().iter().map(|kinds| kinds.listed_kinds()).collect();
    let listed: Vec<_> = kinds.into_iter().flatten().flatten().collect();
    if !listed.is_empty() && listed.iter().all(|kind| CLUSTER.contains(&kind.as_str())) {
        let given = [
            ("namespaces", !matcher.namespaces().is_empty()),
            ("excludedNamespaces", !matcher.excluded_namespaces().is_empty()),
            ("namespaceSelector", matcher.namespace_selector().is_some()),
        ];
        for (key, _) in given.into_iter().filter(|(_, given)| *given) {
            let cause = format!("{key} does not hold for kinds that are in no namespace: they all match");
            lints.warn(Rule::SelectorOnClusterKinds, document, &field(&["spec", "match", key]), cause);
        }
    }
    if matcher.namespaces().is_empty() {
        return;
    }
    for (index, excluded) in matcher.excluded_namespaces().iter().enumerate() {
        let meets = |wanted: &Wildcard| {
            !wanted.is_exact() && !excluded.is_exact() || covers(wanted, excluded) || covers(excluded, wanted)
        };
        if !matcher.namespaces().iter().any(meets) {
            let index = Segment::Index(u32::try_from(index).unwrap_or(u32::MAX));
            let path = field(&["spec", "match", "excludedNamespaces"]).join(index);
            let cause = format!("{} is none of spec.match.namespaces, so it is excluded already", excluded.as_str());
            lints.warn(Rule::ExclusionDead, document, &path, cause);
        }
    }
}

fn scope(document: &Document, matcher: &Match, lints: &mut Lints) {
    let known = ["*", "Cluster", "Namespaced"];
    if !matcher.scope().is_empty() && !known.contains(&matcher.scope()) {
        let cause = format!("there is no scope {:?}: it is ignored, and every scope matches", matcher.scope());
        lints.warn(Rule::ScopeUnknown, document, &field(&["spec", "match", "scope"]), cause).hint =
            suggest::did_you_mean(matcher.scope(), known);
    }
}

fn unread(document: &Document, template: &Template, parameters: &Value, lints: &mut Lints) {
    let Some(schema) = template.parameters_schema() else { return };
    let known = schema.get("properties").and_then(Value::as_object);
    let open = schema.get("x-kubernetes-preserve-unknown-fields").is_some_and(|open| open == true);
    let (Some(known), true) = (known, open) else { return };
    for key in parameters.as_object().into_iter().flatten().map(|(key, _)| key).filter(|key| !known.contains_key(*key))
    {
        let cause = format!("the template's schema has no parameter {key}, and lets it pass");
        lints.warn(Rule::ParameterUnread, document, &field(&["spec", "parameters", key]), cause).hint =
            suggest::did_you_mean(key, known.keys().map(String::as_str));
    }
}
