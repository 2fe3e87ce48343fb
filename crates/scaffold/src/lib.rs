//! Software Templates without Backstage (pure).
//!
//! Owns what a template means: its language, its parameters, its steps and what the actions on files do to them. The shell
//! reads and writes files, asks for parameters and carries out what touches the outside.

pub mod capabilities;
pub mod data;
pub mod files;
pub mod run;
pub mod schema;
pub mod task;
pub mod template;
pub mod tree;

pub use data::Data;
