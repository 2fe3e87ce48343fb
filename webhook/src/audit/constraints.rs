//! The status of constraints: when they were audited and what violates them.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, discovery::ApiResource};
use plat_admission::report::ConstraintFindings;
use plat_admission::{Snapshot, constraint_crd, kinds};
use plat_policy::ConstraintName;
use serde_json::json;
use tracing::warn;

use crate::sources::words;

/// Writes the status of every constraint of the snapshot that stands in the cluster.
pub(super) async fn write(
    client: &Client,
    snapshot: &Snapshot,
    found: &BTreeMap<ConstraintName, ConstraintFindings>,
    seconds: i64,
) {
    let timestamp = Timestamp::from_second(seconds).unwrap_or_default().to_string();
    let nothing = ConstraintFindings::default();
    for constraint in snapshot.policies.constraints() {
        let name = constraint.name();
        let mut status = found.get(name).unwrap_or(&nothing).status(&timestamp);
        if status.get("violations").is_none() {
            // A merge keeps what is not named.
            status["violations"] = json!(null);
        }
        let kind = GroupVersionKind::gvk(kinds::CONSTRAINTS, "v1beta1", &name.kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, &constraint_crd::plural_of(&name.kind));
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        let patch = json!({"status": status});
        match api.patch_status(&name.name, &PatchParams::default(), &Patch::Merge(&patch)).await {
            Ok(_) => {}
            // Constraints of folders are nowhere in the cluster.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => {
                warn!(kind = name.kind, name = name.name, "its status cannot be written: {}", words(&error));
            }
        }
    }
}
