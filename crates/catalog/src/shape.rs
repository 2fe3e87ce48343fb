//! What a value must look like, and the first fault of one that does not.
//!
//! Owns the order in which a JSON Schema validator (ajv) finds faults, and its words. Only what the schemas of entities use
//! is here: a shape is a table, made once at compile time. The first fault alone counts, since Backstage shows no other.

use plat_resource::javascript::Value;

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A text.
    Text,
    /// A text that is not empty.
    NonEmpty,
    /// A text of letters, digits and `_`, at least one.
    Word,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text or a boolean.
    TextOrBool,
    /// An array of these.
    List(&'static Shape),
    /// An object.
    Object(&'static Fields),
    /// One of two shapes; the faults of the first are told when neither fits.
    Either(&'static Shape, &'static Shape),
}

/// What an object must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Keys that must be there.
    pub(crate) required: &'static [&'static str],
    /// The shapes of known keys, in the order they are looked at.
    pub(crate) known: &'static [(&'static str, Shape)],
    /// What other keys may have.
    pub(crate) others: Others,
}

/// What the keys may have of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Anything.
    Any,
    /// There may be none.
    Refused,
    /// Texts.
    Texts,
    /// Texts, where the key is one line of text.
    TextsOfLines,
}

/// An object of which nothing is known.
pub(crate) const ANY_OBJECT: Shape = Shape::Object(&Fields { required: &[], known: &[], others: Others::Any });
/// A map of texts.
pub(crate) const TEXTS: Shape = Shape::Object(&Fields { required: &[], known: &[], others: Others::TextsOfLines });

/// The first fault of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The way to the value.
    pub(crate) way: Vec<Step>,
    /// What must be.
    pub(crate) message: String,
    /// The names and values that the validator gives with the message.
    pub(crate) parameter: String,
}

/// A step to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Misfit {
    fn new(message: impl Into<String>, parameter: impl Into<String>) -> Self {
        Self { way: Vec::new(), message: message.into(), parameter: parameter.into() }
    }

    fn of_type(name: &str) -> Self {
        Self::new(format!("must be {name}"), format!("type: {name}"))
    }

    pub(crate) fn below(mut self, step: Step) -> Self {
        self.way.insert(0, step);
        self
    }

    /// The way as a JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => format!("/{index}"),
        };
        self.way.iter().map(step).collect()
    }

    /// The fault without its parameter.
    pub(crate) fn short(&self) -> String {
        let pointer = self.pointer();
        format!("{} {}", if pointer.is_empty() { "<root>" } else { &pointer }, self.message)
    }

    /// The fault with its parameter.
    pub(crate) fn long(&self) -> String {
        format!("{} - {}", self.short(), self.parameter)
    }
}

impl Shape {
    /// Whether `value` fits, or its first fault.
    pub(crate) fn check(&self, value: &Value) -> Result<(), Misfit> {
        match self {
            Self::Text => text(value).map(|_| ()),
            Self::NonEmpty => match text(value)? {
                "" => Err(Misfit::new("must NOT have fewer than 1 characters", "limit: 1")),
                _ => Ok(()),
            },
            Self::Word => match text(value)? {
                "" => Self::NonEmpty.check(value),
                word if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => Ok(()),
                _ => Err(Misfit::new("must match pattern \"^\\w+$\"", "pattern: ^\\w+$")),
            },
            Self::OneOf(allowed) => {
                let text = text(value)?;
                if allowed.contains(&text) {
                    return Ok(());
                }
                Err(Misfit::new(
                    "must be equal to one of the allowed values",
                    format!("allowedValues: {}", allowed.join(",")),
                ))
            }
            Self::TextOrBool => match value {
                Value::Text(_) | Value::Bool(_) => Ok(()),
                _ => Err(Misfit::of_type("string,boolean")),
            },
            Self::List(of) => {
                let items = value.as_list().ok_or_else(|| Misfit::of_type("array"))?;
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, item)| of.check(item).map_err(|misfit| misfit.below(Step::Index(index))))
            }
            Self::Object(fields) => fields.check(value),
            Self::Either(first, second) => first.check(value).or_else(|fault| second.check(value).map_err(|_| fault)),
        }
    }
}

fn text(value: &Value) -> Result<&str, Misfit> {
    value.as_str().ok_or_else(|| Misfit::of_type("string"))
}

impl Fields {
    fn check(&self, value: &Value) -> Result<(), Misfit> {
        let map = value.as_map().ok_or_else(|| Misfit::of_type("object"))?;
        if let Some(missing) = self.required.iter().find(|key| !map.contains_key(key)) {
            return Err(Misfit::new(
                format!("must have required property '{missing}'"),
                format!("missingProperty: {missing}"),
            ));
        }
        let is_known = |key: &str| self.known.iter().any(|(known, _)| *known == key);
        for (key, value) in map.iter().filter(|(key, _)| !is_known(key)) {
            match self.others {
                Others::Refused => {
                    let parameter = format!("additionalProperty: {key}");
                    return Err(Misfit::new("must NOT have additional properties", parameter));
                }
                Others::Texts => check_at(key, Shape::Text, value)?,
                Others::Any | Others::TextsOfLines => {}
            }
        }
        for (key, shape) in self.known {
            if let Some(value) = map.get(key) {
                check_at(key, *shape, value)?;
            }
        }
        if self.others == Others::TextsOfLines {
            map.iter()
                .filter(|(key, _)| is_line(key))
                .try_for_each(|(key, value)| check_at(key, Shape::Text, value))?;
        }
        Ok(())
    }
}

fn check_at(key: &str, shape: Shape, value: &Value) -> Result<(), Misfit> {
    shape.check(value).map_err(|misfit| misfit.below(Step::Key(key.to_owned())))
}

/// What the pattern `^.+$` fits.
fn is_line(key: &str) -> bool {
    !key.is_empty() && !key.contains(['\n', '\r', '\u{2028}', '\u{2029}'])
}
