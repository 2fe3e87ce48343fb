//! The CustomResourceDefinitions of the kinds that plat serves, for clusters where nobody else brings them.
//!
//! Owns their schemas, and which there are. Installs nothing: `manifests/crds.yaml` and `manifests/policy-crds.yaml` are made
//! from here, and whoever installs them leaves alone what another program made. What objects of the kinds mean is the matter
//! of `plat-platform`, `plat-policy` and `plat-reconcile`; the kinds that an XRD makes are `plat-platform`'s too.

mod common;
mod crossplane;
mod gatekeeper;
mod kind;
mod pod;
mod schema;

use plat_resource::{Value, yaml};

/// The definitions of Crossplane's kinds, in the order in which they are written.
pub fn definitions() -> Vec<Value> {
    crossplane::kinds().into_iter().map(kind::Kind::definition).collect()
}

/// The definitions of Gatekeeper's kinds, in the order in which they are written.
pub fn policy_definitions() -> Vec<Value> {
    gatekeeper::kinds().into_iter().map(kind::Kind::definition).collect()
}

/// Crossplane's kinds as the file that is committed.
pub fn manifest() -> String {
    file("Crossplane", &definitions())
}

/// Gatekeeper's kinds as the file that is committed.
pub fn policy_manifest() -> String {
    file("Gatekeeper", &policy_definitions())
}

fn file(owner: &str, definitions: &[Value]) -> String {
    let documents: Vec<String> = definitions.iter().map(yaml::to_string).collect();
    format!(
        "# Made by `cargo xtask generate`. For clusters without {owner}: docs/kinds.md says how it is applied, so that\n\
         # definitions of somebody else's stay as they are.\n{}",
        documents.join("---\n")
    )
}

#[cfg(test)]
mod tests {
    use plat_platform::Platform;
    use plat_resource::Document;

    use super::*;

    #[test]
    fn plat_reads_the_definitions_as_it_reads_those_of_a_cluster() {
        let all = || definitions().into_iter().chain(policy_definitions());
        let documents = all().map(|definition| Document::synthetic(definition, "crds.yaml"));
        let (platform, findings) = Platform::load(documents.collect());
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
        assert_eq!(platform.crds().count(), all().count());
    }

    #[test]
    fn every_kind_that_platforms_are_made_of_is_brought() {
        // ManagedResourceDefinitions belong to packages; CustomResourceDefinitions are Kubernetes' own.
        let left_out = ["CustomResourceDefinition", "ManagedResourceDefinition"];
        let brought = definitions();
        for row in plat_platform::KINDS.iter().filter(|row| !left_out.contains(&row.kind)) {
            let spec = brought.iter().map(|definition| &definition["spec"]);
            let found = spec.filter(|spec| spec["group"] == row.group && spec["names"]["kind"] == row.kind).count();
            assert_eq!(found, 1, "{}/{}", row.group, row.kind);
        }
    }
}
