//! Types of expressions, and how one is assigned to another.

use std::fmt;
use std::sync::Arc;

/// The type of an expression, as far as it is known before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Known only when it runs.
    Dyn,
    /// What a faulty expression has; fits everywhere, so that one fault is told once.
    Error,
    /// `null`.
    Null,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `uint`.
    Uint,
    /// `double`.
    Double,
    /// `string`.
    String,
    /// `bytes`.
    Bytes,
    /// A span of time.
    Duration,
    /// A point in time.
    Timestamp,
    /// `list(T)`.
    List(Arc<Type>),
    /// `map(K, V)`.
    Map(Arc<(Type, Type)>),
    /// `optional_type(T)`.
    Optional(Arc<Type>),
    /// The type of a type.
    Type(Option<Arc<Type>>),
    /// A type with a name: Kubernetes' own, and objects with declared fields.
    Named(&'static str),
    /// A type that is still looked for.
    Parameter(u32),
}

impl Type {
    /// `list(element)`.
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// `map(key, value)`.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// `optional_type(value)`.
    pub fn optional(value: Self) -> Self {
        Self::Optional(Arc::new(value))
    }

    pub(super) fn is_dyn(&self) -> bool {
        matches!(self, Self::Dyn)
    }

    fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// The value type of an optional, or the type itself.
    pub(super) fn unwrap_optional(&self) -> (Self, bool) {
        match self {
            Self::Optional(inner) => ((**inner).clone(), true),
            other => (other.clone(), false),
        }
    }

    /// The name as `type()` and the demand for a result's type have it.
    pub fn runtime_name(&self) -> String {
        match self {
            Self::Null => "null_type".to_owned(),
            Self::Duration => "google.protobuf.Duration".to_owned(),
            Self::Timestamp => "google.protobuf.Timestamp".to_owned(),
            Self::List(element) => format!("list({})", element.runtime_name()),
            Self::Map(entry) => format!("map({}, {})", entry.0.runtime_name(), entry.1.runtime_name()),
            Self::Optional(value) => format!("optional_type({})", value.runtime_name()),
            Self::Type(Some(of)) => format!("type({})", of.runtime_name()),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => out.write_str("dyn"),
            Self::Error => out.write_str("!error!"),
            Self::Null => out.write_str("null"),
            Self::Bool => out.write_str("bool"),
            Self::Int => out.write_str("int"),
            Self::Uint => out.write_str("uint"),
            Self::Double => out.write_str("double"),
            Self::String => out.write_str("string"),
            Self::Bytes => out.write_str("bytes"),
            Self::Duration => out.write_str("duration"),
            Self::Timestamp => out.write_str("timestamp"),
            Self::List(element) => write!(out, "list({element})"),
            Self::Map(entry) => write!(out, "map({}, {})", entry.0, entry.1),
            Self::Optional(value) => write!(out, "optional_type({value})"),
            Self::Type(None) => out.write_str("type"),
            Self::Type(Some(of)) => write!(out, "type({of})"),
            Self::Named(name) => out.write_str(name),
            Self::Parameter(number) => write!(out, "_var{number}"),
        }
    }
}

/// What is known of the types looked for: parameter to type. Kept small: one expression has a handful.
#[derive(Debug, Clone, Default)]
pub(super) struct Mapping {
    known: Vec<(u32, Type)>,
    next: u32,
}

impl Mapping {
    /// A type that is not known yet.
    pub(super) fn fresh(&mut self) -> Type {
        self.next += 1;
        Type::Parameter(self.next - 1)
    }

    fn find(&self, parameter: &Type) -> Option<&Type> {
        let Type::Parameter(number) = parameter else { return None };
        self.known.iter().rev().find(|(known, _)| known == number).map(|(_, found)| found)
    }

    fn add(&mut self, parameter: &Type, found: Type) {
        let Type::Parameter(number) = parameter else { return };
        match self.known.iter_mut().find(|(known, _)| known == number) {
            Some(entry) => entry.1 = found,
            None => self.known.push((*number, found)),
        }
    }

    /// Puts what is known in place of parameters; `dyn` in place of the unknown ones where asked.
    pub(super) fn substitute(&self, of: &Type, unknown_to_dyn: bool) -> Type {
        if let Some(found) = self.find(of) {
            return self.substitute(found, unknown_to_dyn);
        }
        let inner = |of: &Type| self.substitute(of, unknown_to_dyn);
        match of {
            Type::Parameter(_) if unknown_to_dyn => Type::Dyn,
            Type::List(element) => Type::list(inner(element)),
            Type::Map(entry) => Type::map(inner(&entry.0), inner(&entry.1)),
            Type::Optional(value) => Type::optional(inner(value)),
            Type::Type(Some(of)) => Type::Type(Some(Arc::new(inner(of)))),
            other => other.clone(),
        }
    }

    /// True if the first fits the second; then what was learnt is kept, else nothing is.
    pub(super) fn assign(&mut self, first: &Type, second: &Type) -> bool {
        self.assign_all(std::slice::from_ref(first), std::slice::from_ref(second))
    }

    /// The same for lists of arguments.
    pub(super) fn assign_all(&mut self, first: &[Type], second: &[Type]) -> bool {
        let before = self.known.clone();
        let fits = first.len() == second.len() && first.iter().zip(second).all(|(one, other)| self.fits(one, other));
        if !fits {
            self.known = before;
        }
        fits
    }

    fn fits(&mut self, first: &Type, second: &Type) -> bool {
        if matches!(second, Type::Parameter(_)) {
            match self.replaces(first, second) {
                (true, _) => return true,
                (false, true) => return false,
                (false, false) => {}
            }
        }
        if matches!(first, Type::Parameter(_)) {
            return self.replaces(second, first).0;
        }
        if first.is_dyn_or_error() || second.is_dyn_or_error() {
            return true;
        }
        match (first, second) {
            (Type::Null, other) | (other, Type::Null) => {
                let nullable = [Type::Null, Type::Duration, Type::Timestamp].contains(other);
                nullable || matches!(other, Type::Named(_) | Type::Optional(_))
            }
            (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
                self.fits(one, other)
            }
            (Type::Map(one), Type::Map(other)) => self.fits(&one.0, &other.0) && self.fits(&one.1, &other.1),
            (Type::Type(_), Type::Type(_)) => true,
            (one, other) => one == other,
        }
    }

    /// Whether `parameter` can be `wanted`, and whether something was known of it.
    fn replaces(&mut self, wanted: &Type, parameter: &Type) -> (bool, bool) {
        if wanted == parameter {
            return (true, true);
        }
        if let Some(known) = self.find(parameter).cloned() {
            if *wanted == known {
                return (true, true);
            }
            if !self.fits(wanted, &known) {
                return (false, true);
            }
            let general = most_general(wanted, &known);
            if self.is_free_of(parameter, &general) {
                self.add(parameter, general);
            }
            return (true, true);
        }
        let free = self.is_free_of(parameter, wanted);
        if free {
            self.add(parameter, wanted.clone());
        }
        (free, false)
    }

    fn is_free_of(&self, parameter: &Type, within: &Type) -> bool {
        if parameter == within {
            return false;
        }
        match within {
            Type::Parameter(_) => self.find(within).is_none_or(|known| self.is_free_of(parameter, known)),
            Type::List(inner) | Type::Optional(inner) | Type::Type(Some(inner)) => self.is_free_of(parameter, inner),
            Type::Map(entry) => self.is_free_of(parameter, &entry.0) && self.is_free_of(parameter, &entry.1),
            _ => true,
        }
    }
}

/// The more general of two types that fit each other.
pub(super) fn most_general(first: &Type, second: &Type) -> Type {
    if is_equal_or_more_general(first, second) { first.clone() } else { second.clone() }
}

fn is_equal_or_more_general(first: &Type, second: &Type) -> bool {
    match (first, second) {
        (Type::Dyn | Type::Parameter(_), _) | (Type::Type(_), Type::Type(_)) => true,
        (_, Type::Dyn | Type::Parameter(_)) => false,
        (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
            is_equal_or_more_general(one, other)
        }
        (Type::Map(one), Type::Map(other)) => {
            is_equal_or_more_general(&one.0, &other.0) && is_equal_or_more_general(&one.1, &other.1)
        }
        (one, other) => one == other,
    }
}
