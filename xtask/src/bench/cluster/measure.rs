//! One engine, measured: filling the cluster, a steady state with changes, and rest.
//!
//! Owns the order and what is read before and after each part.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::api::Api;
use super::super::measured::Measured;
use super::super::usage::Process;
use super::ClusterArguments;
use super::calls::Calls;
use super::load::Load;
use super::platform::{self, CLAIMS};
use super::watcher::Watcher;

/// Claims that are made first: kinds are served and watched, connections open, before anything is measured.
const WARM_UP: usize = 2;
/// How long an engine may take for all of it.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long is waited between the parts.
const SETTLE: Duration = Duration::from_secs(10);

/// A program that takes part.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) process: Process,
}

/// The programs of an engine, and those of the control plane.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) engine: Vec<Part>,
    pub(super) control_plane: Vec<Part>,
}

/// What one part of the measurement showed.
pub(super) struct Phase {
    pub(super) time: Duration,
    /// What went through, and how long each took.
    pub(super) through: Measured,
    /// Processor time of each program of the engine.
    pub(super) engine: Vec<Duration>,
    /// Processor time of the control plane.
    pub(super) control_plane: Duration,
    pub(super) calls: Calls,
    /// Memory of each program of the engine at the end, and its peak so far, in MiB.
    pub(super) memory: Vec<(f64, f64)>,
}

/// What one engine showed.
pub(super) struct Figures {
    pub(super) names: Vec<&'static str>,
    /// How long it took to make the claims, which is part of the first phase.
    pub(super) created: Duration,
    pub(super) fill: Phase,
    pub(super) churn: Phase,
    pub(super) idle: Phase,
}

/// What was so before a phase.
struct Before {
    at: Instant,
    engine: Vec<Duration>,
    control_plane: Duration,
    calls: Calls,
}

impl Parts {
    fn engine_times(&self) -> Vec<Duration> {
        self.engine.iter().map(|part| part.process.processor_time()).collect()
    }

    fn control_plane_time(&self) -> Duration {
        self.control_plane.iter().map(|part| part.process.processor_time()).sum()
    }

    async fn before(&self, api: &mut Api) -> anyhow::Result<Before> {
        Ok(Before {
            calls: Calls::so_far(api).await?,
            engine: self.engine_times(),
            control_plane: self.control_plane_time(),
            at: Instant::now(),
        })
    }

    async fn after(
        &self,
        api: &mut Api,
        before: &Before,
        through: Measured,
        own: (&str, &str, f64),
    ) -> anyhow::Result<Phase> {
        let time = before.at.elapsed();
        let engine =
            self.engine_times().into_iter().zip(&before.engine).map(|(now, before)| now.saturating_sub(*before));
        Ok(Phase {
            time,
            through,
            engine: engine.collect(),
            control_plane: self.control_plane_time().saturating_sub(before.control_plane),
            memory: self.engine.iter().map(|part| part.process.memory()).collect(),
            calls: Calls::so_far(api).await?.since(&before.calls, own),
        })
    }
}

/// Measures an engine that is ready, with the platform in the API server.
pub(super) async fn measure(api: &mut Api, parts: &Parts, arguments: &ClusterArguments) -> anyhow::Result<Figures> {
    api.create("/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions", &platform::definition()).await?;
    api.create("/apis/apiextensions.crossplane.io/v1/compositions", &platform::composition()).await?;
    for namespace in platform::namespaces() {
        api.create("/api/v1/namespaces", &namespace).await?;
    }
    api.exists(&platform::everywhere()).await?;
    let (watcher, load) = (Arc::new(Watcher::start(api).await?), Load::connect(api).await?);
    let (first, last) = (arguments.claims, arguments.claims + WARM_UP);
    load.create(&watcher, first..last).await?;
    watcher.all_through(Instant::now(), PATIENCE).await?;

    let before = parts.before(api).await?;
    let created = load.create(&watcher, 0..arguments.claims).await?;
    let through = watcher.all_through(before.at, PATIENCE).await?;
    let fill = parts.after(api, &before, through, ("POST", CLAIMS, number(arguments.claims))).await?;
    tokio::time::sleep(SETTLE).await;

    let before = parts.before(api).await?;
    let time = Duration::from_secs(arguments.churn_seconds);
    let changed = load.churn(&watcher, arguments.claims, arguments.churn, time).await?;
    let through = watcher.all_through(before.at, PATIENCE).await?;
    let churn = parts.after(api, &before, through, ("PATCH", CLAIMS, f64::from(changed))).await?;
    tokio::time::sleep(SETTLE).await;

    let before = parts.before(api).await?;
    tokio::time::sleep(Duration::from_secs(arguments.idle_seconds)).await;
    let idle = parts.after(api, &before, Measured::default(), ("", "", 0.0)).await?;
    let names = parts.engine.iter().map(|part| part.name).collect();
    Ok(Figures { names, created, fill, churn, idle })
}

/// A count, to calculate with.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

impl Phase {
    /// Processor time of all programs of the engine.
    pub(super) fn processor(&self) -> f64 {
        self.engine.iter().sum::<Duration>().as_secs_f64()
    }
}

impl Figures {
    /// Peak memory of all programs of the engine.
    pub(super) fn peak(&self) -> f64 {
        self.idle.memory.iter().map(|(_, peak)| peak).sum()
    }

    /// Claims that got ready each second.
    pub(super) fn rate(&self) -> f64 {
        self.fill.through.throughput()
    }
}
