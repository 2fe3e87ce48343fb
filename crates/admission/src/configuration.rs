//! The two webhook configurations, made from the kind table.
//!
//! Owns what the API server is asked to send and what it does when nobody answers. Who signs the certificates and where
//! the webhook runs is the installer's matter.

use plat_platform::IN_USE_LABEL;
use plat_resource::{Value, yaml};
use serde_json::json;

use crate::exemption::LABEL;
use crate::kinds::{Check, KINDS};

/// Name of both configurations.
pub const NAME: &str = "plat-webhook";

/// Where the webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Behind a Service of a cluster.
    Service {
        /// Its namespace, which is left out of what is judged.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// At an address, for development and tests.
    Url(String),
}

/// Which deletions are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deletions {
    /// Those of policies, of the platform, of claims and XRs and what they are composed of, and of what is protected.
    #[default]
    Platform,
    /// Those of everything that is judged.
    All,
}

/// What differs from one installation to another.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the webhook is.
    pub target: Target,
    /// The certificates that sign the webhook's, as base64 of PEM; left out where something else fills them in.
    pub ca_bundle: Option<String>,
    /// Namespaces that are never judged, besides the webhook's own.
    pub excluded_namespaces: Vec<String>,
    /// `Fail` or `Ignore`: what happens to objects that no policy is, when nobody answers.
    pub failure_policy: String,
    /// Which deletions are sent.
    pub deletions: Deletions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            target: Target::Service { namespace: "plat-system".to_owned(), name: NAME.to_owned() },
            ca_bundle: None,
            excluded_namespaces: vec!["kube-system".to_owned()],
            failure_policy: "Ignore".to_owned(),
            deletions: Deletions::default(),
        }
    }
}

/// Parts of objects that are judged too. Left out: `status` of everything, which controllers write all the time, except
/// that of Services, by which traffic can be taken over (CVE-2020-8554).
const PARTS: [&str; 10] = [
    "pods/ephemeralcontainers",
    "pods/resize",
    "pods/binding",
    "pods/eviction",
    "deployments/scale",
    "replicasets/scale",
    "statefulsets/scale",
    "replicationcontrollers/scale",
    "serviceaccounts/token",
    "services/status",
];

/// What can be connected to.
const CONNECTIONS: [&str; 6] =
    ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"];

/// Written many times a second by the control plane itself, and judged by nobody.
const NOT_SENT: &str = "!(request.resource.group == 'coordination.k8s.io' && request.resource.resource == 'leases') && \
                        !(request.resource.group in ['', 'events.k8s.io'] && request.resource.resource == 'events') && \
                        !(request.resource.group in ['authentication.k8s.io', 'authorization.k8s.io'])";

/// Both configurations, the validating one first.
pub fn configurations(settings: &Settings) -> [Value; 2] {
    let validating = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": NAME}},
        "webhooks": [
            validate(settings), deletions(settings), platform(settings), exemption(settings), usages(settings),
        ],
    });
    let mutating = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": NAME}},
        "webhooks": [mutate(settings)],
    });
    [validating, mutating]
}

/// Both configurations as the file that is committed.
pub fn manifest() -> String {
    let documents = configurations(&Settings::default()).map(|value| yaml::to_string(&value));
    format!(
        "# Made from the kind table by `cargo xtask generate`; caBundle is filled in where it is installed.\n{}",
        documents.join("---\n")
    )
}

fn validate(settings: &Settings) -> Value {
    let resources: Vec<&str> = ["*"].into_iter().chain(PARTS).collect();
    let rules = json!([
        rule(&["*"], &["*"], &resources, &["CREATE", "UPDATE"]),
        rule(&["*"], &["*"], &CONNECTIONS, &["CONNECT"]),
    ]);
    let mut hook = webhook(settings, "validate.kubectl-plat.dev", "/validate", &rules, &settings.failure_policy, 3);
    hook["namespaceSelector"] = namespaces(settings);
    hook["matchConditions"] = json!([{"name": "judged", "expression": NOT_SENT}]);
    hook
}

/// Claims and XRs are told by their fields, as their kinds are not known where this is made. Nothing else of a cluster's
/// deletions is sent, as with Gatekeeper.
fn deletions(settings: &Settings) -> Value {
    let rules = json!([rule(&["*"], &["*"], &["*"], &["DELETE"])]);
    let failure_policy = &settings.failure_policy;
    let mut hook = webhook(settings, "deletions.kubectl-plat.dev", "/validate", &rules, failure_policy, 3);
    hook["namespaceSelector"] = namespaces(settings);
    let mut conditions = vec![json!({"name": "judged", "expression": NOT_SENT})];
    if settings.deletions == Deletions::Platform {
        conditions.push(json!({"name": "of-the-platform", "expression": of_the_platform()}));
    }
    hook["matchConditions"] = conditions.into();
    hook
}

/// What Crossplane's machinery writes into claims (the first ones) and XRs, each of which has one of them at least.
const MACHINERY: [&str; 7] = [
    "compositeDeletePolicy",
    "resourceRef",
    "compositionRef",
    "compositionSelector",
    "compositionUpdatePolicy",
    "resourceRefs",
    "crossplane",
];
/// Label of what an XR is composed of, and of XRs.
const COMPOSED: &str = "crossplane.io/composite";
/// Annotation by which the guardrail `deletion-guard` tells what is protected.
const PROTECTED: &str = "kubectl-plat.dev/protect";

/// Whether an object is one of policies or platform. It must not fail for any object: a failure is the end of a request.
fn of_the_platform() -> String {
    let mut groups: Vec<&str> = KINDS.iter().map(|row| row.group).collect();
    groups.dedup();
    let list = |texts: &[&str]| format!("['{}']", texts.join("', '"));
    let (groups, fields) = (list(&groups), list(&MACHINERY));
    format!(
        "request.resource.group in {groups} || (oldObject != null && (\
         (has(oldObject.metadata.labels) && '{COMPOSED}' in oldObject.metadata.labels) || \
         (has(oldObject.metadata.annotations) && '{PROTECTED}' in oldObject.metadata.annotations) || \
         (has(oldObject.spec) && type(oldObject.spec) == map && {fields}.exists(field, field in oldObject.spec))))"
    )
}

/// A broken policy must not get in while nobody looks: what the policies are is judged or does not change.
fn platform(settings: &Settings) -> Value {
    let mut rules = Vec::new();
    for row in KINDS.iter().filter(|row| row.check == Check::Loads) {
        rules.push(rule(&[row.group], &["*"], &[row.plural], &["CREATE", "UPDATE"]));
    }
    webhook(settings, "platform.kubectl-plat.dev", "/validate", &rules.into(), "Fail", 5)
}

fn exemption(settings: &Settings) -> Value {
    // Both parts of a Namespace take labels too.
    let resources = ["namespaces", "namespaces/status", "namespaces/finalize"];
    let rules = json!([rule(&[""], &["*"], &resources, &["CREATE", "UPDATE"])]);
    let mut hook = webhook(settings, "exemption.kubectl-plat.dev", "/validate-label", &rules, "Fail", 3);
    // Namespaces without the label need not wait for a webhook that is down.
    let carries = format!("has(object.metadata.labels) && '{LABEL}' in object.metadata.labels");
    hook["matchConditions"] = json!([{"name": "carries-the-label", "expression": carries}]);
    hook
}

/// Deletions of what is in use: of everything with the label, wherever it is, as Crossplane's own.
fn usages(settings: &Settings) -> Value {
    let rules = json!([rule(&["*"], &["*"], &["*"], &["DELETE"])]);
    let mut hook = webhook(settings, "usages.kubectl-plat.dev", "/validate-no-usages", &rules, "Fail", 5);
    hook["objectSelector"] = json!({"matchLabels": {IN_USE_LABEL: "true"}});
    // A deletion that is refused is noted at the object.
    hook["sideEffects"] = "NoneOnDryRun".into();
    hook
}

fn mutate(settings: &Settings) -> Value {
    let rules = json!([rule(&["*"], &["*"], &["*", "pods/ephemeralcontainers"], &["CREATE", "UPDATE"])]);
    // Twice its time (it may be asked again) and the validating one's must fit into the 10 s of a leader's lease.
    let mut hook = webhook(settings, "mutate.kubectl-plat.dev", "/mutate", &rules, "Ignore", 2);
    hook["reinvocationPolicy"] = "IfNeeded".into();
    hook["namespaceSelector"] = namespaces(settings);
    hook["matchConditions"] = json!([{"name": "judged", "expression": NOT_SENT}]);
    hook
}

fn rule(groups: &[&str], versions: &[&str], resources: &[&str], operations: &[&str]) -> Value {
    json!({"apiGroups": groups, "apiVersions": versions, "resources": resources, "operations": operations, "scope": "*"})
}

fn webhook(settings: &Settings, name: &str, path: &str, rules: &Value, failure_policy: &str, seconds: u8) -> Value {
    let mut client = match &settings.target {
        Target::Service { namespace, name } => {
            json!({"service": {"namespace": namespace, "name": name, "path": path, "port": 443}})
        }
        Target::Url(url) => json!({"url": format!("{}{path}", url.trim_end_matches('/'))}),
    };
    if let Some(bundle) = &settings.ca_bundle {
        client["caBundle"] = bundle.as_str().into();
    }
    json!({
        "name": name, "clientConfig": client, "rules": rules, "failurePolicy": failure_policy, "sideEffects": "None",
        "matchPolicy": "Equivalent", "admissionReviewVersions": ["v1"], "timeoutSeconds": seconds,
    })
}

fn namespaces(settings: &Settings) -> Value {
    let own = match &settings.target {
        Target::Service { namespace, .. } => Some(namespace.clone()),
        Target::Url(_) => None,
    };
    let excluded: Vec<String> = own.into_iter().chain(settings.excluded_namespaces.iter().cloned()).collect();
    let mut expressions = vec![json!({"key": LABEL, "operator": "DoesNotExist"})];
    if !excluded.is_empty() {
        expressions.push(json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": excluded}));
    }
    json!({"matchExpressions": expressions})
}

#[cfg(test)]
mod tests {
    use plat_policy::{EnforcementPoint, Inventory, Options, PolicySet, Review};
    use plat_resource::Document;

    use super::*;

    fn named<'a>(configuration: &'a Value, name: &str) -> &'a Value {
        let hooks = configuration["webhooks"].as_array().unwrap();
        hooks.iter().find(|hook| hook["name"] == name).unwrap()
    }

    /// Operations that a webhook is asked about, and the names of its conditions.
    fn asked(hook: &Value) -> (Vec<&str>, Vec<&str>) {
        let rules = hook["rules"].as_array().unwrap();
        let operations = rules.iter().flat_map(|rule| rule["operations"].as_array().unwrap());
        let conditions = hook["matchConditions"].as_array().into_iter().flatten();
        (operations.filter_map(Value::as_str).collect(), conditions.filter_map(|it| it["name"].as_str()).collect())
    }

    #[test]
    fn only_deletions_of_the_platform_are_sent_unless_all_are_asked_for() {
        let [validating, _] = configurations(&Settings::default());
        let others = ["validate.kubectl-plat.dev", "platform.kubectl-plat.dev", "exemption.kubectl-plat.dev"];
        for name in others {
            assert!(!asked(named(&validating, name)).0.contains(&"DELETE"), "{name}");
        }
        let hook = named(&validating, "deletions.kubectl-plat.dev");
        assert_eq!(asked(hook), (vec!["DELETE"], vec!["judged", "of-the-platform"]));
        let [all, _] = configurations(&Settings { deletions: Deletions::All, ..Settings::default() });
        assert_eq!(asked(named(&all, "deletions.kubectl-plat.dev")), (vec!["DELETE"], vec!["judged"]));
        let expression = of_the_platform();
        for row in KINDS {
            assert!(expression.contains(&format!("'{}'", row.group)), "{} in {expression}", row.group);
        }
    }

    #[test]
    fn deletions_of_what_is_in_use_are_sent_from_everywhere() {
        let [validating, _] = configurations(&Settings::default());
        let hook = named(&validating, "usages.kubectl-plat.dev");
        assert_eq!(asked(hook), (vec!["DELETE"], vec![]));
        assert_eq!(hook["objectSelector"], json!({"matchLabels": {"crossplane.io/in-use": "true"}}));
        assert_eq!((&hook["failurePolicy"], hook.get("namespaceSelector")), (&json!("Fail"), None));
    }

    /// Whether the condition lets the deletion of an object pass to the webhook; anything else where it fails.
    fn is_sent(object: &Value) -> Vec<String> {
        let template = json!({
            "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "sent"},
            "spec": {"crd": {"spec": {"names": {"kind": "Sent"}}}, "targets": [{
                "target": "admission.k8s.gatekeeper.sh",
                "code": [{"engine": "K8sNativeValidation", "source": {
                    "validations": [{"expression": of_the_platform(), "message": "not sent"}],
                }}],
            }]},
        });
        let constraint =
            json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Sent", "metadata": {"name": "sent"}});
        let documents = [template, constraint].map(|value| Document::synthetic(value, "test"));
        let (set, findings) = PolicySet::load(&documents, &Options::default());
        assert!(findings.is_empty(), "{findings:?}");
        let mut review = Review::of_object(object, None);
        review.request["operation"] = "DELETE".into();
        review.request["resource"] = review.request["kind"].clone();
        review.request["oldObject"] = object.clone();
        let verdicts = set.review(&review, EnforcementPoint::Webhook, &Inventory::default());
        verdicts.into_iter().map(|verdict| verdict.message).collect()
    }

    #[test]
    fn claims_xrs_composed_resources_and_what_is_protected_are_told_from_everything_else() {
        let object = |api_version: &str, metadata: Value, spec: Value| json!({"apiVersion": api_version, "kind": "Any", "metadata": metadata, "spec": spec});
        let plain = || json!({"name": "a"});
        let sent = [
            object("templates.gatekeeper.sh/v1", plain(), json!({})),
            object("acme.io/v1", plain(), json!({"compositeDeletePolicy": "Background"})),
            object("acme.io/v1", plain(), json!({"crossplane": {"resourceRefs": []}})),
            object("aws.io/v1", json!({"labels": {"crossplane.io/composite": "a"}}), json!({})),
            object("v1", json!({"annotations": {"kubectl-plat.dev/protect": "true"}}), Value::Null),
        ];
        for object in sent {
            assert!(is_sent(&object).is_empty(), "{object}: {:?}", is_sent(&object));
        }
        let specs = [json!({}), json!({"size": 5}), Value::Null, json!("crossplane"), json!(["crossplane"]), json!(3)];
        for spec in specs {
            let object = object("apps/v1", json!({"labels": {"a": "b"}, "annotations": {"c": "d"}}), spec);
            assert_eq!(is_sent(&object), ["not sent"], "{object}");
        }
        assert_eq!(is_sent(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})), ["not sent"]);
    }

    #[test]
    fn every_kind_that_must_load_is_sent_and_fails_closed() {
        let [validating, _] = configurations(&Settings::default());
        let hook = named(&validating, "platform.kubectl-plat.dev");
        assert_eq!(hook["failurePolicy"], "Fail");
        let rules = hook["rules"].as_array().unwrap();
        let loads: Vec<_> = KINDS.iter().filter(|row| row.check == Check::Loads).collect();
        assert_eq!(rules.len(), loads.len());
        for (rule, row) in rules.iter().zip(loads) {
            assert_eq!((&rule["apiGroups"][0], &rule["resources"][0]), (&json!(row.group), &json!(row.plural)));
        }
    }

    #[test]
    fn good_practices_hold_for_every_webhook() {
        let settings = Settings { failure_policy: "Fail".to_owned(), ..Settings::default() };
        let mut seconds = 0;
        for configuration in configurations(&settings) {
            for hook in configuration["webhooks"].as_array().unwrap() {
                let notes = hook["name"] == "usages.kubectl-plat.dev";
                let effects = if notes { "NoneOnDryRun" } else { "None" };
                assert_eq!((&hook["sideEffects"], &hook["matchPolicy"]), (&json!(effects), &json!("Equivalent")));
                assert_eq!(hook["admissionReviewVersions"], json!(["v1"]));
                let most = hook["timeoutSeconds"].as_u64().unwrap();
                let times = match hook["name"].as_str().unwrap() {
                    "mutate.kubectl-plat.dev" => 2,
                    "validate.kubectl-plat.dev" => 1,
                    _ => 0,
                };
                seconds += most * times;
            }
        }
        assert!(seconds < 10, "{seconds} s are more than a leader's lease allows");
    }

    #[test]
    fn own_namespace_and_exempt_ones_are_left_out() {
        let [validating, mutating] = configurations(&Settings::default());
        for configuration in [validating, mutating] {
            let expressions = &configuration["webhooks"][0]["namespaceSelector"]["matchExpressions"];
            assert_eq!(expressions[0], json!({"key": LABEL, "operator": "DoesNotExist"}));
            assert_eq!(expressions[1]["values"], json!(["plat-system", "kube-system"]));
        }
    }
}
