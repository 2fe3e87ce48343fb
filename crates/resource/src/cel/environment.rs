//! What an expression may name: its variables, and the fields of objects whose fields are declared.

use super::types::Type;

/// The variables of an expression.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    globals: Vec<(&'static str, Type)>,
    objects: Vec<(&'static str, Vec<(&'static str, Type)>)>,
    composed: Option<Vec<(String, Type)>>,
}

impl Environment {
    /// Declares a variable; they are numbered in order.
    #[must_use]
    pub fn variable(mut self, name: &'static str, of: Type) -> Self {
        self.globals.push((name, of));
        self
    }

    /// Declares the fields of a [`Type::Named`].
    #[must_use]
    pub fn object(mut self, name: &'static str, fields: Vec<(&'static str, Type)>) -> Self {
        self.objects.push((name, fields));
        self
    }

    /// Declares `variables`, with no field yet.
    #[must_use]
    pub fn with_composed_variables(mut self) -> Self {
        self.composed = Some(Vec::new());
        self
    }

    /// Declares `variables.NAME`; they are numbered in order. One of the same name is hidden by it.
    pub fn compose(&mut self, name: &str, of: Type) {
        if let Some(composed) = &mut self.composed {
            composed.push((name.to_owned(), of));
        }
    }

    pub(super) fn global(&self, name: &str) -> Option<(usize, &Type)> {
        let number = self.globals.iter().position(|(known, _)| *known == name)?;
        self.globals.get(number).map(|(_, of)| (number, of))
    }

    /// `variables` itself, if it is declared.
    pub(super) fn composed(&self) -> Option<&[(String, Type)]> {
        self.composed.as_deref()
    }

    /// The declared fields of an object; `None` where its fields are not declared at all.
    pub(super) fn field(&self, object: &str, field: &str) -> Option<&Type> {
        let (_, fields) = self.objects.iter().find(|(known, _)| *known == object)?;
        fields.iter().find(|(known, _)| *known == field).map(|(_, of)| of)
    }
}

/// The types that expressions can name.
pub(super) fn type_named(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "string" => Type::String,
        "null_type" => Type::Null,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "type" => Type::Type(None),
        "optional_type" => Type::optional(Type::Dyn),
        "google.protobuf.Timestamp" => Type::Timestamp,
        "google.protobuf.Duration" => Type::Duration,
        "net.IP" => Type::Named("net.IP"),
        "net.CIDR" => Type::Named("net.CIDR"),
        _ => return None,
    })
}
