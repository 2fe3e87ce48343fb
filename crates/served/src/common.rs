//! Parts that several kinds have: conditions, label selectors, references.

use crate::schema::{Schema, atomic_list, int64, keyed_list, object, string, string_map};

/// The conditions of an object, at most one of each type.
pub(crate) fn conditions() -> Schema {
    let condition = object()
        .required("type", string().about("What it is about; there is one of each type."))
        .required("status", string().about("True, False or Unknown."))
        .required("reason", string().about("Why it has that status, in one word."))
        .required("lastTransitionTime", string().format("date-time").about("When the status last changed."))
        .field("message", string().about("Why it has that status, for people."))
        .field("observedGeneration", int64().about("The metadata.generation that it tells of."));
    keyed_list(&["type"], condition).about("How the object is.")
}

/// A choice of objects by their labels.
pub(crate) fn label_selector() -> Schema {
    object()
        .field("matchLabels", string_map().about("Labels that must have these values."))
        .field("matchExpressions", requirements().about("Further conditions, all of which must hold."))
        .atomic()
}

/// Conditions on labels or fields.
pub(crate) fn requirements() -> Schema {
    let requirement = object()
        .required("key", string().about("Which label or field."))
        .required("operator", string().about("How it is compared: In, NotIn, Exists, DoesNotExist."))
        .field("values", atomic_list(string()).about("What it is compared with."));
    atomic_list(requirement)
}
