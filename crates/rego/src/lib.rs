//! Rego as OPA evaluates it: modules compiled once, evaluated many times, bounded in time.
//!
//! Owns everything that is about the language: parsing, the checks of a module before it may run, the builtins, and one
//! evaluation. Knows nothing of Kubernetes, Gatekeeper or policies. The way of a module: [`lexer`] and [`parser`] read it,
//! [`resolve`] says what each name means, [`flatten`] and [`safety`] bring bodies into the form and order in which OPA
//! evaluates them, [`check`] and [`types`] refuse what must not run, [`lower`] makes what [`machine`]
//! evaluates, and [`narrow`] says which walks over data can use an index. Some builtins are
//! regorus'; what is unlike OPA is mended or refused here, and nowhere else.

mod ast;
mod budget;
mod builtins;
mod check;
mod compile;
mod document;
mod flatten;
mod indexes;
mod ir;
mod lexer;
mod lower;
mod machine;
mod narrow;
mod number;
mod parser;
mod path;
mod program;
mod resolve;
mod safety;
mod testing;
mod text;
mod types;
mod value;
mod variables;
mod visit;

pub use budget::steps;
pub use document::Document;
pub use program::{CompileError, EvalError, Limits, Module, Options, Program, Version};
pub use testing::{Coverage, Reached, Test, TestResult};
