//! Arguments that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use plat_cluster::Target;
use plat_cluster::api_server::{ConnectOptions, Pace};
use plat_expand::Compatibility;
use plat_policy::EnforcementPoint;

/// Which claims and XRs, and what is live of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input options")]
pub(crate) struct InputArgs {
    /// Claims and XRs: files, folders, globs, or - for stdin; repeat or separate by commas
    #[arg(short, long, required = true, value_delimiter = ',', value_name = "FILE")]
    pub(crate) filename: Vec<String>,

    /// Read the folders in folders of -f too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,

    #[command(flatten)]
    pub(crate) platform: PlatformArgs,

    /// What is live: files or folders with claims, XRs, composed resources and connection Secrets; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) observed: Vec<String>,

    /// Namespace for claims and XRs that name none [default: default]
    #[arg(short, long)]
    pub(crate) namespace: Option<String>,
}

/// The platform.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input options")]
pub(crate) struct PlatformArgs {
    /// The platform: files or folders with XRDs, Compositions, EnvironmentConfigs, Functions and CRDs; may be repeated
    #[arg(long, required = true, value_name = "PATH")]
    pub(crate) platform: Vec<String>,
}

/// The guardrails.
#[derive(Debug, Args)]
#[command(next_help_heading = "Guardrail options")]
pub(crate) struct GuardrailArgs {
    /// Guardrails: files or folders with ConstraintTemplates, Constraints and what Gatekeeper reads besides; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) policies: Vec<String>,

    /// Objects that guardrails may look up, and Namespaces; files or folders; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) inventory: Vec<String>,

    /// Evaluate the Rego of templates that bring CEL too
    #[arg(long)]
    pub(crate) rego_only: bool,

    /// Judge objects as they are, without the mutators among the policies
    #[arg(long)]
    pub(crate) no_mutation: bool,

    /// Whose scoped enforcement actions count [default: gator; webhook for guardrails of a cluster]
    #[arg(long, value_enum, value_name = "POINT")]
    pub(crate) enforcement_point: Option<PointArg>,
}

/// [`EnforcementPoint`] as a flag.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum PointArg {
    /// gator.gatekeeper.sh
    #[default]
    Gator,
    /// validation.gatekeeper.sh
    Webhook,
    /// audit.gatekeeper.sh
    Audit,
}

impl From<PointArg> for EnforcementPoint {
    fn from(argument: PointArg) -> Self {
        match argument {
            PointArg::Gator => Self::CommandLine,
            PointArg::Webhook => Self::Webhook,
            PointArg::Audit => Self::Audit,
        }
    }
}

/// Which cluster, and as whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster options")]
pub(crate) struct ClusterArgs {
    /// The kubeconfig [default: the files in KUBECONFIG, else ~/.kube/config, else the Pod's service account]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// A context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// The user to act as
    #[arg(long = "as", value_name = "USER")]
    acting_as: Option<String>,

    /// Requests a second, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    qps: u32,

    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    request_timeout: u32,
}

impl ClusterArgs {
    /// Whether the user names a cluster, instead of taking the current one.
    pub(crate) fn is_named(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// How fast to ask.
    pub(crate) fn pace(&self) -> Pace {
        Pace { per_second: self.qps, ..Pace::default() }
    }

    /// As the client takes them.
    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            user: self.acting_as.clone(),
            timeout: Duration::from_secs(self.request_timeout.into()),
        }
    }
}

/// How the engine works.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine options")]
pub(crate) struct EngineArgs {
    /// Whose rules to follow for names, references and conditions
    #[arg(long, value_enum, value_name = "VERSION", default_value_t)]
    pub(crate) compatibility: CompatibilityArg,

    /// Where a function that is not native runs; may be repeated
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = function)]
    pub(crate) function: Vec<(String, Target)>,

    /// Go on without functions that cannot run, and mark what may differ
    #[arg(long)]
    pub(crate) skip_unavailable_functions: bool,

    /// A value that pipelines find in their context, as JSON or YAML; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = context)]
    pub(crate) context_values: Vec<(String, String)>,

    /// A file with such a value; may be repeated
    #[arg(long, value_name = "KEY=FILE", value_parser = context)]
    pub(crate) context_files: Vec<(String, String)>,
}

/// [`Compatibility`] as a flag.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum CompatibilityArg {
    /// Crossplane 1.x
    V1,
    /// Crossplane 2.0
    #[value(name = "v2.0")]
    V2_0,
    /// Crossplane 2.1 and later
    #[default]
    V2,
}

impl From<CompatibilityArg> for Compatibility {
    fn from(argument: CompatibilityArg) -> Self {
        match argument {
            CompatibilityArg::V1 => Self::V1,
            CompatibilityArg::V2_0 => Self::V2_0,
            CompatibilityArg::V2 => Self::V2,
        }
    }
}

fn context(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("give the key, = and the value".to_owned()),
    }
}

fn function(text: &str) -> Result<(String, Target), String> {
    let (name, target) = text.split_once('=').ok_or("give NAME=HOST:PORT")?;
    if name.is_empty() {
        return Err("the name of the function is missing; give NAME=HOST:PORT".to_owned());
    }
    Ok((name.to_owned(), target.parse::<Target>().map_err(|error| error.to_string())?))
}
