//! `manifests/install.yaml`: everything that webhook and controller need in a cluster, in the order in which it is applied.
//!
//! Owns Namespace, account, Deployment, Service and what goes with them. Rights are next door; the webhook configurations are
//! made from the kind table where that is.

use plat_admission::configuration::{self, Settings};
use plat_resource::{Value, yaml};
use serde_json::json;

use super::rights;

/// Where everything is.
pub(super) const NAMESPACE: &str = "plat-system";
/// The service account of both programs.
pub(super) const ACCOUNT: &str = "plat";

const WEBHOOK_PORT: u16 = 8443;
const WEBHOOK_HEALTH_PORT: u16 = 8081;
const CONTROLLER_HEALTH_PORT: u16 = 8082;

/// The manifest as the file that is committed.
pub(super) fn manifest() -> String {
    let documents: Vec<String> = objects().iter().map(yaml::to_string).collect();
    format!(
        "# Made by `cargo xtask generate`; docs/install.md says what to set before it is applied.\n{}",
        documents.join("---\n")
    )
}

fn objects() -> Vec<Value> {
    let mut objects = vec![namespace(), account()];
    objects.extend(rights::objects());
    objects.extend([service(), deployment(), disruption_budget()]);
    objects.extend(configuration::configurations(&Settings::default()));
    objects
}

/// Labels of everything that is made here.
pub(super) fn labels() -> Value {
    json!({"app.kubernetes.io/name": "plat", "app.kubernetes.io/part-of": "plat"})
}

fn selector() -> Value {
    json!({"app.kubernetes.io/name": "plat"})
}

fn metadata(name: &str) -> Value {
    json!({"name": name, "namespace": NAMESPACE, "labels": labels()})
}

fn namespace() -> Value {
    let mut labels = labels();
    for mode in ["enforce", "audit", "warn"] {
        labels[format!("pod-security.kubernetes.io/{mode}")] = "restricted".into();
    }
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
}

fn account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(ACCOUNT)})
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(configuration::NAME),
        "spec": {"selector": selector(), "ports": [{"name": "https", "port": 443, "targetPort": "webhook"}]},
    })
}

fn disruption_budget() -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata("plat"),
        "spec": {"minAvailable": 1, "selector": {"matchLabels": selector()}},
    })
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("plat"),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": selector()},
            // A webhook that is replaced answers until the next one does.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": labels()}, "spec": pod()},
        },
    })
}

fn pod() -> Value {
    json!({
        "serviceAccountName": ACCOUNT,
        // Longer than --shutdown-delay and --shutdown-timeout together.
        "terminationGracePeriodSeconds": 45,
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": [{
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector()},
        }],
        "containers": [webhook(), controller()],
        "volumes": [{"name": "tls", "secret": {"secretName": "plat-webhook-tls"}}],
    })
}

fn webhook() -> Value {
    // No --own-account: the controller has the same one, and what it writes is judged as everybody's.
    let arguments = [
        format!("--listen=0.0.0.0:{WEBHOOK_PORT}"),
        format!("--health-addr=0.0.0.0:{WEBHOOK_HEALTH_PORT}"),
        "--tls-cert=/tls/tls.crt".to_owned(),
        "--tls-key=/tls/tls.key".to_owned(),
        "--log-format=json".to_owned(),
    ];
    let mut container = container("plat-webhook", &arguments, WEBHOOK_HEALTH_PORT);
    // The Pod is ready when the webhook is: it must not be taken away by a controller that waits for something.
    container["readinessProbe"] = probe("/readyz", WEBHOOK_HEALTH_PORT);
    container["ports"] = json!([
        {"name": "webhook", "containerPort": WEBHOOK_PORT},
        {"name": "health", "containerPort": WEBHOOK_HEALTH_PORT},
    ]);
    container["volumeMounts"] = json!([{"name": "tls", "mountPath": "/tls", "readOnly": true}]);
    container["resources"] = json!({"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}});
    container
}

fn controller() -> Value {
    let arguments = [
        format!("--namespace={NAMESPACE}"),
        format!("--health-addr=0.0.0.0:{CONTROLLER_HEALTH_PORT}"),
        "--log-format=json".to_owned(),
    ];
    let mut container = container("plat-controller", &arguments, CONTROLLER_HEALTH_PORT);
    container["ports"] = json!([{"name": "controller", "containerPort": CONTROLLER_HEALTH_PORT}]);
    container["resources"] = json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}});
    container
}

/// What both have: one image, which holds both programs.
fn container(program: &str, arguments: &[String], health_port: u16) -> Value {
    json!({
        "name": program,
        "image": concat!("plat:", env!("CARGO_PKG_VERSION")),
        "command": [program],
        "args": arguments,
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "startupProbe": {"httpGet": {"path": "/healthz", "port": health_port}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": probe("/healthz", health_port),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
    })
}

fn probe(path: &str, port: u16) -> Value {
    json!({"httpGet": {"path": path, "port": port}, "periodSeconds": 5})
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_admission::configuration::Target;
    use plat_resource::object;

    fn find(kind: &str) -> Value {
        objects().into_iter().find(|object| object["kind"] == kind).unwrap()
    }

    #[test]
    fn the_webhook_configurations_name_the_service() {
        let Target::Service { namespace, name } = Settings::default().target else {
            unreachable!("the default is one")
        };
        let service = find("Service");
        assert_eq!((object::namespace(&service), object::name(&service)), (namespace.as_str(), name.as_str()));
        let port = &service["spec"]["ports"][0]["targetPort"];
        assert_eq!(port, &find("Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"]);
    }

    #[test]
    fn everything_selects_the_pods() {
        let labels = &find("Deployment")["spec"]["template"]["metadata"]["labels"];
        let selectors = [
            find("Deployment")["spec"]["selector"]["matchLabels"].take(),
            find("PodDisruptionBudget")["spec"]["selector"]["matchLabels"].take(),
            find("Service")["spec"]["selector"].take(),
        ];
        for selector in selectors {
            for (key, value) in selector.as_object().unwrap() {
                assert_eq!(&labels[key], value);
            }
        }
    }

    #[test]
    fn there_is_time_to_end() {
        let seconds = find("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].as_u64();
        assert!(seconds > Some(10 + 30), "the defaults of --shutdown-delay and --shutdown-timeout");
    }
}
