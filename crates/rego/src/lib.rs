//! Rego as OPA evaluates it: modules compiled once, evaluated many times, bounded in time.
//!
//! Owns everything that is about the language: parsing, the checks of a module before it may run, the builtins, and one
//! evaluation. Knows nothing of Kubernetes, Gatekeeper or policies. The engine underneath is regorus; what it does unlike
//! OPA is mended or refused here, and nowhere else.

mod document;
mod program;

pub use document::Document;
pub use program::{CompileError, EvalError, Limits, Module, Program, Version};
