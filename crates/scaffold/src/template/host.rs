//! What whoever renders lends to templates.

use crate::data::Data;

/// What a filter or function of the host gives back.
#[derive(Debug, Clone, PartialEq)]
pub enum Lent {
    /// Nothing.
    Undefined,
    /// A value.
    Data(Data),
    /// A record of which some fields are there without a value.
    Record(Vec<(&'static str, Option<Data>)>),
}

impl From<Option<Data>> for Lent {
    fn from(data: Option<Data>) -> Self {
        data.map_or(Self::Undefined, Self::Data)
    }
}

/// Filters and functions besides the renderer's own.
///
/// They are pure as far as a template can tell: a rendering that gets deep may ask for the same again.
pub trait Host: Sync {
    /// The names of its filters, for suggestions.
    fn filter_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// True where it has a filter.
    fn has_filter(&self, _name: &str) -> bool {
        false
    }

    /// Applies a filter to its input; what is undefined is none.
    fn filter(&self, name: &str, _input: Option<Data>, _arguments: Vec<Option<Data>>) -> Result<Lent, String> {
        Err(format!("no filter {name}"))
    }

    /// True where it has a function.
    fn has_global(&self, _name: &str) -> bool {
        false
    }

    /// Calls a function.
    fn global(&self, name: &str, _arguments: Vec<Option<Data>>) -> Result<Lent, String> {
        Err(format!("no function {name}"))
    }
}

/// Nothing besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {}
