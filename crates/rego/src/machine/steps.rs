//! Bodies, and each kind of step.

use super::{Flow, Machine, Mock, Next, Stop};
use crate::builtins::{Builtin, Problem, Run};
use crate::ir::{Action, Every, GroupId, Step, Term};
use crate::value::Value;

impl<'p> Machine<'p> {
    /// Passes each solution of a body on.
    pub(super) fn body(&mut self, body: &'p [Step], next: Next<'_, 'p>) -> Flow {
        let Some((step, rest)) = body.split_first() else { return next(self) };
        self.deeper(|machine| machine.step(step, &mut |machine| machine.body(rest, next)))
    }

    fn step(&mut self, step: &'p Step, next: Next<'_, 'p>) -> Flow {
        if let Some(lines) = &mut self.lines {
            lines.insert((step.module, step.place.line));
        }
        if !step.with.is_empty() {
            return self.with(step, next);
        }
        match &step.narrow {
            Some(narrow) => self.narrowed(narrow, step, next),
            None => self.bare(step, next),
        }
    }

    /// A step whose `with` is in force.
    pub(super) fn bare(&mut self, step: &'p Step, next: Next<'_, 'p>) -> Flow {
        if step.negated {
            return if self.any(|machine, found| machine.action(&step.action, found))? { Ok(()) } else { next(self) };
        }
        self.action(&step.action, next)
    }

    fn action(&mut self, action: &'p Action, next: Next<'_, 'p>) -> Flow {
        match action {
            Action::Term(term) => self.each(term, &mut |machine, value| match value {
                Value::Bool(false) => Ok(()),
                _ => next(machine),
            }),
            Action::Unify(left, right) => self.unify(left, right, next),
            Action::Builtin(builtin, arguments, out) => {
                let Some(values) = self.arguments(arguments)? else { return Ok(()) };
                self.builtin(builtin, &values, out.as_ref(), next)
            }
            Action::Function(group, arguments, out) => {
                let Some(values) = self.arguments(arguments)? else { return Ok(()) };
                self.function_or_mock(*group, &values, out.as_ref(), next)
            }
            Action::Every(every) => {
                if self.every(every)? {
                    next(self)?;
                }
                Ok(())
            }
        }
    }

    fn arguments(&mut self, terms: &'p [Term]) -> Flow<Option<Vec<Value>>> {
        let mut values = Vec::with_capacity(terms.len());
        for term in terms {
            let Some(value) = self.ground(term)? else { return Ok(None) };
            values.push(value);
        }
        Ok(Some(values))
    }

    /// Gives the result of a call to whoever waits for it.
    fn result(&mut self, value: &Value, out: Option<&'p Term>, next: Next<'_, 'p>) -> Flow {
        match out {
            None if *value == Value::Bool(false) => Ok(()),
            None => next(self),
            Some(pattern) => self.matched(pattern, value, next),
        }
    }

    fn builtin(
        &mut self,
        builtin: &'static Builtin,
        values: &[Value],
        out: Option<&'p Term>,
        next: Next<'_, 'p>,
    ) -> Flow {
        if !self.world.builtins.is_empty()
            && let Some(mock) = self.world.builtins.get(builtin.name).cloned()
        {
            return self.mocked(&mock, values, out, next);
        }
        self.real_builtin(builtin, values, out, next)
    }

    fn real_builtin(
        &mut self,
        builtin: &'static Builtin,
        values: &[Value],
        out: Option<&'p Term>,
        next: Next<'_, 'p>,
    ) -> Flow {
        let run = match builtin.run {
            Run::Plain(run) => run,
            Run::Walk => {
                let Some(value) = values.first() else { return Ok(()) };
                return self.walk(value, &mut Vec::new(), out, next);
            }
            Run::Refused(reason) => {
                let message = format!("{} is not available: {reason}", builtin.name);
                return Err(crate::EvalError::Failed(message).into());
            }
        };
        match run(&mut self.budget, values) {
            Ok(value) => self.result(&value, out, next),
            // As OPA does unless it is told to be strict.
            Err(Problem::Undefined) => Ok(()),
            Err(Problem::Stop(error)) => Err(error.into()),
        }
    }

    fn mocked(&mut self, mock: &Mock, values: &[Value], out: Option<&'p Term>, next: Next<'_, 'p>) -> Flow {
        match mock {
            Mock::Value(value) => self.result(value, out, next),
            Mock::Other(builtin) => self.real_builtin(builtin, values, out, next),
            Mock::Function(group) => {
                // What stands in for a function calls the real one.
                let mut other = self.unmocked();
                std::mem::swap(&mut self.world, &mut other);
                let value = self.call(*group, values);
                std::mem::swap(&mut self.world, &mut other);
                match value? {
                    Some(value) => self.result(&value, out, next),
                    None => Ok(()),
                }
            }
        }
    }

    fn function_or_mock(
        &mut self,
        group: GroupId,
        values: &[Value],
        out: Option<&'p Term>,
        next: Next<'_, 'p>,
    ) -> Flow {
        if !self.world.functions.is_empty()
            && let Some(mock) = self.world.functions.get(&group).cloned()
        {
            return self.mocked(&mock, values, out, next);
        }
        self.function(group, values, out, next)
    }

    fn function(&mut self, group: GroupId, values: &[Value], out: Option<&'p Term>, next: Next<'_, 'p>) -> Flow {
        match self.call(group, values)? {
            Some(value) => self.result(&value, out, next),
            None => Ok(()),
        }
    }

    fn every(&mut self, every: &'p Every) -> Flow<bool> {
        let Some(domain) = self.ground(&every.domain)? else { return Ok(false) };
        let pairs: Vec<(Value, Value)> = match &domain {
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| (Value::count(index), item.clone())).collect()
            }
            Value::Object(object) => object.pairs().to_vec(),
            Value::Set(set) => set.items().iter().map(|item| (item.clone(), item.clone())).collect(),
            _ => return Ok(false),
        };
        self.budget.items(pairs.len())?;
        for (key, value) in &pairs {
            let holds = self.any(|machine, found| {
                let mut with_value = |machine: &mut Self| {
                    machine.matched(&every.value, value, &mut |machine| machine.body(&every.body, found))
                };
                match &every.key {
                    Some(pattern) => machine.matched(pattern, key, &mut with_value),
                    None => with_value(machine),
                }
            })?;
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `walk`: each place inside of a value, as `[path, value]`.
    fn walk(&mut self, value: &Value, path: &mut Vec<Value>, out: Option<&'p Term>, next: Next<'_, 'p>) -> Flow {
        self.budget.items(path.len() + 1)?;
        let pair = Value::array(vec![Value::array(path.clone()), value.clone()]);
        self.result(&pair, out, next)?;
        let mut inner = |machine: &mut Self, key: Value, item: &Value| {
            path.push(key);
            let result = machine.deeper(|machine| machine.walk(item, path, out, next));
            path.pop();
            result
        };
        match value {
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(index, item)| inner(self, Value::count(index), item))
            }
            Value::Object(object) => object.pairs().iter().try_for_each(|(key, item)| inner(self, key.clone(), item)),
            Value::Set(set) => set.items().iter().try_for_each(|item| inner(self, item.clone(), item)),
            _ => Ok(()),
        }
    }

    /// Both sides, wherever the values come from.
    fn unify(&mut self, left: &'p Term, right: &'p Term, next: Next<'_, 'p>) -> Flow {
        if self.is_evaluable(left) {
            // A path on the other side may have many values.
            if matches!(right, Term::Ref(_)) {
                return self.each(left, &mut |machine, value| {
                    machine.each(right, &mut |machine, other| if other == value { next(machine) } else { Ok(()) })
                });
            }
            return self.each(left, &mut |machine, value| machine.matched(right, value, next));
        }
        if self.is_evaluable(right) {
            return self.each(right, &mut |machine, value| machine.matched(left, value, next));
        }
        match (left, right) {
            (Term::Array(lefts), Term::Array(rights)) if lefts.len() == rights.len() => {
                let pairs = lefts.iter().zip(rights).collect::<Vec<_>>();
                self.unify_all(pairs, next)
            }
            (Term::Object(lefts), Term::Object(rights)) if lefts.len() == rights.len() => {
                let mut pairs = Vec::new();
                for (key, value) in lefts {
                    let key = self.ground(key)?;
                    for (other_key, other) in rights {
                        if self.ground(other_key)? == key {
                            pairs.push((value, other));
                        }
                    }
                }
                if pairs.len() == lefts.len() { self.unify_all(pairs, next) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Pairs in whatever order gives each variable its value.
    fn unify_all(&mut self, mut pairs: Vec<(&'p Term, &'p Term)>, next: Next<'_, 'p>) -> Flow {
        if pairs.is_empty() {
            return next(self);
        }
        let ready = pairs.iter().position(|(left, right)| self.is_evaluable(left) || self.is_evaluable(right));
        let (left, right) = pairs.remove(ready.unwrap_or(0));
        self.deeper(|machine| machine.unify(left, right, &mut |machine| machine.unify_all(pairs.clone(), next)))
    }

    /// Whether a pattern fits a value; the variables that it binds stay bound while `next` runs.
    pub(super) fn matched(&mut self, pattern: &'p Term, value: &Value, next: Next<'_, 'p>) -> Flow {
        let mark = self.trail.len();
        let result = match self.fits(pattern, value) {
            Ok(true) => next(self),
            Ok(false) => Ok(()),
            Err(stop) => Err(stop),
        };
        self.undo(mark);
        result
    }

    pub(super) fn fits(&mut self, pattern: &'p Term, value: &Value) -> Flow<bool> {
        Ok(match pattern {
            Term::Const(constant) => constant == value,
            Term::Var(slot) => {
                if let Some(bound) = self.slot(*slot) {
                    bound == value
                } else {
                    self.bind(*slot, value.clone());
                    true
                }
            }
            Term::Array(patterns) => match value {
                Value::Array(items) if items.len() == patterns.len() => {
                    for (pattern, item) in patterns.iter().zip(items.iter()) {
                        if !self.fits(pattern, item)? {
                            return Ok(false);
                        }
                    }
                    true
                }
                _ => false,
            },
            Term::Object(patterns) => match value {
                Value::Object(object) if object.pairs().len() == patterns.len() => {
                    for (key, pattern) in patterns {
                        let Some(key) = self.ground(key)? else { return Ok(false) };
                        let Some(item) = object.get(&key) else { return Ok(false) };
                        if !self.fits(pattern, item)? {
                            return Ok(false);
                        }
                    }
                    true
                }
                _ => false,
            },
            Term::Ref(_) => {
                let found = self.each(pattern, &mut |_, found| if found == value { Err(Stop::Enough) } else { Ok(()) });
                match found {
                    Ok(()) => false,
                    Err(Stop::Enough) => true,
                    Err(error) => return Err(error),
                }
            }
            Term::Set(_) | Term::Collect(_) | Term::Template(_) => self.ground(pattern)?.as_ref() == Some(value),
        })
    }
}
