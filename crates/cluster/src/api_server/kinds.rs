//! The kinds that a cluster serves: what it calls them, and whether they are in namespaces.
//!
//! Owns reading an `APIResourceList` and the paths of objects.

use plat_resource::{GroupVersionKind, ObjectKey, Value};

use super::{ApiServer, ClusterError, Request, escaped};

/// What a cluster says of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Plural name in paths and permissions.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    /// What can be done with them.
    pub verbs: Vec<String>,
    /// Whether there is a status to be written by itself.
    pub has_status: bool,
}

impl Served {
    /// The path of an object, or of all objects where the name is empty.
    pub fn path(&self, key: &ObjectKey) -> String {
        let root = version_path(&key.kind.api_version());
        let namespace = if self.is_namespaced && !key.namespace.is_empty() {
            format!("/namespaces/{}", escaped(&key.namespace))
        } else {
            String::new()
        };
        let name = if key.name.is_empty() { String::new() } else { format!("/{}", escaped(&key.name)) };
        format!("{root}{namespace}/{}{name}", self.plural)
    }
}

impl ApiServer {
    /// The kinds of a group and version; none where it is not served.
    pub fn kinds(&self, api_version: &str) -> Result<Vec<(GroupVersionKind, Served)>, ClusterError> {
        match self.send(&Request::get(&version_path(api_version), format!("the kinds of {api_version}"))) {
            Ok(list) => Ok(served(api_version, &list)),
            Err(error) if error.is_missing() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Where a group and version is served.
pub fn version_path(api_version: &str) -> String {
    let root = if api_version.contains('/') { "apis" } else { "api" };
    format!("/{root}/{api_version}")
}

/// The kinds in an `APIResourceList`.
pub fn served(api_version: &str, list: &Value) -> Vec<(GroupVersionKind, Served)> {
    let resources: Vec<&Value> = list["resources"].as_array().into_iter().flatten().collect();
    let name = |resource: &Value| resource["name"].as_str().unwrap_or_default().to_owned();
    let whole = resources.iter().filter(|resource| !name(resource).contains('/'));
    let served = whole.map(|resource| {
        let plural = name(resource);
        let status = format!("{plural}/status");
        let verbs = resource["verbs"].as_array().into_iter().flatten();
        let served = Served {
            is_namespaced: resource["namespaced"] == true,
            verbs: verbs.filter_map(|verb| verb.as_str().map(str::to_owned)).collect(),
            has_status: resources.iter().any(|resource| name(resource) == status),
            plural,
        };
        (GroupVersionKind::new(api_version, resource["kind"].as_str().unwrap_or_default()), served)
    });
    served.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_the_api_server_serves_and_makes_paths_of_it() {
        let list = json!({"resources": [
            {"name": "buckets", "kind": "Bucket", "namespaced": true, "verbs": ["get", "patch"]},
            {"name": "buckets/status", "kind": "Bucket", "namespaced": true, "verbs": ["get"]},
            {"name": "roles", "kind": "Role", "namespaced": false, "verbs": []},
        ]});
        let read = served("acme.example/v1", &list);
        assert_eq!(read.len(), 2);
        let (kind, found) = &read[0];
        assert_eq!(
            (kind, found.has_status, found.verbs.len()),
            (&GroupVersionKind::new("acme.example/v1", "Bucket"), true, 2)
        );
        let key = |namespace: &str, name: &str| ObjectKey {
            kind: kind.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        assert_eq!(found.path(&key("a", "b")), "/apis/acme.example/v1/namespaces/a/buckets/b");
        assert_eq!(found.path(&key("", "")), "/apis/acme.example/v1/buckets");
        let core =
            ObjectKey { kind: GroupVersionKind::new("v1", "Node"), namespace: String::new(), name: "a/%".into() };
        let nodes = Served { plural: "nodes".to_owned(), is_namespaced: false, ..found.clone() };
        assert_eq!(nodes.path(&core), "/api/v1/nodes/a%2F%25");
    }
}
