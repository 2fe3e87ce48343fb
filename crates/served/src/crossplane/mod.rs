//! The kinds of Crossplane that plat-controller serves.
//!
//! Owns which they are. Fields, defaults, limits and rules are those of Crossplane v2.4, so that whoever goes from one to the
//! other finds every object valid and unchanged; the descriptions are our own.

mod composition;
mod definition;
mod environment;
mod function;
mod runtime_config;
mod usage;

use crate::kind::Kind;

/// Group of the kinds that say what claims mean.
const EXTENSIONS: &str = "apiextensions.crossplane.io";
/// Group of what runs functions.
const PACKAGES: &str = "pkg.crossplane.io";
/// Category of all of them: `kubectl get crossplane`.
const CATEGORY: &str = "crossplane";

/// All of them.
pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        definition::kind(),
        composition::kind(),
        composition::revision_kind(),
        environment::kind(),
        function::kind(),
        runtime_config::kind(),
        usage::cluster_kind(),
        usage::kind(),
    ]
}
