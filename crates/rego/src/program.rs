//! Modules to a [`Program`], and one evaluation of it.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use serde_json::Value as Json;

use crate::Document;
use crate::ast::Name;
use crate::budget::Budget;
use crate::compile::compile;
use crate::ir::Rules;
use crate::machine::Machine;
use crate::path;
use crate::value::Value;

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
    /// How long it may take. It is counted in steps and not by a clock, so that an answer does not depend on the load of
    /// the machine; a machine of today is done well before.
    pub time: Duration,
    /// How many bytes it may ask for, those included that it gave back.
    pub memory: usize,
    /// Since the epoch: what `time.now_ns` says. Without it, calling that is an error.
    pub now: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_millis(500), memory: 256 << 20, now: None }
    }
}

/// How modules are compiled.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The language.
    pub version: Version,
    /// Where set, references below `data` must begin with one of these, for instance `lib` or `inventory`.
    pub allowed_data: Option<Vec<String>>,
}

/// Compiled modules; immutable, shared between threads.
pub struct Program {
    pub(crate) rules: Rules,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Program").finish_non_exhaustive()
    }
}

/// What came of an evaluation, and how many steps it took.
type Counted = (Result<Option<Value>, EvalError>, u64);

/// How deep an evaluation may get on the stack of whoever asks for it.
const SHALLOW: usize = 100;
/// The stack of an evaluation that gets deeper.
const DEEP_STACK: usize = 512 << 20;

impl Program {
    /// Compiles modules that may import each other.
    pub fn compile(modules: &[Module<'_>], version: Version) -> Result<Self, Vec<CompileError>> {
        Self::compile_with(modules, &Options { version, allowed_data: None })
    }

    /// Compiles modules that may import each other, within what the options allow.
    pub fn compile_with(modules: &[Module<'_>], options: &Options) -> Result<Self, Vec<CompileError>> {
        Ok(Self { rules: compile(modules, options)? })
    }

    /// The path of the rule with this name in a module, given by its place among those compiled; whether the module has
    /// such a rule is not asked.
    pub fn rule(&self, module: usize, name: &str) -> Option<String> {
        let mut names = self.rules.packages.get(module)?.clone();
        names.push(name.into());
        Some(path::write(&names))
    }

    /// The value of a rule, for instance `data.k8srequiredlabels.violation` or `data.a["b-c"].violation`; `None` where it is undefined. Sets come as
    /// arrays in Rego's order.
    pub fn eval(
        &self,
        rule: &str,
        input: &Document,
        data: &Document,
        limits: Limits,
    ) -> Result<Option<Json>, EvalError> {
        self.eval_counted(rule, input, data, limits).0
    }

    /// As [`Self::eval`], and how many steps it took, whatever came of it: what many evaluations share is counted in these.
    pub fn eval_counted(
        &self,
        rule: &str,
        input: &Document,
        data: &Document,
        limits: Limits,
    ) -> (Result<Option<Json>, EvalError>, u64) {
        let (result, steps) = self.value(rule, input, data, limits);
        (result.map(|value| value.map(|value| value.to_json())), steps)
    }

    /// As [`Self::eval`], for what is evaluated further: sets stay sets.
    pub fn eval_document(
        &self,
        rule: &str,
        input: &Document,
        data: &Document,
        limits: Limits,
    ) -> Result<Option<Document>, EvalError> {
        Ok(self.value(rule, input, data, limits).0?.map(Document::from_value))
    }

    fn value(&self, rule: &str, input: &Document, data: &Document, limits: Limits) -> Counted {
        let empty = Value::object(vec![]);
        match (path::read(rule), input.value(), data.value()) {
            (Ok(path), Ok(input), Ok(data)) => self.run(&path, input, data.unwrap_or(&empty), limits),
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => (Err(error), 0),
        }
    }

    fn run(&self, path: &[Name], input: Option<&Value>, data: &Value, limits: Limits) -> Counted {
        let machine = |depth| Machine::new(&self.rules, input.cloned(), data.clone(), Budget::new(limits), depth);
        // A mistake in here must not be the end of whoever asks.
        let mut shallow = machine(SHALLOW);
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| shallow.document(path)));
        let steps = shallow.budget.spent();
        match result.unwrap_or_else(|_| Err(broke_off())) {
            Err(EvalError::Size(message)) if message == crate::machine::TOO_DEEP => {}
            result => return (result, steps),
        }
        drop(shallow);
        let deep = deep(|| {
            let mut machine = machine(crate::machine::MAX_DEPTH);
            let result = machine.document(path);
            Ok((result, machine.budget.spent()))
        });
        // Nobody knows what it took until it broke off: no more than all.
        let (result, more) = deep.unwrap_or_else(|error| (Err(error), crate::budget::steps(limits.time)));
        (result, steps.saturating_add(more))
    }
}

/// Runs what may get deep on a stack of its own.
pub(crate) fn deep<T: Send>(run: impl FnOnce() -> Result<T, EvalError> + Send) -> Result<T, EvalError> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(DEEP_STACK);
        let thread = builder.spawn_scoped(scope, run).map_err(|error| EvalError::Failed(error.to_string()))?;
        thread.join().unwrap_or_else(|_| Err(broke_off()))
    })
}

fn broke_off() -> EvalError {
    EvalError::Failed("the evaluation broke off".to_owned())
}
