//! Which engine reconciles in this cluster: plat, or Crossplane where that runs.
//!
//! Owns the verdict and its words, from Crossplane's Leases and Deployments and from who last wrote the XRDs. Remembers only
//! how long a Lease has looked as it does: whether a leader lives is told by change, not by comparing clocks. Asks nobody and
//! stops nothing.

mod evidence;

use std::collections::BTreeMap;

use plat_resource::{ObjectKey, Value, object};

pub use evidence::Evidence;
use evidence::{DeploymentSays, LeaseSays};

/// The Lease of Crossplane's leader.
pub const CROSSPLANE_LEASE: &str = "crossplane-leader-election-core";
/// Label that the Deployments of Crossplane's chart carry, its RBAC manager's too.
pub const CROSSPLANE_COMPONENT: (&str, &str) = ("app.kubernetes.io/component", "cloud-infrastructure-controller");

/// A Lease that is older by so much was not written by a clock that is merely off.
const CERTAINLY_OVER_SECONDS: i64 = 3600;
/// How long the last write of a Crossplane that has neither Lease nor Deployment counts.
const ACTIVITY_SECONDS: i64 = 60;

/// What the command line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// plat, unless Crossplane runs.
    #[default]
    Auto,
    /// plat, whatever else runs.
    Plat,
    /// Crossplane: plat reconciles nothing.
    Crossplane,
}

/// Who reconciles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// plat.
    Plat,
    /// Crossplane; plat stands aside.
    Crossplane,
}

/// Who reconciles, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub engine: Engine,
    /// Why, for people.
    pub why: String,
    /// What is off about it, for people.
    pub warning: Option<String>,
}

/// What judges, time after time.
#[derive(Debug, Clone)]
pub struct Observer {
    choice: Choice,
    /// What each Lease looked like when it last changed, and when that was seen.
    leases: BTreeMap<ObjectKey, (LeaseSays, i64)>,
    last: Option<Engine>,
}

/// Whether Crossplane runs.
enum Crossplane {
    Runs(String),
    Gone(String),
    Unknown(String),
}

impl Observer {
    /// An observer that has seen nothing.
    pub fn new(choice: Choice) -> Self {
        Self { choice, leases: BTreeMap::new(), last: None }
    }

    /// Judges by what is seen at `now` (seconds since 1970).
    pub fn decide(&mut self, evidence: &Evidence, now: i64) -> Standing {
        let crossplane = self.crossplane(evidence, now);
        let standing = match (self.choice, crossplane) {
            (Choice::Auto, Crossplane::Runs(why)) => Standing::new(Engine::Crossplane, why),
            (Choice::Auto, Crossplane::Gone(why)) => Standing::new(Engine::Plat, why),
            (Choice::Auto, Crossplane::Unknown(why)) => self.as_before(&why),
            (Choice::Plat, crossplane) => Standing {
                warning: crossplane.runs().map(|why| {
                    format!("Crossplane runs here too and writes the same objects: {why}; scale it down, or use --engine=auto")
                }),
                ..Standing::new(Engine::Plat, "--engine=plat says so".to_owned())
            },
            (Choice::Crossplane, crossplane) => Standing {
                warning: crossplane.gone().map(|why| format!("nobody reconciles: {why}; use --engine=auto")),
                ..Standing::new(Engine::Crossplane, "--engine=crossplane says so".to_owned())
            },
        };
        self.last = Some(standing.engine);
        standing
    }

    /// What cannot be seen changes nothing; before anything was seen, plat keeps its hands off.
    fn as_before(&self, why: &str) -> Standing {
        let engine = self.last.unwrap_or(Engine::Crossplane);
        let why = match engine {
            Engine::Plat => format!("nothing of Crossplane was seen when it could last be looked for; now {why}"),
            Engine::Crossplane => {
                format!("it is not known whether Crossplane runs: {why}; --engine=plat does without knowing")
            }
        };
        Standing { warning: Some(why.clone()), ..Standing::new(engine, why) }
    }

    fn crossplane(&mut self, evidence: &Evidence, now: i64) -> Crossplane {
        let leases = evidence.leases.as_deref().map(|leases| self.leases(leases, now));
        let deployments = evidence.deployments.as_deref().map(deployments);
        match (leases, deployments) {
            (Ok(Some((true, why))), _) | (_, Ok(Some((true, why)))) => Crossplane::Runs(why),
            (Err(reason), _) | (_, Err(reason)) => Crossplane::Unknown(reason.clone()),
            (Ok(Some((false, lease))), Ok(Some((false, deployment)))) => {
                Crossplane::Gone(format!("Crossplane has stopped: {lease}, {deployment}"))
            }
            (Ok(Some((false, why))), Ok(None)) | (Ok(None), Ok(Some((false, why)))) => {
                Crossplane::Gone(format!("Crossplane has stopped: {why}"))
            }
            (Ok(None), Ok(None)) => by_activity(evidence, now),
        }
    }

    /// What the Leases say together: whether one is held, and the words for it. Nothing where there are none.
    fn leases(&mut self, leases: &[Value], now: i64) -> Option<(bool, String)> {
        let keys: Vec<ObjectKey> = leases.iter().map(ObjectKey::of).collect();
        self.leases.retain(|key, _| keys.contains(key));
        let all = leases.iter().zip(keys).map(|(lease, key)| self.lease(lease, key, now));
        strongest(all.collect())
    }

    fn lease(&mut self, lease: &Value, key: ObjectKey, now: i64) -> (bool, String) {
        let says = LeaseSays::of(lease);
        let name = format!("Lease {}/{}", key.namespace, key.name);
        let is_new = self.leases.get(&key).is_none_or(|(before, _)| *before != says);
        let is_first = !self.leases.contains_key(&key);
        if is_new {
            self.leases.insert(key.clone(), (says.clone(), now));
        }
        let Some(holder) = &says.holder else { return (false, format!("{name} was given up")) };
        if is_first && says.renewed.is_none_or(|renewed| now - renewed > CERTAINLY_OVER_SECONDS) {
            // As if it had been watched all the time.
            self.leases.insert(key, (says, now - CERTAINLY_OVER_SECONDS));
            return (false, format!("{name} was not renewed for more than an hour"));
        }
        let seconds = self.leases.get(&key).map_or(0, |(_, since)| now - since);
        if seconds <= says.duration {
            return (true, format!("{name} is held by {holder}"));
        }
        (false, format!("{name} of {holder} was not renewed for {seconds} s"))
    }
}

impl Standing {
    fn new(engine: Engine, why: String) -> Self {
        Self { engine, why, warning: None }
    }
}

impl Crossplane {
    fn runs(self) -> Option<String> {
        match self {
            Self::Runs(why) => Some(why),
            Self::Gone(_) | Self::Unknown(_) => None,
        }
    }

    fn gone(self) -> Option<String> {
        match self {
            Self::Gone(why) => Some(why),
            Self::Runs(_) | Self::Unknown(_) => None,
        }
    }
}

/// What the Deployments say together; one that wants Pods stands for a Crossplane that is meant to run, even while its Pods
/// start anew.
fn deployments(deployments: &[Value]) -> Option<(bool, String)> {
    let core = deployments.iter().filter_map(|deployment| Some((deployment, DeploymentSays::of(deployment)?)));
    let all = core.map(|(deployment, says)| {
        let name = format!("Deployment {}/{}", object::namespace(deployment), object::name(deployment));
        match says {
            DeploymentSays { wanted: 0, pods: 0, .. } => (false, format!("{name} is scaled to 0")),
            DeploymentSays { wanted: 0, pods, .. } => {
                (true, format!("{name} is scaled to 0 and still has {pods} Pods"))
            }
            DeploymentSays { wanted, available, .. } => (true, format!("{name} has {available} of {wanted} Pods")),
        }
    });
    strongest(all.collect())
}

/// The first that says yes, else all that say no.
fn strongest(mut all: Vec<(bool, String)>) -> Option<(bool, String)> {
    if let Some(index) = all.iter().position(|(runs, _)| *runs) {
        return Some(all.swap_remove(index));
    }
    let words: Vec<String> = all.into_iter().map(|(_, why)| why).collect();
    (!words.is_empty()).then(|| (false, words.join(", ")))
}

/// A Crossplane without leader election that was not installed by its chart shows only in what it writes.
fn by_activity(evidence: &Evidence, now: i64) -> Crossplane {
    let definitions = match &evidence.definitions {
        Ok(definitions) => definitions,
        Err(reason) => return Crossplane::Unknown(reason.clone()),
    };
    let writes = definitions.iter().filter_map(|definition| Some((definition, evidence::last_write(definition)?)));
    match writes.max_by_key(|(_, write)| *write) {
        Some((definition, write)) if now - write <= ACTIVITY_SECONDS => {
            Crossplane::Runs(format!("it wrote XRD {} a moment ago", object::name(definition)))
        }
        Some(_) => {
            Crossplane::Gone("Crossplane has written XRDs, but neither its Lease nor its Deployment is here".to_owned())
        }
        None => Crossplane::Gone("there is no Crossplane".to_owned()),
    }
}

#[cfg(test)]
mod tests;
