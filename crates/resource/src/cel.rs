//! The Common Expression Language as Kubernetes has it: its functions, its types, its costs, its words.
//!
//! Owns reading an expression, checking its types and running it over objects, which are never copied. The grammar is the
//! `cel` crate's; types, values, costs and functions are here, since that crate checks no types, bounds no costs and has
//! none of Kubernetes' functions. Knows neither schemas nor policies: those say which variables there are.

pub mod admission;
mod check;
mod cost;
mod declarations;
mod environment;
mod eval;
mod extension;
mod functions;
mod literals;
mod make;
mod named_format;
mod network;
mod node;
mod parse;
mod semver;
mod shape;
mod time;
mod types;
mod value;

#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use environment::Environment;
pub use eval::{Bindings, Failure, Outcome};
pub use extension::Extension;
pub use parse::CompileError;
pub use time::Timestamp;
pub use types::Type;
pub use value::{Key, List, Map, Text, Value};

use node::Node;

/// What one expression may cost, as in Kubernetes.
pub const CALL_LIMIT: u64 = 1_000_000;

/// An expression ready to run.
#[derive(Debug)]
pub struct Program {
    node: Node,
    of: Type,
    depth: usize,
}

impl Program {
    /// Compiles an expression, or says all that is wrong with it.
    pub fn compile(source: &str, environment: &Environment) -> Result<Self, Vec<CompileError>> {
        let parsed = parse::parse(source)?;
        let check = || check::check(environment, &parsed);
        let run = || catch_unwind(AssertUnwindSafe(check));
        let is_small = shape::check_source(source) == Ok(shape::Size::Small);
        let checked = if is_small { run() } else { shape::on_large_stack(run).and_then(|checked| checked) };
        let whole =
            |message: &str| Err(vec![CompileError { message: message.to_owned(), line: 1, column: 1, unready: false }]);
        let Ok(checked) = checked else { return whole("it cannot be checked") };
        let at = |fault: check::Fault, unready: bool| {
            let offset = parsed.places.offset_for(fault.id).map_or(0, |(start, _)| start as usize);
            let (line, column) = place(source, offset);
            CompileError { message: fault.message, line, column, unready }
        };
        if !checked.faults.is_empty() {
            let mut errors: Vec<CompileError> = checked.faults.into_iter().map(|fault| at(fault, false)).collect();
            errors.sort_by_key(|error| (error.line, error.column));
            errors.dedup();
            return Err(errors);
        }
        if let Some(fault) = checked.unready {
            return Err(vec![at(fault, true)]);
        }
        let depth = checked.node.depth();
        if depth > shape::MAX_DEPTH {
            return whole("it nests too deeply");
        }
        Ok(Self { node: checked.node, of: checked.of, depth })
    }

    /// The type of its value.
    pub fn output(&self) -> &Type {
        &self.of
    }

    /// Runs it, and says what that cost. `limit` bounds the cost.
    pub fn run<'a>(&'a self, bindings: &dyn Bindings<'a>, limit: u64) -> (Outcome<'a>, u64) {
        // Stacks of their own cannot be shared with the variables of others, so what is large runs where it stands if
        // the caller sees to the stack; `with_stack` is for that.
        let mut evaluator = eval::Evaluator::new(bindings, limit);
        let outcome = evaluator.eval(&self.node);
        (outcome, evaluator.cost)
    }

    /// How deep it nests. What is deep must run within [`with_stack`].
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Whether it uses a declared variable.
    pub(crate) fn uses_global(&self, number: usize) -> bool {
        self.node.uses_global(number)
    }

    /// The numbers of the composed variables that it uses.
    pub fn variables(&self) -> Vec<usize> {
        self.node.variables()
    }
}

/// Runs `work` where there is stack enough for any expression. `None` if it panicked or there is no such stack.
pub fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    shape::on_large_stack(|| catch_unwind(AssertUnwindSafe(work))).and_then(|done| done).ok()
}

/// Deepest nesting that runs on the caller's stack.
const SMALL_DEPTH: usize = 100;

/// Runs `work`, which nests so deep, on a stack that suffices. `None` if it panicked or there is no such stack.
pub fn guarded<T: Send>(depth: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if depth > SMALL_DEPTH { with_stack(work) } else { catch_unwind(AssertUnwindSafe(work)).ok() }
}

/// Line and column, from 1, of a place counted in characters.
fn place(source: &str, offset: usize) -> (usize, usize) {
    let (mut line, mut column) = (1, 1);
    for character in source.chars().take(offset) {
        if character == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    (line, column)
}

/// Why an expression is refused, in the words and the drawing of Kubernetes.
pub fn refusal(source: &str, errors: &[CompileError]) -> String {
    match errors {
        [CompileError { message, unready: true, .. }] => format!("program instantiation failed: {message}"),
        _ => format!(
            "compilation failed: {}",
            errors.iter().map(|error| drawn(source, error)).collect::<Vec<_>>().join("\n")
        ),
    }
}

fn drawn(source: &str, error: &CompileError) -> String {
    let CompileError { message, line, column, .. } = error;
    let mut drawn = format!("ERROR: <input>:{line}:{column}: {message}");
    if let Some(text) = source.split('\n').nth(line - 1) {
        let text = text.replace('\t', " ");
        let mark = |character: Option<char>, narrow: char, wide: char| {
            if character.is_some_and(|character| !character.is_ascii()) { wide } else { narrow }
        };
        let dots: String = text.chars().take(column - 1).map(|character| mark(Some(character), '.', '．')).collect();
        let caret = mark(text.chars().nth(column - 1), '^', '＾');
        drawn += &format!("\n | {text}\n | {dots}{caret}");
    }
    drawn
}
