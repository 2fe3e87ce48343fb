//! Guardrails: Gatekeeper's templates, constraints, mutators and suites, unchanged, as verdicts and patches.
//!
//! Owns reading and compiling them (`PolicySet`), which of them match what ([`Review`]), what they say ([`Verdict`]).
//! Knows nothing of clusters, files, claims or Compositions: whoever expands a claim hands over its resources one by one.

pub mod review;
pub mod verdict;

pub use review::{Review, Source};
pub use verdict::{Cause, ConstraintName, EnforcementAction, EnforcementPoint, Verdict};
