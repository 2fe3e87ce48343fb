//! What the API server is told.
//!
//! Owns the shape of the answer and how much may be said: the API server cuts warnings, so they are cut here at a place
//! where it is said that they were.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_patch::Patch;
use plat_policy::{ConstraintName, EnforcementAction};
use plat_resource::Value;
use serde_json::json;

use crate::request::{API_VERSION, Malformed};

/// Characters of one warning that the API server passes on whole.
const WARNING_CHARACTERS: usize = 256;
/// Characters of all warnings that the API server passes on whole.
const WARNINGS_CHARACTERS: usize = 4096;
/// Denials that are told in full; the rest is counted.
const MOST_DENIALS: usize = 50;
/// Characters of all denials together.
const DENIAL_CHARACTERS: usize = 16 * 1024;

/// Why a request is refused, as Kubernetes names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A policy says no.
    Forbidden,
    /// The object itself is wrong.
    Invalid,
    /// It stands in the way of something else.
    Conflict,
    /// The request is no request.
    BadRequest,
    /// It cannot be judged.
    InternalError,
}

impl Reason {
    /// The HTTP code that goes with it.
    pub fn code(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::Invalid => 422,
            Self::Conflict => 409,
            Self::BadRequest => 400,
            Self::InternalError => 500,
        }
    }

    /// The word of `metav1.StatusReason`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forbidden => "Forbidden",
            Self::Invalid => "Invalid",
            Self::Conflict => "Conflict",
            Self::BadRequest => "BadRequest",
            Self::InternalError => "InternalError",
        }
    }
}

/// What is decided on one request.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// Why it is refused; allowed where there is nothing.
    pub denied: Option<Denial>,
    /// What the user is told besides.
    pub warnings: Vec<String>,
    /// What is changed.
    pub patch: Patch,
    /// What the audit log of the API server gets.
    pub annotations: BTreeMap<&'static str, String>,
    /// How many violations there are of which constraint, and what it wants done; for metrics.
    pub violations: BTreeMap<(ConstraintName, EnforcementAction), usize>,
    /// What it was decided without; for metrics.
    pub gaps: Gaps,
}

/// What nobody knows of a request that was decided on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Steps of Compositions whose functions are not run at admission.
    pub unexpanded_steps: usize,
    /// Constraints that the budget was not enough for.
    pub unevaluated_constraints: usize,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Its reason.
    pub reason: Reason,
    /// One line for each thing that is wrong.
    pub messages: Vec<String>,
}

impl Decision {
    /// Nothing to say.
    pub fn allowed() -> Self {
        Self::default()
    }

    /// A refusal for one reason.
    pub fn denied(reason: Reason, messages: Vec<String>) -> Self {
        Self { denied: Some(Denial { reason, messages }), ..Self::default() }
    }

    /// The AdmissionReview to answer the request of `uid` with.
    pub fn review(&self, uid: &str) -> Value {
        let mut response = json!({"uid": uid, "allowed": self.denied.is_none()});
        if let Some(denial) = &self.denied {
            response["status"] = json!({
                "status": "Failure", "code": denial.reason.code(), "reason": denial.reason.name(),
                "message": told(&denial.messages),
            });
        } else if !self.patch.0.is_empty() {
            let text = serde_json::to_vec(&self.patch).unwrap_or_default();
            response["patchType"] = "JSONPatch".into();
            response["patch"] = STANDARD.encode(text).into();
        }
        let warnings = bounded(&self.warnings);
        if !warnings.is_empty() {
            response["warnings"] = warnings.into();
        }
        if !self.annotations.is_empty() {
            response["auditAnnotations"] = json!(self.annotations);
        }
        json!({"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response})
    }
}

impl Malformed {
    /// The AdmissionReview to answer with: a refusal, with the uid where the body has one.
    pub fn review(&self) -> Value {
        let uid = self.uid.as_deref().unwrap_or_default();
        let mut review = Decision::denied(Reason::BadRequest, vec![self.message.clone()]).review(uid);
        review["apiVersion"] = self.api_version.as_str().into();
        review
    }
}

/// All denials in one text, as many as a person reads.
fn told(messages: &[String]) -> String {
    let mut left = DENIAL_CHARACTERS;
    let mut lines = Vec::new();
    for message in messages.iter().take(MOST_DENIALS) {
        let line = cut(message, left.min(DENIAL_CHARACTERS / 4));
        left -= line.chars().count();
        lines.push(line);
        if left < WARNING_CHARACTERS {
            break;
        }
    }
    match messages.len() - lines.len() {
        0 => {}
        untold => lines.push(format!("... and {untold} more")),
    }
    lines.join("\n")
}

/// The warnings that the API server would pass on whole, and how many more there are.
fn bounded(warnings: &[String]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut left = WARNINGS_CHARACTERS - WARNING_CHARACTERS;
    for (index, warning) in warnings.iter().enumerate() {
        // Text with line breaks would not be a header; the API server would drop it.
        let line = cut(&warning.split_whitespace().collect::<Vec<_>>().join(" "), WARNING_CHARACTERS);
        let length = line.chars().count();
        if length > left {
            told.push(format!("... and {} more warnings", warnings.len() - index));
            break;
        }
        left -= length;
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told
}

/// At most `most` characters, the last three of them dots where it is cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(3)).collect();
    format!("{kept}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_request_says_only_so() {
        let review = Decision::allowed().review("u");
        assert_eq!(review["response"], json!({"uid": "u", "allowed": true}));
    }

    #[test]
    fn a_denial_has_code_reason_and_every_message() {
        let review = Decision::denied(Reason::Forbidden, vec!["[a] x".into(), "[b] y".into()]).review("u");
        let status = json!({"status": "Failure", "code": 403, "reason": "Forbidden", "message": "[a] x\n[b] y"});
        assert_eq!(review["response"], json!({"uid": "u", "allowed": false, "status": status}));
    }

    #[test]
    fn a_patch_of_a_denied_request_is_not_sent() {
        let patch = crate::patch::diff(&json!({}), &json!({"a": 1}));
        let allowed = Decision { patch, ..Decision::default() };
        let review = allowed.review("u");
        assert_eq!(review["response"]["patchType"], "JSONPatch");
        let text = STANDARD.decode(review["response"]["patch"].as_str().unwrap()).unwrap();
        assert_eq!(text, br#"[{"op":"add","path":"/a","value":1}]"#);
        let denied = Decision { denied: Some(Denial { reason: Reason::Invalid, messages: vec![] }), ..allowed };
        assert!(denied.review("u")["response"].get("patch").is_none());
    }

    #[test]
    fn warnings_stay_within_what_the_api_server_passes_on() {
        let warnings: Vec<String> = (0..100).map(|number| format!("{number} {}", "é\n".repeat(400))).collect();
        let told = bounded(&warnings);
        let lengths: Vec<usize> = told.iter().map(|warning| warning.chars().count()).collect();
        assert!(lengths.iter().all(|length| *length <= WARNING_CHARACTERS), "{lengths:?}");
        assert!(lengths.iter().sum::<usize>() <= WARNINGS_CHARACTERS);
        assert!(told.iter().all(|warning| !warning.contains('\n')));
        assert_eq!(told.last().map(String::as_str), Some("... and 85 more warnings"));
    }

    #[test]
    fn denials_are_counted_where_there_are_too_many() {
        let text = told(&vec!["x".repeat(100); 60]);
        assert!(text.ends_with("... and 10 more"), "{text}");
        let long = told(&vec!["y".repeat(100_000); 60]);
        assert!(long.chars().count() < DENIAL_CHARACTERS + 100 && long.contains("more"), "{}", long.len());
    }

    #[test]
    fn a_malformed_body_is_answered_in_its_own_version() {
        let body = br#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}"#;
        let review = crate::Request::read(body).unwrap_err().review();
        assert_eq!(
            (&review["apiVersion"], &review["response"]["uid"]),
            (&json!("admission.k8s.io/v1beta1"), &json!("u"))
        );
        assert_eq!(review["response"]["status"]["code"], 400);
    }
}
