//! ExpansionTemplates: what a resource that makes others would make, so that policies can judge it before it is made.
//!
//! Owns reading them, cycles, and the resource that results. Mutators for what results are handed in.

use std::collections::BTreeMap;

use plat_resource::{Document, FieldPath, GroupVersionKind, Segment, Value, object};
use serde_json::json;

use crate::EnforcementAction;
use crate::report::Report;

/// The API group of ExpansionTemplates.
pub(crate) const GROUP: &str = "expansion.gatekeeper.sh";
/// How often what results may itself be expanded.
const MAX_DEPTH: usize = 30;

/// The usable ExpansionTemplates.
#[derive(Debug, Clone, Default)]
pub struct Expansion {
    /// By name.
    templates: BTreeMap<String, ExpansionTemplate>,
}

#[derive(Debug, Clone, PartialEq)]
struct ExpansionTemplate {
    applies: Vec<ApplyTo>,
    source: Vec<String>,
    generates: GroupVersionKind,
    action: Option<EnforcementAction>,
}

#[derive(Debug, Clone, PartialEq)]
struct ApplyTo {
    groups: Vec<String>,
    versions: Vec<String>,
    kinds: Vec<String>,
}

/// A resource that would be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    /// The resource.
    pub object: Value,
    /// The ExpansionTemplate that made it.
    pub template: String,
    /// What is to be done about its violations, in place of what their constraints say.
    pub action: Option<EnforcementAction>,
}

/// Changes a resource that results, as mutators of source Generated do.
pub type Mutate<'a> = dyn FnMut(Value) -> Result<Value, String> + 'a;

impl Expansion {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }

    /// What `object` would make, and what that would make; the latter first, as in Gatekeeper. `namespace` is the name
    /// that results get, where it is known better than by the object.
    pub fn expand(
        &self,
        object: &Value,
        namespace: Option<&str>,
        mutate: &mut Mutate<'_>,
    ) -> Result<Vec<Expanded>, String> {
        let mut results = Vec::new();
        if !self.is_empty() {
            self.expand_to(object, namespace, mutate, &mut results, 0)?;
        }
        Ok(results)
    }

    fn expand_to(
        &self,
        object: &Value,
        namespace: Option<&str>,
        mutate: &mut Mutate<'_>,
        results: &mut Vec<Expanded>,
        depth: usize,
    ) -> Result<(), String> {
        if depth >= MAX_DEPTH {
            return Err(format!("maximum recursion depth of {MAX_DEPTH} reached"));
        }
        let kind = GroupVersionKind::of(object);
        if kind == GroupVersionKind::default() {
            return Err(format!("cannot expand resource {} with empty GVK", object::name(object)));
        }
        let mut made = Vec::new();
        for (name, template) in &self.templates {
            if template.applies.iter().any(|applies| applies.matches(&kind)) {
                let resource = template.make(object, namespace)?;
                let named = object::name(&resource).to_owned();
                let resource = mutate(resource)
                    .map_err(|error| format!("failed to mutate resultant resource {named}: {error}"))?;
                made.push(Expanded { object: resource, template: name.clone(), action: template.action.clone() });
            }
        }
        for result in &made {
            self.expand_to(&result.object, namespace, mutate, results, depth + 1)?;
        }
        results.append(&mut made);
        Ok(())
    }

    /// Reads one; what is wrong goes to `report`.
    pub(crate) fn read(&mut self, document: &Document, report: &mut Report<'_>) {
        let name = object::name(&document.value).to_owned();
        if let Some(template) = ExpansionTemplate::read(document, &name, report) {
            self.templates.insert(name, template);
        }
    }

    /// Takes out those that expand what they make in a circle, and names them.
    pub(crate) fn drop_cycles(&mut self) -> Vec<String> {
        let cyclic: Vec<String> = self.templates.keys().filter(|name| self.reaches(name, name)).cloned().collect();
        self.templates.retain(|name, _| !cyclic.contains(name));
        cyclic
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut open = vec![from];
        let mut seen = Vec::new();
        while let Some(name) = open.pop() {
            let Some(template) = self.templates.get(name) else { continue };
            let next = self
                .templates
                .iter()
                .filter(|(_, next)| next.applies.iter().any(|applies| applies.matches(&template.generates)));
            for (next, _) in next {
                if next == to {
                    return true;
                }
                if !seen.contains(&next) {
                    seen.push(next);
                    open.push(next);
                }
            }
        }
        false
    }
}

impl ExpansionTemplate {
    fn read(document: &Document, name: &str, report: &mut Report<'_>) -> Option<Self> {
        let spec = document.value.get("spec").unwrap_or(&Value::Null);
        let text = |path: &[&str]| object::string_at(spec, path).unwrap_or_default().to_owned();
        let generates = GroupVersionKind {
            group: text(&["generatedGVK", "group"]),
            version: text(&["generatedGVK", "version"]),
            kind: text(&["generatedGVK", "kind"]),
        };
        let entries = spec.get("applyTo").and_then(Value::as_array);
        let template = Self {
            applies: entries.into_iter().flatten().map(ApplyTo::read).collect(),
            source: text(&["templateSource"]).split('.').map(str::to_owned).collect(),
            generates,
            action: Some(text(&["enforcementAction"]))
                .filter(|action| !action.is_empty())
                .map(|action| EnforcementAction::named(&action)),
        };
        let field = |key: &str| FieldPath::new(vec![Segment::field("spec"), Segment::field(key)]);
        let before = report.error_count();
        if name.is_empty() || name.len() >= 64 {
            report.error(&FieldPath::default().key("metadata"), "the name must have 1 to 63 characters");
        }
        if template.source == [""] {
            report.error(&field("templateSource"), "the field that the resource is made of is missing");
        }
        if template.generates == GroupVersionKind::default() {
            report.error(&field("generatedGVK"), "the kind that is made is missing");
        }
        if template.applies.is_empty() {
            report.error(&field("applyTo"), "the kinds that it applies to are missing");
        }
        if template.applies.iter().any(|applies| applies.matches(&template.generates)) {
            report.error(&field("applyTo"), format!("it makes {} and applies to it", template.generates));
        }
        (report.error_count() == before).then_some(template)
    }

    fn make(&self, object: &Value, namespace: Option<&str>) -> Result<Value, String> {
        let path: Vec<&str> = self.source.iter().map(String::as_str).collect();
        let name = object::name(object);
        let source = match object::value_at(object, &path) {
            Some(Value::Object(source)) => source.clone(),
            Some(_) => return Err("could not extract source field from unstructured: it is no map".to_owned()),
            None => return Err(format!("could not find source field {:?} in resource {name}", self.source.join("."))),
        };
        let mut resource = Value::Object(source);
        let fields = object::object_at_mut(&mut resource, &[]);
        fields.insert("apiVersion".to_owned(), self.generates.api_version().into());
        fields.insert("kind".to_owned(), self.generates.kind.clone().into());
        match namespace.or(object::string_at(object, &["metadata", "namespace"])) {
            Some("") => {
                object::object_at_mut(&mut resource, &["metadata"]).remove("namespace");
            }
            Some(namespace) => object::set_metadata(&mut resource, "namespace", namespace),
            None => {}
        }
        let made = format!("{name}-{}", self.generates.kind).to_lowercase();
        object::set_metadata(&mut resource, "name", made);
        own(&mut resource, object);
        Ok(resource)
    }
}

/// Names `parent` among the owners.
fn own(resource: &mut Value, parent: &Value) {
    let text = |key: &str| object::string_at(parent, &[key]).unwrap_or_default();
    let reference = json!({"apiVersion": text("apiVersion"), "kind": text("kind"), "name": object::name(parent)});
    if reference.as_object().is_some_and(|fields| fields.values().any(|value| value == "")) {
        return;
    }
    let metadata = object::object_at_mut(resource, &["metadata"]);
    let owners = metadata.entry("ownerReferences").or_insert_with(|| json!([]));
    let same = |owner: &Value| ["apiVersion", "kind", "name"].iter().all(|key| owner.get(key) == reference.get(key));
    if let Some(owners) = owners.as_array_mut()
        && !owners.iter().any(same)
    {
        // Gatekeeper writes the uid of an owner also where it is not known.
        let mut owner = reference;
        object::object_at_mut(&mut owner, &[]).insert("uid".to_owned(), "".into());
        owners.push(owner);
    }
}

impl ApplyTo {
    fn read(value: &Value) -> Self {
        let list = |field: &str| -> Vec<String> {
            let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self { groups: list("groups"), versions: list("versions"), kinds: list("kinds") }
    }

    fn matches(&self, kind: &GroupVersionKind) -> bool {
        self.groups.contains(&kind.group) && self.versions.contains(&kind.version) && self.kinds.contains(&kind.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expansion(specs: &[(&str, Value)]) -> (Expansion, Vec<plat_resource::Diagnostic>) {
        let mut expansion = Expansion::default();
        let mut findings = Vec::new();
        for (name, spec) in specs {
            let value = json!({"apiVersion": "expansion.gatekeeper.sh/v1beta1", "kind": "ExpansionTemplate", "metadata": {"name": name}, "spec": spec});
            let document = Document::synthetic(value, "test");
            let mut report = Report::new(&document, format!("ExpansionTemplate {name}"));
            expansion.read(&document, &mut report);
            findings.extend(report.into_findings());
        }
        (expansion, findings)
    }

    fn makes(from: &str, to: &str) -> Value {
        json!({
            "applyTo": [{"groups": ["apps"], "versions": ["v1"], "kinds": [from]}],
            "templateSource": "spec.template",
            "generatedGVK": {"group": "apps", "version": "v1", "kind": to},
        })
    }

    fn deployment() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "Web", "namespace": "a"}, "spec": {"template": {
            "metadata": {"labels": {"app": "web"}, "namespace": "z"}, "spec": {"template": {"spec": {"containers": []}}},
        }}})
    }

    #[test]
    fn a_resource_is_made_as_gatekeeper_makes_it() {
        let mut spec = makes("Deployment", "Pod");
        spec["enforcementAction"] = json!("warn");
        let (expansion, findings) = expansion(&[("pods", spec)]);
        assert_eq!(findings, []);
        let made = expansion.expand(&deployment(), None, &mut Ok).unwrap();
        let expected = json!({
            "apiVersion": "apps/v1", "kind": "Pod",
            "metadata": {"name": "web-pod", "namespace": "a", "labels": {"app": "web"}, "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "Web", "uid": ""},
            ]},
            "spec": {"template": {"spec": {"containers": []}}},
        });
        assert_eq!(
            made,
            [Expanded { object: expected, template: "pods".to_owned(), action: Some(EnforcementAction::Warn) }]
        );
    }

    #[test]
    fn what_is_made_is_expanded_again_and_comes_first() {
        let (expansion, _) =
            expansion(&[("one", makes("Deployment", "ReplicaSet")), ("two", makes("ReplicaSet", "Pod"))]);
        let made = expansion.expand(&deployment(), None, &mut Ok).unwrap();
        let names: Vec<_> = made.iter().map(|made| (made.template.as_str(), object::name(&made.object))).collect();
        assert_eq!(names, [("two", "web-replicaset-pod"), ("one", "web-replicaset")]);
    }

    #[test]
    fn circles_are_taken_out_and_the_rest_stays() {
        let (mut expansion, _) =
            expansion(&[("one", makes("A", "B")), ("two", makes("B", "A")), ("three", makes("C", "A"))]);
        assert_eq!(expansion.drop_cycles(), ["one", "two"]);
        let (_, findings) = super::tests::expansion(&[("self", makes("A", "A")), ("", json!({}))]);
        assert_eq!(findings.len(), 5);
    }

    #[test]
    fn a_missing_source_is_an_error() {
        let (expansion, _) = expansion(&[("pods", makes("Deployment", "Pod"))]);
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}});
        let error = expansion.expand(&object, None, &mut Ok).unwrap_err();
        assert_eq!(error, "could not find source field \"spec.template\" in resource web");
    }
}
