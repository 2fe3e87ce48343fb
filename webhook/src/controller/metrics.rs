//! What Prometheus is told of the controller.
//!
//! Owns the names. Labels are names of controllers, verbs, codes, and the first so many kinds.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::objects::Objects;
use super::queue::Queue;
use super::request::Controller;
use crate::metrics::Bounded;

/// Kinds that are told apart.
const MOST_KINDS: usize = 100;
/// From a millisecond to the longest reconcile there can be.
const BUCKETS: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    verb: &'static str,
    kind: String,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FunctionLabels {
    function: String,
    result: &'static str,
}

type Histograms = Family<ControllerLabels, Histogram, fn() -> Histogram>;

/// How a reconcile ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is as it should be, or waits for something.
    Done,
    /// It goes on after a while.
    Later,
    /// Somebody else wrote at the same time.
    Conflict,
    /// It failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// A mistake in plat.
    Panicked,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Later => "later",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
            Self::Panicked => "panic",
        }
    }
}

/// All metrics of the controller.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    kinds: Bounded,
    functions: Bounded,
    reconciles: Family<ResultLabels, Counter>,
    durations: Histograms,
    waits: Histograms,
    calls: Family<CallLabels, Counter>,
    function_calls: Family<FunctionLabels, Counter>,
    depth: Gauge,
    waiting: Gauge,
    objects: Gauge,
    watches: Gauge,
    /// Whether this replica leads.
    pub leader: Gauge,
    /// Whether another engine's objects are left alone.
    pub standing_down: Gauge,
    /// Reconciles in work.
    pub active: Gauge,
    /// Events that nobody could be told of.
    pub events_dropped: Counter,
    /// Objects whose circuit breaker opened.
    pub circuits_opened: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("plat_controller"),
            kinds: Bounded::new(MOST_KINDS),
            functions: Bounded::new(MOST_KINDS),
            reconciles: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            waits: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            calls: Family::default(),
            function_calls: Family::default(),
            depth: Gauge::default(),
            waiting: Gauge::default(),
            objects: Gauge::default(),
            watches: Gauge::default(),
            leader: Gauge::default(),
            standing_down: Gauge::default(),
            active: Gauge::default(),
            events_dropped: Counter::default(),
            circuits_opened: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("reconciles", "Reconciles that ended, by how", self.reconciles.clone());
        registry.register_with_unit("reconcile", "Time of a reconcile", Unit::Seconds, self.durations.clone());
        let help = "Time that something ready waited for a worker";
        registry.register_with_unit("queue_wait", help, Unit::Seconds, self.waits.clone());
        registry.register("queue_depth", "What is ready and waits for a worker", self.depth.clone());
        registry.register("queue_waiting", "What waits for its time", self.waiting.clone());
        registry.register("reconciles_active", "Reconciles in work", self.active.clone());
        let help = "Calls to the API server that were answered; 0 is the code of those that were not";
        registry.register("api_calls", help, self.calls.clone());
        registry.register("function_calls", "Calls of Functions over gRPC", self.function_calls.clone());
        registry.register("objects", "Live objects in memory", self.objects.clone());
        registry.register("watches", "Watches", self.watches.clone());
        registry.register("leader", "1 where this replica leads", self.leader.clone());
        let help = "1 where another engine runs and its objects are left alone";
        registry.register("standing_down", help, self.standing_down.clone());
        registry.register("events_dropped", "Events that could not be recorded", self.events_dropped.clone());
        let help = "Times that an object changed too often and was left alone for a while";
        registry.register("circuits_opened", help, self.circuits_opened.clone());
    }

    /// A reconcile ended.
    pub fn reconciled(&self, controller: Controller, outcome: Outcome, waited: Duration, took: Duration) {
        let (controller, result) = (controller.name(), outcome.name());
        self.reconciles.get_or_create(&ResultLabels { controller, result }).inc();
        let labels = ControllerLabels { controller };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        self.waits.get_or_create(&labels).observe(waited.as_secs_f64());
    }

    /// The API server was called.
    pub fn called(&self, verb: &'static str, kind: &str, code: u16) {
        let kind = self.kinds.name(kind);
        self.calls.get_or_create(&CallLabels { verb, kind, code }).inc();
    }

    /// A Function was called.
    pub fn function_called(&self, function: &str, result: &'static str) {
        let function = self.functions.name(function);
        self.function_calls.get_or_create(&FunctionLabels { function, result }).inc();
    }

    /// The text that Prometheus reads.
    pub fn text(&self, queue: &Queue, objects: &Objects, watches: usize) -> String {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.depth.set(number(queue.depth()));
        self.waiting.set(number(queue.waiting()));
        self.objects.set(number(objects.len()));
        self.watches.set(number(watches));
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_was_done() {
        let metrics = Metrics::default();
        metrics.reconciled(Controller::Claim, Outcome::Failed, Duration::from_millis(3), Duration::from_millis(30));
        for number in 0..2 * MOST_KINDS {
            metrics.called("patch", &format!("Kind{number}"), 200);
        }
        metrics.function_called("function-kcl", "ok");
        let queue = Queue::default();
        queue.add(Controller::Claim.of(plat_resource::ObjectKey::default()));
        let text = metrics.text(&queue, &Objects::default(), 7);
        for line in [
            r#"plat_controller_reconciles_total{controller="claim",result="failed"} 1"#,
            r#"plat_controller_reconcile_seconds_count{controller="claim"} 1"#,
            r#"plat_controller_api_calls_total{verb="patch",kind="Kind0",code="200"} 1"#,
            r#"plat_controller_api_calls_total{verb="patch",kind="other",code="200"} 100"#,
            r#"plat_controller_function_calls_total{function="function-kcl",result="ok"} 1"#,
            "plat_controller_queue_depth 1",
            "plat_controller_watches 7",
            "plat_controller_leader 0",
        ] {
            assert!(text.lines().any(|each| each == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn every_metric_is_documented() {
        let page = include_str!("../../../docs/controller.md");
        let metrics = Metrics::default();
        // Those with labels are told of only once there is something to tell.
        metrics.reconciled(Controller::Claim, Outcome::Done, Duration::ZERO, Duration::ZERO);
        metrics.called("get", "Bucket", 200);
        metrics.function_called("function-kcl", "ok");
        let text = metrics.text(&Queue::default(), &Objects::default(), 0);
        let names = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next());
        let missing: Vec<_> = names
            .filter(|name| !page.contains(&format!("`{name}`")) && !page.contains(&format!("`{name}_total`")))
            .collect();
        assert!(text.lines().filter(|line| line.starts_with("# HELP ")).count() == 14, "{text}");
        assert!(missing.is_empty(), "docs/controller.md does not name {missing:?}");
    }
}
