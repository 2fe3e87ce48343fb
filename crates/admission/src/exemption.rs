//! The label that exempts a Namespace from all guardrails, and who may carry it.
//!
//! Owns the question of the third endpoint, which fails closed: whoever may label a Namespace would otherwise be above
//! every policy.

use plat_resource::{Value, object};

use crate::request::{Operation, Request};
use crate::response::{Decision, Reason};

/// A Namespace with this label is not sent to the webhook; Gatekeeper's own, so that clusters move without relabelling.
pub const LABEL: &str = "admission.gatekeeper.sh/ignore";

/// Namespaces that may carry the label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// By name, or by `prefix*` or `*suffix`.
    pub namespaces: Vec<String>,
}

impl Exemptions {
    /// Whether the Namespace of this name may carry the label.
    pub fn allow(&self, name: &str) -> bool {
        self.namespaces.iter().any(|allowed| match (allowed.strip_suffix('*'), allowed.strip_prefix('*')) {
            (Some(prefix), _) => name.starts_with(prefix),
            (None, Some(suffix)) => name.ends_with(suffix),
            (None, None) => name == allowed,
        })
    }

    /// May the Namespace of this request carry the labels that it has?
    pub fn decide(&self, request: &Request) -> Decision {
        if request.operation == Operation::Delete || !request.is_namespace() {
            return Decision::allowed();
        }
        let carries = |object: &Value| object::value_at(object, &["metadata", "labels", LABEL]).is_some();
        // A status or the end of a Namespace that has the label already must come through, or it could never be removed.
        if !request.subresource.is_empty() && request.old_object().is_some_and(carries) {
            return Decision::allowed();
        }
        let carries = carries(request.object());
        // The name in the URL cannot be wrong; that in the object is the same, or the API server refuses it.
        let name = if request.name.is_empty() { object::name(request.object()) } else { &request.name };
        if !carries || self.allow(name) {
            return Decision::allowed();
        }
        let message = format!(
            "Namespace {name} may not carry the label {LABEL}, which exempts it from all guardrails; \
             remove the label, or ask whoever runs the webhook for --exempt-namespace {name}"
        );
        Decision::denied(Reason::Forbidden, vec![message])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::API_VERSION;
    use serde_json::json;

    fn decide(operation: &str, kind: &str, name: &str, labelled: bool) -> bool {
        let labels = if labelled { json!({LABEL: "true"}) } else { json!({"a": "b"}) };
        let object = json!({"metadata": {"name": name, "labels": labels}});
        let review = json!({
            "apiVersion": API_VERSION, "kind": "AdmissionReview",
            "request": {
                "uid": "u", "operation": operation, "name": name, "oldObject": object, "object": object,
                "kind": {"group": "", "version": "v1", "kind": kind},
            },
        });
        let exemptions = Exemptions { namespaces: ["kube-system", "infra-*", "*-exempt"].map(str::to_owned).to_vec() };
        exemptions.decide(&Request::of_review(review).unwrap()).denied.is_none()
    }

    #[test]
    fn a_status_may_not_bring_the_label_and_may_keep_it() {
        for (old, allowed) in [(json!({}), false), (json!({LABEL: "x"}), true)] {
            let review = json!({
                "apiVersion": API_VERSION, "kind": "AdmissionReview",
                "request": {
                    "uid": "u", "operation": "UPDATE", "name": "team-a", "subResource": "finalize",
                    "oldObject": {"metadata": {"labels": old}}, "object": {"metadata": {"labels": {LABEL: "x"}}},
                    "kind": {"group": "", "version": "v1", "kind": "Namespace"},
                },
            });
            let decision = Exemptions::default().decide(&Request::of_review(review).unwrap());
            assert_eq!(decision.denied.is_none(), allowed);
        }
    }

    #[test]
    fn only_listed_namespaces_may_carry_the_label() {
        let cases = [
            ("CREATE", "Namespace", "team-a", true, false),
            ("UPDATE", "Namespace", "team-a", true, false),
            ("UPDATE", "Namespace", "team-a", false, true),
            ("DELETE", "Namespace", "team-a", true, true),
            ("CREATE", "Pod", "team-a", true, true),
            ("CREATE", "Namespace", "kube-system", true, true),
            ("CREATE", "Namespace", "kube-system-not", true, false),
            ("CREATE", "Namespace", "infra-a", true, true),
            ("CREATE", "Namespace", "a-exempt", true, true),
            ("CREATE", "Namespace", "exempt", true, false),
        ];
        for (operation, kind, name, labelled, allowed) in cases {
            assert_eq!(decide(operation, kind, name, labelled), allowed, "{operation} {kind} {name} {labelled}");
        }
    }
}
