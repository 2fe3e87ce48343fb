//! The structural diff of two JSON values, and its inverse.
//!
//! Owns [`diff`] and [`apply`]; `apply(diff(a, b), a) == b` for all values. Knows nothing of live objects or ownership:
//! see [`crate::live`] for what server-side apply would leave behind.
//!
//! The index in a path counts in the *after* array, except for a removed element (`after: None`), which is named by its
//! place in the *before* array.

pub(crate) mod arrays;

use std::cmp::Ordering;

use plat_resource::{FieldPath, Map, Segment, Value};

use crate::live::Lists;

/// Deeper values are compared as a whole, so that no input can exhaust the stack.
const MAX_DEPTH: usize = 256;

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where.
    pub path: FieldPath,
    /// The value before; `None` where there was none.
    pub before: Option<Value>,
    /// The value after; `None` where there is none any more.
    pub after: Option<Value>,
}

/// The changes that make `after` out of `before`, in the order in which [`apply`] has to follow them.
pub fn diff(before: &Value, after: &Value, lists: &dyn Lists) -> Vec<FieldChange> {
    let mut differ = Differ { lists, path: Vec::new(), changes: Vec::new() };
    differ.values(before, after);
    differ.changes
}

struct Differ<'a> {
    lists: &'a dyn Lists,
    path: Vec<Segment>,
    changes: Vec<FieldChange>,
}

impl Differ<'_> {
    fn values(&mut self, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) if self.path.len() < MAX_DEPTH => self.objects(before, after),
            (Value::Array(before), Value::Array(after)) if self.path.len() < MAX_DEPTH => self.arrays(before, after),
            _ if before == after => {}
            _ => self.push(Some(before), Some(after)),
        }
    }

    /// Both maps are sorted by key; one pass over the two.
    fn objects(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        let (mut left, mut right) = (before.iter().peekable(), after.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((one, _)), Some((other, _))) => one.cmp(other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            let old = if order == Ordering::Greater { None } else { left.next() };
            let new = if order == Ordering::Less { None } else { right.next() };
            let Some((key, _)) = old.or(new) else { return };
            self.path.push(Segment::Field(key.clone()));
            match (old, new) {
                (Some((_, old)), Some((_, new))) => self.values(old, new),
                (old, new) => self.push(old.map(|(_, value)| value), new.map(|(_, value)| value)),
            }
            self.path.pop();
        }
    }

    fn arrays(&mut self, before: &[Value], after: &[Value]) {
        let alignment = arrays::align(before, after, self.lists.list(&self.path).as_ref());
        for index in alignment.removed.iter().rev() {
            self.at(*index, |differ| differ.push(before.get(*index), None));
        }
        for index in &alignment.added {
            self.at(*index, |differ| differ.push(None, after.get(*index)));
        }
        for (old, new) in &alignment.kept {
            if let (Some(old), Some(value)) = (before.get(*old), after.get(*new)) {
                self.at(*new, |differ| differ.values(old, value));
            }
        }
    }

    fn at(&mut self, index: usize, visit: impl FnOnce(&mut Self)) {
        self.path.push(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        visit(self);
        self.path.pop();
    }

    fn push(&mut self, before: Option<&Value>, after: Option<&Value>) {
        let path = FieldPath::new(self.path.clone());
        self.changes.push(FieldChange { path, before: before.cloned(), after: after.cloned() });
    }
}

/// `before` with `changes` made, in their order. A change whose parent is not there is left out.
pub fn apply(changes: &[FieldChange], before: &Value) -> Value {
    let mut result = before.clone();
    for change in changes {
        apply_one(change, &mut result);
    }
    result
}

fn apply_one(change: &FieldChange, root: &mut Value) {
    let Some((last, parents)) = change.path.segments().split_last() else {
        *root = change.after.clone().unwrap_or(Value::Null);
        return;
    };
    let parent = parents.iter().try_fold(root, |value, segment| match (segment, value) {
        (Segment::Field(key), Value::Object(map)) => map.get_mut(key),
        (Segment::Index(index), Value::Array(items)) => items.get_mut(*index as usize),
        _ => None,
    });
    match (last, parent) {
        (Segment::Field(key), Some(Value::Object(map))) => match &change.after {
            Some(after) => {
                map.insert(key.clone(), after.clone());
            }
            None => {
                map.remove(key);
            }
        },
        (Segment::Index(index), Some(Value::Array(items))) => apply_to_array(change, *index as usize, items),
        _ => {}
    }
}

fn apply_to_array(change: &FieldChange, index: usize, items: &mut Vec<Value>) {
    match (&change.before, &change.after) {
        (Some(_), None) if index < items.len() => {
            items.remove(index);
        }
        (None, Some(after)) => items.insert(index.min(items.len()), after.clone()),
        (Some(_), Some(after)) => {
            if let Some(slot) = items.get_mut(index) {
                *slot = after.clone();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
