//! Compiled schemas, made when first asked for.

/// A schema that is compiled once.
#[derive(Debug, Default)]
pub(crate) struct Compiled {}
