//! All that there is of a platform, without what differs from one time to the next.

use serde_json::Value;

use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::Harness;

/// Fields that say when and how often, and not what.
const PASSING: [&str; 8] = [
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "lastPublishedTime",
    "lastTransitionTime",
    "observedGeneration",
    "resourceVersion",
    "time",
];

/// Every object, by a name that is the same each time; two that are alike are two.
pub(super) type Snapshot = Vec<(String, Value)>;

/// What there is of a platform in the cluster.
pub(super) async fn snapshot(harness: &Harness, platform: &Platform, namespace: &str) -> anyhow::Result<Snapshot> {
    let crossplane = "/apis/apiextensions.crossplane.io/v1";
    let paths = [
        format!("{crossplane}/compositeresourcedefinitions"),
        format!("{crossplane}/compositions"),
        format!("{crossplane}/compositionrevisions"),
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
        platform.claims(namespace),
        platform.composites(""),
        format!("/api/v1/namespaces/{namespace}/configmaps"),
        format!("/api/v1/namespaces/{namespace}/secrets"),
    ];
    let mut all: Vec<(String, Value)> = Vec::new();
    for path in paths {
        let answer = harness.ask("GET", &path, None).await?;
        anyhow::ensure!(answer.is_accepted() || answer.code == 404, "GET {path}: {}", answer.body);
        let plural = path.rsplit('/').next().unwrap_or_default();
        let items = answer.body["items"].as_array().cloned().unwrap_or_default();
        let own = items.into_iter().filter(|item| is_of(item, plural, platform));
        all.extend(own.map(|item| (plural.to_owned(), item)));
    }
    let replacements = replacements(&all);
    let named = all.into_iter().map(|(plural, mut object)| {
        strip(&mut object);
        let mut text = object.to_string();
        for (random, fixed) in &replacements {
            text = text.replace(random, fixed);
        }
        let mut object: Value = serde_json::from_str(&without_hashes(&text)).unwrap_or_default();
        sort(&mut object);
        (format!("{plural}/{}", object["metadata"]["name"].as_str().unwrap_or_default()), object)
    });
    let mut named: Snapshot = named.collect();
    named.sort_by_key(|(name, object)| (name.clone(), object.to_string()));
    Ok(named)
}

/// Where two snapshots differ, in words.
pub(super) fn difference(expected: &Snapshot, found: &Snapshot) -> String {
    let missing = expected.iter().filter(|each| !found.contains(each)).map(|each| format!("- {} {}\n", each.0, each.1));
    let surplus = found.iter().filter(|each| !expected.contains(each)).map(|each| format!("+ {} {}\n", each.0, each.1));
    missing.chain(surplus).collect()
}

fn is_of(item: &Value, plural: &str, platform: &Platform) -> bool {
    let name = item["metadata"]["name"].as_str().unwrap_or_default();
    match plural {
        "customresourcedefinitions" => item["spec"]["group"] == platform.group,
        "compositeresourcedefinitions" | "compositions" | "compositionrevisions" => name.contains(platform.group),
        "configmaps" => name != "kube-root-ca.crt",
        _ => true,
    }
}

/// What is random in names, and what is put in its place; the longest first, since some are parts of others.
fn replacements(all: &[(String, Value)]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for (plural, object) in all {
        let (metadata, claim) = (&object["metadata"], &object["spec"]["claimRef"]["name"]);
        let resource = &metadata["annotations"]["crossplane.io/composition-resource-name"];
        let fixed = match (claim.as_str(), resource.as_str()) {
            (Some(claim), _) => format!("composite-of-{claim}"),
            (None, Some(resource)) => {
                format!("{resource}-of-{}", text(&metadata["labels"]["crossplane.io/claim-name"]))
            }
            (None, None) => text(&metadata["name"]),
        };
        // A Secret's name may be the UID of an XR.
        let of = if plural == "secrets" { String::new() } else { format!("-{fixed}") };
        found.push((text(&metadata["uid"]), format!("uid-of-{plural}{of}")));
        if claim.is_string() || resource.is_string() {
            found.push((text(&metadata["name"]), fixed));
        }
    }
    found.sort_by_key(|(random, _)| std::cmp::Reverse(random.len()));
    found
}

/// The field manager of composed resources has a hash of the XR's name in it.
fn without_hashes(text: &str) -> String {
    const MANAGER: &str = "apiextensions.crossplane.io/composed/";
    let mut parts = text.split(MANAGER);
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        all.push_str(MANAGER);
        all.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit()));
    }
    all
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !PASSING.contains(&key.as_str()));
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Lists whose order says nothing.
fn sort(object: &mut Value) {
    for path in ["/metadata/managedFields", "/status/conditions", "/spec/resourceRefs"] {
        if let Some(Value::Array(list)) = object.pointer_mut(path) {
            list.sort_by_key(Value::to_string);
        }
    }
}
