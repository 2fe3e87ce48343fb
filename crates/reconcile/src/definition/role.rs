//! The two CRDs of an XRD, and Crossplane's words about each.

use plat_resource::{Value, object};

/// Which of the two CRDs of an XRD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// That of the composite resource.
    Composite,
    /// That of the claim.
    Claim,
}

/// What Crossplane calls things about one of the two.
pub(super) struct Words {
    /// Type of the condition on the XRD.
    pub(super) condition: &'static str,
    /// Its reason while instances are watched.
    pub(super) watching: &'static str,
    /// Its reason during deletion.
    pub(super) terminating: &'static str,
    /// Reason of events about making the CRD.
    pub(super) establish: &'static str,
    /// Reason of events about taking it away.
    pub(super) terminate: &'static str,
    /// What instances are called.
    pub(super) resource: &'static str,
    /// What failed when the CRD could not be written.
    pub(super) cannot_apply: &'static str,
    /// What is awaited while it is new.
    pub(super) wait_established: &'static str,
    /// What is awaited before it goes.
    pub(super) wait_deleted: &'static str,
    /// Field of the XRD with the names.
    pub(super) names: &'static str,
    /// Field of `status.controllers` with the kind.
    pub(super) type_reference: &'static str,
}

const COMPOSITE: Words = Words {
    condition: "Established",
    watching: "WatchingCompositeResource",
    terminating: "TerminatingCompositeResource",
    establish: "EstablishComposite",
    terminate: "TerminateComposite",
    resource: "composite resource",
    cannot_apply: "cannot apply rendered composite resource CustomResourceDefinition",
    wait_established: "waiting for composite resource CustomResourceDefinition to be established",
    wait_deleted: "waiting for defined composite resources to be deleted",
    names: "spec.names",
    type_reference: "compositeResourceType",
};

const CLAIM: Words = Words {
    condition: "Offered",
    watching: "WatchingCompositeResourceClaim",
    terminating: "TerminatingCompositeResourceClaim",
    establish: "OfferClaim",
    terminate: "RedactClaim",
    resource: "composite resource claim",
    cannot_apply: "cannot apply rendered composite resource claim CustomResourceDefinition",
    wait_established: "waiting for composite resource claim CustomResourceDefinition to be established",
    wait_deleted: "waiting for defined composite resource claims to be deleted",
    names: "spec.claimNames",
    type_reference: "compositeResourceClaimType",
};

impl Role {
    /// Which of the CRDs of `definition` `crd` is.
    pub fn of(definition: &Value, crd: &Value) -> Self {
        Self::of_name(definition, object::name(crd))
    }

    /// The same of the CRD with this name.
    pub fn of_name(definition: &Value, crd: &str) -> Self {
        if crd == object::name(definition) { Self::Composite } else { Self::Claim }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::Composite => &COMPOSITE,
            Self::Claim => &CLAIM,
        }
    }
}
