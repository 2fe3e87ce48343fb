//! How a plan is written down: text for a terminal, Markdown for a pull request, JSON for programs.
//!
//! Nothing here prints. Whatever comes from the input is escaped, so that no value can steer a terminal or leave a
//! Markdown block.

mod fields;
mod guardrails;
mod markdown;
mod text;
mod value;

pub use guardrails::{FindingStyle, text_of_findings};
pub use markdown::{MARKDOWN_LIMIT, markdown};
pub use text::{TextOptions, text, text_of_claim, text_of_summary};

use crate::model::Plan;

/// The plan as JSON, indented by two spaces, with a final newline. The form is documented in `docs/plan-json.md`.
pub fn json(plan: &Plan) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(plan)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests;
