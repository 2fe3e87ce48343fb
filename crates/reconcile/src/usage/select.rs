//! Finding the objects of a Usage that names them by labels (crossplane `usage/selector.go`).

use plat_platform::usage::{Selector, Used};
use plat_platform::{Usage, UsageKind};
use plat_resource::{GroupVersionKind, Value, object};
use serde_json::{Map, json};

use super::{Look, Step};
use crate::Decision;
use crate::live::patched;
use crate::names::CROSSPLANE_MANAGER;

/// Reason of events about it.
const REASON: &str = "ResolveSelectors";

/// Which of the two objects of a Usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The used one.
    Of,
    /// The one that uses it.
    By,
}

/// What has to be listed to find an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Which of the two it is.
    pub side: Side,
    /// Its kind.
    pub kind: GroupVersionKind,
    /// Where it is; empty for everywhere.
    pub namespace: String,
    /// Its labels, as the API server is asked for them.
    pub labels: String,
}

impl Side {
    fn field(self) -> &'static str {
        match self {
            Self::Of => "of",
            Self::By => "by",
        }
    }
}

impl Look<'_> {
    /// What is to be listed because an object has no name yet.
    pub fn search(&self) -> Result<Option<Search>, Decision> {
        let Usage { of, by, key, .. } = self.usage;
        if of.api_version.matches('/').count() > 1 {
            let message = format!("cannot parse APIVersion: unexpected GroupVersion string: {}", of.api_version);
            return Err(self.fail(REASON, &message));
        }
        let sides = [(Side::Of, Some(of)), (Side::By, by.as_ref())].into_iter();
        let mut sides = sides.filter_map(|(side, used)| Some((side, used?)));
        let Some((side, used)) = sides.find(|(_, used)| used.name.is_none()) else { return Ok(None) };
        let Some(selector) = &used.selector else {
            return Err(self.unresolved(side, "no selector defined for resolving"));
        };
        let labels: Vec<String> = selector.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Ok(Some(Search {
            side,
            kind: used.group_version_kind(),
            namespace: selector.namespace.as_ref().unwrap_or(&key.namespace).clone(),
            labels: labels.join(","),
        }))
    }

    /// Writes down the name of the first of the objects that fits.
    pub fn resolve(&self, side: Side, listed: &[Value]) -> Step {
        let failed = "cannot resolve selectors: cannot update usage after resolving selector";
        let used = match side {
            Side::Of => Some(&self.usage.of),
            Side::By => self.usage.by.as_ref(),
        };
        let decision = match used.and_then(|used| used.selector.as_ref().map(|selector| (used, selector))) {
            None => Decision::wait(),
            Some((used, selector)) => self.choose(side, used, selector, listed),
        };
        Step::new(decision, REASON, failed)
    }

    fn choose(&self, side: Side, used: &Used, selector: &Selector, listed: &[Value]) -> Decision {
        let labels: Vec<String> = selector.labels.iter().map(|(key, value)| format!("{key:?}:{value:?}")).collect();
        let sought = format!("no {:?} found matching labels: map[{}]", used.kind, labels.join(" "));
        if listed.is_empty() {
            return self.unresolved(side, &sought);
        }
        let fits = |object: &&Value| !selector.same_controller || has_same_controller(object, self.live);
        let Some(chosen) = listed.iter().find(fits) else {
            return self.unresolved(side, &format!("{sought} and with same controller reference"));
        };
        let mut reference = Map::new();
        reference.insert("name".to_owned(), json!(object::name(chosen)));
        let may_be_elsewhere =
            side == Side::Of && UsageKind::of(&self.usage.key.kind).is_some_and(|kind| kind.is_namespaced);
        let namespace = object::namespace(chosen);
        if may_be_elsewhere && namespace != self.usage.key.namespace {
            reference.insert("namespace".to_owned(), json!(namespace));
        }
        let patch = json!({"spec": {side.field(): {"resourceRef": reference}}});
        Decision::first(patched(self.live, patch, CROSSPLANE_MANAGER))
    }

    /// Why a selector found nothing.
    pub fn unresolved(&self, side: Side, why: &str) -> Decision {
        let field = side.field();
        let message =
            format!("cannot resolve selectors: cannot resolve selector at \"spec.{field}.resourceSelector\": {why}");
        self.fail(REASON, &message)
    }
}

fn has_same_controller(one: &Value, other: &Value) -> bool {
    let uid = |object| object::controller(object).and_then(|owner| object::string_at(owner, &["uid"]));
    uid(one).is_some() && uid(one) == uid(other)
}
