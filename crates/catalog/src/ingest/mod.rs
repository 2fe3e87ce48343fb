//! What TeraSky's Backstage plugins make of Crossplane: templates of XRDs, manifests of claims.
//!
//! Owns the rules of kubernetes-ingestor and of the action `terasky:claim-template`. The files of a repository that a portal
//! wrote and those that plat writes are the same, byte for byte.

mod api;
pub mod claim;
pub mod cluster;
mod cluster_names;
mod collate;
mod drift;
pub mod dump;
mod form;
mod pages;
mod settings;
mod steps;
mod template;

pub use api::apis;
pub use drift::drift;
pub use settings::{DEFAULT_PREFIX, Settings};
pub use template::{Definition, templates};

/// Replaces each `{name}` of a path; a name is of letters, digits and `_`.
fn replace_names(path: &str, mut with: impl FnMut(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let length = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let (name, behind) = after.split_at(length);
        match behind.strip_prefix('}') {
            Some(behind) if !name.is_empty() => {
                out.push_str(&with(name));
                rest = behind;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
