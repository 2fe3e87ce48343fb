//! Composition, and CompositionRevision: the same at one time.

use crate::common::conditions;
use crate::kind::{AGE, Column, Kind, Scope, Version, reference, whole};
use crate::schema::{Schema, int64, keyed_list, object, open_object, string, string_map};

use super::{CATEGORY, EXTENSIONS};

const KIND: Column = Column(".spec.compositeTypeRef.kind", "XR-KIND", "string");
const API_VERSION: Column = Column(".spec.compositeTypeRef.apiVersion", "XR-APIVERSION", "string");

/// Composition.
pub(super) fn kind() -> Kind {
    let pipeline = pipeline().with("minItems", 1).with("maxItems", 99);
    let spec = spec(pipeline).rule(
        "self.mode == 'Pipeline' && has(self.pipeline)",
        "an array of pipeline steps is required in Pipeline mode",
    );
    let schema = whole("Says what is composed for XRs of a kind.").field("spec", spec);
    Kind {
        group: EXTENSIONS,
        name: "Composition",
        plural: "compositions",
        short_names: &["comp"],
        categories: &[CATEGORY],
        scope: Scope::Cluster,
        versions: vec![Version::new("v1", schema, &[KIND, API_VERSION, AGE])],
    }
}

/// CompositionRevision.
pub(super) fn revision_kind() -> Kind {
    let spec = spec(pipeline()).required("revision", int64().about("Its number: the highest is the newest."));
    let schema = whole("A Composition as it was at one time. Made by the controller; nobody needs to write one.")
        .field("spec", spec)
        .field("status", object().field("conditions", conditions()));
    let revision = Column(".spec.revision", "REVISION", "string");
    Kind {
        group: EXTENSIONS,
        name: "CompositionRevision",
        plural: "compositionrevisions",
        short_names: &["comprev"],
        categories: &[CATEGORY],
        scope: Scope::Cluster,
        versions: vec![Version::new("v1", schema, &[revision, KIND, API_VERSION, AGE]).with_status()],
    }
}

fn spec(pipeline: Schema) -> Schema {
    let composite = object().required_strings(&["apiVersion", "kind"]).immutable();
    object()
        .required("compositeTypeRef", composite.about("The kind and version of XRs that it is for."))
        .field("mode", string().one_of(&["Pipeline"]).default("Pipeline").about("How resources are composed."))
        .field("pipeline", pipeline.about("The functions that compose, in their order."))
        .field(
            "writeConnectionSecretsToNamespace",
            string().about("Namespace of the connection Secrets of XRs whose scope is LegacyCluster."),
        )
}

fn pipeline() -> Schema {
    let input = open_object().with("x-kubernetes-embedded-resource", true);
    let step = object()
        .required("step", string().about("Its name, which no other step has."))
        .required("functionRef", reference().about("The Function that is called."))
        .field("input", input.about("What the Function is given besides the XR: an object of the Function's own kind."))
        .field("credentials", credentials().about("Secrets that the Function is given."))
        .field("requirements", requirements().about("What the Function is given to read, without asking for it."));
    keyed_list(&["step"], step)
}

fn credentials() -> Schema {
    let credential = object()
        .required("name", string().about("Its name, by which the Function finds it."))
        .required("source", string().one_of(&["None", "Secret"]).about("Where it is from."))
        .field("secretRef", object().required_strings(&["name", "namespace"]).about("The Secret."))
        .rule("self.source == 'Secret' && has(self.secretRef)", "the Secret source requires a secretRef");
    keyed_list(&["name"], credential)
}

fn requirements() -> Schema {
    let name = || string().about("Its name, by which the Function finds it.");
    let resource = object()
        .required("requirementName", name())
        .required_strings(&["apiVersion", "kind"])
        .field("name", string().about("The one object of that name."))
        .field("matchLabels", string_map().about("All objects with these labels."))
        .field("namespace", string().about("Where they are."))
        .rule("!(has(self.name) && has(self.matchLabels))", "name and matchLabels are mutually exclusive");
    let schema = object().required("requirementName", name()).required_strings(&["apiVersion", "kind"]);
    object()
        .field("requiredResources", keyed_list(&["requirementName"], resource).about("Objects of the cluster."))
        .field("requiredSchemas", keyed_list(&["requirementName"], schema).about("Schemas of kinds."))
}
