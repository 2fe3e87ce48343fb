//! Gatekeeper's suites: objects, and what a template and a constraint must say of them.
//!
//! Owns reading a `suite.yaml` and running it as `gator verify` does, with its outcomes and close to its words. Opens no
//! files: what a suite names comes through a lookup. Finding suites is up to the caller.

mod assertion;
mod cover;
mod filter;
mod paths;
mod read;
mod reviewed;
mod run;

pub use assertion::{Assertion, Wanted};
pub use cover::TemplateCoverage;
pub use filter::Filter;
pub use paths::join;
pub use read::read;
pub use run::Runner;

use plat_resource::Diagnostic;
use serde::Serialize;

/// One suite.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// Its path, as the user named it.
    pub path: String,
    /// Whether it is left out.
    pub skip: bool,
    /// Its tests.
    pub tests: Vec<Test>,
}

/// A template with a constraint, and cases.
#[derive(Debug, Clone, Default)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// The path of the template.
    pub template: String,
    /// The path of the constraint.
    pub constraint: String,
    /// The path of the ExpansionTemplates; empty for none.
    pub expansion: String,
    /// The cases.
    pub cases: Vec<Case>,
    /// Whether the constraint must not satisfy the template's schema.
    pub invalid: bool,
    /// Whether it is left out.
    pub skip: bool,
}

/// One object and what must be said of it.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The path of the object, or of an AdmissionReview.
    pub object: String,
    /// The paths of the objects in the inventory.
    pub inventory: Vec<String>,
    /// What must hold.
    pub assertions: Vec<Assertion>,
    /// Whether it is left out.
    pub skip: bool,
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should, or it could not be run.
    Failed,
    /// It was left out.
    Skipped,
}

/// What became of a suite.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SuiteResult {
    /// Its path.
    pub path: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Its tests; none where it was left out.
    pub tests: Vec<TestResult>,
    /// What its tests reach of the Rego of their templates, where that was asked for.
    #[serde(skip)]
    pub coverage: Vec<TemplateCoverage>,
}

/// What became of a test.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is wrong with its template or constraint, in detail.
    #[serde(skip)]
    pub findings: Vec<Diagnostic>,
    /// Its cases.
    pub cases: Vec<CaseResult>,
}

/// What became of a case.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What did not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was said of the object.
    pub messages: Vec<String>,
}

#[cfg(test)]
mod tests;
