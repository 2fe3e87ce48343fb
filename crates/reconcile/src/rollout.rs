//! Bounded rollouts: how many XRs of a Composition are moved to its new revision at once, and when that stops.
//!
//! Owns the meaning of the annotation [`ROLLOUT`]: a whole number, or a percentage of the XRs, of which at least one. Whoever
//! has the same view of the XRs gets the same answer: those that may move are the first by name, so that many workers that
//! ask at once do not move more than were allowed. Does not say which revision an XR wants, and moves nothing.

use std::collections::BTreeMap;

use plat_resource::{Value, object};

use crate::names::{PAUSED, ROLLOUT};
use crate::status;

/// The revision that is rolled out.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its labels, which XRs may select by.
    pub labels: &'a BTreeMap<String, String>,
}

/// Where a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollout {
    /// UIDs of the XRs that may move now; the others that are not there yet wait.
    pub may_move: Vec<String>,
    /// XRs that have moved and are not Ready yet.
    pub updating: Vec<String>,
    /// XRs that are to move, those that may included.
    pub pending: usize,
    /// Why nothing moves, though there is something to move.
    pub stopped: Option<String>,
    limit: Option<usize>,
}

/// What an XR may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Move to the new revision.
    Move,
    /// Stay on its revision, for this reason.
    Stay(String),
}

/// Where the rollout of `target` stands: `annotation` is [`ROLLOUT`] of the Composition, `xrs` are all that use the
/// Composition, `path` is where Crossplane's fields are in them (`Definition::machinery_path`).
pub fn rollout(annotation: Option<&str>, target: Target<'_>, xrs: &[&Value], path: &[&str]) -> Rollout {
    let members = xrs.iter().map(|xr| Member { xr, path });
    let automatic: Vec<Member<'_>> = members.filter(|xr| xr.takes(target) && xr.can_move()).collect();
    let (moved, mut pending): (Vec<Member<'_>>, Vec<Member<'_>>) =
        automatic.into_iter().filter(|xr| xr.revision().is_some()).partition(|xr| xr.revision() == Some(target.name));
    pending.sort_by_key(Member::name);
    let mut updating: Vec<String> = moved.iter().filter(|xr| !xr.is_ready()).map(Member::name).collect();
    updating.sort();
    let mut rollout = Rollout { pending: pending.len(), ..Rollout::default() };
    let limit = annotation.map(|text| limit(text, moved.len() + pending.len()));
    let broken = moved.iter().find(|xr| status::has_status(xr.xr, "Synced", "False"));
    let free = match (limit, broken) {
        (None, _) => pending.len(),
        (Some(Err(why)), _) => {
            rollout.stopped = Some(why);
            0
        }
        (Some(Ok(limit)), Some(broken)) => {
            rollout.limit = Some(limit);
            rollout.stopped = Some(broken.why_stopped(target));
            0
        }
        (Some(Ok(limit)), None) => {
            rollout.limit = Some(limit);
            limit.saturating_sub(updating.len())
        }
    };
    rollout.may_move = pending.iter().take(free).map(|xr| object::uid(xr.xr).to_owned()).collect();
    rollout.stopped = rollout.stopped.filter(|_| rollout.pending > 0);
    rollout.updating = updating;
    rollout
}

impl Rollout {
    /// Whether `xr`, which wants to move, may do so. One that has no revision yet is no update: it always may.
    pub fn of(&self, xr: &Value, path: &[&str]) -> Verdict {
        if (Member { xr, path }).revision().is_none() || self.may_move.iter().any(|uid| uid == object::uid(xr)) {
            return Verdict::Move;
        }
        if let Some(stopped) = &self.stopped {
            return Verdict::Stay(stopped.clone());
        }
        let limit = self.limit.unwrap_or_default();
        let waiting = match self.updating.as_slice() {
            [] => "others come first by name".to_owned(),
            updating => format!("{} not Ready yet: {}", updating.len(), listed(updating)),
        };
        Verdict::Stay(format!("waiting to be updated: {ROLLOUT} of the Composition allows {limit} at once, {waiting}"))
    }
}

/// The number of XRs that an annotation allows at once, of `count`.
fn limit(text: &str, count: usize) -> Result<usize, String> {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        Some(share) => share.parse::<usize>().ok().filter(|share| *share <= 100).map(|share| match share {
            0 => 0,
            share => (count.saturating_mul(share) / 100).max(1),
        }),
        None => text.parse().ok(),
    };
    match number {
        Some(0) => Err(format!("the rollout is held: {ROLLOUT} of the Composition is {text}")),
        Some(number) => Ok(number),
        None => Err(format!(
            "the rollout is held: {ROLLOUT} of the Composition is {text:?}; write a whole number, or a percentage such as 10%"
        )),
    }
}

/// One XR of the Composition.
#[derive(Clone, Copy)]
struct Member<'a> {
    xr: &'a Value,
    path: &'a [&'a str],
}

impl<'a> Member<'a> {
    fn field(&self, below: &[&str]) -> Option<&'a Value> {
        let machinery = object::value_at(self.xr, self.path)?;
        object::value_at(machinery, below)
    }

    fn revision(&self) -> Option<&'a str> {
        self.field(&["compositionRevisionRef", "name"])?.as_str()
    }

    /// Whether it follows the Composition to this revision.
    fn takes(&self, target: Target<'_>) -> bool {
        let is_manual = self.field(&["compositionUpdatePolicy"]).and_then(Value::as_str) == Some("Manual");
        let wanted = self.field(&["compositionRevisionSelector", "matchLabels"]).and_then(Value::as_object);
        let fits = |(key, value): (&String, &Value)| target.labels.get(key).map(String::as_str) == value.as_str();
        !is_manual && wanted.into_iter().flatten().all(fits)
    }

    /// Nobody waits for one that does not move by itself.
    fn can_move(&self) -> bool {
        object::value_at(self.xr, &["metadata", "deletionTimestamp"]).is_none()
            && object::annotation(self.xr, PAUSED) != Some("true")
    }

    /// Ready, and said so of the object as it is: moving it changes it, and what it said before is of the old revision.
    fn is_ready(&self) -> bool {
        let generation = object::value_at(self.xr, &["metadata", "generation"]);
        let is_current = |kind| {
            let observed = status::condition_of(self.xr, kind).and_then(|found| found.get("observedGeneration"));
            observed.is_none() || generation.is_none() || observed == generation
        };
        status::has_status(self.xr, "Ready", "True") && is_current("Ready") && is_current("Synced")
    }

    fn name(&self) -> String {
        place(object::namespace(self.xr), object::name(self.xr))
    }

    fn why_stopped(&self, target: Target<'_>) -> String {
        let message =
            status::condition_of(self.xr, "Synced").and_then(|synced| synced.get("message")).and_then(Value::as_str);
        let (name, revision) = (self.name(), target.name);
        let why = message.map_or_else(String::new, |message| format!(": {message}"));
        format!("the rollout of {revision} has stopped: {name}, already updated, is not Synced{why}")
    }
}

/// The place of an XR in the order in which they move.
pub fn place(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

fn listed(names: &[String]) -> String {
    const NAMED: usize = 3;
    let shown = names.get(..NAMED.min(names.len())).unwrap_or_default().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
