//! Schemas of the kinds that a platform defines or brings along.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use plat_platform::Platform;
use plat_resource::object::{GroupVersionKind, value_at};
use plat_resource::schema::Schema;
use plat_resource::{Segment, Value};

use super::{KindSchema, ListType, Lists, Refusal, Schemas};

const MAX_DEPTH: usize = 100;

/// The schemas of a platform's XRDs and CRDs, each read when it is first asked for.
pub struct PlatformSchemas<'a> {
    platform: &'a Platform,
    known: Mutex<HashMap<GroupVersionKind, Option<Arc<PlatformKind>>>>,
}

impl<'a> PlatformSchemas<'a> {
    /// The schemas of `platform`.
    pub fn new(platform: &'a Platform) -> Self {
        Self { platform, known: Mutex::default() }
    }

    fn read(&self, kind: &GroupVersionKind) -> Option<PlatformKind> {
        let schema = self.platform.schema(kind)?;
        let made = || {
            let crds = self.platform.kind(kind)?.definition.crds();
            crds.iter().find_map(|crd| lists_of_crd(crd, kind))
        };
        let given = || lists_of_crd(&self.platform.crd(kind)?.document.value, kind);
        Some(PlatformKind { schema, lists: made().or_else(given).unwrap_or_default() })
    }
}

impl Schemas for PlatformSchemas<'_> {
    fn of(&self, kind: &GroupVersionKind) -> Option<Arc<dyn KindSchema>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(kind) {
            known.insert(kind.clone(), self.read(kind).map(Arc::new));
        }
        known.get(kind)?.clone().map(|kind| kind as Arc<dyn KindSchema>)
    }
}

struct PlatformKind {
    schema: Arc<Schema>,
    lists: ListNode,
}

impl Lists for PlatformKind {
    fn list(&self, path: &[Segment]) -> Option<ListType> {
        let node = path.iter().try_fold(&self.lists, |node, segment| match segment {
            Segment::Field(field) => node.fields.get(field).or(node.below.as_deref()),
            Segment::Index(_) => node.below.as_deref(),
        })?;
        node.list.clone()
    }
}

impl KindSchema for PlatformKind {
    fn apply_defaults(&self, object: &mut Value) {
        self.schema.apply_defaults(object);
    }

    fn refusals(&self, live: &Value, after: &Value) -> Vec<Refusal> {
        let refused = self.schema.validate(after, Some(live)).violations;
        if !refused.iter().any(|violation| violation.from_rule) {
            return Vec::new();
        }
        // What is wrong with the object as such is not the fault of the change.
        let alone: HashSet<String> =
            self.schema.validate(after, None).violations.into_iter().map(|violation| violation.message).collect();
        refused
            .into_iter()
            .filter(|violation| violation.from_rule && !alone.contains(&violation.message))
            .map(|violation| Refusal { field: violation.field, message: violation.message })
            .collect()
    }
}

/// The lists of a schema that say how they merge, and the way to them.
#[derive(Debug, Default, PartialEq)]
struct ListNode {
    list: Option<ListType>,
    fields: BTreeMap<String, ListNode>,
    /// Items of a list, values of a map.
    below: Option<Box<ListNode>>,
}

fn lists_of_crd(crd: &Value, kind: &GroupVersionKind) -> Option<ListNode> {
    if value_at(crd, &["spec", "names", "kind"])?.as_str() != Some(&kind.kind) {
        return None;
    }
    let versions = value_at(crd, &["spec", "versions"])?.as_array()?;
    let named = |version: &&Value| version.get("name").and_then(Value::as_str) == Some(&kind.version);
    let schema = value_at(versions.iter().find(named)?, &["schema", "openAPIV3Schema"])?;
    Some(read_lists(schema, 0).unwrap_or_default())
}

/// `None` where no list below says how it merges.
fn read_lists(schema: &Value, depth: usize) -> Option<ListNode> {
    if depth > MAX_DEPTH {
        return None;
    }
    let fields: BTreeMap<String, ListNode> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| Some((name.clone(), read_lists(property, depth + 1)?)))
        .collect();
    let below = schema.get("items").or_else(|| schema.get("additionalProperties"));
    let below = below.and_then(|below| read_lists(below, depth + 1)).map(Box::new);
    let list = match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("map") => {
            let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
            let keys = keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            Some(ListType::Map(keys.collect()))
        }
        Some("set") => Some(ListType::Set),
        Some("atomic") => Some(ListType::Atomic),
        _ => None,
    };
    let node = ListNode { list, fields, below };
    (node != ListNode::default()).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_lists_below_lists_and_maps() {
        let crd = json!({"spec": {"names": {"kind": "Thing"}, "versions": [
            {"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"spec": {"properties": {
                "plain": {"type": "array", "items": {"type": "string"}},
                "groups": {"additionalProperties": {"type": "array", "x-kubernetes-list-type": "set"}},
                "rules": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
                    "properties": {"ports": {"x-kubernetes-list-type": "atomic"}}}},
            }}}}}},
        ]}});
        let lists = lists_of_crd(&crd, &GroupVersionKind::new("a.b/v1", "Thing")).unwrap();
        let schema = Arc::new(Schema::compile(&json!({"type": "object"})).unwrap());
        let kind = PlatformKind { schema, lists };
        let list = |path: &str| kind.list(plat_resource::FieldPath::parse(path).unwrap().segments());
        assert_eq!(list("spec.plain"), None);
        assert_eq!(list("spec.groups.a"), Some(ListType::Set));
        assert_eq!(list("spec.rules"), Some(ListType::Map(vec!["name".to_owned()])));
        assert_eq!(list("spec.rules[3].ports"), Some(ListType::Atomic));
    }

    #[test]
    fn a_list_that_differs_by_defaults_only_is_the_same() {
        let schema = Schema::compile(&json!({"type": "object", "properties": {"rules": {"type": "array", "items": {
            "type": "object", "properties": {"port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}},
        }}}}));
        let schema = PlatformKind { schema: Arc::new(schema.unwrap()), lists: ListNode::default() };
        let kind = GroupVersionKind::new("a.b/v1", "Thing");
        let live = json!({"rules": [{"port": 1, "protocol": "TCP"}]});
        let known = crate::live::CoreKind::new(&kind, Some(&schema));
        let owned = crate::live::Owned::unknown();
        assert_eq!(crate::live::predict(&live, &json!({"rules": [{"port": 1}]}), &owned, &known), live);
    }

    #[test]
    fn a_transition_rule_refuses_a_change_and_says_why() {
        let schema = Schema::compile(&json!({"type": "object", "properties": {"vpc": {
            "type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "vpc cannot change"}],
        }}}));
        let kind = PlatformKind { schema: Arc::new(schema.unwrap()), lists: ListNode::default() };
        let refusals = kind.refusals(&json!({"vpc": "a"}), &json!({"vpc": "b"}));
        assert_eq!(refusals.iter().map(|refusal| refusal.field.to_string()).collect::<Vec<_>>(), ["vpc"]);
        assert!(kind.refusals(&json!({"vpc": "a"}), &json!({"vpc": "a"})).is_empty());
    }
}
