//! The status of ConstraintTemplates: what this webhook makes of them, as each Gatekeeper Pod says it.
//!
//! Owns its own entry in `status.byPod` and nothing else of the object.

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, discovery};
use plat_resource::{Diagnostic, Value, object};
use serde_json::json;
use tracing::warn;

use super::follow::words;

/// Writes statuses of templates.
#[derive(Debug, Clone)]
pub struct TemplateStatus {
    api: Api<DynamicObject>,
    id: String,
}

impl TemplateStatus {
    pub(super) fn new(client: Client, id: String) -> Self {
        let kind = GroupVersionKind::gvk("templates.gatekeeper.sh", "v1", "ConstraintTemplate");
        let resource = discovery::ApiResource::from_gvk_with_plural(&kind, "constrainttemplates");
        Self { api: Api::all_with(client, &resource), id }
    }

    /// Says what is wrong with the template of this name, or that nothing is.
    pub(crate) async fn write(&self, name: &str, findings: &[Diagnostic]) {
        // A change in between makes this one fail, and comes with another rebuild.
        let found = match self.api.get_opt(name).await {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => return warn!(template = name, "its status cannot be read: {}", words(&error)),
        };
        let Ok(object) = serde_json::to_value(&found) else { return };
        let Some(status) = status(&object, &self.id, findings) else { return };
        let version = object::string_at(&object, &["metadata", "resourceVersion"]);
        let patch = json!({"metadata": {"resourceVersion": version}, "status": status});
        let result = self.api.patch_status(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        if let Err(error) = result {
            warn!(template = name, "its status cannot be written: {}", words(&error));
        }
    }
}

/// The status that says so; nothing where the object says it already.
fn status(object: &Value, id: &str, findings: &[Diagnostic]) -> Option<Value> {
    let errors: Vec<Value> = findings.iter().filter(|finding| finding.is_error()).map(error).collect();
    let generation = object::value_at(object, &["metadata", "generation"]).cloned().unwrap_or_default();
    let mut own = json!({"id": id, "observedGeneration": generation});
    if !errors.is_empty() {
        own["errors"] = errors.into();
    }
    let old = object::value_at(object, &["status", "byPod"]).and_then(Value::as_array).cloned().unwrap_or_default();
    let is_own = |entry: &Value| object::string_at(entry, &["id"]) == Some(id);
    let created = object::value_at(object, &["status", "created"]) == Some(&Value::Bool(true));
    if created && old.contains(&own) {
        return None;
    }
    let mut by_pod: Vec<Value> = old.into_iter().filter(|entry| !is_own(entry)).collect();
    by_pod.push(own);
    by_pod.sort_by(|left, right| object::string_at(left, &["id"]).cmp(&object::string_at(right, &["id"])));
    Some(json!({"created": true, "byPod": by_pod}))
}

/// One finding in the shape of Gatekeeper's errors.
fn error(finding: &Diagnostic) -> Value {
    let message = std::iter::once(&finding.message).chain(&finding.causes).map(String::as_str).collect::<Vec<_>>();
    let mut error = json!({"code": "ingest_error", "message": message.join(": ")});
    let position = finding.location.as_ref().and_then(|location| location.position);
    let place = match (&finding.field, position) {
        (Some(field), Some(position)) => Some(format!("{field}:{}:{}", position.line, position.column)),
        (Some(field), None) => Some(field.clone()),
        (None, Some(position)) => Some(format!("{}:{}", position.line, position.column)),
        (None, None) => None,
    };
    if let Some(place) = place {
        error["location"] = place.into();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_policy::{Options, PolicySet};
    use plat_resource::{Document, Location, Position};

    #[test]
    fn line_and_column_in_the_text_are_told() {
        let template = json!({
            "apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": "broken"},
            "spec": {
                "crd": {"spec": {"names": {"kind": "Broken"}}},
                "targets": [{
                    "target": "admission.k8s.gatekeeper.sh",
                    "rego": "package broken\nviolation[{\"msg\": msg}] {\n  msg := nothing\n}\n",
                }],
            },
        });
        let document = Document::synthetic(template.clone(), "ConstraintTemplate/broken");
        let (_, findings) = PolicySet::load(&[document], &Options::default());
        let made = status(&template, "me", &findings).unwrap();
        assert_eq!(made["byPod"][0]["errors"][0]["location"], "spec.targets[0].rego:3:3", "{made}");
    }

    #[test]
    fn only_the_own_entry_is_changed_and_only_when_it_differs() {
        let other = json!({"id": "z", "observedGeneration": 1});
        let object = json!({"metadata": {"generation": 2}, "status": {"byPod": [other]}});
        let position = Some(Position { line: 3, column: 5 });
        let finding = Diagnostic::error("template a is not usable")
            .at(Location { file: "ConstraintTemplate/a".into(), position })
            .field("spec.targets[0].rego")
            .because("unsafe variable x");
        let made = status(&object, "me", &[finding.clone(), Diagnostic::warning("odd")]).unwrap();
        let error = json!({
            "code": "ingest_error", "location": "spec.targets[0].rego:3:5",
            "message": "template a is not usable: unsafe variable x",
        });
        let own = json!({"id": "me", "observedGeneration": 2, "errors": [error]});
        assert_eq!(made, json!({"created": true, "byPod": [own, other]}));
        let now = json!({"metadata": {"generation": 2}, "status": made});
        assert_eq!(status(&now, "me", &[finding]), None);
        let mended = status(&now, "me", &[]).unwrap();
        assert_eq!(mended["byPod"][0], json!({"id": "me", "observedGeneration": 2}));
    }
}
