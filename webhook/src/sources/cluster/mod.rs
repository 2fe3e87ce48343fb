//! Platform and policies from the cluster.
//!
//! Owns which kinds are followed, by the kind table: platform, policies, the constraints of each template, Usages, Namespaces
//! and what goes into the inventory.

mod constraints;
pub(crate) mod follow;
mod objects;
mod template_status;
mod usages;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_admission::kinds::{KINDS, Kind, Part, What};
use plat_admission::last_good::Unit;
use plat_cluster::api_server::unit_name;
use plat_resource::{Document, Value};

use self::constraints::Constraints;
pub(crate) use self::follow::words;
use self::follow::{Happened, Wanted, follow};
use self::objects::Objects;
pub use self::template_status::TemplateStatus;
use super::feeds::{Feeds, State};
use crate::snapshots::Snapshots;

/// Policies from the cluster
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Policies from the cluster")]
pub struct ClusterArguments {
    /// Do not talk to a cluster: everything comes from folders
    #[arg(long)]
    pub no_cluster: bool,
    /// File that says how to reach the cluster [default: as kubectl finds it, or the Pod's service account; without this
    /// flag and outside a Pod, folders alone count where there are any]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Leave making constraint kinds from templates to Gatekeeper
    #[arg(long)]
    pub leave_constraint_kinds: bool,
    /// Name under which this webhook writes to the status of templates [default: $POD_NAME, or $HOSTNAME]
    #[arg(long, value_name = "NAME")]
    pub status_id: Option<String>,
}

/// How long a kind that may come at any time is looked for.
const RETRY: Duration = Duration::from_secs(10);

/// A cluster that answers.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    arguments: ClusterArguments,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cluster").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Reads how to reach the cluster; nothing is asked of it yet. Nothing where there is to be no cluster: a kubeconfig
    /// that lies around is not used where folders are given and this is no Pod.
    pub async fn connect(arguments: &ClusterArguments, has_folders: bool) -> anyhow::Result<Option<Self>> {
        let is_meant = arguments.kubeconfig.is_some() || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        if arguments.no_cluster || (has_folders && !is_meant) {
            return Ok(None);
        }
        let config = configuration(arguments.kubeconfig.as_deref());
        let config = config.await.context("--no-cluster does without a cluster")?;
        let client = Client::try_from(config).context("the cluster cannot be reached")?;
        Ok(Some(Self { client, arguments: arguments.clone() }))
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Who writes statuses of templates.
    pub fn template_status(&self) -> TemplateStatus {
        let own = || ["POD_NAME", "HOSTNAME"].iter().find_map(|name| std::env::var(name).ok());
        let id = self.arguments.status_id.clone().or_else(own).unwrap_or_else(|| "plat-webhook".to_owned());
        TemplateStatus::new(self.client.clone(), id)
    }

    /// Makes every feed known and follows it. Returns when all are known, not when they are read.
    pub fn start(&self, feeds: &Arc<Feeds>, snapshots: &Arc<Snapshots>) {
        let constraints =
            Constraints::new(self.client.clone(), Arc::clone(feeds), !self.arguments.leave_constraint_kinds);
        for row in KINDS {
            match (row.what, row.kind) {
                (What::Template, Some(kind)) => {
                    let (feed, constraints) = (self.announce(feeds, row, kind), constraints.clone());
                    self.spawn(feeds, row, kind, feed, move |happened| constraints.templates(happened));
                }
                (_, Some(kind)) => {
                    let feed = self.announce(feeds, row, kind);
                    self.spawn(feeds, row, kind, feed, |_| {});
                }
                // Constraints are followed kind by kind, as their templates come.
                (_, None) => {}
            }
        }
        usages::start(&self.client, feeds, snapshots);
        Objects::new(self.client.clone(), Arc::clone(feeds), Arc::clone(snapshots)).start();
    }

    #[expect(clippy::unused_self, reason = "feeds are made known by the cluster they come from")]
    fn announce(&self, feeds: &Feeds, row: &Kind, kind: &str) -> String {
        let feed = feed_name(kind);
        feeds.expect(&feed, row.part);
        feed
    }

    fn spawn(
        &self,
        feeds: &Arc<Feeds>,
        row: &Kind,
        kind: &str,
        feed: String,
        mut before: impl FnMut(&Happened) + Send + 'static,
    ) {
        let wanted = Wanted {
            group: row.group.to_owned(),
            versions: row.versions.iter().map(|version| (*version).to_owned()).collect(),
            kind: kind.to_owned(),
            retry: RETRY,
        };
        let feeds = Arc::clone(feeds);
        tokio::spawn(follow(self.client.clone(), wanted, move |happened| {
            before(&happened);
            into_feed(&feeds, &feed, happened);
        }));
    }
}

/// How to reach the cluster: by this file, or as kubectl and Pods find it.
pub(crate) async fn configuration(kubeconfig: Option<&Path>) -> anyhow::Result<kube::Config> {
    let Some(path) = kubeconfig else {
        return kube::Config::infer().await.context("no cluster is known");
    };
    let file = Kubeconfig::read_from(path).with_context(|| format!("{}", path.display()))?;
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
    config.with_context(|| format!("{}", path.display()))
}

/// The feed of a kind.
fn feed_name(kind: &str) -> String {
    format!("cluster {kind}")
}

fn into_feed(feeds: &Feeds, feed: &str, happened: Happened) {
    match happened {
        Happened::All(objects) => feeds.replace(feed, objects.into_iter().map(unit), State::Followed),
        Happened::Put(object) => feeds.put(feed, unit(object)),
        Happened::Gone(object) => feeds.remove(feed, &unit_name(&object)),
        Happened::Absent => feeds.replace(feed, [], State::Absent),
        Happened::Failed(reason) => feeds.fail(feed, reason),
    }
}

/// An object of the cluster; its status is no part of what it says.
fn unit(mut object: Value) -> Unit {
    let name = unit_name(&object);
    object.as_object_mut().map(|object| object.remove("status"));
    Unit { documents: vec![Document::synthetic(object, &name)], name, unreadable: Vec::new() }
}

/// Which part the constraints of all templates belong to.
const CONSTRAINTS: Part = Part::Policies;
