//! The values of terms.

use super::{Each, Flow, Machine, Stop};
use crate::ir::{Head, Reference, Term};
use crate::text;
use crate::value::{Object, Value};

impl<'p> Machine<'p> {
    /// Whether all variables of a term have values; a reference may still have many.
    pub(super) fn is_evaluable(&self, term: &Term) -> bool {
        match term {
            Term::Const(_) | Term::Collect(_) | Term::Template(_) => true,
            Term::Var(slot) => self.slot(*slot).is_some(),
            Term::Ref(reference) => match reference.head {
                Head::Var(slot) => self.slot(slot).is_some(),
                Head::Input | Head::Data { .. } => true,
            },
            Term::Array(items) | Term::Set(items) => items.iter().all(|item| self.is_evaluable(item)),
            Term::Object(pairs) => pairs.iter().all(|(key, value)| self.is_evaluable(key) && self.is_evaluable(value)),
        }
    }

    /// Passes on each value of a term.
    pub(super) fn each(&mut self, term: &'p Term, each: Each<'_, 'p>) -> Flow {
        match term {
            Term::Const(value) => each(self, value),
            Term::Ref(reference) => self.each_reference(reference, each),
            _ => match self.ground(term)? {
                Some(value) => each(self, &value),
                None => Ok(()),
            },
        }
    }

    /// The one value of a term, or none where it is undefined.
    pub(super) fn ground(&mut self, term: &'p Term) -> Flow<Option<Value>> {
        Ok(match term {
            Term::Const(value) => Some(value.clone()),
            Term::Var(slot) => self.slot(*slot).cloned(),
            Term::Ref(reference) => return self.first(reference),
            Term::Array(items) => self.all(items)?.map(Value::array),
            Term::Set(items) => self.all(items)?.map(Value::set),
            Term::Object(pairs) => {
                let mut values = Vec::with_capacity(pairs.len());
                self.budget.items(pairs.len() * 2)?;
                for (key, value) in pairs {
                    let (Some(key), Some(value)) = (self.ground(key)?, self.ground(value)?) else { return Ok(None) };
                    values.push((key, value));
                }
                let object = Object::unique(values)
                    .map_err(|_| crate::EvalError::Failed("object keys must be unique".to_owned()))?;
                Some(Value::Object(object.into()))
            }
            Term::Collect(collect) => Some(self.collect(collect)?),
            Term::Template(parts) => Some(self.template(parts)?),
        })
    }

    fn all(&mut self, terms: &'p [Term]) -> Flow<Option<Vec<Value>>> {
        self.budget.items(terms.len())?;
        let mut values = Vec::with_capacity(terms.len());
        for term in terms {
            let Some(value) = self.ground(term)? else { return Ok(None) };
            values.push(value);
        }
        Ok(Some(values))
    }

    fn template(&mut self, parts: &'p [Term]) -> Flow<Value> {
        let mut out = String::new();
        for part in parts {
            match self.ground(part)? {
                Some(Value::String(text)) if matches!(part, Term::Const(_)) => out.push_str(&text),
                // The set of what stands in the braces: empty where that is undefined.
                Some(Value::Set(set)) => match set.items() {
                    [] => out.push_str("<undefined>"),
                    [Value::String(text)] => out.push_str(text),
                    [value] => out.push_str(&text::rego(value)),
                    _ => return Err(crate::EvalError::Failed("template has more than one value".to_owned()).into()),
                },
                _ => out.push_str("<undefined>"),
            }
            self.budget.bytes(out.len())?;
        }
        Ok(Value::from(out))
    }

    /// The first value of a reference.
    fn first(&mut self, reference: &'p Reference) -> Flow<Option<Value>> {
        let mut found = None;
        let result = self.each_reference(reference, &mut |_, value| {
            found = Some(value.clone());
            Err(Stop::Enough)
        });
        match result {
            Ok(()) | Err(Stop::Enough) => Ok(found),
            Err(error) => Err(error),
        }
    }

    fn each_reference(&mut self, reference: &'p Reference, each: Each<'_, 'p>) -> Flow {
        match reference.head {
            Head::Input => match self.world.input.clone() {
                Some(input) => self.each_inside(&input, &reference.path, each),
                None => Ok(()),
            },
            Head::Var(slot) => match self.slot(slot).cloned() {
                Some(value) => self.each_inside(&value, &reference.path, each),
                None => Ok(()),
            },
            Head::Data { node, taken } => self.each_static(node, taken, &reference.path, each),
        }
    }

    /// Follows a path inside of a value.
    pub(super) fn each_inside(&mut self, value: &Value, path: &'p [Term], each: Each<'_, 'p>) -> Flow {
        let mut current = value;
        for (index, element) in path.iter().enumerate() {
            let found = match element {
                Term::Const(key) => current.get(key),
                Term::Var(slot) => match self.slot(*slot) {
                    Some(key) => current.get(key),
                    None => return self.each_child(current, element, &path[index + 1..], each),
                },
                other if self.is_evaluable(other) => match self.ground(other)? {
                    Some(key) => current.get(&key),
                    None => None,
                },
                other => return self.each_child(current, other, &path[index + 1..], each),
            };
            match found {
                Some(found) => current = found,
                None => return Ok(()),
            }
        }
        each(self, current)
    }

    /// All that stands in a value, its keys matched with a pattern.
    pub(super) fn each_child(
        &mut self,
        value: &Value,
        pattern: &'p Term,
        rest: &'p [Term],
        each: Each<'_, 'p>,
    ) -> Flow {
        let mut child = |machine: &mut Self, key: &Value, item: &Value| {
            machine.budget.step()?;
            machine.matched(pattern, key, &mut |machine| machine.each_inside(item, rest, each))
        };
        match value {
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(index, item)| child(self, &Value::count(index), item))
            }
            Value::Object(object) => object.pairs().iter().try_for_each(|(key, item)| child(self, key, item)),
            Value::Set(set) => set.items().iter().try_for_each(|item| child(self, item, item)),
            _ => Ok(()),
        }
    }
}
