//! `manifests/install.yaml` in the cluster, and the account that webhook and controller run by: they have no other rights in
//! any test.

use std::path::Path;

use anyhow::{Context, ensure};
use plat_resource::{Value, object, yaml};
use serde_json::json;

use crate::webhook::server::Answer;

/// Where ClusterRoles are.
pub(crate) const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

/// The objects of the manifest.
pub(crate) fn manifest() -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(plat_tests::repository().join("manifests/install.yaml"))?;
    let (documents, wrong) = yaml::parse("install.yaml", text.as_bytes());
    ensure!(wrong.is_empty(), "{wrong:?}");
    Ok(documents.into_iter().map(|document| document.value).collect())
}

/// Where an object of the manifest is applied.
pub(crate) fn path(object: &Value) -> anyhow::Result<String> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let plural = match kind {
        "Namespace"
        | "ServiceAccount"
        | "Service"
        | "Deployment"
        | "PodDisruptionBudget"
        | "Role"
        | "ClusterRole"
        | "RoleBinding"
        | "ClusterRoleBinding"
        | "ValidatingWebhookConfiguration"
        | "MutatingWebhookConfiguration" => format!("{kind}s"),
        other => anyhow::bail!("{other} is not known here"),
    };
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let root = if version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{version}") };
    let namespace = match object::namespace(object) {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    Ok(format!("{root}{namespace}/{}/{}", plural.to_lowercase(), object::name(object)))
}

/// Applies the manifest by `ask`, except the webhook configurations, which name a Service that nobody runs here, and, so that no
/// Pods are made, the Deployment; and writes a kubeconfig that has the rights of its service account, and nothing else.
pub(crate) async fn install(
    ask: &impl AsyncFn(&str, &str, Option<&Value>) -> anyhow::Result<Answer>,
    admin: &Path,
    own: &Path,
) -> anyhow::Result<()> {
    for object in manifest()? {
        let kind = object["kind"].as_str().unwrap_or_default();
        if kind.ends_with("WebhookConfiguration") || kind == "Deployment" {
            continue;
        }
        let path = format!("{}?fieldManager=test&force=true&fieldValidation=Strict", path(&object)?);
        let answer = ask("PATCH", &path, Some(&object)).await?;
        ensure!(answer.is_accepted(), "{path}: {}", answer.body);
    }
    aggregate(ask).await?;
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 36_000},
    });
    let path = "/api/v1/namespaces/plat-system/serviceaccounts/plat/token";
    let answer = ask("POST", path, Some(&request)).await?;
    let token = answer.body["status"]["token"].as_str().with_context(|| format!("{path}: {}", answer.body))?;
    let (mut documents, _) = yaml::parse("kubeconfig", &std::fs::read(admin)?);
    let mut config = documents.pop().context("the kubeconfig is empty")?.value;
    config["users"][0]["user"] = json!({"token": token});
    Ok(std::fs::write(own, yaml::to_string(&config))?)
}

/// What Kubernetes' controller does, which does not run everywhere here: ClusterRoles that collect others get the rules of
/// those.
async fn aggregate(ask: &impl AsyncFn(&str, &str, Option<&Value>) -> anyhow::Result<Answer>) -> anyhow::Result<()> {
    let all = ask("GET", ROLES, None).await?;
    let known = all.body["items"].as_array().context("ClusterRoles")?;
    for collector in known {
        let Some(selectors) = collector["aggregationRule"]["clusterRoleSelectors"].as_array() else { continue };
        let is_collected = |other: &Value| {
            selectors
                .iter()
                .filter_map(|selector| selector["matchLabels"].as_object())
                .any(|labels| labels.iter().all(|(key, value)| object::label(other, key) == value.as_str()))
        };
        let collected = known.iter().filter(|other| is_collected(other));
        let rules: Vec<&Value> = collected.filter_map(|other| other["rules"].as_array()).flatten().collect();
        let path = format!("{ROLES}/{}", object::name(collector));
        let answer = ask("PATCH", &path, Some(&json!({"rules": rules}))).await?;
        ensure!(answer.is_accepted(), "{path}: {}", answer.body);
    }
    Ok(())
}

/// A ClusterRole that gives the controller rights on the kinds of a platform, as `docs/install.md` says.
pub(crate) fn composed_role(name: &str, rules: &Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name, "labels": {"rbac.kubectl-plat.dev/aggregate-to-controller": "true"}},
        "rules": rules,
    })
}
