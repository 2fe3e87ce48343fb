//! The controller as a whole.
//!
//! Owns the order of things: health before the cluster is asked, watches before the lease is waited for, and at the end
//! finishing what is in work before the lease is given back.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use anyhow::Context as _;
use kube::Client;
use plat_platform::Platform;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::info;

use super::api::Api;
use super::args::Arguments;
use super::causes::Causes;
use super::composite::Memory;
use super::dispatch;
use super::events::{self, Events};
use super::fence::Fence;
use super::functions::Functions;
use super::health::{self, Health};
use super::hearing::Hearing;
use super::lease::Lease;
use super::metrics::Metrics;
use super::platform;
use super::rate::Rate;
use super::reconciler::Context;
use super::rollout::Held;
use super::standing::{self, Known};
use super::wakes;
use super::watches::{WatchScope, Watches};
use super::writer::Writer;
use crate::drain::{self, Stage, Stages};
use crate::{logging, sources};

/// Reconciles as the command line says, until a signal.
pub fn main(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.lease.check()?;
    logging::start(&arguments.logging)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = connect(arguments).await?;
    let fence = Arc::new(if arguments.lease.leader_elect { Fence::default() } else { Fence::open() });
    let (platform_sender, platform) = watch::channel(Arc::new(Platform::default()));
    let (standing_sender, standing) = watch::channel(None);
    let (context, sender) = build(arguments, client, &fence, (platform, standing.clone()));
    let stages = Stages::default();
    let health = Health { context: Arc::clone(&context), stage: stages.watch() };
    let address = health::serve(&arguments.health, health).await?;
    info!(health = %address, "serving");
    tokio::spawn(sender.run());
    tokio::spawn(platform::run(Arc::clone(&context.hearing), platform_sender));
    let usages = plat_platform::USAGE_KINDS.iter().map(plat_platform::UsageKind::kind);
    for kind in platform::parts().into_iter().chain([wakes::crd_kind()]).chain(usages) {
        context.watches.ensure(&kind, WatchScope::All);
    }
    let watches = Arc::clone(&context.watches);
    tokio::spawn(async move { watches.keep_swept().await });
    let lease = Arc::new(Lease::new(context.api.clone(), arguments.lease.clone(), identity(), fence));
    // Kept to the end: a lease that nobody speaks for is a lost one.
    let always = watch::Sender::new(true);
    let leads = if arguments.lease.leader_elect {
        let electing = Arc::clone(&lease);
        tokio::spawn(async move { electing.run().await });
        lease.leads()
    } else {
        always.subscribe()
    };
    tokio::spawn(standing::run(Arc::clone(&context), leads.clone(), standing_sender));
    let works = standing::works(leads, standing);
    let stopping = watch::Sender::new(false);
    let working = tokio::spawn(dispatch::run(Arc::clone(&context), works, stopping.subscribe()));
    drain::signal().await.context("cannot wait for signals")?;
    info!("shutting down");
    stages.enter(Stage::Leaving);
    stopping.send_replace(true);
    // A second signal is from somebody who does not want to wait.
    tokio::select! {
        _ = working => {}
        _ = drain::signal() => {}
    }
    lease.release().await;
    info!("ended");
    Ok(())
}

async fn connect(arguments: &Arguments) -> anyhow::Result<Client> {
    let mut config = sources::configuration(arguments.cluster.kubeconfig.as_deref()).await?;
    // What is tried again must look at the lease again.
    config.default_retry = false;
    Client::try_from(config).context("the cluster cannot be reached")
}

fn build(
    arguments: &Arguments,
    client: Client,
    fence: &Arc<Fence>,
    (platform, standing): (watch::Receiver<Arc<Platform>>, watch::Receiver<Known>),
) -> (Arc<Context>, events::Sender) {
    let metrics = Arc::new(Metrics::default());
    let api = Api::new(client.clone(), Arc::clone(&metrics));
    let limits = arguments.settings.breaker.limits();
    let hearing = Arc::new(Hearing::new(limits, metrics.circuits_opened.clone()));
    let rate = Arc::new(Rate::new(arguments.cluster.qps, arguments.cluster.burst));
    let stop_after = arguments.settings.stop_after_writes;
    let writer = Writer::new(api.clone(), Arc::clone(fence), rate, Arc::clone(&hearing), stop_after);
    let (events, sender) = Events::new(api.clone(), Arc::clone(fence), Arc::clone(&metrics));
    let functions = Functions::new(
        Arc::clone(&hearing.objects),
        Arc::clone(&metrics),
        arguments.functions.clone(),
        arguments.lease.namespace(),
        Handle::current(),
    );
    let context = Context {
        objects: Arc::clone(&hearing.objects),
        kinds: Arc::clone(&hearing.kinds),
        writer: Arc::new(writer),
        events: Arc::new(events),
        watches: Arc::new(Watches::new(client.clone(), Arc::clone(&hearing))),
        queue: Arc::clone(&hearing.queue),
        platform,
        client,
        api,
        settings: arguments.settings.clone(),
        metrics,
        hearing,
        functions: Arc::new(functions),
        standing,
        compiled: Arc::default(),
        composed: Memory::default(),
        causes: Causes::default(),
        held: Held::default(),
    };
    (Arc::new(context), sender)
}

/// Tells this replica from others, and from itself before a restart.
fn identity() -> String {
    let own = ["POD_NAME", "HOSTNAME"].iter().find_map(|name| std::env::var(name).ok());
    let random = RandomState::new().hash_one(std::process::id());
    format!("{}_{random:016x}", own.unwrap_or_else(|| "plat-controller".to_owned()))
}
