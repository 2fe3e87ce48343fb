//! What decides, put together: sources, snapshots, decisions.
//!
//! Owns the order of starting: folders are read and kinds are known before anything is compiled, so that nothing is decided
//! by half of the policies.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plat_admission::{Exemptions, Settings, Unexpanded};

use crate::attempts::Attempts;
use crate::audit::{Audit, AuditArguments};
use crate::decide::Decide;
use crate::snapshots::Snapshots;
use crate::sources::{Cluster, ClusterArguments, Feeds, FolderArguments, Rebuild};
use crate::stopwatch::Stopwatch;

/// What is decided by
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Policies")]
pub struct PolicyArguments {
    /// Namespace that may carry the label admission.gatekeeper.sh/ignore: a name, `prefix*` or `*suffix`; may be given more
    /// than once
    #[arg(long, value_name = "NAME")]
    pub exempt_namespace: Vec<String>,
    /// User name of this webhook's own service account, whose requests are not judged
    #[arg(long, value_name = "USER")]
    pub own_account: Option<String>,
    /// Use the Rego of templates that bring CEL too
    #[arg(long)]
    pub no_cel: bool,
    /// What becomes of claims with functions that plat does not have natively, which are not run at admission
    #[arg(long, value_name = "ACTION", default_value = "warn")]
    pub unexpanded: UnexpandedAction,
    /// What the policies may take for one request, all together; counted in steps of which a slow machine does 10,000 in a
    /// millisecond, so that the same request always gets the same answer
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = crate::args::seconds)]
    pub request_budget: Duration,
    /// Folders.
    #[command(flatten)]
    pub folders: FolderArguments,
    /// Cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// Audit.
    #[command(flatten)]
    pub audit: AuditArguments,
}

/// `--unexpanded`
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum UnexpandedAction {
    /// Judged by the rest; annotated and counted
    Allow,
    /// The user is told too
    Warn,
    /// Refused
    Deny,
}

impl PolicyArguments {
    fn settings(&self) -> Settings {
        Settings {
            own_account: self.own_account.clone(),
            exemptions: Exemptions { namespaces: self.exempt_namespace.clone() },
            unexpanded: match self.unexpanded {
                UnexpandedAction::Allow => Unexpanded::Allow,
                UnexpandedAction::Warn => Unexpanded::Warn,
                UnexpandedAction::Deny => Unexpanded::Deny,
            },
            request_budget: self.request_budget,
            policies: plat_policy::Options {
                cel: !self.no_cel,
                observer: Some(Arc::new(Stopwatch)),
                clock: Some(now),
                ..plat_policy::Options::default()
            },
        }
    }

    fn has_folders(&self) -> bool {
        !self.folders.policies_dir.is_empty() || !self.folders.platform_dir.is_empty()
    }
}

/// The time since the epoch.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Starts following all sources, and answers what decides by them.
pub async fn start(arguments: &PolicyArguments) -> anyhow::Result<Decide> {
    let (feeds, snapshots) = (Arc::new(Feeds::default()), Arc::new(Snapshots::new(arguments.settings())));
    let cluster = Cluster::connect(&arguments.cluster, arguments.has_folders()).await?;
    for folder in arguments.folders.folders() {
        folder.announce(&feeds);
        tokio::spawn(folder.follow(Arc::clone(&feeds), arguments.folders.folder_interval));
    }
    if let Some(cluster) = &cluster {
        cluster.start(&feeds, &snapshots);
        if arguments.audit.audit {
            let audit = Audit::new(cluster.client().clone(), Arc::clone(&snapshots), arguments.audit.clone());
            tokio::spawn(audit.run());
        }
    }
    let status = cluster.as_ref().map(Cluster::template_status);
    let rebuild = Arc::new(Rebuild::new(feeds, Arc::clone(&snapshots), status));
    tokio::spawn(Arc::clone(&rebuild).run());
    let attempts = cluster.as_ref().map(|cluster| Attempts::start(cluster.client().clone()));
    Ok(Decide::new(snapshots, rebuild, cluster.is_some(), attempts))
}
