//! The template language of Backstage's scaffolder.
//!
//! Owns the whole of it: nunjitsu's syntax, JavaScript's values, the closed set of filters, tests and methods, and the
//! limits that make every rendering end. Knows nothing of tasks or files. Where and how it was compared with the real
//! renderer is in `docs/scaffold.md`.

#![expect(clippy::unnecessary_box_returns, reason = "failures are boxed wherever they go")]

mod coerce;
mod copy;
mod digits;
mod error;
mod evaluate;
mod filters;
mod host;
pub(crate) mod json;
mod methods;
pub(crate) mod number;
mod pattern;
mod plan;
mod predicates;
mod syntax;
pub(crate) mod text;
mod value;

use std::rc::Rc;

pub(crate) use self::error::suggestion;
pub use self::error::{ErrorKind, RenderError};
pub use self::host::{Host, Lent, NoHost};

use self::error::{Failure, Outcome, Place, Resource};
use self::evaluate::Evaluator;
use self::syntax::expression::Depths;
use self::syntax::scan::ScanOptions;
use self::syntax::statement::{ParseOptions, parse};
use self::value::Record;
use crate::data::Data;

/// True where a text is a regular expression.
pub(crate) fn is_pattern(source: &str) -> bool {
    pattern::Pattern::parse(text::Text::from(source).units(), "").is_some()
}

/// True where a text has a match of a regular expression in it.
pub(crate) fn matches(source: &str, text: &str) -> Result<bool, String> {
    let invalid = || format!("Invalid regular expression: /{source}/");
    let pattern = pattern::Pattern::parse(text::Text::from(source).units(), "").ok_or_else(invalid)?;
    let found = pattern.test(text::Text::from(text).units(), 0);
    found.map(|(found, _)| found).map_err(|failure| failure.public().message)
}

/// `text.replaceAll(find, with)`: of a text, or of a regular expression.
pub(crate) fn replaced(text: &str, find: &str, with: &str, is_regex: bool) -> Result<String, String> {
    let invalid = || format!("Invalid regular expression: /{find}/");
    let source = if is_regex { find.to_owned() } else { escaped(find) };
    let pattern = pattern::Pattern::parse(text::Text::from(source).units(), "g").ok_or_else(invalid)?;
    let with = text::Text::from(with);
    let replaced = pattern::replace(&pattern, &text::Text::from(text), with.units(), 0);
    replaced.map(|(text, _)| text.to_string()).map_err(|failure| failure.public().message)
}

/// A text as the regular expression that matches it.
fn escaped(text: &str) -> String {
    let mut output = String::new();
    for character in text.chars() {
        if "\\^$.*+?()[]{}|/".contains(character) {
            output.push('\\');
        }
        output.push(character);
    }
    output
}

/// What fits on the stack of whoever renders.
const SHALLOW: Stack = Stack { parse: 16, plan: 200, evaluate: 64 };
/// What fits on a stack of its own.
const DEEP: Stack = Stack { parse: usize::MAX, plan: usize::MAX, evaluate: usize::MAX };
/// The size of that: only what is used takes memory.
const DEEP_STACK: usize = 256 << 20;

#[derive(Debug, Clone, Copy)]
struct Stack {
    parse: usize,
    plan: usize,
    evaluate: usize,
}

/// What comes of a template.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Text,
    Value,
}

/// How templates are read and run.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the options of the real renderer")]
pub struct Options {
    /// Regular expressions of templates are run, and not only read.
    pub allow_regex_execution: bool,
    /// `{{ }}` for expressions, `jsonify`, `True`, `False`, `None` and Python's methods.
    pub cookiecutter_compat: bool,
    /// The line end after a block tag is dropped.
    pub trim_blocks: bool,
    /// The indentation before a block tag is dropped.
    pub lstrip_blocks: bool,
    /// What `random` begins with.
    pub seed: u64,
}

/// Where a rendering ends with an error.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest source.
    pub source_code_units: usize,
    /// The most nodes that a source may have.
    pub ast_nodes: usize,
    /// The most steps.
    pub work_units: usize,
    /// The deepest nesting.
    pub nesting_depth: usize,
    /// The longest output.
    pub output_code_units: usize,
    /// The most that one filter is given, in bytes.
    pub scratch_bytes: usize,
    /// The most calls of what the host lends.
    pub capability_calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_code_units: 4 << 20,
            ast_nodes: 1_000_000,
            work_units: 1_000_000,
            nesting_depth: 512,
            output_code_units: 16 << 20,
            scratch_bytes: 64 << 20,
            capability_calls: 4096,
        }
    }
}

/// Values that templates are rendered with, taken in once.
pub struct Prepared {
    data: Data,
    record: Rc<Record>,
}

/// A renderer of templates.
pub struct Renderer<'a> {
    options: Options,
    limits: Limits,
    host: &'a dyn Host,
}

impl<'a> Renderer<'a> {
    /// A renderer with the usual limits.
    pub fn new(options: Options, host: &'a dyn Host) -> Self {
        Self { options, limits: Limits::default(), host }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes values in.
    pub fn prepare(&self, data: Data) -> Result<Prepared, RenderError> {
        let record =
            copy::context(&data).map_err(|failure| RenderError { kind: ErrorKind::Context, ..failure.public() })?;
        Ok(Prepared { data, record })
    }

    /// The text of a template.
    pub fn render(&self, source: &str, context: &Prepared) -> Result<String, RenderError> {
        match self.run(source, context, Wanted::Text)? {
            Some(Data::String(text)) => Ok(text),
            _ => Ok(String::new()),
        }
    }

    /// The value of a template that is one expression, and the text of any other; undefined is none.
    pub fn render_value(&self, source: &str, context: &Prepared) -> Result<Option<Data>, RenderError> {
        self.run(source, context, Wanted::Value)
    }

    fn run(&self, source: &str, context: &Prepared, wanted: Wanted) -> Result<Option<Data>, RenderError> {
        let result = match self.attempt(source, &context.record, SHALLOW, wanted) {
            Err(failure) if matches!(*failure, Failure::Deep) => self.attempt_deep(source, &context.data, wanted),
            result => result,
        };
        result.map_err(|failure| failure.public())
    }

    /// On a stack of its own, with values of its own.
    fn attempt_deep(&self, source: &str, data: &Data, wanted: Wanted) -> Outcome<Option<Data>> {
        let failed = || Failure::new("Template rendering failed");
        std::thread::scope(|scope| {
            let run = || self.attempt(source, &copy::context(data)?, DEEP, wanted);
            let thread = std::thread::Builder::new().stack_size(DEEP_STACK).spawn_scoped(scope, run);
            thread.map_err(|_| failed())?.join().unwrap_or_else(|_| Err(failed()))
        })
    }

    fn attempt(&self, source: &str, record: &Rc<Record>, stack: Stack, wanted: Wanted) -> Outcome<Option<Data>> {
        let source: Vec<u16> = source.encode_utf16().collect();
        let limits = &self.limits;
        if source.len() > limits.source_code_units {
            let (resource, most) = (Resource::SourceCodeUnits, limits.source_code_units);
            return Err(Failure::parse_limit(resource, most, source.len(), None::<Place>));
        }
        let scan = ScanOptions {
            cookiecutter: self.options.cookiecutter_compat,
            trim_blocks: self.options.trim_blocks,
            lstrip_blocks: self.options.lstrip_blocks,
        };
        let depths = Depths { most: limits.nesting_depth, stack: stack.parse };
        let tree = parse(&source, ParseOptions { scan, nodes: limits.ast_nodes, depths })?;
        let plan = plan::plan(&tree, limits.work_units, stack.plan)?;
        let evaluator = Evaluator::new(&tree, &plan, (&self.options, limits), self.host, stack.evaluate);
        match wanted {
            Wanted::Text => Ok(Some(Data::String(String::from_utf16_lossy(&evaluator.render(record)?)))),
            Wanted::Value => evaluator.render_value(record),
        }
    }
}
