//! Where names are looked up while a template runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::template::error::{Failure, Outcome};
use crate::template::text::Text;
use crate::template::value::Value;

/// Names and their values, within others.
pub(crate) struct Scope {
    parent: Option<Rc<Self>>,
    /// Assignments stay here.
    isolated: bool,
    entries: RefCell<HashMap<Text, Entry>>,
}

struct Entry {
    value: Value,
    writable: bool,
}

impl Scope {
    /// What the template was given.
    pub(crate) fn of_context<'a>(entries: impl Iterator<Item = (&'a Text, &'a Value)>) -> Rc<Self> {
        let entries = entries.map(|(name, value)| (name.clone(), Entry { value: value.clone(), writable: false }));
        Rc::new(Self { parent: None, isolated: false, entries: RefCell::new(entries.collect()) })
    }

    pub(crate) fn child(self: &Rc<Self>, isolated: bool) -> Rc<Self> {
        Rc::new(Self { parent: Some(Rc::clone(self)), isolated, entries: RefCell::default() })
    }

    pub(crate) fn set(&self, name: &Text, value: Value) {
        self.entries.borrow_mut().insert(name.clone(), Entry { value, writable: true });
    }

    pub(crate) fn get(&self, name: &Text) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(current) = scope {
            if let Some(entry) = current.entries.borrow().get(name) {
                return Some(entry.value.clone());
            }
            scope = current.parent.as_deref();
        }
        None
    }

    /// Changes the nearest variable of that name, or makes one here.
    pub(crate) fn assign(&self, name: &Text, value: Value) {
        let mut scope = self;
        while !scope.isolated {
            if let Some(entry) = scope.entries.borrow_mut().get_mut(name)
                && entry.writable
            {
                entry.value = value;
                return;
            }
            match scope.parent.as_deref() {
                Some(parent) if parent.can_assign(name) => scope = parent,
                _ => break,
            }
        }
        scope.set(name, value);
    }

    fn can_assign(&self, name: &Text) -> bool {
        let mut scope = Some(self);
        while let Some(current) = scope {
            if let Some(entry) = current.entries.borrow().get(name) {
                return entry.writable;
            }
            if current.isolated {
                return false;
            }
            scope = current.parent.as_deref();
        }
        false
    }
}

/// The slots of one call, within those of the calls around it in the source.
pub(crate) struct Frame {
    parent: Option<Rc<Self>>,
    values: RefCell<HashMap<usize, Value>>,
}

impl Frame {
    pub(crate) fn new(slots: &[usize], parent: Option<Rc<Self>>) -> Rc<Self> {
        let values = slots.iter().map(|slot| (*slot, Value::Undefined)).collect();
        Rc::new(Self { parent, values: RefCell::new(values) })
    }

    pub(crate) fn get(&self, slot: usize) -> Outcome<Value> {
        let mut frame = Some(self);
        while let Some(current) = frame {
            if let Some(value) = current.values.borrow().get(&slot) {
                return Ok(value.clone());
            }
            frame = current.parent.as_deref();
        }
        Err(Failure::new(format!("Unknown lexical slot {slot}")))
    }

    pub(crate) fn set(&self, slot: usize, value: Value) -> Outcome<()> {
        let mut frame = Some(self);
        while let Some(current) = frame {
            if let Some(known) = current.values.borrow_mut().get_mut(&slot) {
                *known = value;
                return Ok(());
            }
            frame = current.parent.as_deref();
        }
        Err(Failure::new(format!("Unknown lexical slot {slot}")))
    }
}
