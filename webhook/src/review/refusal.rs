//! Answers that the server gives by itself, each of them a refusal.
//!
//! Owns their two shapes: an AdmissionReview where the uid of the request is known, else a Kubernetes Status with an HTTP
//! status of its own. A webhook that cannot judge never allows.

use serde_json::json;

use super::envelope::{Envelope, KIND};

/// Why the server refuses a request by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status and `code` of the Status.
    pub code: u16,
    /// `reason` of the Status, a word of Kubernetes' own.
    pub reason: &'static str,
    /// What happened, for people.
    pub message: String,
}

impl Refusal {
    /// The body is not what it should be.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into() }
    }

    /// The body is in a form that is not read.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self { code: 415, reason: "UnsupportedMediaType", message: message.into() }
    }

    /// The body is too large.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the AdmissionReview is larger than {limit} bytes (--max-body-bytes)");
        Self { code: 413, reason: "RequestEntityTooLarge", message }
    }

    /// The body did not come in time.
    pub fn slow() -> Self {
        let message = "the AdmissionReview did not arrive in time (--body-timeout)".to_owned();
        Self { code: 408, reason: "Timeout", message }
    }

    /// There is more to do than can be done.
    pub fn overload(what: &str) -> Self {
        Self {
            code: 503,
            reason: "ServiceUnavailable",
            message: format!("the webhook is overloaded: {what}; try again"),
        }
    }

    /// It was not decided in time.
    pub fn late(seconds: f64) -> Self {
        let message =
            format!("no decision within {seconds:.1} s, which is what the API server's timeout leaves; refused");
        Self { code: 504, reason: "Timeout", message }
    }

    /// A mistake in plat itself.
    pub fn panicked() -> Self {
        let message = "a mistake in the webhook itself, its log says where; refused".to_owned();
        Self { code: 500, reason: "InternalError", message }
    }

    /// The AdmissionReview that refuses a request.
    pub fn review(&self, envelope: &Envelope) -> Vec<u8> {
        let review = json!({
            "apiVersion": envelope.answer_version(),
            "kind": KIND,
            "response": {
                "uid": envelope.uid,
                "allowed": false,
                "status": {"status": "Failure", "message": self.message, "reason": self.reason, "code": self.code},
            },
        });
        review.to_string().into_bytes()
    }

    /// The Status that answers what has no uid.
    pub fn status(&self) -> Vec<u8> {
        let status = json!({
            "apiVersion": "v1",
            "kind": "Status",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        status.to_string().into_bytes()
    }
}
