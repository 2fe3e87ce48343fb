//! What a caller may choose about policies.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::ConstraintName;

/// Whoever wants to know when a constraint is evaluated: to measure it takes a clock, which there is none of here.
pub trait Observer: Debug + Send + Sync {
    /// The evaluation of a constraint begins on this thread.
    fn begin(&self, constraint: &ConstraintName);

    /// It has ended.
    fn end(&self, constraint: &ConstraintName);
}

/// How policies are read and run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether `K8sNativeValidation` (CEL) is used. Where a template brings CEL and Rego, CEL then comes first, as in
    /// Gatekeeper.
    pub cel: bool,
    /// Bounds of one evaluation of one constraint.
    pub limits: plat_rego::Limits,
    /// Who is told of each evaluation.
    pub observer: Option<Arc<dyn Observer>>,
    /// The time since the epoch, asked once for each evaluation: what `time.now_ns` says where `limits` say nothing.
    pub clock: Option<fn() -> Duration>,
}

impl Options {
    /// The bounds of an evaluation that begins now.
    pub(crate) fn limits_now(&self) -> plat_rego::Limits {
        let now = self.limits.now.or_else(|| self.clock.map(|clock| clock()));
        plat_rego::Limits { now, ..self.limits }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { cel: true, limits: plat_rego::Limits::default(), observer: None, clock: None }
    }
}
