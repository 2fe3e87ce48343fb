//! The two webhook configurations, made from the kind table.
//!
//! Owns what the API server is asked to send and what it does when nobody answers. Who signs the certificates and where
//! the webhook runs is the installer's matter.

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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            target: Target::Service { namespace: "plat-system".to_owned(), name: NAME.to_owned() },
            ca_bundle: None,
            excluded_namespaces: vec!["kube-system".to_owned()],
            failure_policy: "Ignore".to_owned(),
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
        "webhooks": [validate(settings), platform(settings), exemption(settings)],
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
        rule(&["*"], &["*"], &resources, &["CREATE", "UPDATE", "DELETE"]),
        rule(&["*"], &["*"], &CONNECTIONS, &["CONNECT"]),
    ]);
    let mut hook = webhook(settings, "validate.kubectl-plat.dev", "/validate", &rules, &settings.failure_policy, 3);
    hook["namespaceSelector"] = namespaces(settings);
    hook["matchConditions"] = json!([{"name": "judged", "expression": NOT_SENT}]);
    hook
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
    use super::*;

    #[test]
    fn every_kind_that_must_load_is_sent_and_fails_closed() {
        let [validating, _] = configurations(&Settings::default());
        let hook = &validating["webhooks"][1];
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
                assert_eq!((&hook["sideEffects"], &hook["matchPolicy"]), (&json!("None"), &json!("Equivalent")));
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
