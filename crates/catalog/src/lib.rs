//! Backstage's software catalog, without Backstage.
//!
//! Owns entities of all kinds, the rules of the real backend with its words, references and relations, what a catalog of
//! many files lacks, and the entities that a cluster's objects become. Text and values come in, values and findings go out:
//! files, git and clusters are for shells.

pub mod catalog;
pub mod check;
pub mod document;
pub mod entity_ref;
pub mod explain;
pub mod export;
mod formats;
pub mod graph;
pub mod ingest;
pub mod kinds;
pub mod location;
pub mod objects;
mod pattern;
pub mod prepare;
pub mod query;
pub mod relations;
pub mod rules;
mod shape;
pub mod validate;

pub use catalog::{Catalog, Filter};
pub use document::{Entry, read};
pub use entity_ref::{Defaults, EntityRef, RefError};
pub use location::LocationRef;
pub use query::Query;
pub use relations::{Mention, Relation};
pub use validate::{Refusal, Stage, Valid, validate};
