//! The kinds of Gatekeeper that plat-webhook reads.
//!
//! Owns which they are, and what several of them have: matches, statuses. Fields, defaults and limits are those of Gatekeeper
//! v3.23; the kinds of constraints are made by the webhook, from templates.

mod config;
mod expansion;
mod mutation;
mod template;

use crate::common::label_selector;
use crate::kind::Kind;
use crate::schema::{Schema, boolean, int64, list, object, string};

/// All of them.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = vec![template::kind()];
    kinds.extend(mutation::kinds());
    kinds.extend([expansion::kind(), config::kind(), config::sync_set_kind()]);
    kinds
}

/// The metadata of kinds whose names become parts of other names.
fn short_name() -> Schema {
    object().field("name", string().with("maxLength", 63))
}

/// A list of texts.
fn strings() -> Schema {
    list(string())
}

/// Names with a `*` at either end.
fn wildcard() -> Schema {
    string().with("pattern", r"^\*?[-:a-z0-9]*\*?$")
}

/// A kind, in one field each.
fn kind_fields() -> Schema {
    object().strings(&["group", "kind", "version"])
}

/// Which kinds an object may be of.
fn apply_to() -> Schema {
    object().fields(&["groups", "kinds", "versions"], &strings())
}

/// Which objects are meant.
fn matching() -> Schema {
    object()
        .field("kinds", list(object().fields(&["apiGroups", "kinds"], &strings())).about("Kinds."))
        .field("namespaces", list(wildcard()).about("Namespaces; may begin or end with *."))
        .field("excludedNamespaces", list(wildcard()).about("Namespaces that are left out; may begin or end with *."))
        .field("labelSelector", label_selector().about("Labels of the object."))
        .field("namespaceSelector", label_selector().about("Labels of its Namespace."))
        .field("name", wildcard().about("Its name; may begin or end with *."))
        .field("scope", string().about("Cluster, Namespaced or *."))
        .field(
            "source",
            string()
                .one_of(&["All", "Generated", "Original"])
                .about("Whether it was asked for, or follows from another one."),
        )
}

/// What each replica says of an object, with fields of the kind's own.
fn status(own: impl FnOnce(Schema) -> Schema) -> Schema {
    let error = object().required("message", string()).field("type", string());
    let replica = object()
        .field("id", string().about("The replica."))
        .field("observedGeneration", int64().about("The metadata.generation that it tells of."))
        .field("operations", strings().about("What the replica does."))
        .field("errors", list(error).about("What is wrong with the object."));
    object().field("byPod", list(own(replica)).about("What each replica says of it."))
}

/// The status of mutators.
fn mutator_status() -> Schema {
    status(|replica| replica.field("enforced", boolean()).field("mutatorUID", string()))
}
