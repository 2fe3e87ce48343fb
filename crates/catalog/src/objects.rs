//! The entity that an object of a cluster belongs to, and what is shown of it.
//!
//! Owns the ways in which entities name objects: what the ingestor writes, and Backstage's own annotations for Kubernetes.

use plat_resource::javascript::Value;

use crate::catalog::Catalog;
use crate::document::Entry;
use crate::entity_ref::EntityRef;
use crate::relations::Relation;

/// A link of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// What to call it.
    pub title: Option<String>,
}

impl Entry {
    /// Who owns it.
    pub fn owner(&self) -> Option<&EntityRef> {
        let owned = self.mentions.iter().find(|mention| mention.relation == Relation::OwnedBy);
        owned.map(|mention| &mention.target)
    }

    /// Its title, or its name.
    pub fn title(&self) -> &str {
        self.entity.text_at(&["metadata", "title"]).unwrap_or(&self.entity_ref.name)
    }

    /// Its links.
    pub fn links(&self) -> Vec<Link> {
        let links = self.entity.at(&["metadata", "links"]).and_then(Value::as_list).unwrap_or_default();
        let link = |link: &Value| {
            let text = |key: &str| link.text_at(&[key]).map(str::to_owned);
            Some(Link { url: text("url")?, title: text("title") })
        };
        links.iter().filter_map(link).collect()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.entity.text_at(&["metadata", "annotations", key])
    }
}

impl Catalog {
    /// The entity of `object`, with annotations of the ingestor under `prefix`. The closest way to name it counts: as the claim, the
    /// XR or the workload that it is, by its `kubernetes-id`, by its labels.
    pub fn of_object(&self, object: &plat_resource::Value, prefix: &str) -> Option<&Entry> {
        let object = Named::new(object)?;
        let ways: [&dyn Fn(&Entry) -> bool; 4] = [
            &|entry| object.is_ingested(entry, prefix, ["claim-kind", "claim-name", "claim-group"]),
            &|entry| object.is_ingested(entry, prefix, ["composite-kind", "composite-name", "composite-group"]),
            &|entry| object.is_workload(entry, prefix),
            &|entry| object.has_id(entry) || object.is_selected(entry),
        ];
        ways.iter().find_map(|fits| self.entries().map(|(_, entry)| entry).find(|entry| fits(entry)))
    }
}

/// What an object is called.
struct Named<'a> {
    object: &'a plat_resource::Value,
    kind: &'a str,
    group: &'a str,
    name: &'a str,
    namespace: &'a str,
}

impl<'a> Named<'a> {
    fn new(object: &'a plat_resource::Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(plat_resource::Value::as_str);
        let group =
            text("/apiVersion").and_then(|api_version| api_version.split_once('/')).map_or("", |(group, _)| group);
        let (kind, name) = (text("/kind")?, text("/metadata/name")?);
        Some(Self { object, kind, group, name, namespace: text("/metadata/namespace").unwrap_or_default() })
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.object.pointer("/metadata/labels")?.get(key)?.as_str()
    }

    /// Whether the entity is of this namespace, or of none in particular.
    fn is_in(&self, entry: &Entry) -> bool {
        entry.annotation("backstage.io/kubernetes-namespace").is_none_or(|namespace| namespace == self.namespace)
    }

    fn is_ingested(&self, entry: &Entry, prefix: &str, keys: [&str; 3]) -> bool {
        let mut said = keys.iter().map(|key| entry.annotation(&format!("{prefix}/{key}")));
        [self.kind, self.name, self.group].into_iter().all(|part| said.next().flatten() == Some(part))
            && self.is_in(entry)
    }

    fn is_workload(&self, entry: &Entry, prefix: &str) -> bool {
        let said = |key: &str| entry.annotation(&format!("{prefix}/kubernetes-resource-{key}"));
        said("kind") == Some(self.kind) && said("name") == Some(self.name) && said("namespace") == Some(self.namespace)
    }

    fn has_id(&self, entry: &Entry) -> bool {
        let key = "backstage.io/kubernetes-id";
        self.label(key).is_some_and(|id| entry.annotation(key) == Some(id)) && self.is_in(entry)
    }

    /// Whether the entity's selector, of `key=value` alone, fits the labels.
    fn is_selected(&self, entry: &Entry) -> bool {
        let selector =
            entry.annotation("backstage.io/kubernetes-label-selector").filter(|selector| !selector.is_empty());
        let holds = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.label(key.trim()) == Some(value.trim_start_matches('=').trim())
        };
        selector.is_some_and(|selector| selector.split(',').all(holds)) && self.is_in(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::NothingToRead;
    use crate::read;

    fn catalog() -> Catalog {
        let component = |name: &str, annotations: &str| {
            format!(
                "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  links: [{{url: 'https://x', title: X}}]\n  \
                 annotations: {{{annotations}}}\nspec: {{type: a, lifecycle: b, owner: team}}\n"
            )
        };
        let text = [
            component("selected", "backstage.io/kubernetes-label-selector: 'app=shop,tier=web'"),
            component("named", "backstage.io/kubernetes-id: shop, backstage.io/kubernetes-namespace: prod"),
            component(
                "claim",
                "p/claim-kind: DB, p/claim-name: orders, p/claim-group: example.org, backstage.io/kubernetes-namespace: prod",
            ),
            component(
                "work",
                "p/kubernetes-resource-kind: Deployment, p/kubernetes-resource-name: web, p/kubernetes-resource-namespace: prod",
            ),
        ];
        let (entries, findings) = read("c.yaml", text.concat().as_bytes(), &NothingToRead);
        assert_eq!(findings, []);
        Catalog::new(entries).0
    }

    #[test]
    fn an_object_leads_to_its_entity() {
        let catalog = catalog();
        let of = |object: serde_json::Value| catalog.of_object(&object, "p").map(Entry::title);
        let object = |api_version: &str, kind: &str, name: &str, namespace: &str, labels: serde_json::Value| serde_json::json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels}});
        let none = serde_json::json!({});
        assert_eq!(of(object("example.org/v1", "DB", "orders", "prod", none.clone())), Some("claim"));
        assert_eq!(of(object("example.org/v1", "DB", "orders", "dev", none.clone())), None);
        assert_eq!(of(object("other.org/v1", "DB", "orders", "prod", none.clone())), None);
        let labels = serde_json::json!({"app": "shop", "tier": "web", "backstage.io/kubernetes-id": "shop"});
        assert_eq!(of(object("apps/v1", "Deployment", "web", "prod", labels.clone())), Some("work"));
        assert_eq!(of(object("apps/v1", "Deployment", "other", "dev", labels)), Some("selected"));
        let id = serde_json::json!({"backstage.io/kubernetes-id": "shop", "app": "shop"});
        assert_eq!(of(object("v1", "Service", "x", "prod", id.clone())), Some("named"));
        assert_eq!(of(object("v1", "Service", "x", "dev", id)), None);
        assert_eq!(of(none), None);
    }

    #[test]
    fn an_entry_tells_its_owner_and_links() {
        let catalog = catalog();
        let entry = catalog.find("named").unwrap();
        assert_eq!(entry.owner().map(ToString::to_string).as_deref(), Some("group:default/team"));
        assert_eq!(entry.links(), [Link { url: "https://x".to_owned(), title: Some("X".to_owned()) }]);
    }
}
