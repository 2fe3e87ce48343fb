//! What a caller may choose about policies.

/// How policies are read and run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether `K8sNativeValidation` (CEL) is used. Where a template brings CEL and Rego, CEL then comes first, as in
    /// Gatekeeper.
    pub cel: bool,
    /// Bounds of one evaluation of one constraint.
    pub limits: plat_rego::Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { cel: true, limits: plat_rego::Limits::default() }
    }
}
