//! The shape of a decision: writes in order, events, and when to look again.
//!
//! Carrying it out is a shell's matter, which stops at the first write that fails.

use std::time::Duration;

use plat_resource::{ObjectKey, Value};

/// What is done about an object now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// Writes, in order.
    pub writes: Vec<Write>,
    /// What is told, once the writes went through.
    pub events: Vec<Event>,
    /// When to look again.
    pub then: Then,
}

/// When an object is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Then {
    /// When something that it depends on changes.
    #[default]
    Wait,
    /// At once: the writes were a first step, and what follows is decided from their answers.
    Again,
    /// With back-off, as after a failure: something is awaited that no watch tells of.
    Retry,
    /// After this long, if nothing changes before.
    After(Duration),
}

/// One write to the API server.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Server-side apply with force.
    Apply {
        /// What is wanted: identity and the fields that the manager owns.
        object: Value,
        /// Field manager.
        manager: String,
    },
    /// Creates an object; one that is there already is a conflict.
    Create {
        /// The object.
        object: Value,
        /// Field manager.
        manager: String,
    },
    /// JSON merge patch (RFC 7386).
    Patch {
        /// Which object.
        key: ObjectKey,
        /// The patch; with `metadata.resourceVersion` it fails as a conflict where the object has changed.
        patch: Value,
        /// Field manager.
        manager: String,
    },
    /// Server-side apply, with force, of the status alone.
    ApplyStatus {
        /// Identity and the status that the manager owns.
        object: Value,
        /// Field manager.
        manager: String,
    },
    /// Replaces the status by this object's, which names its `metadata.resourceVersion`: a conflict where it has changed.
    Status {
        /// The object as read, with its new status.
        object: Value,
    },
    /// Deletes an object.
    Delete {
        /// Which object.
        key: ObjectKey,
        /// Only the one with this UID.
        uid: String,
        /// What becomes of what it owns.
        propagation: Propagation,
    },
}

/// What becomes of the objects that a deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They go afterwards.
    #[default]
    Background,
    /// They go first.
    Foreground,
    /// They stay.
    Orphan,
}

/// What is told of an object, as a Kubernetes Event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Normal or warning.
    pub kind: EventKind,
    /// One word in camel case.
    pub reason: String,
    /// What happened.
    pub message: String,
}

/// Gravity of an [`Event`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// For information.
    Normal,
    /// Something is off.
    Warning,
}

impl Event {
    /// For information.
    pub fn normal(reason: &str, message: impl Into<String>) -> Self {
        Self { kind: EventKind::Normal, reason: reason.to_owned(), message: message.into() }
    }

    /// Something is off.
    pub fn warning(reason: &str, message: impl Into<String>) -> Self {
        Self { kind: EventKind::Warning, reason: reason.to_owned(), message: message.into() }
    }
}

impl Decision {
    /// Nothing to do until something changes.
    pub fn wait() -> Self {
        Self::default()
    }

    /// This write, and then a new decision.
    pub fn first(write: Write) -> Self {
        Self { writes: vec![write], then: Then::Again, ..Self::default() }
    }
}

impl Write {
    /// The object that is written.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Apply { object, .. }
            | Self::ApplyStatus { object, .. }
            | Self::Create { object, .. }
            | Self::Status { object } => ObjectKey::of(object),
            Self::Patch { key, .. } | Self::Delete { key, .. } => key.clone(),
        }
    }
}
