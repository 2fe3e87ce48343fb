//! Values on their way in and out: from JSON, to JSON, and copies that may be changed.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::error::{Failure, Outcome};
use super::host::Lent;
use super::text::Text;
use super::value::{Array, MAX_ENTRIES, Record, Value, check_depth};
use crate::data::Data;

/// The most entries that come out, each counted as often as it is seen.
const MAX_SEEN: usize = 10 * MAX_ENTRIES;

/// Takes JSON in.
pub(crate) fn from_data(data: &Data) -> Outcome<Value> {
    let mut remaining = MAX_ENTRIES;
    copy_in(data, 0, &mut remaining)
}

/// Takes in what the host gave.
pub(crate) fn from_lent(lent: Lent) -> Outcome<Value> {
    match lent {
        Lent::Undefined => Ok(Value::Undefined),
        Lent::Data(data) => from_data(&data),
        Lent::Record(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let value = value.map_or(Ok(Value::Undefined), |value| from_data(&value))?;
                Ok((Text::from(name), value))
            });
            Value::record(fields.collect::<Outcome<Vec<_>>>()?)
        }
    }
}

/// Takes the named values in that a template starts with.
pub(crate) fn context(data: &Data) -> Outcome<Rc<Record>> {
    match from_data(data)? {
        Value::Record(record) => Ok(record),
        _ => Err(Failure::new("Template context must be a plain record")),
    }
}

fn copy_in(data: &Data, parent: usize, remaining: &mut usize) -> Outcome<Value> {
    match data {
        Data::Null => Ok(Value::Null),
        Data::Bool(value) => Ok(Value::Bool(*value)),
        Data::Number(number) => Ok(Value::Number(*number)),
        Data::String(text) => Ok(Value::text(text.as_str())),
        Data::Array(items) => {
            check_depth(parent + 1)?;
            reserve(items.len(), remaining)?;
            let items = items.iter().map(|item| copy_in(item, parent + 1, remaining)).collect::<Outcome<_>>()?;
            Value::array(items)
        }
        Data::Object(entries) => {
            check_depth(parent + 1)?;
            reserve(entries.len(), remaining)?;
            let mut copied = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                copied.push((Text::from(key.as_str()), copy_in(value, parent + 1, remaining)?));
            }
            Value::record(copied)
        }
    }
}

fn reserve(entries: usize, remaining: &mut usize) -> Outcome<()> {
    let Some(rest) = remaining.checked_sub(entries) else {
        return Err(Failure::new(format!("Template value copies cannot exceed {MAX_ENTRIES} structured entries")));
    };
    *remaining = rest;
    Ok(())
}

/// Gives JSON out; undefined is nothing. In lists undefined is null, in records it is left out.
pub(crate) fn to_data(value: &Value) -> Outcome<Option<Data>> {
    let mut state = Outward { copied: HashSet::new(), remaining: MAX_ENTRIES, seen: MAX_SEEN };
    state.value(value, 0)
}

struct Outward {
    copied: HashSet<usize>,
    remaining: usize,
    seen: usize,
}

impl Outward {
    fn value(&mut self, value: &Value, parent: usize) -> Outcome<Option<Data>> {
        Ok(Some(match value {
            Value::Undefined => return Ok(None),
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(number) => Data::Number(*number),
            Value::String(text) => Data::String(text.to_string()),
            Value::Safe(text) => Data::String(text.to_string()),
            Value::Array(array) => {
                let items = array.to_vec();
                self.enter(Rc::as_ptr(array).addr(), items.len(), parent)?;
                let mut copied = Vec::with_capacity(items.len());
                for item in &items {
                    copied.push(self.value(item, parent + 1)?.unwrap_or_default());
                }
                Data::Array(copied)
            }
            Value::Record(record) => {
                self.enter(Rc::as_ptr(record).addr(), record.len(), parent)?;
                let mut copied = indexmap::IndexMap::with_capacity(record.len());
                for (key, item) in record.entries() {
                    if let Some(item) = self.value(item, parent + 1)? {
                        copied.insert(key.to_string(), item);
                    }
                }
                Data::Object(copied)
            }
            Value::Regex(regex) => Data::String(regex.print().to_string()),
            Value::Callable(_) => {
                return Err(Failure::new("Callable values cannot cross the capability boundary"));
            }
        }))
    }

    /// What is there many times is one to the real renderer, but here it takes its place each time.
    fn enter(&mut self, address: usize, entries: usize, parent: usize) -> Outcome<()> {
        reserve(entries + 1, &mut self.seen)?;
        if self.copied.insert(address) {
            check_depth(parent + 1)?;
            reserve(entries, &mut self.remaining)?;
        }
        Ok(())
    }
}

/// A copy whose arrays are its own; what was one is one in it.
pub(crate) fn cloned(record: &Rc<Record>) -> Outcome<Rc<Record>> {
    clone_record(record, &mut HashMap::new())
}

fn clone_record(record: &Rc<Record>, aliases: &mut HashMap<usize, Value>) -> Outcome<Rc<Record>> {
    let mut entries = Vec::with_capacity(record.len());
    for (key, value) in record.entries() {
        entries.push((key.clone(), clone_value(value, aliases)?));
    }
    Record::new(entries)
}

fn clone_value(value: &Value, aliases: &mut HashMap<usize, Value>) -> Outcome<Value> {
    let address = match value {
        Value::Array(array) => Rc::as_ptr(array).addr(),
        Value::Record(record) => Rc::as_ptr(record).addr(),
        other => return Ok(other.clone()),
    };
    if let Some(existing) = aliases.get(&address) {
        return Ok(existing.clone());
    }
    let copy = match value {
        Value::Array(array) => {
            let items = array.to_vec().iter().map(|item| clone_value(item, aliases)).collect::<Outcome<_>>()?;
            Value::Array(Array::new(items)?)
        }
        Value::Record(record) => Value::Record(clone_record(record, aliases)?),
        other => other.clone(),
    };
    aliases.insert(address, copy.clone());
    Ok(copy)
}
