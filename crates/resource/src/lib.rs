//! Objects, field paths, merges, quantities, YAML and structural schemas.
//!
//! Owns what every other room needs to say about one Kubernetes object. Knows nothing of Crossplane's kinds, files on
//! disk, clocks or clusters: text comes in as strings, answers go out as values.

pub mod calendar;
pub mod cel;
pub mod diagnostic;
pub mod field_path;
pub mod go;
pub mod go_regex;
pub mod javascript;
pub mod merge;
pub mod names;
pub mod object;
pub mod quantity;
pub mod schema;
pub mod shown;
pub mod suggest;
pub mod time;
pub mod yaml;

pub use diagnostic::{Diagnostic, Location, Position, Severity};
pub use field_path::{FieldPath, FieldPathError, Segment};
pub use object::{GroupVersionKind, Object, ObjectKey};
pub use serde_json::{Map, Number, Value};
pub use yaml::Document;
