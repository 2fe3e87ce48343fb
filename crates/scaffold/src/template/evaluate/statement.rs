//! Tags: what each does with the output and with names.

use std::rc::Rc;

use super::scope::{Frame, Scope};
use super::{Context, Evaluator};
use crate::template::coerce;
use crate::template::error::{Failure, Outcome};
use crate::template::number;
use crate::template::syntax::{Id, Kind};
use crate::template::text::Text;
use crate::template::value::{CallableKind, Value};

type Output = Vec<u16>;

/// What a loop goes over, one after the other.
struct Entries {
    values: EntryValues,
    length: Value,
    /// Lists are taken apart by place, all else by key and value.
    array: bool,
}

enum EntryValues {
    Array(Rc<crate::template::value::Array>),
    Fixed(Vec<Value>),
    /// The numbered fields of a record, up to a length.
    Numbered(Rc<crate::template::value::Record>, Value),
}

impl Evaluator<'_> {
    pub(super) fn node(
        &self,
        id: Id,
        scope: &Rc<Scope>,
        context: &Context,
        output: &mut Output,
        depth: usize,
    ) -> Outcome<()> {
        self.node_unplaced(id, scope, context, output, depth).map_err(|failure| failure.at(self.tree.place(id)))
    }

    fn node_unplaced(
        &self,
        id: Id,
        scope: &Rc<Scope>,
        context: &Context,
        output: &mut Output,
        depth: usize,
    ) -> Outcome<()> {
        self.charge(depth)?;
        let tree = self.tree;
        match tree.kind(id)? {
            Kind::List(children) => {
                children.iter().try_for_each(|child| self.node(*child, scope, context, output, depth + 1))
            }
            Kind::Output(child) => self.output(id, *child, scope, context, output, depth),
            Kind::If { condition, body, otherwise } => {
                let branch = if self.expression(*condition, scope, context, depth + 1)?.is_truthy() {
                    Some(*body)
                } else {
                    *otherwise
                };
                branch.map_or(Ok(()), |branch| self.node(branch, scope, context, output, depth + 1))
            }
            Kind::For { .. } => self.loop_over(id, scope, context, output, depth + 1),
            Kind::Set { targets, value, body } => self.assignment(targets, (*value, *body), scope, context, depth + 1),
            Kind::Macro { name, .. } => self.declare(id, name, context),
            Kind::CallBlock { call, caller } => self.call_block(*call, *caller, scope, context, output, depth + 1),
            Kind::Block { body, .. } => {
                let frame = self.plan.frame(self.plan.block(context.scope_plan, id)?)?;
                let inner = Context {
                    frame: Frame::new(&frame.slots, None),
                    scope_plan: frame.scope,
                    invocation: Rc::clone(&context.invocation),
                    exports_macros: true,
                    exports_assignments: false,
                };
                self.node(*body, &scope.child(true), &inner, output, depth + 2)
            }
            Kind::Switch { value, cases, default } => {
                self.switch((*value, cases, *default), scope, context, output, depth)
            }
            _ => Err(Failure::new("Unexpected statement node")),
        }
    }

    fn output(
        &self,
        id: Id,
        child: Id,
        scope: &Rc<Scope>,
        context: &Context,
        output: &mut Output,
        depth: usize,
    ) -> Outcome<()> {
        if let Kind::Data(text) = self.tree.kind(child)? {
            return self.append(output, text.units());
        }
        let value = self.expression(child, scope, context, depth + 1)?;
        if self.native.get() == Some(id) {
            self.native_value.replace(value);
            return Ok(());
        }
        let text = coerce::render(&value, self)?;
        self.append(output, text.units())
    }

    fn switch(
        &self,
        (value, cases, default): (Id, &[Id], Option<Id>),
        scope: &Rc<Scope>,
        context: &Context,
        output: &mut Output,
        depth: usize,
    ) -> Outcome<()> {
        let value = self.expression(value, scope, context, depth + 1)?;
        let mut matched = false;
        for case in cases {
            let Kind::Case { condition, body } = self.tree.kind(*case)? else { continue };
            // What matched without a body falls through to the next that has one.
            matched = matched || value.is_same(&self.expression(*condition, scope, context, depth + 1)?);
            if matched && !self.tree.list(*body).is_empty() {
                return self.node(*body, scope, context, output, depth + 1);
            }
        }
        default.map_or(Ok(()), |default| self.node(default, scope, context, output, depth + 1))
    }

    fn assignment(
        &self,
        targets: &[Id],
        (value, body): (Option<Id>, Option<Id>),
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<()> {
        let value = match (value, body) {
            (Some(value), _) => self.expression(value, scope, context, depth + 1)?,
            (None, Some(body)) => {
                let Kind::Capture(captured) = self.tree.kind(body)? else {
                    return Err(Failure::new("Invalid block assignment"));
                };
                Value::String(self.capture(*captured, scope, context, depth + 1)?)
            }
            (None, None) => return Err(Failure::new("Invalid block assignment")),
        };
        for target in targets {
            let Some(name) = self.tree.symbol(*target) else { continue };
            scope.assign(name, value.clone());
            self.set_slot(*target, &value, context)?;
            if context.exports_assignments {
                context.invocation.set(name, value.clone());
            }
        }
        Ok(())
    }

    /// What a body would write, as text.
    pub(super) fn capture(&self, body: Id, scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Text> {
        let mut captured = Vec::new();
        self.node(body, scope, context, &mut captured, depth + 1)?;
        Ok(captured.into())
    }

    fn declare(&self, id: Id, name: &Text, context: &Context) -> Outcome<()> {
        let frame = self.plan.callable(context.scope_plan, id)?;
        let handle = self.new_macro(id, frame, &context.invocation, None, &context.invocation, CallableKind::Macro);
        let slot = self.plan.slot(context.scope_plan, id);
        let slot = slot.ok_or_else(|| Failure::new(format!("Missing lexical slot for macro {name}")))?;
        context.frame.set(slot, handle.clone())?;
        if context.exports_macros {
            context.invocation.set(name, handle);
        }
        Ok(())
    }

    fn loop_over(
        &self,
        id: Id,
        scope: &Rc<Scope>,
        context: &Context,
        output: &mut Output,
        depth: usize,
    ) -> Outcome<()> {
        let Kind::For { list, targets, body, otherwise } = self.tree.kind(id)? else {
            return Err(Failure::new("Unexpected statement node"));
        };
        let value = self.expression(*list, scope, context, depth + 1)?;
        let entries = entries(&value, targets.len())?;
        let loop_scope = scope.child(false);
        let plan = self.plan.loop_plan(context.scope_plan, id)?;
        let inner = Context {
            frame: Rc::clone(&context.frame),
            scope_plan: if targets.len() == 1 || entries.array { plan.array } else { plan.record },
            invocation: Rc::clone(&context.invocation),
            exports_macros: false,
            exports_assignments: false,
        };
        let mut length = context.frame.get(plan.length)?;
        if value.is_truthy() {
            length = entries.length.clone();
            context.frame.set(plan.length, length.clone())?;
        }
        let bound = match &entries.values {
            EntryValues::Numbered(_, length) => coerce::to_number(length, self)?,
            _ => 0.0,
        };
        let mut index = 0;
        while let Some(entry) = entries.get(index, bound) {
            self.bind_targets(targets, &entry, entries.array, &loop_scope, &inner)?;
            let state = loop_state(index, coerce::to_number(&length, self)?, &length)?;
            loop_scope.set(&"loop".into(), state);
            self.node(*body, &loop_scope, &inner, output, depth + 1)?;
            index += 1;
        }
        match otherwise {
            Some(otherwise) if !length.is_truthy() => {
                let inner = Context { scope_plan: plan.record, ..inner };
                self.node(*otherwise, &loop_scope, &inner, output, depth + 1)
            }
            _ => Ok(()),
        }
    }

    fn bind_targets(
        &self,
        targets: &[Id],
        entry: &Value,
        array: bool,
        scope: &Rc<Scope>,
        context: &Context,
    ) -> Outcome<()> {
        if let [only] = targets {
            return self.bind(*only, entry, scope, context);
        }
        for (index, target) in targets.iter().enumerate() {
            if array {
                self.set_slot(*target, &destructured(entry, index)?, context)?;
            } else if index < 2 {
                self.bind(*target, &destructured(entry, index)?, scope, context)?;
            }
        }
        Ok(())
    }

    pub(super) fn bind(&self, target: Id, value: &Value, scope: &Rc<Scope>, context: &Context) -> Outcome<()> {
        if let Some(name) = self.tree.symbol(target) {
            scope.set(name, value.clone());
        }
        self.set_slot(target, value, context)
    }

    fn set_slot(&self, target: Id, value: &Value, context: &Context) -> Outcome<()> {
        match self.plan.slot(context.scope_plan, target) {
            Some(slot) => context.frame.set(slot, value.clone()),
            None => Ok(()),
        }
    }
}

impl Entries {
    fn get(&self, index: usize, bound: f64) -> Option<Value> {
        match &self.values {
            // Looked at anew each time: the body may change the list.
            EntryValues::Array(array) => array.get(index),
            EntryValues::Fixed(values) => values.get(index).cloned(),
            EntryValues::Numbered(record, _) => {
                (number::from_count(index) < bound).then(|| record.get_str(&index.to_string()))
            }
        }
    }
}

fn entries(value: &Value, targets: usize) -> Outcome<Entries> {
    let array = matches!(value, Value::Array(_) | Value::Safe(_));
    let (values, length) = match value {
        Value::Array(items) => (EntryValues::Array(Rc::clone(items)), Value::count(items.len())),
        Value::Record(record) if targets == 1 => {
            let length = record.get_str("length");
            (EntryValues::Numbered(Rc::clone(record), length.clone()), length)
        }
        Value::Record(record) => {
            let pairs = record.entries().map(|(key, value)| pair(key.clone(), value.clone()));
            (EntryValues::Fixed(pairs.collect::<Outcome<_>>()?), Value::count(record.len()))
        }
        Value::String(text) if targets > 1 => {
            let units = text.split_units().into_iter().enumerate();
            let pairs = units.map(|(index, unit)| pair(index.to_string().into(), Value::String(unit)));
            (EntryValues::Fixed(pairs.collect::<Outcome<_>>()?), Value::count(text.len()))
        }
        Value::String(_) | Value::Safe(_) => {
            let units = value.as_text().map(Text::split_units).unwrap_or_default();
            let length = Value::count(units.len());
            (EntryValues::Fixed(units.into_iter().map(Value::String).collect()), length)
        }
        _ => {
            let length = if targets == 1 { Value::Undefined } else { Value::Number(0.0) };
            (EntryValues::Fixed(Vec::new()), length)
        }
    };
    Ok(Entries { values, length, array })
}

fn pair(key: Text, value: Value) -> Outcome<Value> {
    Value::array(vec![Value::String(key), value])
}

fn loop_state(index: usize, length: f64, shown: &Value) -> Outcome<Value> {
    let place = number::from_count(index);
    #[expect(clippy::float_cmp, reason = "this is the language's own comparison")]
    let last = place == length - 1.0;
    let entries = [
        ("index", Value::Number(place + 1.0)),
        ("index0", Value::Number(place)),
        ("revindex", Value::Number(length - place)),
        ("revindex0", Value::Number(length - place - 1.0)),
        ("first", Value::Bool(index == 0)),
        ("last", Value::Bool(last)),
        ("length", shown.clone()),
    ];
    Value::record(entries.into_iter().map(|(name, value)| (Text::from(name), value)))
}

fn destructured(value: &Value, index: usize) -> Outcome<Value> {
    Ok(match value {
        Value::Undefined | Value::Null => return Err(Failure::new("Cannot destructure a nullish loop value")),
        Value::Array(array) => array.get(index).unwrap_or(Value::Undefined),
        Value::Record(record) => record.get_str(&index.to_string()),
        Value::String(text) => text.unit(index).map_or(Value::Undefined, Value::String),
        _ => Value::Undefined,
    })
}
