//! Names that others read: plat's own prefix and the fields of Crossplane that a plan looks at.

/// `apiVersion` of a written plan.
pub const API_VERSION: &str = "kubectl-plat.dev/v1alpha1";

/// `kind` of a written plan.
pub const KIND: &str = "Plan";

/// What stands in for a value that is never shown.
pub const SENSITIVE: &str = "(sensitive)";

/// Annotation that stops Crossplane and its providers from touching an object.
pub const PAUSED: &str = "crossplane.io/paused";

/// Annotation that carries the composition-resource name.
pub const COMPOSITION_RESOURCE_NAME: &str = "crossplane.io/composition-resource-name";

/// Label that a Usage puts on what must not be deleted.
pub const IN_USE: &str = "crossplane.io/in-use";

/// Annotation in which `kubectl apply` keeps what it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Field owner of composed resources; Crossplane appends a hash per XR.
pub const OWNER_OF_COMPOSED: &str = "apiextensions.crossplane.io/composed";

/// Field owner of what the claim controller writes to an XR.
pub const OWNER_OF_CLAIMED: &str = "apiextensions.crossplane.io/claim";

/// Labels and annotations that Crossplane puts on everything it makes; not worth a line on a create.
pub const MACHINERY: &[&str] = &[
    "crossplane.io/composite",
    "crossplane.io/claim-name",
    "crossplane.io/claim-namespace",
    COMPOSITION_RESOURCE_NAME,
];
