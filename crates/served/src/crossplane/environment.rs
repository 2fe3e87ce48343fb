//! EnvironmentConfig: values that Compositions share.

use crate::kind::{AGE, Kind, Scope, Version, whole};
use crate::schema::{anything, map};

use super::{CATEGORY, EXTENSIONS};

/// The kind.
pub(super) fn kind() -> Kind {
    let schema = whole("Values for the environment of Compositions.")
        .field("data", map(anything()).about("The values, of any shape, by name."));
    Kind {
        group: EXTENSIONS,
        name: "EnvironmentConfig",
        plural: "environmentconfigs",
        short_names: &["envcfg"],
        categories: &[CATEGORY],
        scope: Scope::Cluster,
        versions: vec![Version::new("v1beta1", schema, &[AGE])],
    }
}
