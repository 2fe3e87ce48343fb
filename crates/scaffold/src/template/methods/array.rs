//! Methods of lists.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Invocation, relative};
use crate::template::coerce::{Charge, Free, to_text};
use crate::template::error::Outcome;
use crate::template::filters::sort;
use crate::template::number;
use crate::template::text::Text;
use crate::template::value::{Array, Value};

impl Invocation<'_> {
    pub(super) fn array(&self, array: &Rc<Array>, name: &str) -> Outcome<Value> {
        let items = array.to_vec();
        match name {
            "at" => {
                let index = self.integer(0)?.unwrap_or(0.0);
                Ok(existing(index, items.len()).and_then(|index| items.get(index).cloned()).unwrap_or(Value::Undefined))
            }
            "concat" => self.concat(items),
            "flat" => {
                let depth = self.integer(0)?.unwrap_or(1.0);
                let mut output = Vec::new();
                flatten(array, depth, &mut output, self.charge)?;
                Value::array(output)
            }
            "includes" => {
                let from = relative(self.integer(1)?.unwrap_or(0.0), items.len());
                let same = |item: &Value| item.is_same(self.get(0)) || (is_nan(item) && is_nan(self.get(0)));
                Ok(Value::Bool(items.iter().skip(from).any(same)))
            }
            "indexOf" | "index" | "find" => {
                let from = relative(self.integer(1)?.unwrap_or(0.0), items.len());
                let found = items.iter().skip(from).position(|item| item.is_same(self.get(0)));
                Ok(place(found.map(|index| index + from)))
            }
            "lastIndexOf" => self.last_index_of(&items),
            "join" => self.join(&items),
            "slice" => {
                let start = relative(self.integer(0)?.unwrap_or(0.0), items.len());
                let end = self.integer(1)?.map_or(items.len(), |end| relative(end, items.len()));
                Value::array(items.get(start..end).unwrap_or_default().to_vec())
            }
            "count" => {
                let mut count = 0;
                for item in &items {
                    self.charge.charge_step()?;
                    count += usize::from(item.is_same(self.get(0)));
                }
                Ok(Value::count(count))
            }
            _ => self.change(array, items, name),
        }
    }

    fn change(&self, array: &Rc<Array>, mut items: Vec<Value>, name: &str) -> Outcome<Value> {
        let result = match name {
            "push" | "append" => {
                items.extend_from_slice(self.positional);
                Value::count(items.len())
            }
            "unshift" => {
                items.splice(0..0, self.positional.iter().cloned());
                Value::count(items.len())
            }
            "pop" if self.cookiecutter && !matches!(self.get(0), Value::Undefined) => {
                let index = self.integer(0)?.and_then(|index| existing(index, items.len()));
                let Some(index) = index else { return Ok(Value::Undefined) };
                items.remove(index)
            }
            "pop" => items.pop().unwrap_or(Value::Undefined),
            "shift" if items.is_empty() => Value::Undefined,
            "shift" => items.remove(0),
            "splice" => Value::array(self.splice(&mut items)?)?,
            "sort" => {
                items = sort::values(items, &mut |left, right| text_order(left, right))?;
                Value::Array(Rc::clone(array))
            }
            "reverse" => {
                items.reverse();
                Value::Array(Rc::clone(array))
            }
            "fill" => {
                let (start, end) = self.bounds(items.len())?;
                items.iter_mut().take(end).skip(start).for_each(|item| *item = self.get(0).clone());
                Value::Array(Rc::clone(array))
            }
            "copyWithin" => {
                let target = relative(self.integer(0)?.unwrap_or(0.0), items.len());
                let (start, end) = self.bounds(items.len())?;
                let copied = items.get(start..end).unwrap_or_default().to_vec();
                items.iter_mut().skip(target).zip(copied).for_each(|(item, copy)| *item = copy);
                Value::Array(Rc::clone(array))
            }
            "insert" => {
                let index = relative(self.integer(0)?.unwrap_or(0.0), items.len());
                items.insert(index, self.get(1).clone());
                Value::array(Vec::new())?
            }
            _ => {
                let index = items.iter().position(|item| item.is_same(self.get(0)));
                Value::array(index.map(|index| items.remove(index)).into_iter().collect())?
            }
        };
        array.replace(items, self.charge)?;
        Ok(result)
    }

    /// The second and third argument as a part of the list.
    fn bounds(&self, length: usize) -> Outcome<(usize, usize)> {
        let start = relative(self.integer(1)?.unwrap_or(0.0), length);
        let end = self.integer(2)?.map_or(length, |end| relative(end, length));
        Ok((start, end))
    }

    fn splice(&self, items: &mut Vec<Value>) -> Outcome<Vec<Value>> {
        if matches!(self.get(0), Value::Undefined) {
            return Ok(Vec::new());
        }
        let start = relative(self.integer(0)?.unwrap_or(0.0), items.len());
        let rest = items.len() - start;
        let (count, inserted) = match self.integer(1)? {
            None => (rest, &[][..]),
            Some(count) => (number::to_count(count).min(rest), self.positional.get(2..).unwrap_or_default()),
        };
        Ok(items.splice(start..start + count, inserted.iter().cloned()).collect())
    }

    fn concat(&self, mut items: Vec<Value>) -> Outcome<Value> {
        for value in self.positional {
            match value {
                Value::Array(array) => items.extend(array.to_vec()),
                other => items.push(other.clone()),
            }
        }
        Value::array(items)
    }

    fn last_index_of(&self, items: &[Value]) -> Outcome<Value> {
        let length = number::from_count(items.len());
        let from = self.integer(1)?.unwrap_or(length - 1.0);
        let from = if from < 0.0 { length + from } else { from };
        if from < 0.0 {
            return Ok(place(None));
        }
        let searched = items.get(..number::to_count(from).saturating_add(1).min(items.len())).unwrap_or_default();
        Ok(place(searched.iter().rposition(|item| item.is_same(self.get(0)))))
    }

    fn join(&self, items: &[Value]) -> Outcome<Value> {
        let separator = if matches!(self.get(0), Value::Undefined) { ",".into() } else { self.text(0)? };
        let mut texts: Vec<Text> = Vec::new();
        for item in items {
            self.charge.charge_step()?;
            texts.push(if item.is_nullish() { "".into() } else { to_text(item, self.charge)? });
        }
        let parts: Vec<&[u16]> = texts.iter().map(Text::units).collect();
        Ok(Value::text(parts.join(separator.units())))
    }
}

fn flatten(array: &Array, depth: f64, output: &mut Vec<Value>, charge: &dyn Charge) -> Outcome<()> {
    for item in array.to_vec() {
        charge.charge_step()?;
        match &item {
            Value::Array(inner) if depth > 0.0 => flatten(inner, depth - 1.0, output, charge)?,
            _ => output.push(item),
        }
    }
    Ok(())
}

fn text_order(left: &Value, right: &Value) -> Outcome<Ordering> {
    Ok(to_text(left, &Free)?.cmp(&to_text(right, &Free)?))
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.is_nan())
}

fn place(index: Option<usize>) -> Value {
    Value::Number(index.map_or(-1.0, number::from_count))
}

/// A place that is there.
fn existing(index: f64, length: usize) -> Option<usize> {
    let index = if index < 0.0 { number::from_count(length) + index } else { index };
    (index >= 0.0 && index < number::from_count(length)).then(|| number::to_count(index))
}
