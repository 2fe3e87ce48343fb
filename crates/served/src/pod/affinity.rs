//! Which nodes a Pod goes to, and which other Pods it goes with.

use crate::common::{label_selector, requirements};
use crate::schema::{Schema, atomic_list, int32, object, string};

const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// All three.
pub(super) fn affinity() -> Schema {
    object().field("nodeAffinity", nodes()).fields(&["podAffinity", "podAntiAffinity"], &pods())
}

fn nodes() -> Schema {
    let term = object().fields(&["matchExpressions", "matchFields"], &requirements()).atomic();
    let terms = object().required("nodeSelectorTerms", atomic_list(term.clone())).atomic();
    object().field(PREFERRED, weighted("preference", term)).field(REQUIRED, terms)
}

fn pods() -> Schema {
    let term = object()
        .required("topologyKey", string())
        .fields(&["labelSelector", "namespaceSelector"], &label_selector())
        .fields(&["matchLabelKeys", "mismatchLabelKeys", "namespaces"], &atomic_list(string()));
    object().field(PREFERRED, weighted("podAffinityTerm", term.clone())).field(REQUIRED, atomic_list(term))
}

fn weighted(field: &str, term: Schema) -> Schema {
    atomic_list(object().required(field, term).required("weight", int32()))
}
