//! Standing down: looking whether Crossplane runs, and reconciling only where it does not.
//!
//! Owns when it is looked and who hears of it. What is seen is judged in `plat-reconcile`.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use plat_reconcile::Event;
use plat_reconcile::standing::{CROSSPLANE_COMPONENT, CROSSPLANE_LEASE, Choice, Engine, Evidence, Observer, Standing};
use plat_resource::Value;
use tokio::sync::watch;
use tracing::{info, warn};

use super::api::{Api, Call};
use super::args;
use super::objects::Objects;
use super::reconciler::Context;
use super::wakes;

/// How often it is looked.
const PAUSE: Duration = Duration::from_secs(10);
/// How often, as long as not everything can be seen.
const SOON: Duration = Duration::from_millis(500);

/// Who reconciles; nothing before it was looked.
pub type Known = Option<Standing>;

impl From<args::Engine> for Choice {
    fn from(engine: args::Engine) -> Self {
        match engine {
            args::Engine::Auto => Self::Auto,
            args::Engine::Plat => Self::Plat,
            args::Engine::Crossplane => Self::Crossplane,
        }
    }
}

/// Whether this replica works: it leads, and the cluster is plat's.
pub fn works(mut leads: watch::Receiver<bool>, mut standing: watch::Receiver<Known>) -> watch::Receiver<bool> {
    let (sender, works) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            let now = *leads.borrow_and_update() && is_plat(standing.borrow_and_update().as_ref());
            sender.send_if_modified(|works| std::mem::replace(works, now) != now);
            let goes_on = tokio::select! {
                changed = leads.changed() => changed.is_ok(),
                changed = standing.changed() => changed.is_ok(),
                () = sender.closed() => false,
            };
            if !goes_on {
                sender.send_replace(false);
                return;
            }
        }
    });
    works
}

fn is_plat(standing: Option<&Standing>) -> bool {
    standing.is_some_and(|standing| standing.engine == Engine::Plat)
}

/// Looks again and again, for ever. Events are told by the replica that leads.
pub async fn run(context: Arc<Context>, leads: watch::Receiver<bool>, sender: watch::Sender<Known>) {
    // Without the XRDs half of what there is to see is missing.
    while !context.objects.is_synced(&wakes::definition_kind()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut observer = Observer::new(context.settings.engine.into());
    let mut told = Engine::Plat;
    loop {
        let evidence = look(&context.api, &context.objects).await;
        let standing = observer.decide(&evidence, Timestamp::now().as_second());
        tell(sender.borrow().as_ref(), &standing);
        context.metrics.standing_down.set(i64::from(standing.engine == Engine::Crossplane));
        if told != standing.engine && *leads.borrow() {
            told = standing.engine;
            record(&context, &standing);
        }
        sender.send_if_modified(|known| known.replace(standing.clone()).as_ref() != Some(&standing));
        let is_whole = evidence.leases.is_ok() && evidence.deployments.is_ok() && evidence.definitions.is_ok();
        tokio::time::sleep(if is_whole { PAUSE } else { SOON }).await;
    }
}

async fn look(api: &Api, objects: &Objects) -> Evidence {
    let leases =
        format!("/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3D{CROSSPLANE_LEASE}&limit=100");
    let (key, value) = CROSSPLANE_COMPONENT;
    let by_label = |selector: &str| format!("/apis/apps/v1/deployments?labelSelector={selector}&limit=100");
    let by_component = by_label(&format!("{}%3D{value}", key.replace('/', "%2F")));
    let by_application = by_label("app%3Dcrossplane");
    let mut deployments = list(api, "Deployment", &by_component).await;
    if let Ok(found) = &mut deployments {
        match list(api, "Deployment", &by_application).await {
            Ok(more) => found.extend(more),
            Err(reason) => deployments = Err(reason),
        }
    }
    let kind = wakes::definition_kind();
    let definitions = if objects.is_synced(&kind) {
        Ok(objects.list(&kind).iter().map(|definition| (**definition).clone()).collect())
    } else {
        Err("the XRDs are not read yet".to_owned())
    };
    Evidence { leases: list(api, "Lease", &leases).await, deployments, definitions }
}

async fn list(api: &Api, kind: &str, path: &str) -> Result<Vec<Value>, String> {
    let mut answer = api.send(Call::read("list", kind, path)).await.map_err(|error| error.to_string())?;
    match answer["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

/// Tells the log what is new.
fn tell(before: Option<&Standing>, now: &Standing) {
    let is_turn = before.is_none_or(|before| before.engine != now.engine);
    if is_turn {
        match now.engine {
            Engine::Plat => info!(why = now.why, "plat reconciles"),
            Engine::Crossplane => info!(why = now.why, "standing down: Crossplane reconciles"),
        }
    }
    if let Some(warning) = &now.warning
        && (is_turn || before.and_then(|before| before.warning.as_ref()) != Some(warning))
    {
        warn!("{warning}");
    }
}

/// Tells whoever looks at an XRD who reconciles from now on.
fn record(context: &Context, standing: &Standing) {
    let event = match standing.engine {
        Engine::Plat => {
            Event::normal("EngineChanged", format!("plat reconciles claims and XRs again: {}", standing.why))
        }
        Engine::Crossplane => {
            Event::normal("EngineChanged", format!("plat leaves claims and XRs to Crossplane: {}", standing.why))
        }
    };
    for definition in context.objects.list(&wakes::definition_kind()) {
        context.events.record(&definition, event.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(engine: Engine) -> Standing {
        let mut observer = Observer::new(if engine == Engine::Plat { Choice::Plat } else { Choice::Crossplane });
        let nothing = Evidence { leases: Ok(vec![]), deployments: Ok(vec![]), definitions: Ok(vec![]) };
        observer.decide(&nothing, 0)
    }

    #[tokio::test]
    async fn a_replica_works_when_it_leads_and_the_cluster_is_plats() {
        let (leads, known) = (watch::Sender::new(true), watch::Sender::new(None));
        let mut works = works(leads.subscribe(), known.subscribe());
        assert!(!*works.borrow(), "nobody has looked yet");
        known.send_replace(Some(standing(Engine::Plat)));
        assert!(works.wait_for(|works| *works).await.is_ok());
        known.send_replace(Some(standing(Engine::Crossplane)));
        assert!(works.wait_for(|works| !*works).await.is_ok());
        leads.send_replace(false);
        known.send_replace(Some(standing(Engine::Plat)));
        leads.send_replace(true);
        assert!(works.wait_for(|works| *works).await.is_ok());
        drop(known);
        assert!(works.wait_for(|works| !*works).await.is_ok(), "without an answer nobody works");
    }
}
