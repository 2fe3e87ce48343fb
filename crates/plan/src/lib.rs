//! Desired against live: what would change, why, and how that is written down.
//!
//! Owns the structural diff, the offline model of server-side apply, the [`Plan`] and its text, Markdown and JSON forms.
//! Does not expand claims (that is `plat-expand`) and prints nothing: every renderer returns a `String`.

pub mod build;
pub mod constants;
pub mod diff;
#[cfg(test)]
mod fixtures;
pub mod foretold;
pub mod guardrails;
pub mod live;
pub mod model;
pub mod render;

pub use build::{Planner, Subject, would_change};
pub use constants::{API_VERSION, KIND};
pub use diff::{FieldChange, apply, diff};
pub use foretold::{Answer, Foretold, Question, Writing, composed_manager};
pub use live::{KindSchema, ListType, Lists, NoSchemas, PlatformSchemas, Refusal, Schemas};
pub use model::{
    Action, Blocked, BlockedBy, Change, ClaimPlan, GivenObject, Node, Note, Plan, Role, Summary, UnknownField,
};
