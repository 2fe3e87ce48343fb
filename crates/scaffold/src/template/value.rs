//! The values that templates compute with.
//!
//! Owns arrays that can change while others hold them, records that cannot, and the limits on size and nesting that keep
//! a chain of them from growing without end.

use std::cell::{Cell, Ref, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::{Rc, Weak};

use indexmap::IndexMap;

use super::coerce::Charge;
use super::error::{Failure, Outcome};
use super::number;
use super::text::Text;

/// The most entries of one array or record, and of all that are copied at once.
pub(crate) const MAX_ENTRIES: usize = 100_000;
/// The deepest nesting of arrays and records.
pub(crate) const MAX_DEPTH: usize = 256;

/// One value.
#[derive(Clone)]
pub(crate) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    String(Text),
    /// A text that filters keep marked as escaped: an object of its own, which only equals itself.
    Safe(Rc<Text>),
    Array(Rc<Array>),
    Record(Rc<Record>),
    Regex(Rc<Regex>),
    Callable(Rc<Callable>),
}

/// A list whose methods change it for everybody who holds it.
pub(crate) struct Array {
    items: RefCell<Vec<Value>>,
    meta: Cell<Meta>,
    parents: RefCell<Vec<Parent>>,
}

/// Named values in JavaScript's order: numbers first, then as they came.
pub(crate) struct Record {
    entries: IndexMap<Text, Value>,
    meta: Cell<Meta>,
    parents: RefCell<Vec<Parent>>,
}

/// What is known of a container without looking into it; told anew when something in it changes.
#[derive(Clone, Copy, Default)]
struct Meta {
    depth: usize,
    callable: bool,
    /// An array is in it, or it is one.
    mutable: bool,
}

/// A regular expression literal; global and sticky ones remember where they stopped.
pub(crate) struct Regex {
    pub(crate) source: Text,
    pub(crate) flags: String,
    pub(crate) last_index: Cell<usize>,
}

/// Something that can be called: what it is, and which one.
pub(crate) struct Callable {
    pub(crate) kind: CallableKind,
    pub(crate) id: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallableKind {
    Macro,
    /// The body of a call block.
    Caller,
    Builtin,
    Capability,
}

#[derive(Clone)]
enum Parent {
    Array(Weak<Array>),
    Record(Weak<Record>),
}

impl Value {
    pub(crate) fn text(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    pub(crate) fn safe(text: impl Into<Text>) -> Self {
        Self::Safe(Rc::new(text.into()))
    }

    pub(crate) fn count(count: usize) -> Self {
        Self::Number(number::from_count(count))
    }

    pub(crate) fn array(items: Vec<Self>) -> Outcome<Self> {
        Array::new(items).map(Self::Array)
    }

    pub(crate) fn record(entries: impl IntoIterator<Item = (Text, Self)>) -> Outcome<Self> {
        Record::new(entries).map(Self::Record)
    }

    /// A list of texts.
    pub(crate) fn texts(texts: Vec<Text>) -> Outcome<Self> {
        Self::array(texts.into_iter().map(Self::String).collect())
    }

    pub(crate) fn callable(kind: CallableKind, id: usize) -> Self {
        Self::Callable(Rc::new(Callable { kind, id }))
    }

    pub(crate) fn is_nullish(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    /// The text of a string, marked or not.
    pub(crate) fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            Self::Safe(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::String(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// `===`.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined, Self::Undefined) | (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            #[expect(clippy::float_cmp, reason = "this is the language's own comparison")]
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Safe(left), Self::Safe(right)) => Rc::ptr_eq(left, right),
            (Self::Array(left), Self::Array(right)) => Rc::ptr_eq(left, right),
            (Self::Record(left), Self::Record(right)) => Rc::ptr_eq(left, right),
            (Self::Regex(left), Self::Regex(right)) => Rc::ptr_eq(left, right),
            (Self::Callable(left), Self::Callable(right)) => Rc::ptr_eq(left, right),
            _ => false,
        }
    }

    /// What messages call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Record(_) => "record",
            Self::Safe(_) => "safe string",
            Self::Regex(_) => "regular expression",
            Self::Callable(_) => "callable",
        }
    }

    fn meta(&self) -> Meta {
        match self {
            Self::Array(array) => array.meta.get(),
            Self::Record(record) => record.meta.get(),
            Self::Callable(_) => Meta { callable: true, ..Meta::default() },
            _ => Meta::default(),
        }
    }

    /// True where something that can be called is in it.
    pub(crate) fn has_callable(&self) -> bool {
        self.meta().callable
    }

    /// Refuses what can be called, wherever it is in the value.
    pub(crate) fn refuse_callable(&self) -> Outcome<()> {
        if self.has_callable() { Err(Failure::new("Callable values cannot be coerced")) } else { Ok(()) }
    }

    /// Where it is kept in something that may change, that has to know whom it is part of.
    fn add_parent(&self, parent: &Parent) {
        let parents = match self {
            Self::Array(array) => &array.parents,
            // Only what holds an array can change.
            Self::Record(record) if record.meta.get().mutable => &record.parents,
            _ => return,
        };
        let mut parents = parents.borrow_mut();
        if parents.len().is_power_of_two() {
            parents.retain(Parent::is_alive);
        }
        parents.push(parent.clone());
    }

    fn remove_parent(&self, parent: &Parent) {
        let parents = match self {
            Self::Array(array) => &array.parents,
            Self::Record(record) => &record.parents,
            _ => return,
        };
        let mut parents = parents.borrow_mut();
        if let Some(index) = parents.iter().position(|other| other.address() == parent.address()) {
            parents.swap_remove(index);
        }
    }
}

fn check_size(entries: usize) -> Outcome<()> {
    if entries > MAX_ENTRIES {
        return Err(Failure::new(format!("Template value containers cannot exceed {MAX_ENTRIES} entries")));
    }
    Ok(())
}

pub(crate) fn check_depth(depth: usize) -> Outcome<()> {
    if depth > MAX_DEPTH {
        return Err(Failure::new(format!("Template value nesting cannot exceed {MAX_DEPTH} levels")));
    }
    Ok(())
}

fn meta_of<'a>(values: impl Iterator<Item = &'a Value>, array: bool) -> Meta {
    let mut meta = Meta { depth: 1, callable: false, mutable: array };
    for value in values.map(Value::meta) {
        meta.depth = meta.depth.max(value.depth + 1);
        meta.callable |= value.callable;
        meta.mutable |= value.mutable;
    }
    meta
}

impl Array {
    pub(crate) fn new(items: Vec<Value>) -> Outcome<Rc<Self>> {
        check_size(items.len())?;
        let meta = meta_of(items.iter(), true);
        check_depth(meta.depth)?;
        let array = Rc::new(Self { items: RefCell::new(items), meta: Cell::new(meta), parents: RefCell::default() });
        array.adopt();
        Ok(array)
    }

    pub(crate) fn items(&self) -> Ref<'_, Vec<Value>> {
        self.items.borrow()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.borrow().len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        self.items.borrow().get(index).cloned()
    }

    pub(crate) fn to_vec(&self) -> Vec<Value> {
        self.items.borrow().clone()
    }

    /// Other contents, for everybody who holds it.
    pub(crate) fn replace(self: &Rc<Self>, items: Vec<Value>, charge: &dyn Charge) -> Outcome<()> {
        check_size(items.len())?;
        let ancestors = Ancestors::of(self, charge)?;
        self.refuse_cycles(&items)?;
        let meta = meta_of(items.iter(), true);
        check_depth(meta.depth + ancestors.highest)?;
        let parent = Parent::Array(Rc::downgrade(self));
        let before = self.items.replace(items);
        for item in &before {
            item.remove_parent(&parent);
        }
        self.meta.set(meta);
        self.adopt();
        ancestors.refresh();
        Ok(())
    }

    fn adopt(self: &Rc<Self>) {
        let parent = Parent::Array(Rc::downgrade(self));
        self.items.borrow().iter().for_each(|item| item.add_parent(&parent));
    }

    fn refuse_cycles(self: &Rc<Self>, items: &[Value]) -> Outcome<()> {
        let mut pending: Vec<Value> = items.iter().filter(|item| item.meta().mutable).cloned().collect();
        let mut visited = HashSet::new();
        while let Some(value) = pending.pop() {
            match &value {
                Value::Array(array) if Rc::ptr_eq(array, self) => {
                    return Err(Failure::new("Cyclic template values are not supported"));
                }
                Value::Array(array) if visited.insert(Rc::as_ptr(array).addr()) => {
                    pending.extend(array.items().iter().cloned());
                }
                Value::Record(record) if visited.insert(Rc::as_ptr(record).addr()) => {
                    pending.extend(record.entries.values().cloned());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Record {
    pub(crate) fn new(entries: impl IntoIterator<Item = (Text, Value)>) -> Outcome<Rc<Self>> {
        let mut indexed: Vec<(f64, Text, Value)> = Vec::new();
        let mut named: IndexMap<Text, Value> = IndexMap::new();
        for (count, (name, value)) in entries.into_iter().enumerate() {
            check_size(count + 1)?;
            if is_reserved(&name) {
                return Err(Failure::new(format!("Template record key {name} is reserved")));
            }
            match array_index(&name) {
                Some(index) => match indexed.iter_mut().find(|(other, ..)| other.total_cmp(&index).is_eq()) {
                    Some(entry) => entry.2 = value,
                    None => indexed.push((index, name, value)),
                },
                None => {
                    named.insert(name, value);
                }
            }
        }
        indexed.sort_by(|left, right| left.0.total_cmp(&right.0));
        let mut entries: IndexMap<Text, Value> = indexed.into_iter().map(|(_, name, value)| (name, value)).collect();
        entries.extend(named);
        let meta = meta_of(entries.values(), false);
        check_depth(meta.depth)?;
        let record = Rc::new(Self { entries, meta: Cell::new(meta), parents: RefCell::default() });
        let parent = Parent::Record(Rc::downgrade(&record));
        record.entries.values().for_each(|value| value.add_parent(&parent));
        Ok(record)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.entries.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, name: &Text) -> Option<&Value> {
        self.entries.get(name)
    }

    /// The value of a name, or undefined.
    pub(crate) fn get_str(&self, name: &str) -> Value {
        self.entries.get(&Text::from(name)).cloned().unwrap_or(Value::Undefined)
    }
}

impl Parent {
    fn address(&self) -> usize {
        match self {
            Self::Array(array) => array.as_ptr().addr(),
            Self::Record(record) => record.as_ptr().addr(),
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Array(array) => array.strong_count() > 0,
            Self::Record(record) => record.strong_count() > 0,
        }
    }

    fn parents(&self) -> Vec<Self> {
        match self {
            Self::Array(array) => array.upgrade().map(|array| array.parents.borrow().clone()),
            Self::Record(record) => record.upgrade().map(|record| record.parents.borrow().clone()),
        }
        .unwrap_or_default()
    }

    fn refresh(&self) {
        match self {
            Self::Array(array) => {
                if let Some(array) = array.upgrade() {
                    array.meta.set(meta_of(array.items().iter(), true));
                }
            }
            Self::Record(record) => {
                if let Some(record) = record.upgrade() {
                    record.meta.set(meta_of(record.entries.values(), false));
                }
            }
        }
    }
}

/// All that hold an array, near ones first.
struct Ancestors {
    found: Vec<(usize, Parent)>,
    highest: usize,
}

impl Ancestors {
    fn of(array: &Rc<Array>, charge: &dyn Charge) -> Outcome<Self> {
        let mut pending: Vec<(Parent, usize)> = vec![(Parent::Array(Rc::downgrade(array)), 0)];
        let mut levels: HashMap<usize, (usize, Parent)> = HashMap::new();
        let mut highest = 0;
        while let Some((child, level)) = pending.pop() {
            for parent in child.parents().into_iter().filter(Parent::is_alive) {
                charge.charge_step()?;
                let known = levels.get(&parent.address()).map(|(level, _)| *level);
                if known.is_none_or(|known| level + 1 > known) {
                    levels.insert(parent.address(), (level + 1, parent.clone()));
                    highest = highest.max(level + 1);
                    pending.push((parent, level + 1));
                }
            }
        }
        let mut found: Vec<(usize, Parent)> = levels.into_values().collect();
        found.sort_by_key(|(level, _)| *level);
        Ok(Self { found, highest })
    }

    fn refresh(&self) {
        self.found.iter().for_each(|(_, parent)| parent.refresh());
    }
}

/// Names that nothing may have: they would be the object's own machinery in JavaScript.
pub(crate) fn is_reserved(name: &Text) -> bool {
    ["constructor", "prototype", "__proto__"].iter().any(|reserved| name.is(reserved))
}

/// The place that a name stands for, where it is written as JavaScript would write it.
pub(crate) fn array_index(name: &Text) -> Option<f64> {
    if name.is_empty() || name.len() > 10 || !name.units().iter().all(|unit| (48..=57).contains(unit)) {
        return None;
    }
    let index = number::parse(name.units());
    (index < 4_294_967_295.0 && name.is(&number::print(index))).then_some(index)
}

/// The same within a length.
pub(crate) fn index_within(name: &Text, length: usize) -> Option<usize> {
    array_index(name).map(number::to_count).filter(|index| *index < length)
}

impl Regex {
    /// As it is printed: line ends escaped, flags in order.
    pub(crate) fn print(&self) -> Text {
        let mut units: Vec<u16> = vec![u16::from(b'/')];
        if self.source.is_empty() {
            units.extend("(?:)".encode_utf16());
        }
        for unit in self.source.units() {
            match unit {
                10 => units.extend("\\n".encode_utf16()),
                13 => units.extend("\\r".encode_utf16()),
                0x2028 => units.extend("\\u2028".encode_utf16()),
                0x2029 => units.extend("\\u2029".encode_utf16()),
                unit => units.push(*unit),
            }
        }
        units.push(u16::from(b'/'));
        units.extend(
            "gimy"
                .chars()
                .filter(|flag| self.flags.contains(*flag))
                .map(|flag| u32::from(flag).try_into().unwrap_or(0)),
        );
        units.into()
    }
}
