//! Finalizers, field managers, labels and annotations that controllers share with Crossplane.
//!
//! They are Crossplane's own, so that either can go on where the other stopped. One module holds them; what plat adds of its
//! own has plat's prefix.

/// Finalizer on a claim (crossplane `claim.finalizer`).
pub const CLAIM_FINALIZER: &str = "finalizer.apiextensions.crossplane.io";
/// Finalizer on an XR.
pub const COMPOSITE_FINALIZER: &str = "composite.apiextensions.crossplane.io";
/// Finalizer on an XRD whose composite CRD exists.
pub const DEFINED_FINALIZER: &str = "defined.apiextensions.crossplane.io";
/// Finalizer on an XRD whose claim CRD exists.
pub const OFFERED_FINALIZER: &str = "offered.apiextensions.crossplane.io";
/// Finalizer on a Usage.
pub const USAGE_FINALIZER: &str = "usage.apiextensions.crossplane.io";

/// Field manager of what the XR controller writes to an XR.
pub const COMPOSITE_MANAGER: &str = "apiextensions.crossplane.io/composite";
/// Field manager of what the claim controller writes to an XR.
pub const CLAIM_MANAGER: &str = "apiextensions.crossplane.io/claim";

/// Label with the name of the root XR.
pub const COMPOSITE_LABEL: &str = "crossplane.io/composite";
/// Label with the name of the claim.
pub const CLAIM_NAME_LABEL: &str = "crossplane.io/claim-name";
/// Label with the namespace of the claim.
pub const CLAIM_NAMESPACE_LABEL: &str = "crossplane.io/claim-namespace";
/// Label of a revision with the name of its Composition.
pub const COMPOSITION_NAME_LABEL: &str = "crossplane.io/composition-name";
/// Label of a revision with the hash of what it says.
pub const COMPOSITION_HASH_LABEL: &str = "crossplane.io/composition-hash";

/// Annotation of a Usage that says in a line what it is about, for kubectl.
pub const USAGE_DETAILS: &str = "crossplane.io/usage-details";

/// Stops a reconcile.
pub const PAUSED: &str = "crossplane.io/paused";
/// How often an object is looked at though nothing happened.
pub const POLL_INTERVAL: &str = "crossplane.io/poll-interval";
/// How many XRs may be moved to a new revision of a Composition at once; on the Composition.
pub const ROLLOUT: &str = "kubectl-plat.dev/rollout-max-updating";

/// Field manager of what Crossplane creates and updates as a whole: CRDs and revisions, which either engine goes on with.
pub const CROSSPLANE_MANAGER: &str = "crossplane";
/// Field manager of what only tells who writes. XRDs are written by it: by them a Crossplane that runs is recognized.
pub const PLAT_MANAGER: &str = "apiextensions.crossplane.io/plat";
