//! Assign, AssignMetadata, ModifySet and AssignImage: what is filled in.

use crate::kind::{Kind, Scope, Version, whole};
use crate::schema::{Schema, anything, list, object, open_object, string};

use super::{apply_to, matching, mutator_status, short_name};

const ALL_VERSIONS: &[&str] = &["v1", "v1alpha1", "v1beta1"];

/// All four.
pub(super) fn kinds() -> Vec<Kind> {
    vec![
        kind("Assign", "assign", ALL_VERSIONS, &applied(spec(tested(assignment())))),
        kind("AssignMetadata", "assignmetadata", ALL_VERSIONS, &spec(assignment())),
        kind("ModifySet", "modifyset", ALL_VERSIONS, &applied(spec(tested(set())))),
        kind("AssignImage", "assignimage", &["v1alpha1"], &applied(spec(tested(image())))),
    ]
}

fn kind(name: &'static str, plural: &'static str, versions: &[&'static str], spec: &Schema) -> Kind {
    let whole =
        whole("Changes objects before they are judged.").field("spec", spec.clone()).field("status", mutator_status());
    let versions = versions.iter().enumerate().map(|(index, version)| {
        // Only the version that is stored limits names.
        let schema = if index == 0 { whole.clone().field("metadata", short_name()) } else { whole.clone() };
        Version::new(version, schema, &[]).with_status()
    });
    Kind {
        group: "mutations.gatekeeper.sh",
        name,
        plural,
        short_names: &[],
        categories: &[],
        scope: Scope::Cluster,
        versions: versions.collect(),
    }
}

fn spec(parameters: Schema) -> Schema {
    object()
        .field("location", string().about("The path of the field that is changed."))
        .field("match", matching().about("Objects that are changed."))
        .field("parameters", parameters.about("What it is changed to."))
}

fn applied(spec: Schema) -> Schema {
    let operations = list(string().one_of(&["CREATE", "UPDATE", "*"]));
    spec.field("applyTo", list(apply_to().field("operations", operations)).about("Kinds that have the field."))
}

fn tested(parameters: Schema) -> Schema {
    let test = object().field("subPath", string().about("A part of the path.")).field(
        "condition",
        string().one_of(&["MustExist", "MustNotExist"]).about("What must be there for the change."),
    );
    parameters.field("pathTests", list(test).about("When it is changed."))
}

fn assignment() -> Schema {
    let external = object()
        .required("provider", string())
        .field("dataSource", string().one_of(&["ValueAtLocation", "Username"]).default("ValueAtLocation"))
        .field("default", string())
        .field("failurePolicy", string().one_of(&["UseDefault", "Ignore", "Fail"]).default("Fail"));
    let assign = object()
        .field("value", anything().about("This value."))
        .field("fromMetadata", object().field("field", string()).about("The name or namespace of the object."))
        .field("externalData", external.about("What a provider answers."));
    object().field("assign", assign)
}

fn set() -> Schema {
    object()
        .field(
            "operation",
            string().one_of(&["merge", "prune"]).default("merge").about("Whether values are added or removed."),
        )
        .field("values", open_object().about("The values."))
}

fn image() -> Schema {
    object().strings(&["assignDomain", "assignPath", "assignTag"])
}
