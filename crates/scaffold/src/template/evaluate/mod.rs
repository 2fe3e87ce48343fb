//! Running a template.
//!
//! Owns the walk over the tree, its budget and what lives as long as one rendering. Filters, tests and methods are beside it.

mod arithmetic;
mod call;
mod expression;
mod filter;
mod macros;
mod member;
pub(crate) mod scope;
mod statement;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use self::call::Builtin;
use self::macros::Macro;
use self::scope::{Frame, Scope};
use super::coerce::{self, Charge, Free};
use super::copy;
use super::error::{Failure, Outcome, Resource};
use super::host::Host;
use super::plan::Plan;
use super::syntax::{Id, Kind, Tree};
use super::text::{Text, utf8_len};
use super::value::{Record, Value};
use super::{Limits, Options, number};
use crate::data::Data;

/// How many bytes the real renderer counts for a value that it makes a place for.
const INDEXED_BYTES: usize = 32;

/// One rendering.
pub(crate) struct Evaluator<'a> {
    tree: &'a Tree,
    plan: &'a Plan,
    options: &'a Options,
    limits: &'a Limits,
    host: &'a dyn Host,
    /// Deeper needs a larger stack.
    stack: usize,
    work: Cell<usize>,
    output_units: Cell<usize>,
    capability_calls: Cell<usize>,
    next_id: Cell<usize>,
    random: Cell<u64>,
    macros: RefCell<HashMap<usize, Rc<Macro>>>,
    builtins: RefCell<HashMap<usize, Builtin>>,
    capabilities: RefCell<HashMap<usize, Text>>,
    handles: RefCell<HashMap<Text, Value>>,
    /// The only output, where its value is wanted and not its text.
    native: Cell<Option<Id>>,
    native_value: RefCell<Value>,
}

/// Where names mean what they mean.
#[derive(Clone)]
pub(crate) struct Context {
    frame: Rc<Frame>,
    scope_plan: usize,
    invocation: Rc<Scope>,
    exports_macros: bool,
    exports_assignments: bool,
}

impl Charge for Evaluator<'_> {
    fn charge_step(&self) -> Outcome<()> {
        self.charge(0)
    }
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        tree: &'a Tree,
        plan: &'a Plan,
        (options, limits): (&'a Options, &'a Limits),
        host: &'a dyn Host,
        stack: usize,
    ) -> Self {
        Self {
            tree,
            plan,
            options,
            limits,
            host,
            stack,
            work: Cell::new(0),
            output_units: Cell::new(0),
            capability_calls: Cell::new(0),
            next_id: Cell::new(1),
            random: Cell::new(options.seed),
            macros: RefCell::default(),
            builtins: RefCell::default(),
            capabilities: RefCell::default(),
            handles: RefCell::default(),
            native: Cell::new(None),
            native_value: RefCell::new(Value::Undefined),
        }
    }

    pub(crate) fn render(&self, context: &Rc<Record>) -> Outcome<Vec<u16>> {
        self.run(context).map_err(|failure| failure.at(self.tree.place(self.tree.root)))
    }

    /// The value of a template that is one expression, else its text.
    pub(crate) fn render_value(&self, context: &Rc<Record>) -> Outcome<Option<Data>> {
        let sole = match self.tree.list(self.tree.root) {
            [only] => match self.tree.kind(*only)? {
                Kind::Output(child) if !matches!(self.tree.kind(*child)?, Kind::Data(_)) => Some(*only),
                _ => None,
            },
            _ => None,
        };
        if sole.is_none() {
            let text = self.render(context)?;
            return Ok(Some(Data::String(String::from_utf16_lossy(&text))));
        }
        self.native.set(sole);
        self.native_result(context).map_err(|failure| failure.at(self.tree.place(self.tree.root)))
    }

    fn native_result(&self, context: &Rc<Record>) -> Outcome<Option<Data>> {
        self.run(context)?;
        let value = self.native_value.borrow().clone();
        let units = coerce::render(&value, self)?.len();
        self.charge_output(units)?;
        copy::to_data(&value)
    }

    fn run(&self, context: &Rc<Record>) -> Outcome<Vec<u16>> {
        let cloned;
        let context = if self.plan.may_mutate {
            cloned = copy::cloned(context)?;
            &cloned
        } else {
            context
        };
        let exports = Scope::of_context(context.entries()).child(true);
        let scope = exports.child(true);
        let root = self.plan.frame(0)?;
        let macro_context = Context {
            frame: Frame::new(&root.slots, None),
            scope_plan: root.scope,
            invocation: exports,
            exports_macros: true,
            exports_assignments: true,
        };
        let mut output = Vec::new();
        self.node(self.tree.root, &scope, &macro_context, &mut output, 1)?;
        Ok(output)
    }

    fn charge(&self, depth: usize) -> Outcome<()> {
        if depth > self.limits.nesting_depth {
            let observed = number::from_count(depth);
            return Err(Failure::limit(Resource::NestingDepth, self.limits.nesting_depth, observed));
        }
        if depth > self.stack {
            return Err(Box::new(Failure::Deep));
        }
        let work = self.work.get() + 1;
        self.work.set(work);
        if work > self.limits.work_units { Err(self.out_of_work()) } else { Ok(()) }
    }

    fn out_of_work(&self) -> Box<Failure> {
        let most = self.limits.work_units;
        Failure::limit(Resource::WorkUnits, most, number::from_count(most.saturating_add(1)))
    }

    fn charge_output(&self, units: usize) -> Outcome<()> {
        let total = self.output_units.get() + units;
        self.output_units.set(total);
        if total > self.limits.output_code_units {
            let observed = number::from_count(total);
            return Err(Failure::limit(Resource::OutputCodeUnits, self.limits.output_code_units, observed));
        }
        Ok(())
    }

    fn charge_capability(&self) -> Outcome<()> {
        let calls = self.capability_calls.get() + 1;
        self.capability_calls.set(calls);
        if calls > self.limits.capability_calls {
            let observed = number::from_count(calls);
            return Err(Failure::limit(Resource::CapabilityCalls, self.limits.capability_calls, observed));
        }
        Ok(())
    }

    fn append(&self, output: &mut Vec<u16>, text: &[u16]) -> Outcome<()> {
        self.charge_output(text.len())?;
        output.extend_from_slice(text);
        Ok(())
    }

    /// Bounds what goes into one filter or method, and says how much it is.
    fn check_scratch<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> Outcome<usize> {
        let mut bytes = 0;
        for value in values {
            bytes += self.value_bytes(value)?;
            self.limit_scratch(bytes)?;
        }
        Ok(bytes)
    }

    fn limit_scratch(&self, bytes: usize) -> Outcome<()> {
        if bytes > self.limits.scratch_bytes {
            let observed = number::from_count(bytes);
            return Err(Failure::limit(Resource::ScratchBytes, self.limits.scratch_bytes, observed));
        }
        Ok(())
    }

    fn value_bytes(&self, value: &Value) -> Outcome<usize> {
        match value {
            Value::Array(array) => {
                let mut bytes = 0;
                for item in &array.to_vec() {
                    self.charge_step()?;
                    bytes += self.value_bytes(item)?;
                }
                Ok(bytes)
            }
            Value::Record(record) => {
                let mut bytes = 0;
                for (key, item) in record.entries() {
                    self.charge_step()?;
                    bytes += utf8_len(key.units()) + self.value_bytes(item)?;
                }
                Ok(bytes)
            }
            other => Ok(utf8_len(coerce::render(other, &Free)?.units())),
        }
    }

    /// Charges one step for everything in a value.
    fn charge_expanded(&self, value: &Value) -> Outcome<()> {
        match value {
            Value::Array(array) => array.to_vec().iter().try_for_each(|item| {
                self.charge_step()?;
                self.charge_expanded(item)
            }),
            Value::Record(record) => record.entries().try_for_each(|(_, item)| {
                self.charge_step()?;
                self.charge_expanded(item)
            }),
            _ => Ok(()),
        }
    }

    /// Charges for values that are about to be made; a count that is no count is refused.
    fn reserve(&self, count: f64, scratch: usize) -> Outcome<()> {
        let work = self.work.get();
        let left = number::from_count(self.limits.work_units) - number::from_count(work);
        if !number::is_safe_integer(count) || count > left {
            return Err(Failure::limit(Resource::WorkUnits, self.limits.work_units, number::from_count(work) + count));
        }
        let room = number::from_count(self.limits.scratch_bytes.saturating_sub(scratch) / INDEXED_BYTES);
        if count > room {
            let observed = number::from_count(scratch) + count * number::from_count(INDEXED_BYTES);
            return Err(Failure::limit(Resource::ScratchBytes, self.limits.scratch_bytes, observed));
        }
        if count < 0.0 {
            return Err(Failure::new("Array-like record length exceeds the supported range"));
        }
        self.work.set(work + number::to_count(count));
        Ok(())
    }

    fn new_id(&self) -> usize {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id
    }

    /// A number below the bound, from the seed that the caller gave.
    fn random(&self, bound: f64) -> f64 {
        let mut state = self.random.get() ^ 0x9e37_79b9_7f4a_7c15;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.random.set(state);
        let fraction = f64::from(u32::try_from(state >> 32).unwrap_or_default()) / 4_294_967_296.0;
        (fraction * bound).floor()
    }
}
