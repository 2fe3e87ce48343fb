//! The platforms of `tests/fixtures/crossplane`, and what happens to their claims and XRs.
//!
//! Owns their manifests and who may do what with them. Either engine makes them real; what became of them is looked at by
//! [`super::snapshot`].

use anyhow::{Context, ensure};
use plat_resource::{Value, object, yaml};
use serde_json::json;

use super::snapshot::{Kinds, Snapshot};
use crate::reconciling::harness::{Harness, says};

/// Their names: of the file, of the namespace, and with `.example`, of the API group.
const NAMES: [&str; 3] = ["claims", "namespaced", "nested"];
/// Kinds of claims and XRs, which of the two they are, and their paths.
const KINDS: [(&str, &str, &str); 5] = [
    ("Database", "claim", "/apis/claims.example/v1/databases"),
    ("XDatabase", "XR", "/apis/claims.example/v1/xdatabases"),
    ("Site", "XR", "/apis/namespaced.example/v1/sites"),
    ("Stack", "XR", "/apis/nested.example/v1/stacks"),
    ("Part", "XR", "/apis/nested.example/v1/parts"),
];

const CLAIM: &str = "/apis/claims.example/v1/namespaces/claims/databases/shop";
const SITE: &str = "/apis/namespaced.example/v1/namespaces/namespaced/sites/blog";
const STACK: &str = "/apis/nested.example/v1/stacks/house";
/// Claims and XRs that become Ready.
const READY: [&str; 4] = ["Database claims/shop", "Database claims/manual", "Site namespaced/blog", "Stack house"];

/// What is looked at, besides platforms.
pub(crate) fn watched() -> Kinds {
    KINDS.iter().map(|(kind, _, path)| ((*kind).to_owned(), (*path).to_owned())).collect()
}

/// Whether a kind is one of claims or of XRs.
pub(crate) fn role(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(each, ..)| *each == kind).map(|(_, role, _)| *role)
}

/// Makes everything, and lets plat's account work with it.
pub(crate) async fn begin(harness: &Harness) -> anyhow::Result<()> {
    let all = json!(["get", "list", "watch", "create", "update", "patch", "delete"]);
    let groups: Vec<String> = NAMES.iter().map(|name| format!("{name}.example")).collect();
    let rules = json!([
        {"apiGroups": groups, "resources": ["*"], "verbs": all},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": all},
    ]);
    harness.allow("stories", &rules).await?;
    for name in NAMES {
        for object in manifests(name)? {
            harness.put(&collection(&object), &object).await?;
        }
    }
    Ok(())
}

/// What is in a file.
fn manifests(name: &str) -> anyhow::Result<Vec<Value>> {
    let path = plat_tests::repository().join("tests/fixtures/crossplane").join(name).with_extension("yaml");
    let (documents, wrong) = yaml::parse(name, &std::fs::read(path)?);
    ensure!(wrong.is_empty(), "{wrong:?}");
    Ok(documents.into_iter().map(|document| document.value).collect())
}

/// Where an object is made; its plural is no irregular one.
pub(crate) fn collection(object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let root = if version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{version}") };
    let namespace = match object::namespace(object) {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    format!("{root}{namespace}/{}s", object["kind"].as_str().unwrap_or_default().to_lowercase())
}

/// Whether an object is Ready and Synced.
fn is_ready(object: &Value) -> bool {
    says(object, "Ready", "True", "Available") && says(object, "Synced", "True", "ReconcileSuccess")
}

/// Whether everything is as far as it gets.
pub(crate) fn is_made(snapshot: &Snapshot) -> bool {
    let is_so = |key: &str, holds: &dyn Fn(&Value) -> bool| snapshot.get(key).is_some_and(holds);
    READY.iter().all(|key| is_so(key, &is_ready))
        && is_so("Database claims/broken", &|claim| says(claim, "Ready", "False", "Waiting"))
        && is_so("Database claims/paused", &|claim| says(claim, "Synced", "False", "ReconcilePaused"))
        && snapshot.values().any(|object| {
            object["spec"]["claimRef"]["name"] == "broken" && says(object, "Synced", "False", "ReconcileError")
        })
}

/// Changes what claims and XRs ask for.
pub(crate) async fn change(harness: &Harness) -> anyhow::Result<()> {
    harness.patch(CLAIM, &json!({"spec": {"size": 8, "tags": null}})).await?;
    harness.patch(SITE, &json!({"spec": {"host": "news"}})).await?;
    harness.patch(STACK, &json!({"spec": {"size": 9}})).await.map(|_| ())
}

/// Whether that came to be.
pub(crate) fn is_changed(snapshot: &Snapshot) -> bool {
    let says = |key: &str, field: &str, value: &str| {
        snapshot.get(key).is_some_and(|object| is_ready(object) && object["status"][field] == value)
    };
    says("Database claims/shop", "address", "postgres-8")
        && says("Site namespaced/blog", "url", "https://news.example.org")
        && says("Stack house", "done", "9")
}

/// Changes what claims are composed of: `access` goes, `report` comes.
pub(crate) async fn recompose(harness: &Harness) -> anyhow::Result<()> {
    let mut all = manifests("claims")?;
    let found = all.iter_mut().find(|object| object["kind"] == "Composition");
    let composition = found.context("the Composition of claims")?;
    let access = &mut composition["spec"]["pipeline"][0]["input"]["resources"][1];
    access["name"] = "report".into();
    access["base"]["data"]["role"] = "report".into();
    access["patches"] = json!([]);
    let path = format!("{}/{}", collection(composition), object::name(composition));
    harness.patch(&path, &json!({"spec": composition["spec"]})).await.map(|_| ())
}

/// Whether that came to be: for all but the one that stays with its revision.
pub(crate) fn is_recomposed(snapshot: &Snapshot) -> bool {
    let count = |claim: &str, name: &str| {
        let is_it = |object: &&Value| {
            object::label(object, "crossplane.io/claim-name") == Some(claim)
                && object::annotation(object, "crossplane.io/composition-resource-name") == Some(name)
        };
        snapshot.values().filter(is_it).count()
    };
    let ready = ["shop", "manual", "broken"].map(|name| format!("Database claims/{name}"));
    ["shop", "broken"].iter().all(|claim| count(claim, "access") == 0 && count(claim, "report") == 1)
        && (count("manual", "access"), count("manual", "report")) == (1, 0)
        && ready.iter().all(|key| snapshot.get(key).is_some_and(is_ready))
}

/// Edits and deletes what was composed, by hand.
pub(crate) async fn meddle(harness: &Harness, snapshot: &Snapshot) -> anyhow::Result<()> {
    let of = |claim: &str| {
        snapshot.iter().find(|(_, object)| {
            let label = |key: &str| object::label(object, key);
            label("crossplane.io/claim-name") == Some(claim) && label("role") == Some("server")
        })
    };
    let path = |object: &Value| format!("/api/v1/namespaces/claims/configmaps/{}", object::name(object));
    let (_, edited) = of("shop").context("the server of shop")?;
    harness.patch(&path(edited), &json!({"data": {"role": "client", "mine": "kept"}})).await?;
    let (_, deleted) = of("manual").context("the server of manual")?;
    harness.delete(&path(deleted)).await
}

/// Whether that was undone.
pub(crate) fn is_undone(before: &Snapshot) -> impl Fn(&Snapshot) -> bool {
    let servers = |snapshot: &Snapshot| {
        let all = snapshot.values().filter(|object| object::label(object, "role") == Some("server"));
        all.map(|object| object::uid(object).to_owned()).collect::<Vec<_>>()
    };
    let before = servers(before);
    move |snapshot| {
        let now = servers(snapshot);
        let roles = snapshot.values().filter(|object| object::label(object, "role") == Some("server"));
        now.len() == before.len()
            && now.iter().filter(|uid| !before.contains(uid)).count() == 1
            && roles.into_iter().all(|object| object["data"]["role"] == "server")
            && snapshot.get("Database claims/manual").is_some_and(is_ready)
    }
}

/// Deletes all claims and XRs.
pub(crate) async fn delete(harness: &Harness) -> anyhow::Result<()> {
    let others = ["manual", "broken", "paused"].map(|name| CLAIM.replace("shop", name));
    for path in others.iter().map(String::as_str).chain([CLAIM, SITE, STACK]) {
        harness.delete(path).await?;
    }
    Ok(())
}

/// Whether they are gone, with all that was theirs.
pub(crate) fn is_deleted(snapshot: &Snapshot) -> bool {
    let kinds = KINDS.iter().map(|(kind, ..)| *kind).chain(["ConfigMap", "Secret"]);
    let gone: Vec<String> = kinds.map(|kind| format!("{kind} ")).collect();
    !snapshot.keys().any(|key| gone.iter().any(|kind| key.starts_with(kind)))
}

/// Deletes the platforms.
pub(crate) async fn end(harness: &Harness) -> anyhow::Result<()> {
    for name in NAMES {
        for object in manifests(name)? {
            if object["kind"] == "Composition" || object["kind"] == "CompositeResourceDefinition" {
                harness.delete(&format!("{}/{}", collection(&object), object::name(&object))).await?;
            }
        }
    }
    Ok(())
}
