//! The stream of AdmissionReviews: what a busy cluster applies.
//!
//! Owns what is asked. Most objects are in order and some are not, so that both ways through the policies are taken.

use hyper::body::Bytes;
use serde_json::{Value, json};

/// The namespace that all objects are in; it must exist for both programs.
pub(super) const NAMESPACE: &str = "team-a";

/// So many reviews: of ten, six Pods, two Deployments and two claims.
pub(super) fn mixed(count: usize) -> Vec<Bytes> {
    let one = |number: usize| match number % 10 {
        0..=5 => review(number, "", "Pod", &pod(number)),
        6 | 7 => review(number, "apps", "Deployment", &deployment(number)),
        _ => review(number, "bench.example", "Stack", &claim(number)),
    };
    (0..count).map(one).collect()
}

/// So many reviews of composite resources with as many composed resources as the platform of the other benchmarks makes.
pub(super) fn claims(count: usize) -> Vec<Bytes> {
    (0..count).map(|number| review(number, "bench.example", "Stack", &claim(number))).collect()
}

fn review(number: usize, group: &str, kind: &str, object: &Value) -> Bytes {
    let (version, plural) = ("v1", format!("{}s", kind.to_lowercase()));
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": format!("00000000-0000-4000-8000-{number:012}"),
            "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": plural},
            "requestKind": {"group": group, "version": version, "kind": kind},
            "requestResource": {"group": group, "version": version, "resource": plural},
            "name": object["metadata"]["name"],
            "namespace": NAMESPACE,
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:team-a:deployer", "groups": ["system:serviceaccounts", "system:authenticated"]},
            "object": object,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl-client-side-apply"},
        },
    });
    Bytes::from(review.to_string())
}

/// Every seventh is not in order.
fn pod(number: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(&format!("web-{number}")),
        "spec": pod_spec(number % 7 == 6),
    })
}

fn deployment(number: usize) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(&format!("web-{number}")),
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web", "team": "team-a"}}, "spec": pod_spec(number % 3 == 2)},
        },
    })
}

fn metadata(name: &str) -> Value {
    json!({
        "name": name,
        "namespace": NAMESPACE,
        "labels": {"app": "web", "team": "team-a", "app.kubernetes.io/managed-by": "Helm", "owner": "team-a"},
        "annotations": {"description": "what the shop's customers see", "checksum/config": "3f5b8f1d0c9e4b7aa6d2"},
        "creationTimestamp": null,
    })
}

fn pod_spec(careless: bool) -> Value {
    let image = if careless {
        "docker.io/library/web:latest"
    } else {
        "registry.example/shop/web@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    };
    let container = |name: &str, port: u16| {
        json!({
            "name": name,
            "image": image,
            "ports": [{"containerPort": port, "protocol": "TCP"}],
            "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
            "livenessProbe": {"httpGet": {"path": "/live", "port": port}, "periodSeconds": 10},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 5},
            "securityContext": {
                "privileged": careless, "allowPrivilegeEscalation": careless, "readOnlyRootFilesystem": true, "runAsNonRoot": !careless,
                "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumeMounts": [{"name": "config", "mountPath": "/etc/web", "readOnly": true}],
        })
    };
    json!({
        "containers": [container("web", 8080), container("metrics", 9090)],
        "serviceAccountName": "web",
        "automountServiceAccountToken": false,
        "securityContext": {"runAsNonRoot": !careless, "runAsUser": 1000, "fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "config", "configMap": {"name": "web"}}],
        "terminationGracePeriodSeconds": 30,
    })
}

fn claim(number: usize) -> Value {
    json!({
        "apiVersion": "bench.example/v1",
        "kind": "Stack",
        "metadata": metadata(&format!("stack-{number}")),
        "spec": {"team": "team-a", "region": "eu", "sizeGB": 20 + number % 50, "tags": {"owner": "team-a", "cost-center": "4711"}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_review_is_one() {
        for body in mixed(20).iter().chain(&claims(3)) {
            let review: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(review["kind"], "AdmissionReview");
            assert_eq!(review["request"]["namespace"], review["request"]["object"]["metadata"]["namespace"]);
        }
        assert_eq!(mixed(10).iter().filter(|body| String::from_utf8_lossy(body).contains("\"Stack\"")).count(), 2);
    }
}
