//! The audit: what is in the cluster already, judged in the background.
//!
//! Owns the rounds: kinds one by one, objects page by page, never a whole cluster at once. One replica audits.

mod constraints;
mod pages;
mod reports;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kube::discovery::{ApiResource, Discovery, verbs};
use kube::{Client, core::GroupVersionKind as KubeKind};
use plat_admission::Snapshot;
use plat_admission::audit::{Kinds, audit};
use plat_admission::report::{ConstraintFindings, Finding, Format};
use plat_policy::ConstraintName;
use plat_resource::{GroupVersionKind, ObjectKey, Value};
use tracing::{info, warn};

use self::pages::Pages;
use self::reports::Reports;
use crate::snapshots::Snapshots;

/// Audit
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Audit")]
pub struct AuditArguments {
    /// Audit what is in the cluster; for one replica
    #[arg(long)]
    pub audit: bool,
    /// Time from the end of one audit to the next
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = crate::args::seconds)]
    pub audit_interval: Duration,
    /// Which reports are written
    #[arg(long, value_name = "FORMAT", default_value = "openreports")]
    pub reports: ReportFormat,
}

/// Which reports are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// `openreports.io` Report and ClusterReport
    Openreports,
    /// `wgpolicyk8s.io` PolicyReport and ClusterPolicyReport
    Policyreport,
    /// None; only the status of constraints is written
    None,
}

impl ReportFormat {
    fn format(self) -> Option<Format> {
        match self {
            Self::Openreports => Some(Format::OpenReports),
            Self::Policyreport => Some(Format::PolicyReport),
            Self::None => None,
        }
    }
}

/// Groups whose objects are answers, not questions; and what the control plane writes all the time.
const NOT_AUDITED: [&str; 4] = ["openreports.io", "wgpolicyk8s.io", "events.k8s.io", "coordination.k8s.io"];

/// What audits.
pub(crate) struct Audit {
    client: Client,
    snapshots: Arc<Snapshots>,
    arguments: AuditArguments,
}

/// What one round has found so far.
#[derive(Default)]
struct Round {
    objects: usize,
    violations: usize,
    constraints: BTreeMap<ConstraintName, ConstraintFindings>,
    failed: Vec<GroupVersionKind>,
}

impl Audit {
    pub(crate) fn new(client: Client, snapshots: Arc<Snapshots>, arguments: AuditArguments) -> Self {
        Self { client, snapshots, arguments }
    }

    /// Audits for ever.
    pub(crate) async fn run(self) {
        while self.snapshots.age().is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        loop {
            self.once().await;
            tokio::time::sleep(self.arguments.audit_interval).await;
        }
    }

    async fn once(&self) {
        let snapshot = self.snapshots.current();
        let kinds = Kinds::of(&snapshot);
        let discovery = match Discovery::new(self.client.clone()).run().await {
            Ok(discovery) => discovery,
            Err(error) => return warn!(%error, "the audit cannot learn which kinds there are"),
        };
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let seconds = i64::try_from(seconds).unwrap_or_default();
        let mut reports = match self.arguments.reports.format() {
            Some(format) => Reports::read(&self.client, format, seconds).await,
            None => None,
        };
        let mut round = Round::default();
        for resource in discovery
            .groups()
            .flat_map(kube::discovery::ApiGroup::recommended_resources)
            .filter_map(|(resource, can)| can.supports_operation(verbs::LIST).then_some(resource))
        {
            let kind = kind_of(&resource);
            if kinds.contain(&kind) && !is_left_out(&resource) {
                self.kind(&snapshot, &resource, &mut round, reports.as_mut()).await;
            }
        }
        constraints::write(&self.client, &snapshot, &round.constraints, seconds).await;
        if let Some(reports) = reports {
            reports.remove_others(&round.failed).await;
        }
        info!(objects = round.objects, violations = round.violations, "audited");
    }

    /// Audits all objects of a kind. A kind that cannot be listed keeps the reports it has.
    async fn kind(
        &self,
        snapshot: &Snapshot,
        resource: &ApiResource,
        round: &mut Round,
        mut reports: Option<&mut Reports>,
    ) {
        let mut pages = Pages::new(self.client.clone(), resource);
        loop {
            let objects = match pages.next().await {
                Ok(Some(objects)) => objects,
                Ok(None) => return,
                Err(error) => {
                    warn!(kind = resource.kind, "cannot be audited: {error}");
                    round.failed.push(kind_of(resource));
                    return;
                }
            };
            round.objects += objects.len();
            let snapshot = snapshot.clone();
            let judged = tokio::task::spawn_blocking(move || judge(&snapshot, objects)).await;
            let Ok(judged) = judged else {
                warn!(kind = resource.kind, "its audit failed");
                round.failed.push(kind_of(resource));
                return;
            };
            for (object, findings) in judged {
                round.take(&object, &findings);
                if let Some(reports) = reports.as_deref_mut() {
                    reports.write(&object, &findings).await;
                }
            }
        }
    }
}

impl Round {
    fn take(&mut self, object: &Value, findings: &[Finding]) {
        let key = ObjectKey::of(object);
        self.violations += findings.len();
        for finding in findings {
            self.constraints.entry(finding.verdict.constraint.clone()).or_default().add(&key, finding);
        }
    }
}

/// What was found of which objects; only those with findings are kept.
fn judge(snapshot: &Snapshot, objects: Vec<Value>) -> Vec<(Value, Vec<Finding>)> {
    let judged = objects.into_iter().map(|object| {
        let findings = audit(snapshot, &object);
        (object, findings)
    });
    judged.filter(|(_, findings)| !findings.is_empty()).collect()
}

fn kind_of(resource: &ApiResource) -> GroupVersionKind {
    let kind = KubeKind::gvk(&resource.group, &resource.version, &resource.kind);
    GroupVersionKind { group: kind.group, version: kind.version, kind: kind.kind }
}

fn is_left_out(resource: &ApiResource) -> bool {
    NOT_AUDITED.contains(&resource.group.as_str()) || (resource.group.is_empty() && resource.kind == "Event")
}
