//! DeploymentRuntimeConfig: how functions are run.

use crate::common::label_selector;
use crate::kind::{AGE, Kind, Scope, Version, whole};
use crate::pod;
use crate::schema::{Schema, boolean, int_or_string, int32, object, string, string_map};

use super::{CATEGORY, PACKAGES};

/// The kind.
pub(super) fn kind() -> Kind {
    let spec = object()
        .field("deploymentTemplate", template().field("spec", deployment()).about("What differs in the Deployment."))
        .field("serviceTemplate", template().about("What differs in the Service."))
        .field("serviceAccountTemplate", template().about("What differs in the ServiceAccount."));
    let schema = whole("How functions that refer to it are run.").field("spec", spec);
    Kind {
        group: PACKAGES,
        name: "DeploymentRuntimeConfig",
        plural: "deploymentruntimeconfigs",
        short_names: &[],
        categories: &[CATEGORY],
        scope: Scope::Cluster,
        versions: vec![Version::new("v1beta1", schema, &[AGE])],
    }
}

fn template() -> Schema {
    let metadata = object().field("annotations", string_map()).field("labels", string_map()).field("name", string());
    object().field("metadata", metadata)
}

/// The spec of a Deployment.
fn deployment() -> Schema {
    let rolling = object().fields(&["maxSurge", "maxUnavailable"], &int_or_string());
    let strategy = object().field("type", string()).field("rollingUpdate", rolling);
    object()
        .fields(&["minReadySeconds", "progressDeadlineSeconds", "replicas", "revisionHistoryLimit"], &int32())
        .field("paused", boolean())
        .field("strategy", strategy)
        .required("selector", label_selector())
        .required("template", object().field("metadata", pod::metadata()).field("spec", pod::spec()))
}
