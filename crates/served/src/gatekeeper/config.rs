//! Config and SyncSet: which namespaces are left out, and which objects policies may look at.

use crate::kind::{Kind, Scope, Version, whole};
use crate::schema::{boolean, list, object, string};

use super::{kind_fields, short_name, status, strings, wildcard};

/// Config.
pub(super) fn kind() -> Kind {
    let matching = object()
        .field("excludedNamespaces", list(wildcard()).about("Namespaces that are left out; may begin or end with *."))
        .field("processes", strings().about("What they are left out of."));
    let trace = object().strings(&["dump", "user"]).field("kind", kind_fields());
    let spec = object()
        .field("match", list(matching))
        .field("readiness", object().field("statsEnabled", boolean()))
        .field("sync", object().field("syncOnly", list(kind_fields())).about("Kinds that policies may look at."))
        .field("validation", object().field("traces", list(trace)));
    let schema = whole("Settings of Gatekeeper.")
        .field("spec", spec)
        .field("status", status(|replica| replica.field("configUID", string())));
    Kind {
        group: "config.gatekeeper.sh",
        name: "Config",
        plural: "configs",
        short_names: &[],
        categories: &[],
        scope: Scope::Namespaced,
        versions: vec![Version::new("v1alpha1", schema, &[]).with_status()],
    }
}

/// SyncSet.
pub(super) fn sync_set_kind() -> Kind {
    let spec = object().field("gvks", list(kind_fields()).about("The kinds."));
    let schema = whole("Kinds that policies may look at.").field("spec", spec).field("metadata", short_name());
    Kind {
        group: "syncset.gatekeeper.sh",
        name: "SyncSet",
        plural: "syncsets",
        short_names: &[],
        categories: &[],
        scope: Scope::Cluster,
        versions: vec![Version::new("v1alpha1", schema, &[])],
    }
}
