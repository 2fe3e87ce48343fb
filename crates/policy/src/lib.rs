//! Guardrails: Gatekeeper's templates, constraints, mutators and suites, unchanged, as verdicts and patches.
//!
//! Owns reading and compiling them (`PolicySet`), which of them match what ([`Review`]), what they say ([`Verdict`]).
//! Knows nothing of clusters, files, claims or Compositions: whoever expands a claim hands over its resources one by one.

mod budget;
mod cel;
mod config;
mod constraint;
mod engine;
mod evaluate;
mod expansion;
mod field;
mod index;
mod inventory;
pub mod lint;
pub mod matcher;
pub mod mutation;
mod options;
mod outcome;
mod report;
pub mod review;
mod review_input;
mod set;
pub mod suite;
mod template;
pub mod verdict;

pub use budget::Budget;
pub use config::{Config, Process};
pub use constraint::Constraint;
pub use expansion::{Expanded, Expansion, Mutate};
pub use inventory::{Change, Inventory};
pub use options::{Observer, Options};
pub use outcome::{MatchOutcome, Outcome};
pub use review::{Review, Source};
pub use set::PolicySet;
pub use template::{EngineKind, Template};
pub use verdict::{Cause, ConstraintName, EnforcementAction, EnforcementPoint, Verdict};

#[cfg(test)]
mod tests;
