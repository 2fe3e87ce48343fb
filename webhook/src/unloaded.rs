//! What decides before there are policies.
//!
//! Owns the refusal of everything. A webhook that has not read its policies must not let anything pass.

use crate::decision::{Admission, Answer, Condition, Outcome, Policies, Question};
use crate::review::Refusal;

/// No policies are loaded.
#[derive(Debug, Clone, Copy)]
pub struct Unloaded;

impl Admission for Unloaded {
    fn decide(&self, question: &Question<'_>) -> Answer {
        let message = "the webhook has not loaded its policies yet; try again".to_owned();
        let refusal = Refusal { code: 503, reason: "ServiceUnavailable", message };
        Answer { review: refusal.review(question.envelope), outcome: Outcome::Errored, constraints: Vec::new() }
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition { name: "policies".to_owned(), ready: false, detail: "not loaded yet".to_owned() }]
    }

    fn policies(&self) -> Policies {
        Policies::default()
    }
}
