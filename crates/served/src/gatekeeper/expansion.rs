//! ExpansionTemplate: which objects others follow from.

use crate::kind::{Kind, Scope, Version, whole};
use crate::schema::{list, object, string};

use super::{apply_to, kind_fields, short_name, status};

/// The kind.
pub(super) fn kind() -> Kind {
    let spec = object()
        .field("applyTo", list(apply_to()).about("Kinds from which others follow."))
        .field("enforcementAction", string().about("What is done about violations, where constraints do not say."))
        .field("generatedGVK", kind_fields().about("The kind that follows."))
        .field("templateSource", string().about("The field that holds what follows."));
    let schema = whole("Says which objects follow from others, so that they are judged with them.")
        .field("spec", spec)
        .field("status", status(|replica| replica.field("templateUID", string())));
    let stored = schema.clone().field("metadata", short_name());
    Kind {
        group: "expansion.gatekeeper.sh",
        name: "ExpansionTemplate",
        plural: "expansiontemplate",
        short_names: &[],
        categories: &[],
        scope: Scope::Cluster,
        versions: vec![
            Version::new("v1alpha1", stored, &[]).with_status(),
            Version::new("v1beta1", schema, &[]).with_status(),
        ],
    }
}
