//! ConstraintTemplate: a rule with parameters.

use crate::kind::{Kind, Scope, Version, whole};
use crate::schema::{Schema, anything, boolean, int64, keyed_list, list, object, open_object, string};
use serde_json::json;

use super::strings;

/// The kind; its versions differ in how the schema of parameters is read.
pub(super) fn kind() -> Kind {
    let version = |name, is_legacy| {
        let schema = whole("A rule with parameters: each template makes a kind of constraints.")
            .field("spec", spec(is_legacy))
            .field("status", status());
        Version::new(name, schema, &[]).with_status()
    };
    Kind {
        group: "templates.gatekeeper.sh",
        name: "ConstraintTemplate",
        plural: "constrainttemplates",
        short_names: &[],
        categories: &[],
        scope: Scope::Cluster,
        versions: vec![version("v1", false), version("v1alpha1", true), version("v1beta1", true)],
    }
}

fn spec(is_legacy: bool) -> Schema {
    let names = object().field("kind", string().about("The kind of constraints.")).field("shortNames", strings());
    let validation = object()
        .field(
            "legacySchema",
            boolean().default(is_legacy).about("Whether fields that are not in the schema are kept."),
        )
        .field("openAPIV3Schema", open_object().about("The schema of parameters."))
        .default(json!({"legacySchema": is_legacy}));
    let crd = object().field("spec", object().field("names", names).field("validation", validation));
    object().field("crd", crd.about("The kind that is made.")).field("targets", list(target()).about("The rule."))
}

fn target() -> Schema {
    let code = object()
        .required("engine", string().about("Rego or K8sNativeValidation."))
        .required("source", anything().about("The rule, as the engine wants it."));
    let operations = string().one_of(&["*", "CREATE", "DELETE", "UPDATE", "CONNECT"]);
    object()
        .field("target", string().about("admission.k8s.gatekeeper.sh"))
        .field("rego", string().about("The rule in Rego."))
        .field("libs", strings().about("Packages in Rego that the rule imports."))
        .field("code", keyed_list(&["engine"], code).about("The rule, in one language or several."))
        .field("operations", list(operations).about("What is judged."))
}

fn status() -> Schema {
    let error = object().required_strings(&["code", "message"]).field("location", string());
    let replica = open_object()
        .field("id", string().about("The replica."))
        .field("observedGeneration", int64().about("The metadata.generation that it tells of."))
        .field("errors", list(error).about("What is wrong with the template."));
    object()
        .field("byPod", list(replica).about("What each replica says of it."))
        .field("created", boolean().about("Whether the kind is made."))
}
