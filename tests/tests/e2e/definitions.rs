//! The CRDs that plat makes from an XRD are those that Crossplane makes, and the real API server takes them.
//!
//! Owns creating them, once for all tests.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, bail};
use plat_resource::Value;
use plat_resource::object::{object_at_mut, set_metadata, string_at, value_at};
use serde_json::json;

use crate::cases::{self, Case};
use crate::cluster::{Answer, Cluster, cluster};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// The API server wants a UID in the owner reference; the XRD's is not known offline.
const UID: &str = "00000000-0000-4000-8000-000000000000";
/// A busy machine may take its time to establish a CRD.
const PATIENCE: Duration = Duration::from_mins(1);

/// A case whose kinds the API server has, or refused.
pub(crate) struct Established {
    /// The case's name.
    pub(crate) name: String,
    /// The case, or why it cannot be read.
    pub(crate) case: Result<Case, String>,
    /// The group its kinds have here: its own below a part that no other case has. Cases share names, and the API server
    /// takes a minute to forget a kind.
    pub(crate) group: String,
    /// Its CRDs as stored, with their own group again.
    stored: Result<Vec<Value>, String>,
}

/// Our own cases, their kinds created.
pub(crate) fn own() -> &'static [Established] {
    static OWN: OnceLock<Vec<Established>> = OnceLock::new();
    OWN.get_or_init(|| establish_all("own", cases::own()))
}

/// The published cases, their kinds created; none where nobody has laid them beside the repository.
pub(crate) fn published() -> &'static [Established] {
    static PUBLISHED: OnceLock<Vec<Established>> = OnceLock::new();
    PUBLISHED.get_or_init(|| establish_all("published", cases::published()))
}

fn establish_all(prefix: &str, cases: Vec<(String, anyhow::Result<Case>)>) -> Vec<Established> {
    let cluster = cluster();
    cluster.run_all(cases.into_iter().enumerate().map(async |(index, (name, case))| {
        let case = case.map_err(|error| format!("{error:#}"));
        let (group, stored) = match &case {
            Ok(case) => {
                let group = format!("{prefix}{index}.{}", case.definition().group);
                let stored = establish_case(cluster, case, &group).await.map_err(|error| format!("{error:#}"));
                (group, stored)
            }
            Err(error) => (String::new(), Err(error.clone())),
        };
        Established { name, case, group, stored }
    }))
}

async fn establish_case(cluster: &Cluster, case: &Case, group: &str) -> anyhow::Result<Vec<Value>> {
    let mut stored = Vec::new();
    for crd in case.definition().crds() {
        let own = case.definition().group.clone();
        let crd = establish(cluster, in_group(crd, group)).await?;
        stored.push(in_group(crd, &own));
    }
    Ok(stored)
}

/// The CRD with another group.
pub(crate) fn in_group(mut crd: Value, group: &str) -> Value {
    let plural = string_at(&crd, &["spec", "names", "plural"]).unwrap_or_default().to_owned();
    set_metadata(&mut crd, "name", format!("{plural}.{group}"));
    object_at_mut(&mut crd, &["spec"]).insert("group".to_owned(), json!(group));
    crd
}

/// Creates the CRD and waits until it is served.
pub(crate) async fn establish(cluster: &Cluster, mut crd: Value) -> anyhow::Result<Value> {
    for owner in object_at_mut(&mut crd, &["metadata"])
        .get_mut("ownerReferences")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        owner["uid"] = json!(UID);
    }
    let name = plat_resource::object::name(&crd).to_owned();
    match cluster.create(&format!("{CRDS}?fieldValidation=Strict"), &crd).await? {
        Answer::Accepted(_) => {}
        Answer::Refused(refusal) => bail!("the CRD {name} is refused: {}", refusal.message),
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let Answer::Accepted(stored) = cluster.get(&format!("{CRDS}/{name}")).await? else {
            bail!("the CRD {name} is gone");
        };
        let conditions =
            value_at(&stored, &["status", "conditions"]).and_then(Value::as_array).cloned().unwrap_or_default();
        let is = |kind: &str, status: &str| conditions.iter().any(|it| it["type"] == kind && it["status"] == status);
        if is("Established", "True") {
            return Ok(stored);
        }
        let refused = is("NamesAccepted", "False") || is("NonStructuralSchema", "True");
        if refused || tokio::time::Instant::now() > deadline {
            bail!("the CRD {name} is not established: {}", json!(conditions));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What is the same for everybody who creates this CRD.
fn comparable(stored: &Value) -> Value {
    let mut crd = stored.clone();
    let metadata = object_at_mut(&mut crd, &["metadata"]);
    for field in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
        metadata.remove(field);
    }
    for owner in metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(owner) = owner.as_object_mut() {
            owner.remove("uid");
        }
    }
    if let Some(crd) = crd.as_object_mut() {
        crd.remove("status");
    }
    crd
}

/// The path of the first difference, with both sides.
pub(crate) fn first_difference(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            keys.into_iter().find_map(|key| {
                let (left, right) = (left.get(key).unwrap_or(&Value::Null), right.get(key).unwrap_or(&Value::Null));
                first_difference(&format!("{path}.{key}"), left, right)
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => (left.iter().zip(right).enumerate())
            .find_map(|(index, (left, right))| first_difference(&format!("{path}[{index}]"), left, right)),
        _ => (left != right).then(|| format!("{path}: {left} here, {right} recorded")),
    }
}

/// Cases whose record was made from another XRD of the same name.
const RECORDED_FROM_ANOTHER: &[&str] = &["upbound__platform-ref-aws/xclusters.aws.platformref.upbound.io"];

/// Says how the CRDs of `case` differ from those recorded.
fn check(case: &Case, stored: &[Value]) -> anyhow::Result<()> {
    for recorded in &case.expected {
        let name = plat_resource::object::name(recorded);
        let ours = stored.iter().find(|crd| plat_resource::object::name(crd) == name);
        let ours = ours.with_context(|| format!("the CRD {name} is missing"))?;
        if let Some(difference) = first_difference("", &comparable(ours), &comparable(recorded)) {
            bail!("the CRD {name} differs at {difference}");
        }
    }
    let recorded = case.expected.len();
    anyhow::ensure!(recorded == 0 || recorded == stored.len(), "{} CRDs, {recorded} recorded", stored.len());
    Ok(())
}

fn check_all(established: &[Established]) {
    let failures: Vec<String> = (established.iter())
        .filter_map(|it| match (&it.case, &it.stored) {
            (Err(error), _) | (_, Err(error)) => Some(format!("{}: {error}", it.name)),
            (Ok(case), Ok(stored)) => match (check(case, stored), RECORDED_FROM_ANOTHER.contains(&it.name.as_str())) {
                (Ok(()), false) | (Err(_), true) => None,
                (Ok(()), true) => Some(format!("{}: the record is right now", it.name)),
                (Err(error), false) => Some(format!("{}: {error:#}", it.name)),
            },
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), established.len(), failures.join("\n"));
}

#[test]
fn own_definitions_are_established() {
    check_all(own());
}

#[test]
fn published_definitions_are_stored_as_recorded() {
    check_all(published());
}
