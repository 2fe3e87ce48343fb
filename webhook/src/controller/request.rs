//! What is reconciled, and by which of the controllers.

use std::fmt;

use plat_resource::ObjectKey;

/// One object, to be looked at by one controller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    /// Who looks at it.
    pub controller: Controller,
    /// The object.
    pub key: ObjectKey,
}

/// The controllers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Controller {
    /// XRDs: their CRDs.
    Definition,
    /// Compositions: their revisions, and rollouts.
    Composition,
    /// XRs: what they are composed of.
    Composite,
    /// Claims: their XR.
    Claim,
    /// Functions: their Deployments and Services.
    Function,
    /// Usages: what they mark as in use.
    Usage,
}

impl Controller {
    /// Every controller.
    pub const ALL: [Self; 6] =
        [Self::Definition, Self::Composition, Self::Composite, Self::Claim, Self::Function, Self::Usage];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Composition => "composition",
            Self::Composite => "composite",
            Self::Claim => "claim",
            Self::Function => "function",
            Self::Usage => "usage",
        }
    }

    /// This controller's request for an object.
    pub const fn of(self, key: ObjectKey) -> Request {
        Request { controller: self, key }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.controller.name(), shown(&self.key))
    }
}

/// An object as people call it: `Kind.group/namespace/name`.
pub fn shown(key: &ObjectKey) -> String {
    let ObjectKey { kind, namespace, name } = key;
    let group = if kind.group.is_empty() { String::new() } else { format!(".{}", kind.group) };
    if namespace.is_empty() {
        format!("{}{group}/{name}", kind.kind)
    } else {
        format!("{}{group}/{namespace}/{name}", kind.kind)
    }
}
