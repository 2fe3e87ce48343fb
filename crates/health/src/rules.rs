//! Who answers for an object.

use std::sync::Arc;

use plat_resource::Value;

use crate::fields::{is_set, list};
use crate::{Health, builtin, conditions, crossplane, known};

/// Argo CD's finalizer of hooks, which stay what they are until their sync is over.
const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";

/// What is said of a kind that Argo CD says nothing of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing, as Argo CD.
    Nothing,
    /// What plat knows of it, or else what its conditions say.
    #[default]
    Conditions,
}

/// Who may answer for an object before the rules do.
pub trait Custom: Send + Sync {
    /// What is said of `object`; `now` is in seconds since 1970.
    fn answer(&self, object: &Value, now: i64) -> Answer;
}

/// What a custom check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// There is no check for the kind: the rules answer.
    NotMine,
    /// This, which may be nothing; the rules are not asked.
    Given(Option<Health>),
}

/// Everything that decides about health.
#[derive(Clone, Default)]
pub struct Rules {
    /// Custom checks.
    pub custom: Option<Arc<dyn Custom>>,
    /// What is said where Argo CD says nothing.
    pub unknown: Unknown,
}

impl Rules {
    /// Exactly what Argo CD says without scripts.
    pub fn of_argo_cd() -> Self {
        Self { custom: None, unknown: Unknown::Nothing }
    }

    /// With these custom checks before the rules.
    #[must_use]
    pub fn with(mut self, custom: impl Custom + 'static) -> Self {
        self.custom = Some(Arc::new(custom));
        self
    }

    /// The health of `object`, if anybody answers for it. `now` is in seconds since 1970, for checks that ask for the time.
    pub fn health(&self, object: &Value, now: i64) -> Option<Health> {
        let is_hook = list(object, &["metadata", "finalizers"]).iter().any(|it| it == HOOK_FINALIZER);
        if is_set(object, &["metadata", "deletionTimestamp"]) && !is_hook {
            return Some(Health::progressing("Pending deletion"));
        }
        match self.custom.as_ref().map(|custom| custom.answer(object, now)) {
            Some(Answer::Given(health)) => health,
            None | Some(Answer::NotMine) => self.by_rule(object),
        }
    }

    fn by_rule(&self, object: &Value) -> Option<Health> {
        let of_argo_cd = crossplane::argo_cd(object).or_else(|| builtin::health(object));
        of_argo_cd.or_else(|| match self.unknown {
            Unknown::Nothing => None,
            Unknown::Conditions => beyond(object),
        })
    }
}

/// What Argo CD does not say.
fn beyond(object: &Value) -> Option<Health> {
    let managed = || crossplane::is_managed(object).then(|| crossplane::conditions(object)).flatten();
    known::health(object).or_else(managed).or_else(|| conditions::health(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;
    use serde_json::json;

    #[test]
    fn what_is_being_deleted_is_progressing_unless_it_is_a_hook() {
        let rules = Rules::of_argo_cd();
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
            "status": {"phase": "Succeeded"}});
        assert_eq!(rules.health(&pod, 0), Some(Health::progressing("Pending deletion")));
        pod["metadata"]["finalizers"] = json!([HOOK_FINALIZER]);
        assert_eq!(rules.health(&pod, 0), Some(Health::healthy("")));
    }

    /// Says what it was made with, of pods.
    struct OfPods(Option<Health>);

    impl Custom for OfPods {
        fn answer(&self, object: &Value, _: i64) -> Answer {
            if object["kind"] == "Pod" { Answer::Given(self.0.clone()) } else { Answer::NotMine }
        }
    }

    #[test]
    fn a_custom_check_comes_before_the_rule_even_when_it_says_nothing() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Succeeded"}});
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Bound"}});
        for custom in [None, Some(Health::degraded("no"))] {
            let rules = Rules::default().with(OfPods(custom.clone()));
            assert_eq!(rules.health(&pod, 0), custom);
            assert_eq!(rules.health(&claim, 0), Some(Health::healthy("")));
        }
    }

    #[test]
    fn a_kind_of_a_platform_has_health_only_beyond_argo_cd() {
        let status = json!({"conditions": [{"type": "Synced", "status": "False", "message": "no quota"}]});
        let xr = json!({"apiVersion": "acme.io/v1", "kind": "XDb", "spec": {"crossplane": {}}, "status": status});
        assert_eq!(Rules::of_argo_cd().health(&xr, 0), None);
        assert_eq!(Rules::default().health(&xr, 0), Some(Health::degraded("no quota")));
        let cron_job = json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"suspend": true}});
        assert_eq!(Rules::default().health(&cron_job, 0).map(|it| it.status), Some(Status::Suspended));
    }
}
