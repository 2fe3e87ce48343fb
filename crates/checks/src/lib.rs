//! Custom health checks in Argo CD's format.
//!
//! Owns which script answers for which kind ([`Customizations`], read from an `argocd-cm` ConfigMap or from a folder of scripts) and the
//! sandbox that runs it. A script gets an object and the time, and gives a health; it has no files, no network and no clock, and
//! its steps and its memory are limited. The rules that need no script are in `plat-health`.

mod customizations;
mod glob;
mod lua;

use plat_health::{Answer, Custom};
use plat_resource::{GroupVersionKind, Value};

pub use customizations::{Check, Customizations};
pub use lua::{Limits, Stop};

/// Scripts, and how much each may use.
#[derive(Clone, Default)]
pub struct Checks {
    /// The scripts.
    pub customizations: Customizations,
    /// How much one run may use.
    pub limits: Limits,
    /// Asked now and then while a script runs; the script ends when the answer is true. The place for a clock, which this crate
    /// has none of.
    pub stop: Option<Stop>,
}

impl From<Customizations> for Checks {
    fn from(customizations: Customizations) -> Self {
        Self { customizations, ..Self::default() }
    }
}

impl Custom for Checks {
    fn answer(&self, object: &Value, now: i64) -> Answer {
        match self.customizations.find(&GroupVersionKind::of(object)) {
            Some(check) => Answer::Given(lua::run(check, object, now, &self.limits, self.stop.as_ref())),
            None => Answer::NotMine,
        }
    }
}
