//! Usage and ClusterUsage: what must not be deleted while something needs it.

use crate::common::conditions;
use crate::kind::{AGE, Column, Kind, Scope, Version, reference, whole};
use crate::schema::{Schema, boolean, object, string, string_map};

use super::CATEGORY;

const GROUP: &str = "protection.crossplane.io";
const COLUMNS: [Column; 3] = [
    Column(r".metadata.annotations.crossplane\.io/usage-details", "DETAILS", "string"),
    Column(".status.conditions[?(@.type=='Ready')].status", "READY", "string"),
    AGE,
];

/// ClusterUsage.
pub(super) fn cluster_kind() -> Kind {
    let spec = spec(resource(reference(), selector()));
    usage("ClusterUsage", "clusterusages", Scope::Cluster, spec)
}

/// Usage: its `of` may be in another namespace.
pub(super) fn kind() -> Kind {
    let namespace = || string().about("Its namespace, where that is another one.");
    let of = resource(reference().field("namespace", namespace()), selector().field("namespace", namespace()));
    let spec = spec(of).rule(
        "has(self.by) || (!has(self.of.resourceRef) || !has(self.of.resourceRef.__namespace__)) && \
         (!has(self.of.resourceSelector) || !has(self.of.resourceSelector.__namespace__))",
        "cross-namespace \"spec.of\" is not allowed without \"spec.by\" resource.",
    );
    usage("Usage", "usages", Scope::Namespaced, spec)
}

fn usage(name: &'static str, plural: &'static str, scope: Scope, spec: Schema) -> Kind {
    let schema = whole("Keeps an object from being deleted while another one uses it, or for a reason.")
        .required("spec", spec)
        .field("status", object().field("conditions", conditions()));
    let versions = vec![Version::new("v1beta1", schema, &COLUMNS).with_status()];
    Kind { group: GROUP, name, plural, short_names: &[], categories: &[CATEGORY], scope, versions }
}

fn spec(of: Schema) -> Schema {
    object()
        .required("of", of.about("What is used."))
        .field("by", resource(reference(), selector()).about("What uses it."))
        .field("reason", string().about("Why it must not be deleted."))
        .field(
            "replayDeletion",
            boolean().about("Whether a deletion that was refused is tried again once nothing uses it."),
        )
        .rule("has(self.by) || has(self.reason)", "either \"spec.by\" or \"spec.reason\" must be specified.")
}

fn resource(reference: Schema, selector: Schema) -> Schema {
    object()
        .strings(&["apiVersion", "kind"])
        .field("resourceRef", reference.about("The object of that name."))
        .field("resourceSelector", selector.about("The object with those labels, once it is there."))
        .rule(
            "has(self.resourceRef) || has(self.resourceSelector)",
            "either a resource reference or a resource selector should be set.",
        )
}

fn selector() -> Schema {
    object()
        .field("matchControllerRef", boolean().about("Whether it must have the same controller as the usage."))
        .field("matchLabels", string_map().about("Labels that it must have."))
}
