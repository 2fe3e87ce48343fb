//! The arguments of `claim plan`, and what they mean together.

use clap::{Args, ValueEnum};

use crate::arguments::{ClusterArgs, EngineArgs, GuardrailArgs, InputArgs, PlatformArgs};
use crate::commands::TEMPLATE;
use crate::exit;

/// Show what a claim or XR would change, and where each change comes from
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = exit::HELP, before_help = "\
Without --platform the platform, its guardrails and what is live come from the cluster, and
the API server is asked what it would make of each change. A claim that is named instead of
given in a file shows its drift. With --platform nobody is asked, unless a cluster is named
too: files then take the place of what the cluster has. Planning writes nothing.

Examples:
  kubectl plat claim plan -f claim.yaml
  kubectl plat claim plan sqlinstance/orders-db
  kubectl plat claim plan -A --detailed-exitcode
  kubectl plat claim plan -f claim.yaml --platform platform/
  kubectl plat claim plan -f claims/ -R --platform platform/ --observed live/
  kubectl plat claim plan sqlinstance/orders-db --platform new-composition.yaml --live
  kubectl plat claim plan -f claims/ --platform platform/ --policies policies/
  kubectl plat claim plan -f claims/ --platform platform/ -o markdown > comment.md
")]
pub(in crate::commands::claim) struct PlanArgs {
    #[command(flatten)]
    pub(super) subjects: SubjectArgs,

    /// The platform: files or folders with XRDs, Compositions, EnvironmentConfigs, Functions and CRDs; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "Input options")]
    pub(super) platform: Vec<String>,

    /// What is live: files or folders with claims, XRs, composed resources and connection Secrets; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "Input options")]
    pub(super) observed: Vec<String>,

    #[command(flatten)]
    pub(super) asked: AskedArgs,

    #[command(flatten)]
    pub(super) guardrails: GuardrailArgs,

    #[command(flatten)]
    pub(super) engine: EngineArgs,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    pub(super) output: PlanFormat,

    /// Exit with 2 where there are changes
    #[arg(long, help_heading = "Output options")]
    pub(super) detailed_exitcode: bool,
}

/// What is planned.
#[derive(Debug, Args)]
pub(super) struct SubjectArgs {
    /// Claims and XRs of the cluster: KIND/NAME, KIND NAME or NAME
    #[arg(value_name = "CLAIM")]
    pub(super) names: Vec<String>,

    /// Every claim of the cluster, and every XR without one
    #[arg(short = 'A', long, conflicts_with_all = ["namespace", "names"], help_heading = "Input options")]
    pub(super) all_namespaces: bool,

    /// Those with these labels, as kubectl get -l
    #[arg(short = 'l', long, conflicts_with = "names", help_heading = "Input options")]
    pub(super) selector: Option<String>,

    /// Claims and XRs: files, folders, globs, or - for stdin; repeat or separate by commas
    #[arg(short, long, value_delimiter = ',', value_name = "FILE", help_heading = "Input options")]
    pub(super) filename: Vec<String>,

    /// Read the folders in folders of -f too
    #[arg(short = 'R', long, help_heading = "Input options")]
    pub(super) recursive: bool,

    /// Namespace for claims and XRs that name none [default: the context's, or default where no cluster is asked]
    #[arg(short, long, help_heading = "Input options")]
    pub(super) namespace: Option<String>,
}

impl SubjectArgs {
    /// Whether nobody said what to plan.
    pub(super) fn names_nothing(&self) -> bool {
        self.names.is_empty() && self.filename.is_empty() && !self.all_namespaces && self.selector.is_none()
    }
}

/// Who is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster options")]
pub(super) struct AskedArgs {
    /// Ask the cluster, although --platform is given: files take the place of what it has
    #[arg(long)]
    pub(super) live: bool,

    /// Work out here what would change, instead of asking the API server by dry-runs
    #[arg(long)]
    pub(super) local: bool,

    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
}

impl PlanArgs {
    /// Whether a cluster is asked at all.
    pub(super) fn asks_cluster(&self) -> bool {
        self.platform.is_empty() || self.asked.live || self.asked.cluster.is_named()
    }

    /// As the commands take them that know no cluster.
    pub(super) fn files(&self) -> InputArgs {
        InputArgs {
            filename: self.subjects.filename.clone(),
            recursive: self.subjects.recursive,
            platform: PlatformArgs { platform: self.platform.clone() },
            observed: self.observed.clone(),
            namespace: self.subjects.namespace.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum PlanFormat {
    #[default]
    Text,
    Json,
    Yaml,
    Markdown,
}
