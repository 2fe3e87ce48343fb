//! What Prometheus is told.
//!
//! Owns the names and the bounds on how many series there can be: labels that come from requests are taken from a limited set,
//! everything beyond it is `other`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

use crate::decision::{ConstraintUse, Endpoint, Gaps, Outcome, Policies};
use crate::review::Envelope;

/// Kinds of objects that are told apart.
const MOST_KINDS: usize = 100;
/// Constraints that are told apart.
const MOST_CONSTRAINTS: usize = 2_000;
/// From a tenth of a millisecond to what the API server waits at most.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

type Seconds = Counter<f64, AtomicU64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    operation: &'static str,
    kind: String,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConstraintLabels {
    kind: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ViolationLabels {
    kind: String,
    name: String,
    action: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TemplateLabels {
    status: &'static str,
}

/// All metrics. Helpers of the webhook add theirs through [`Metrics::register`].
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    kinds: Bounded,
    known_constraints: Bounded,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RequestLabels, Histogram, fn() -> Histogram>,
    violations: Family<ViolationLabels, Counter>,
    evaluations: Family<ConstraintLabels, Counter>,
    evaluation_time: Family<ConstraintLabels, Seconds>,
    unexpanded: Family<KindLabels, Counter>,
    over_budget: Family<KindLabels, Counter>,
    in_flight: Gauge,
    waiting: Gauge,
    connections: Gauge,
    /// Connections that were closed to make room for others.
    pub(crate) evicted: Counter,
    /// Handshakes that failed or took too long.
    pub(crate) failed_handshakes: Counter,
    /// Connections that could not be accepted, for instance for want of file descriptors.
    pub(crate) failed_accepts: Counter,
    /// Certificates on disk that could not be used.
    pub(crate) failed_reloads: Counter,
    /// When the certificate that is served ends.
    pub(crate) certificate_expiry: Gauge,
    templates: Family<TemplateLabels, Gauge>,
    constraints_in_use: Gauge,
    mutators_in_use: Gauge,
    failed_loads: Gauge,
    snapshot_age: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("plat")),
            kinds: Bounded::new(MOST_KINDS),
            known_constraints: Bounded::new(MOST_CONSTRAINTS),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            violations: Family::default(),
            evaluations: Family::default(),
            evaluation_time: Family::default(),
            unexpanded: Family::default(),
            over_budget: Family::default(),
            in_flight: Gauge::default(),
            waiting: Gauge::default(),
            connections: Gauge::default(),
            evicted: Counter::default(),
            failed_handshakes: Counter::default(),
            failed_accepts: Counter::default(),
            failed_reloads: Counter::default(),
            certificate_expiry: Gauge::default(),
            templates: Family::default(),
            constraints_in_use: Gauge::default(),
            mutators_in_use: Gauge::default(),
            failed_loads: Gauge::default(),
            snapshot_age: Gauge::default(),
        };
        metrics.register(|registry| metrics.register_requests(registry));
        metrics.register(|registry| metrics.register_server(registry));
        metrics.register(|registry| metrics.register_policies(registry));
        metrics
    }
}

impl Metrics {
    /// Adds metrics of others; their names get the prefix `plat`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn register_requests(&self, registry: &mut Registry) {
        registry.register("admission_requests", "Requests for a decision that were answered", self.requests.clone());
        let help = "Time from the head of a request to its answer";
        registry.register_with_unit("admission_request_duration", help, Unit::Seconds, self.durations.clone());
        let help = "Requests with steps whose functions are not run at admission";
        registry.register("admission_unexpanded", help, self.unexpanded.clone());
        let help = "Requests whose budget was used up before all constraints were evaluated";
        registry.register("admission_over_budget", help, self.over_budget.clone());
        registry.register("admission_in_flight", "Requests that are not yet answered", self.in_flight.clone());
        registry.register("admission_waiting", "Requests that wait for a thread", self.waiting.clone());
    }

    fn register_server(&self, registry: &mut Registry) {
        registry.register("connections", "Open connections of the admission port", self.connections.clone());
        registry.register("connections_evicted", "Idle connections closed to make room", self.evicted.clone());
        let help = "TLS handshakes that failed or took too long";
        registry.register("handshakes_failed", help, self.failed_handshakes.clone());
        let help = "Connections that could not be accepted, for instance for want of file descriptors";
        registry.register("accepts_failed", help, self.failed_accepts.clone());
        let help = "Times the certificate files held something that cannot be served";
        registry.register("certificate_reloads_failed", help, self.failed_reloads.clone());
        let (name, help) = ("certificate_expiry_timestamp", "When the certificate that is served ends");
        registry.register_with_unit(name, help, Unit::Seconds, self.certificate_expiry.clone());
    }

    fn register_policies(&self, registry: &mut Registry) {
        registry.register("constraint_violations", "Violations found at admission", self.violations.clone());
        registry.register("constraint_evaluations", "Evaluations at admission", self.evaluations.clone());
        let (name, help) = ("constraint_evaluation", "Time spent in evaluations at admission");
        registry.register_with_unit(name, help, Unit::Seconds, self.evaluation_time.clone());
        registry.register("constraint_templates", "Templates by whether they are as written", self.templates.clone());
        registry.register("constraints", "Constraints in use", self.constraints_in_use.clone());
        registry.register("mutators", "Mutators in use", self.mutators_in_use.clone());
        let help = "Parts (platform, policies) that could not be loaded as they are now; earlier ones are in use";
        registry.register("loads_failed", help, self.failed_loads.clone());
        let help = "Time since the policies in use were compiled";
        registry.register_with_unit("policy_snapshot_age", help, Unit::Seconds, self.snapshot_age.clone());
    }

    /// Counts a request as in flight until the returned guard is dropped.
    pub(crate) fn begin(&self) -> Counted {
        Counted::new(&self.in_flight)
    }

    /// Counts a connection as open until the returned guard is dropped.
    pub(crate) fn connected(&self) -> Counted {
        Counted::new(&self.connections)
    }

    /// Requests that are not yet answered.
    pub(crate) fn requests_in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    pub(crate) fn request(&self, endpoint: Endpoint, envelope: &Envelope, outcome: Outcome, time: Duration) {
        let labels = RequestLabels {
            endpoint: endpoint.name(),
            operation: operation(&envelope.operation),
            kind: self.kinds.name(&envelope.object_kind),
            verdict: outcome.name(),
        };
        self.durations.get_or_create(&labels).observe(time.as_secs_f64());
        self.requests.get_or_create(&labels).inc();
    }

    pub(crate) fn constraints(&self, uses: &[ConstraintUse]) {
        for used in uses {
            let whole = self.known_constraints.name(&format!("{}/{}", used.kind, used.name));
            let (kind, name) = whole.split_once('/').unwrap_or((OTHER, OTHER));
            let labels = ConstraintLabels { kind: kind.to_owned(), name: name.to_owned() };
            self.evaluations.get_or_create(&labels).inc_by(used.evaluations);
            self.evaluation_time.get_or_create(&labels).inc_by(used.time.as_secs_f64());
            for (wanted, violations) in &used.violations {
                let ConstraintLabels { kind, name } = labels.clone();
                let labels = ViolationLabels { kind, name, action: action(wanted).to_owned() };
                self.violations.get_or_create(&labels).inc_by(*violations);
            }
        }
    }

    pub(crate) fn gaps(&self, kind: &str, gaps: Gaps) {
        let labels = || KindLabels { kind: self.kinds.name(kind) };
        if gaps.unexpanded {
            self.unexpanded.get_or_create(&labels()).inc();
        }
        if gaps.over_budget {
            self.over_budget.get_or_create(&labels()).inc();
        }
    }

    /// The text that Prometheus reads.
    pub fn text(&self, waiting: usize, policies: &Policies) -> String {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(number(waiting));
        self.templates.get_or_create(&TemplateLabels { status: "active" }).set(number(policies.templates));
        self.templates.get_or_create(&TemplateLabels { status: "error" }).set(number(policies.broken_templates));
        self.constraints_in_use.set(number(policies.constraints));
        self.mutators_in_use.set(number(policies.mutators));
        self.failed_loads.set(number(policies.failed_loads));
        self.snapshot_age.set(policies.age.map_or(f64::NAN, |age| age.as_secs_f64()));
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

/// Counts one in a gauge as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

const OTHER: &str = "other";

fn operation(text: &str) -> &'static str {
    ["CREATE", "UPDATE", "DELETE", "CONNECT"].into_iter().find(|known| *known == text).unwrap_or(OTHER)
}

fn action(text: &str) -> &'static str {
    ["deny", "warn", "dryrun"].into_iter().find(|known| *known == text).unwrap_or(OTHER)
}

/// Names that may be labels: the first so many.
#[derive(Debug)]
pub(crate) struct Bounded {
    known: Mutex<HashSet<Arc<str>>>,
    most: usize,
}

/// Longer names are no names of Kubernetes.
const LONGEST_NAME: usize = 320;

impl Bounded {
    pub(crate) fn new(most: usize) -> Self {
        Self { known: Mutex::default(), most }
    }

    pub(crate) fn name(&self, name: &str) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(name) {
            return name.to_owned();
        }
        if known.len() >= self.most || name.len() > LONGEST_NAME || name.is_empty() {
            return OTHER.to_owned();
        }
        known.insert(name.into());
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, start: &str) -> Option<String> {
        text.lines().find(|line| line.starts_with(start)).map(ToOwned::to_owned)
    }

    #[test]
    fn counts_by_operation_kind_and_verdict() {
        let metrics = Metrics::default();
        let mut envelope = Envelope { operation: "CREATE".into(), object_kind: "Pod".into(), ..Envelope::default() };
        metrics.request(Endpoint::Validate, &envelope, Outcome::Denied, Duration::from_millis(3));
        envelope.operation = "EXPLODE".into();
        metrics.request(Endpoint::Mutate, &envelope, Outcome::Mutated, Duration::from_millis(3));
        let text = metrics.text(0, &Policies::default());
        let labels = r#"{endpoint="validate",operation="CREATE",kind="Pod",verdict="deny"}"#;
        assert!(text.contains(&format!("plat_admission_requests_total{labels} 1\n")), "{text}");
        assert!(text.contains(r#"operation="other",kind="Pod",verdict="mutate"} 1"#), "{text}");
        assert!(text.contains("plat_admission_request_duration_seconds_bucket{le=\"0.005\""), "{text}");
    }

    #[test]
    fn invented_kinds_do_not_fill_the_memory() {
        let metrics = Metrics::default();
        for number in 0..10 * MOST_KINDS {
            let envelope = Envelope { object_kind: format!("Kind{number}"), ..Envelope::default() };
            metrics.request(Endpoint::Validate, &envelope, Outcome::Allowed, Duration::ZERO);
        }
        let text = metrics.text(0, &Policies::default());
        let series = text.lines().filter(|line| line.starts_with("plat_admission_requests_total")).count();
        assert_eq!(series, MOST_KINDS + 1);
        assert!(line(&text, "plat_admission_requests_total").is_some());
    }

    #[test]
    fn tells_of_constraints() {
        let metrics = Metrics::default();
        let mut used = ConstraintUse {
            kind: "RequiredLabels".into(),
            name: "owner".into(),
            evaluations: 1,
            time: Duration::from_millis(500),
            violations: vec![("deny".into(), 2)],
        };
        metrics.constraints(std::slice::from_ref(&used));
        used.violations.clear();
        metrics.constraints(&[used]);
        let text =
            metrics.text(0, &Policies { templates: 3, broken_templates: 1, failed_loads: 1, ..Policies::default() });
        let expected = [
            r#"plat_constraint_violations_total{kind="RequiredLabels",name="owner",action="deny"} 2"#,
            r#"plat_constraint_evaluations_total{kind="RequiredLabels",name="owner"} 2"#,
            r#"plat_constraint_evaluation_seconds_total{kind="RequiredLabels",name="owner"} 1.0"#,
            r#"plat_constraint_templates{status="active"} 3"#,
            r#"plat_constraint_templates{status="error"} 1"#,
            "plat_loads_failed 1",
        ];
        for expected in expected {
            assert!(text.lines().any(|line| line == expected), "{expected} in\n{text}");
        }
    }

    #[test]
    fn tells_of_what_was_decided_without() {
        let metrics = Metrics::default();
        metrics.gaps("Pod", Gaps::default());
        metrics.gaps("Bucket", Gaps { unexpanded: true, over_budget: false });
        metrics.gaps("Pod", Gaps { unexpanded: false, over_budget: true });
        let text = metrics.text(0, &Policies::default());
        let counted = |name: &str| text.lines().filter(|line| line.starts_with(name)).collect::<Vec<_>>();
        assert_eq!(counted("plat_admission_unexpanded_total"), [r#"plat_admission_unexpanded_total{kind="Bucket"} 1"#]);
        assert_eq!(counted("plat_admission_over_budget_total"), [r#"plat_admission_over_budget_total{kind="Pod"} 1"#]);
    }

    #[test]
    fn guards_count_down() {
        let metrics = Metrics::default();
        let guard = metrics.begin();
        assert_eq!(metrics.requests_in_flight(), 1);
        drop(guard);
        assert_eq!(metrics.requests_in_flight(), 0);
    }
}
