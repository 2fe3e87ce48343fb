//! Function: a program that a pipeline calls.

use crate::common::conditions;
use crate::kind::{AGE, Column, Kind, Scope, Version, whole};
use crate::schema::{Schema, boolean, int64, list, object, string, string_map};

use super::{CATEGORY, PACKAGES};
use serde_json::json;

const COLUMNS: [Column; 4] = [
    Column(".status.conditions[?(@.type=='Installed')].status", "INSTALLED", "string"),
    Column(".status.conditions[?(@.type=='Healthy')].status", "HEALTHY", "string"),
    Column(".spec.package", "PACKAGE", "string"),
    AGE,
];

/// The kind; its two versions are the same.
pub(super) fn kind() -> Kind {
    let schema =
        whole("A program that the pipelines of Compositions call.").field("spec", spec()).field("status", status());
    let versions = ["v1", "v1beta1"].map(|name| Version::new(name, schema.clone(), &COLUMNS).with_status());
    Kind {
        group: PACKAGES,
        name: "Function",
        plural: "functions",
        short_names: &[],
        categories: &[CATEGORY, "pkg"],
        scope: Scope::Cluster,
        versions: versions.into(),
    }
}

fn spec() -> Schema {
    let secret = object().field("name", string().default("")).atomic();
    object()
        .required("package", package().about("The image of its package."))
        .field(
            "packagePullPolicy",
            string().default("IfNotPresent").about("When the image is pulled, as for a container."),
        )
        .field("packagePullSecrets", list(secret).about("Secrets that it is pulled with."))
        .field("revisionActivationPolicy", string().default("Automatic").about("Whether a new image is used at once."))
        .field("revisionHistoryLimit", int64().default(1).about("How many former images are remembered."))
        .field("runtimeConfigRef", runtime_config().about("How it is run."))
        .field("commonAnnotations", string_map().about("Annotations of what is made for it."))
        .field("commonLabels", string_map().about("Labels of what is made for it."))
        .field("skipDependencyResolution", boolean().default(false).about("Whether what it depends on is left out."))
        .field(
            "ignoreCrossplaneConstraints",
            boolean().default(false).about("Whether it is used by versions that it does not say it is made for."),
        )
}

fn package() -> Schema {
    string().rule(
        r"self.matches('^[^\\.\\/]+(\\.[^\\.\\/]+)+(\\/[^\\/:@]+)+(:[^:@]+(@sha256.+)?|@sha256.+)$')",
        "must be a fully qualified image name, including the registry, repository, and tag or digest. \
         For example, 'registry.example.com/repo/package:tag' or 'registry.example.com/repo/package[:tag]@sha256:\
         1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef'.",
    )
}

fn runtime_config() -> Schema {
    object()
        .field("apiVersion", string().default("pkg.crossplane.io/v1beta1"))
        .field("kind", string().default("DeploymentRuntimeConfig"))
        .required("name", string())
        .default(json!({"name": "default"}))
}

fn status() -> Schema {
    let image_config = object()
        .required("name", string().about("Its name."))
        .required("reason", string().about("What it was used for."));
    object()
        .field("conditions", conditions())
        .field("appliedImageConfigRefs", list(image_config).about("The ImageConfigs that counted."))
        .field("currentIdentifier", string().about("The package of the revision in use, as it was asked for."))
        .field("currentRevision", string().about("The revision in use."))
        .field("resolvedPackage", string().about("The image that is used, after rewriting."))
}
