//! Calls: of macros, of the renderer's own functions and methods, and of the host's.

use std::rc::Rc;

use super::scope::Scope;
use super::{Context, Evaluator};
use crate::template::coerce;
use crate::template::copy;
use crate::template::error::{Failure, Outcome, quoted_str};
use crate::template::methods::{Invocation, Method};
use crate::template::syntax::{Id, Kind, Literal};
use crate::template::text::Text;
use crate::template::value::{Callable, CallableKind, Value, is_reserved};

/// What is called with.
#[derive(Clone, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) keywords: Vec<(Text, Value)>,
}

impl Arguments {
    pub(super) fn keyword(&self, name: &str) -> Option<Value> {
        self.keyword_text(&name.into())
    }

    pub(super) fn keyword_text(&self, name: &Text) -> Option<Value> {
        self.keywords.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    }

    pub(super) fn set_keyword(&mut self, name: Text, value: Value) {
        match self.keywords.iter_mut().find(|(other, _)| *other == name) {
            Some(entry) => entry.1 = value,
            None => self.keywords.push((name, value)),
        }
    }

    /// Takes what is missing from the keywords, in the order of the names.
    pub(super) fn fill(&mut self, names: impl Iterator<Item = Text>) {
        for name in names.skip(self.positional.len()) {
            let index = self.keywords.iter().position(|(other, _)| *other == name);
            let value = index.map_or(Value::Undefined, |index| self.keywords.remove(index).1);
            self.positional.push(value);
        }
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }

    pub(super) fn refuse_callables(&self) -> Outcome<()> {
        self.values().try_for_each(Value::refuse_callable)
    }
}

/// What the renderer itself can be asked to do.
pub(super) enum Builtin {
    Global(String),
    Cycler { values: Vec<Value>, index: Option<usize> },
    CyclerMethod { owner: usize, resets: bool },
    Joiner { separator: Value, used: bool },
    Method { receiver: Value, method: Method },
}

impl Evaluator<'_> {
    pub(super) fn new_builtin(&self, builtin: Builtin) -> Value {
        let id = self.new_id();
        self.builtins.borrow_mut().insert(id, builtin);
        Value::callable(CallableKind::Builtin, id)
    }

    /// The one value that a global's name stands for.
    pub(super) fn handle(&self, name: &Text, kind: CallableKind) -> Value {
        if let Some(handle) = self.handles.borrow().get(name) {
            return handle.clone();
        }
        let id = self.new_id();
        if kind == CallableKind::Builtin {
            self.builtins.borrow_mut().insert(id, Builtin::Global(name.to_string()));
        } else {
            self.capabilities.borrow_mut().insert(id, name.clone());
        }
        let handle = Value::callable(kind, id);
        self.handles.borrow_mut().insert(name.clone(), handle.clone());
        handle
    }

    pub(super) fn call(
        &self,
        (function, arguments): (Id, Id),
        scope: &Rc<Scope>,
        context: &Context,
        depth: usize,
    ) -> Outcome<Value> {
        let target = self.expression(function, scope, context, depth + 1)?;
        let Value::Callable(callable) = &target else {
            let kind = target.kind();
            return Err(Failure::new(match self.path(function) {
                Some(path) if !path.is_empty() => {
                    format!("Template value {} resolved to {kind} and cannot be called", quoted_str(&path))
                }
                _ => format!("Template expression resolved to {kind} and cannot be called"),
            }));
        };
        match callable.kind {
            CallableKind::Macro | CallableKind::Caller => {
                let arguments = self.arguments(arguments, scope, context, depth + 1)?;
                self.invoke_macro(callable.id, arguments, depth + 1)
            }
            CallableKind::Builtin => {
                self.check_syntax(callable.id, arguments)?;
                let arguments = self.arguments(arguments, scope, context, depth + 1)?;
                arguments.refuse_callables()?;
                self.invoke_builtin(callable.id, arguments.positional)
            }
            CallableKind::Capability => self.call_global(callable, |operation| {
                self.check_positional_only(arguments, operation)?;
                self.arguments(arguments, scope, context, depth + 1)
            }),
        }
    }

    fn call_global(&self, callable: &Callable, arguments: impl FnOnce(&str) -> Outcome<Arguments>) -> Outcome<Value> {
        let name = self.capabilities.borrow().get(&callable.id).map(Text::to_string);
        let name = name.ok_or_else(|| Failure::new("Unknown template capability"))?;
        let arguments = arguments(&format!("Registered global {name}"))?;
        arguments.refuse_callables()?;
        self.charge_capability()?;
        let given = arguments.positional.iter().map(copy::to_data).collect::<Outcome<Vec<_>>>()?;
        let result = self.host.global(&name, given).map_err(|detail| {
            let detail = crate::template::error::neutralized(&detail);
            Failure::capability(format!("Template global {} failed: {detail}", quoted_str(&name)))
        })?;
        copy::from_lent(result)
    }

    pub(super) fn arguments(&self, list: Id, scope: &Rc<Scope>, context: &Context, depth: usize) -> Outcome<Arguments> {
        let mut arguments = Arguments::default();
        for child in self.tree.list(list) {
            let Kind::KeywordArgs(pairs) = self.tree.kind(*child)? else {
                arguments.positional.push(self.expression(*child, scope, context, depth + 1)?);
                continue;
            };
            for pair in pairs {
                let Kind::Pair { key, value } = self.tree.kind(*pair)? else { continue };
                let Some(name) = self.tree.symbol(*key).cloned() else { continue };
                if is_reserved(&name) {
                    return Err(Failure::new(format!("Template name {name} is reserved")));
                }
                let value = self.expression(*value, scope, context, depth + 1)?;
                arguments.set_keyword(name, value);
            }
        }
        Ok(arguments)
    }

    fn invoke_builtin(&self, id: usize, positional: Vec<Value>) -> Outcome<Value> {
        let method = match self.builtins.borrow_mut().get_mut(&id) {
            Some(Builtin::Joiner { separator, used }) => {
                return Ok(if std::mem::replace(used, true) { separator.clone() } else { Value::text("") });
            }
            Some(Builtin::Method { receiver, method }) => Ok((receiver.clone(), *method)),
            Some(Builtin::Global(name)) => Err(Some(name.clone())),
            Some(Builtin::CyclerMethod { .. }) => Err(None),
            _ => return Err(Failure::new("Interpreter builtin object is not directly callable")),
        };
        match method {
            Err(Some(name)) => self.invoke_global(&name, positional),
            Err(None) => self.turn_cycler(id),
            Ok((receiver, method)) => {
                let scratch = self.check_scratch(std::iter::once(&receiver).chain(&positional))?;
                let invocation = Invocation {
                    receiver: &receiver,
                    positional: &positional,
                    regex: self.options.allow_regex_execution,
                    cookiecutter: self.options.cookiecutter_compat,
                    charge: self,
                };
                let result = invocation.invoke(method)?;
                if let Value::Array(array) = &result {
                    self.reserve(crate::template::number::from_count(array.len()), scratch)?;
                }
                Ok(result)
            }
        }
    }

    fn turn_cycler(&self, id: usize) -> Outcome<Value> {
        let mut builtins = self.builtins.borrow_mut();
        let unknown = || Failure::new("Unknown interpreter cycler");
        let Some(Builtin::CyclerMethod { owner, resets }) = builtins.get(&id) else { return Err(unknown()) };
        let (owner, resets) = (*owner, *resets);
        let Some(Builtin::Cycler { values, index }) = builtins.get_mut(&owner) else { return Err(unknown()) };
        if resets {
            *index = None;
            return Ok(Value::Undefined);
        }
        let next = index.map_or(0, |index| index + 1);
        let next = next.checked_rem(values.len()).unwrap_or_default();
        *index = Some(next);
        Ok(values.get(next).cloned().unwrap_or(Value::Undefined))
    }

    fn invoke_global(&self, name: &str, mut positional: Vec<Value>) -> Outcome<Value> {
        match name {
            "range" => self.range(&positional),
            "cycler" => Ok(self.new_builtin(Builtin::Cycler { values: positional, index: None })),
            _ => {
                let separator = if positional.is_empty() { Value::Undefined } else { positional.swap_remove(0) };
                let separator = if separator.is_truthy() { separator } else { Value::text(",") };
                Ok(self.new_builtin(Builtin::Joiner { separator, used: false }))
            }
        }
    }

    fn range(&self, positional: &[Value]) -> Outcome<Value> {
        positional.iter().try_for_each(|value| self.charge_expanded(value))?;
        let given = |index: usize| positional.get(index).cloned().unwrap_or(Value::Undefined);
        let (mut start, mut end, mut step) = (given(0), given(1), given(2));
        if matches!(end, Value::Undefined) {
            (start, end, step) = (Value::Number(0.0), start, Value::Number(1.0));
        } else if !step.is_truthy() {
            step = Value::Number(1.0);
        }
        let forward = coerce::order(&step, &Value::Number(0.0), self)? > 0.0;
        let mut output = Vec::new();
        let mut value = start;
        loop {
            let order = coerce::order(&value, &end, self)?;
            if !(if forward { order < 0.0 } else { order > 0.0 }) {
                return Value::array(output);
            }
            output.push(value.clone());
            self.charge(0)?;
            value = self.next_place(&value, &step)?;
        }
    }

    fn check_syntax(&self, id: usize, arguments: Id) -> Outcome<()> {
        let builtins = self.builtins.borrow();
        match builtins.get(&id) {
            Some(Builtin::Global(name)) => {
                let operation = format!("Built-in global {name}");
                self.check_positional_only(arguments, &operation)?;
                let most = match name.as_str() {
                    "range" => 3,
                    "joiner" => 1,
                    _ => return Ok(()),
                };
                if self.argument_counts(arguments)?.0 > most {
                    let plural = if most == 1 { "" } else { "s" };
                    return Err(Failure::new(format!(
                        "{operation} accepts at most {most} positional argument{plural}"
                    )));
                }
                Ok(())
            }
            Some(Builtin::Joiner { .. }) => self.check_exact(arguments, "Joiner instance", 0),
            Some(Builtin::CyclerMethod { resets, .. }) => {
                let operation = if *resets { "Cycler reset" } else { "Cycler next" };
                self.check_exact(arguments, operation, 0)
            }
            Some(Builtin::Method { receiver, method }) => {
                let operation = format!("Template intrinsic {}", method.name);
                self.check_positional_only(arguments, &operation)?;
                let (least, most) = method.arity(receiver, self.options.cookiecutter_compat);
                let count = self.argument_counts(arguments)?.0;
                if count < least || most.is_some_and(|most| count > most) {
                    let range = match most {
                        Some(most) if most == least => least.to_string(),
                        Some(most) => format!("{least} to {most}"),
                        None => format!("at least {least}"),
                    };
                    return Err(Failure::new(format!("{operation} requires {range} positional arguments")));
                }
                Ok(())
            }
            _ => Err(Failure::new("Interpreter builtin object is not directly callable")),
        }
    }

    pub(super) fn check_positional_only(&self, arguments: Id, operation: &str) -> Outcome<()> {
        if self.argument_counts(arguments)?.1 > 0 {
            return Err(Failure::new(format!("{operation} does not accept keyword arguments")));
        }
        Ok(())
    }

    pub(super) fn check_exact(&self, arguments: Id, operation: &str, expected: usize) -> Outcome<()> {
        self.check_positional_only(arguments, operation)?;
        if self.argument_counts(arguments)?.0 != expected {
            let plural = if expected == 1 { "" } else { "s" };
            return Err(Failure::new(format!("{operation} requires {expected} positional argument{plural}")));
        }
        Ok(())
    }

    /// How many arguments are given by place, and how many by name.
    fn argument_counts(&self, arguments: Id) -> Outcome<(usize, usize)> {
        let mut counts = (0, 0);
        for child in self.tree.list(arguments) {
            match self.tree.kind(*child)? {
                Kind::KeywordArgs(pairs) => counts.1 += pairs.len(),
                _ => counts.0 += 1,
            }
        }
        Ok(counts)
    }

    /// The dotted name of what is called, where it is one.
    fn path(&self, mut node: Id) -> Option<String> {
        let mut names = Vec::new();
        loop {
            match self.tree.kind(node).ok()? {
                Kind::Symbol(name) => {
                    names.push(name.to_string());
                    names.reverse();
                    return Some(names.join("."));
                }
                Kind::Lookup { target, key } => {
                    match self.tree.kind(*key).ok()? {
                        Kind::Literal(Literal::String(name)) | Kind::Symbol(name) => names.push(name.to_string()),
                        _ => return None,
                    }
                    node = *target;
                }
                _ => return None,
            }
        }
    }
}
