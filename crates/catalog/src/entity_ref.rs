//! Entity references: `[kind:][namespace/]name`.
//!
//! Owns parsing with defaults, the canonical text, and Backstage's words for what is wrong. A reference keeps the letters
//! it was written with; two references are of one entity when their texts are equal.

use std::fmt;

use plat_resource::javascript::Value;

/// The namespace of an entity that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// A whole reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    /// The kind, for instance `Component`.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What a short reference leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defaults<'a> {
    /// The kind of a reference without one; a reference must name its kind where this is absent.
    pub kind: Option<&'a str>,
    /// The namespace of a reference without one, `default` where this is absent.
    pub namespace: Option<&'a str>,
}

/// Why a text is no reference, in the words of Backstage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RefError(String);

impl RefError {
    fn without(whole: &Value, part: &str) -> Self {
        let help = if part == "kind" { " (e.g. did not start with \"component:\" or similar)" } else { "" };
        Self(format!("Entity reference {} had missing or empty {part}{help}", whole.to_json()))
    }
}

impl EntityRef {
    /// A reference of three parts.
    pub fn new(kind: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// Reads a reference; `defaults` stands in for what is left out.
    pub fn parse(text: &str, defaults: Defaults<'_>) -> Result<Self, RefError> {
        if text.is_empty() {
            return Err(RefError("Entity reference must not be empty".to_owned()));
        }
        let slash = text.find('/');
        // Behind a slash, a colon is a part of the name.
        let colon = text.find(':').filter(|colon| slash.is_none_or(|slash| slash > *colon));
        let kind = colon.and_then(|colon| text.get(..colon));
        let after_kind = colon.map_or(0, |colon| colon + 1);
        let namespace = slash.and_then(|slash| text.get(after_kind..slash));
        let name = text.get(slash.map_or(after_kind, |slash| slash + 1)..).unwrap_or_default();
        if kind == Some("") || namespace == Some("") || name.is_empty() {
            let form = "[<kind>:][<namespace>/]<name>";
            return Err(RefError(format!("Entity reference \"{text}\" was not on the form {form}")));
        }
        let Some(kind) = kind.or(defaults.kind).filter(|kind| !kind.is_empty()) else {
            return Err(RefError::without(&Value::from(text), "kind"));
        };
        let namespace = namespace.or(defaults.namespace.filter(|name| !name.is_empty())).unwrap_or(DEFAULT_NAMESPACE);
        Ok(Self::new(kind, namespace, name))
    }

    /// A reference that was given in parts, as `whole`.
    pub(crate) fn of_parts(
        whole: &Value,
        [kind, namespace, name]: [Option<&Value>; 3],
        defaults: Defaults<'_>,
    ) -> Result<Self, RefError> {
        let text =
            |part: Option<&Value>| part.map(|part| if part.is_truthy() { part.to_text() } else { String::new() });
        let or = |part: Option<String>, default: Option<&str>, what: &str| {
            let part = part.or(default.map(str::to_owned)).filter(|part| !part.is_empty());
            part.ok_or_else(|| RefError::without(whole, what))
        };
        let namespace_of_context = defaults.namespace.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAMESPACE);
        Ok(Self {
            kind: or(text(kind), defaults.kind, "kind")?,
            namespace: or(text(namespace), Some(namespace_of_context), "namespace")?,
            name: or(text(name), None, "name")?,
        })
    }

    /// The reference of an entity: what its kind and metadata say, absent where one of them is no text.
    pub fn of(entity: &Value) -> Option<Self> {
        let namespace = match entity.at(&["metadata", "namespace"]) {
            None | Some(Value::Null) => DEFAULT_NAMESPACE,
            Some(namespace) => {
                namespace.as_str().filter(|namespace| !namespace.is_empty()).unwrap_or(DEFAULT_NAMESPACE)
            }
        };
        Some(Self::new(entity.text_at(&["kind"])?, namespace, entity.text_at(&["metadata", "name"])?))
    }

    /// The same reference in the letters that all references of one entity share.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self::new(self.kind.to_lowercase(), self.namespace.to_lowercase(), self.name.to_lowercase())
    }

    /// The shortest text that means the same beside an entity of `namespace`.
    pub fn short(&self, namespace: &str) -> String {
        let canonical = self.canonical();
        if canonical.namespace == namespace.to_lowercase() {
            return format!("{}:{}", canonical.kind, canonical.name);
        }
        canonical.to_string()
    }
}

impl fmt::Display for EntityRef {
    /// The canonical text: `kind:namespace/name` in lower case.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self.canonical();
        write!(formatter, "{kind}:{namespace}/{name}")
    }
}
