//! Objects of a cluster as entities, as TeraSky's kubernetes-ingestor makes them: workloads, claims, XRs.
//!
//! Owns which objects are ingested and what becomes of each part of them. APIs that the plugin would fetch over the network
//! (`provides-api-from-url`, `-from-resource-ref`) are not made: that needs a cluster or a server, and is a shell's.

mod annotations;
mod entity;
mod models;
mod plural;

use plat_resource::javascript::{Map, Value, length};

use super::settings::Settings;
pub(crate) use annotations::pairs;
pub(crate) use models::Mappings;

/// What is known of a cluster beside the object.
#[derive(Clone, Copy)]
pub struct Cluster<'a> {
    /// Its name.
    pub name: &'a str,
    /// The CRDs that it serves.
    pub crds: &'a [Value],
    /// The XRDs that are ingested.
    pub definitions: &'a [Value],
    /// Its Compositions.
    pub compositions: &'a [Value],
    /// Its Namespaces, where owners are inherited from them.
    pub namespaces: &'a [Value],
}

/// The longest name that an entity may have.
const MAX_NAME: usize = 63;

/// Whether the object is to be in the catalog at all.
pub fn is_ingested(object: &Value, settings: &Settings) -> bool {
    let annotation = |name: &str| {
        let key = format!("{}/{name}", settings.prefix());
        object.at(&["metadata", "annotations", &key]).is_some_and(Value::is_truthy)
    };
    if annotation("exclude-from-catalog") {
        return false;
    }
    if settings.only_annotated {
        return annotation("add-to-catalog");
    }
    let namespace = object.text_at(&["metadata", "namespace"]);
    !settings.excluded_namespaces.iter().any(|excluded| Some(excluded.as_str()) == namespace)
}

/// The entities that an object becomes. Those whose name would be too long are left out.
pub fn entities(object: &Value, cluster: &Cluster<'_>, settings: &Settings) -> Vec<Value> {
    let is_claim = object.at(&["spec", "resourceRef"]).is_some_and(Value::is_truthy);
    let entities = if is_claim {
        entity::of_claim(object, cluster, settings)
    } else if object.at(&["spec", "crossplane"]).is_some_and(Value::is_truthy)
        && let Some(definition) = modern_definition(object, cluster)
    {
        entity::of_composite(object, definition, cluster, settings)
    } else {
        entity::of_workload(object, cluster, settings)
    };
    let name = |entity: &Value| entity.text_at(&["metadata", "name"]).map_or(0, length);
    entities.into_iter().filter(|entity| name(entity) <= MAX_NAME).collect()
}

/// Group and version of an apiVersion; the core group is empty.
fn group_and_version(object: &Value) -> (&str, &str) {
    let api_version = object.text_at(&["apiVersion"]).unwrap_or_default();
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// The XRD of an XR that users write themselves.
fn modern_definition<'a>(object: &Value, cluster: &Cluster<'a>) -> Option<&'a Value> {
    let (group, version) = group_and_version(object);
    let kind = object.text_at(&["kind"])?;
    cluster.definitions.iter().find(|definition| {
        let same = |way: &[&str], text: &str| definition.text_at(way).is_some_and(|it| it.eq_ignore_ascii_case(text));
        let scope = definition.text_at(&["spec", "scope"]).unwrap_or("LegacyCluster");
        let versions = definition.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
        scope != "LegacyCluster"
            && same(&["spec", "group"], group)
            && same(&["spec", "names", "kind"], kind)
            && versions.iter().any(|it| it.text_at(&["name"]).is_some_and(|name| name.eq_ignore_ascii_case(version)))
    })
}

/// The plural of a kind, from the cluster's CRDs.
fn plural_of<'a>(cluster: &Cluster<'a>, group: &str, kind: &str) -> Option<&'a str> {
    let fits = |crd: &&Value| {
        crd.text_at(&["spec", "group"]) == Some(group) && crd.text_at(&["spec", "names", "kind"]) == Some(kind)
    };
    cluster.crds.iter().rfind(fits)?.text_at(&["spec", "names", "plural"])
}

/// The functions that a Composition's pipeline calls, each once.
fn functions_of(cluster: &Cluster<'_>, composition: &str) -> Vec<String> {
    let named = |it: &&Value| it.text_at(&["metadata", "name"]) == Some(composition);
    let pipeline = cluster.compositions.iter().find(named).and_then(|it| it.at(&["spec", "pipeline"]));
    let mut functions = Vec::new();
    for step in pipeline.and_then(Value::as_list).unwrap_or_default() {
        if let Some(function) = step.text_at(&["functionRef", "name"]).filter(|name| !name.is_empty())
            && !functions.iter().any(|other| other == function)
        {
            functions.push(function.to_owned());
        }
    }
    functions
}

/// The annotations of an object.
fn annotations_of(object: &Value) -> Map {
    object.at(&["metadata", "annotations"]).and_then(Value::as_map).cloned().unwrap_or_default()
}
