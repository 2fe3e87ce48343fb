//! Modules to a [`Program`], and one evaluation of it.

use std::time::Duration;

use regorus::{Engine, Value};
use serde_json::Value as Json;

use crate::Document;

/// Which Rego the modules are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Version {
    /// Before OPA 1.0: `import rego.v1` or `future.keywords` may switch parts of v1 on.
    #[default]
    V0,
    /// OPA 1.0 and later.
    V1,
}

/// One module: a name for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct Module<'a> {
    /// What to call it in messages, for instance a file or `lib[0]`.
    pub name: &'a str,
    /// The text.
    pub source: &'a str,
}

/// Why a module cannot be used, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{module}:{line}:{column}: {message}")]
pub struct CompileError {
    /// The module's name.
    pub module: String,
    /// Line in the module's text, from 1; 0 where it is not known.
    pub line: usize,
    /// Column in characters, from 1; 0 where it is not known.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Why an evaluation has no answer. Whoever asked must take it as a refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// It took too long.
    #[error("evaluation took longer than {} ms", .0.as_millis())]
    Time(Duration),
    /// It wanted more memory or a deeper stack than it may have.
    #[error("evaluation needs too much: {0}")]
    Size(String),
    /// Anything else, in OPA's words where it has them.
    #[error("{0}")]
    Failed(String),
}

/// Bounds of one evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_millis(500) }
    }
}

/// Compiled modules; immutable, shared between threads.
pub struct Program {
    engine: Engine,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// Compiles modules that may import each other.
    pub fn compile(modules: &[Module<'_>], version: Version) -> Result<Self, Vec<CompileError>> {
        let mut engine = Engine::new();
        engine.set_rego_v0(version == Version::V0);
        engine.set_strict_builtin_errors(false);
        for module in modules {
            engine.add_policy(module.name.to_owned(), module.source.to_owned()).map_err(|error| {
                vec![CompileError {
                    module: module.name.to_owned(),
                    line: 0,
                    column: 0,
                    message: error.to_string(),
                    hint: None,
                }]
            })?;
        }
        Ok(Self { engine })
    }

    /// The value of a rule, for instance `data.k8srequiredlabels.violation`; `None` where it is undefined. Sets come as
    /// arrays in Rego's order.
    pub fn eval(
        &self,
        rule: &str,
        input: &Document,
        data: &Document,
        limits: Limits,
    ) -> Result<Option<Json>, EvalError> {
        let mut engine = self.engine.clone();
        engine.set_execution_timer_config(regorus::utils::limits::ExecutionTimerConfig {
            limit: limits.time,
            check_interval: std::num::NonZeroU32::MIN,
        });
        engine.set_input(input.0.clone());
        engine.add_data(data.0.clone()).map_err(|error| EvalError::Failed(error.to_string()))?;
        match engine.eval_rule(rule.to_owned()).map_err(|error| EvalError::Failed(error.to_string()))? {
            Value::Undefined => Ok(None),
            value => serde_json::to_value(value).map(Some).map_err(|error| EvalError::Failed(error.to_string())),
        }
    }
}
