//! `kubectl plat policy report`: what audits found, from the reports in a cluster.

mod rows;
mod table;

use clap::{Args, ValueEnum};
use plat_cluster::api_server::{ApiServer, ClusterError, Collection};
use plat_resource::{Diagnostic, Value, yaml};

use self::rows::Reports;
use crate::arguments::ClusterArgs;
use crate::commands::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

const OUTCOME: &str = "no report was read";

/// The kinds of reports: group and version, those in namespaces, those without.
const KINDS: [(&str, &str, &str); 2] = [
    ("openreports.io/v1alpha1", "reports", "clusterreports"),
    ("wgpolicyk8s.io/v1alpha2", "policyreports", "clusterpolicyreports"),
];

/// Show what guardrails found in a cluster, from its policy reports
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Reads Report and ClusterReport of openreports.io, PolicyReport and ClusterPolicyReport
of wgpolicyk8s.io, whoever wrote them. What passed is counted, and shown with -o wide.

Examples:
  kubectl plat policy report
  kubectl plat policy report -A -o wide
  kubectl plat policy report -n team-a -l app.kubernetes.io/managed-by=kubectl-plat -o json
")]
pub(super) struct ReportArgs {
    /// Every namespace, and what stands in none
    #[arg(short = 'A', long, conflicts_with = "namespace", help_heading = "Input options")]
    all_namespaces: bool,

    /// One namespace [default: that of the context]
    #[arg(short, long, help_heading = "Input options")]
    namespace: Option<String>,

    /// Only reports with these labels, as kubectl get -l
    #[arg(short = 'l', long, help_heading = "Input options")]
    selector: Option<String>,

    #[command(flatten)]
    cluster: ClusterArgs,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: ReportFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    #[default]
    Text,
    Wide,
    Json,
    Yaml,
}

pub(super) fn run(ui: &Ui, arguments: &ReportArgs) -> Result<Exit, CommandError> {
    let refused = |error: &ClusterError| CommandError::input(vec![error.diagnostic()], OUTCOME);
    let server = ApiServer::connect(&arguments.cluster.options()).map_err(|error| refused(&error))?;
    let known = server.api_versions().map_err(|error| refused(&error))?;
    let collections = collections(arguments, &known, server.namespace());
    if collections.is_empty() {
        return Err(CommandError::input(vec![no_kinds(server.url())], OUTCOME));
    }
    let (mut reports, mut findings) = (Vec::new(), Vec::new());
    for collection in &collections {
        match server.list(collection, arguments.selector.as_deref()) {
            Ok(found) => reports.extend(found.unwrap_or_default()),
            Err(error) => findings.push(error.diagnostic()),
        }
    }
    if !findings.is_empty() {
        return Err(CommandError::input(findings, OUTCOME));
    }
    ui.answer(written(&Reports::of(&reports), arguments.output, ui.color_answer())?)?;
    Ok(Exit::Done)
}

fn written(reports: &Reports, format: ReportFormat, color: bool) -> Result<String, CommandError> {
    Ok(match format {
        ReportFormat::Text => table::text(reports, false, color),
        ReportFormat::Wide => table::text(reports, true, color),
        ReportFormat::Json => serde_json::to_string_pretty(&reports.json()).map_err(std::io::Error::from)? + "\n",
        ReportFormat::Yaml => yaml::to_string(&reports.json()),
    })
}

/// What is to be read, of what is served. A cluster answers "forbidden" to most users for what it does not have.
fn collections(arguments: &ReportArgs, served: &[String], default: &str) -> Vec<Collection> {
    let is_served = |api_version: &str| served.iter().any(|each| each == api_version);
    let kinds = KINDS.iter().filter(|(api_version, ..)| is_served(api_version));
    let of_kind = |(api_version, namespaced, cluster): &(&str, &str, &str)| {
        let namespace = arguments.namespace.as_deref().unwrap_or(default);
        let namespace = (!arguments.all_namespaces).then(|| namespace.to_owned());
        let collection = |plural: &str, namespace: Option<String>| Collection {
            api_version: (*api_version).to_owned(),
            plural: plural.to_owned(),
            namespace,
        };
        let without = arguments.all_namespaces.then(|| collection(cluster, None));
        [Some(collection(namespaced, namespace)), without]
    };
    kinds.flat_map(of_kind).flatten().collect()
}

fn no_kinds(url: &str) -> Diagnostic {
    let kinds: Vec<&str> = KINDS.iter().map(|(api_version, ..)| *api_version).collect();
    Diagnostic::error(format!("the cluster at {url} has no policy reports"))
        .because(format!("it serves neither {}", kinds.join(" nor ")))
        .hint("install the CRDs of openreports.io; plat-webhook --audit writes them, see docs/webhook.md")
}

/// The text of a field, or nothing.
fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
