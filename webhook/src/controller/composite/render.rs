//! Rendering an XR with what functions ask for.
//!
//! Owns fetching: the engine has what it knows, says what it looked for, and is asked again with that.

use plat_expand::Compatibility;
use plat_expand::function::{ResourceMatch, ResourceSelector};
use plat_expand::render::{Rendered, Renderer, Subject};
use plat_expand::store::Store;
use plat_platform::{Composition, Mode};
use plat_reconcile::composite::Look;
use plat_resource::{GroupVersionKind, ObjectKey, Value};
use serde_json::json;

use super::observe::Observed;
use crate::controller::api::WriteError;
use crate::controller::reconciler::{Context, Failure};
use crate::controller::wakes::environment_config_kind;

/// How often functions may ask for more.
const ROUNDS: usize = 6;

/// What an XR means. The inner error is for the XR's condition.
pub(super) async fn render(
    context: &Context,
    look: &Look<'_>,
    composition: &Composition,
    observed: &Observed,
) -> Result<Result<Rendered, String>, Failure> {
    let mut fetched = match credentials(context, composition).await? {
        Ok(secrets) => secrets,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut known: Vec<ResourceSelector> = Vec::new();
    for _ in 0..ROUNDS {
        let rendered = once(context, look, composition, observed, &fetched);
        let asked = rendered.outcome.selectors.iter().filter(|selector| !is_of_platform(selector));
        let new: Vec<ResourceSelector> = asked.filter(|selector| !known.contains(selector)).cloned().collect();
        if new.is_empty() {
            return Ok(Ok(rendered));
        }
        for selector in new {
            match context.select(&selector).await {
                Ok(found) => fetched.extend(found),
                Err(WriteError::NoKind(_)) => {}
                Err(error @ WriteError::Forbidden { .. }) => {
                    return Ok(Err(format!("cannot read the resources that a function requires: {error}")));
                }
                Err(error) => return Err(error.into()),
            }
            known.push(selector);
        }
    }
    Ok(Err(format!("functions asked for other resources {ROUNDS} times in a row")))
}

fn once(
    context: &Context,
    look: &Look<'_>,
    composition: &Composition,
    observed: &Observed,
    fetched: &[Value],
) -> Rendered {
    let renderer = Renderer {
        platform: look.platform,
        runner: &*context.functions,
        compiled: &context.compiled,
        compatibility: Compatibility::V2,
        skip_unavailable: false,
    };
    let store = Store::of_platform(look.platform, fetched);
    let empty = json!({});
    let subject = Subject {
        composite: look.composite,
        legacy: look.definition.is_legacy(),
        composition,
        observed: &observed.resources,
        connection_details: &observed.connection_details,
        store: &store,
        context: &empty,
    };
    if is_native(look, composition) {
        return renderer.render(subject);
    }
    // A call over the network may take long: other reconciles go on meanwhile.
    tokio::task::block_in_place(|| renderer.render(subject))
}

fn is_native(look: &Look<'_>, composition: &Composition) -> bool {
    let Mode::Pipeline(steps) = &composition.mode else { return true };
    steps.iter().all(|step| plat_expand::native::native(look.platform, &step.function).is_some())
}

/// EnvironmentConfigs are followed, and in the store by themselves.
fn is_of_platform(selector: &ResourceSelector) -> bool {
    let kind = GroupVersionKind::new(&selector.api_version, &selector.kind);
    let platform = environment_config_kind();
    kind.group == platform.group && kind.kind == platform.kind
}

/// The Secrets of all steps.
async fn credentials(context: &Context, composition: &Composition) -> Result<Result<Vec<Value>, String>, Failure> {
    let mut found = Vec::new();
    for key in composition.credentials() {
        match context.read(&key).await {
            // A missing one is the pipeline's to report, with its step.
            Ok(secret) => found.extend(secret),
            Err(error @ WriteError::Forbidden { .. }) => {
                return Ok(Err(format!(
                    "cannot read the credentials in Secret {}/{}: {error}",
                    key.namespace, key.name
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Ok(found))
}

impl Context {
    /// The live objects that a function asks for.
    async fn select(&self, selector: &ResourceSelector) -> Result<Vec<Value>, WriteError> {
        let kind = GroupVersionKind::new(&selector.api_version, &selector.kind);
        let namespace = selector.namespace.clone().unwrap_or_default();
        match &selector.matches {
            ResourceMatch::Name(name) => {
                let key = ObjectKey { kind, namespace, name: name.clone() };
                Ok(self.read(&key).await?.into_iter().collect())
            }
            ResourceMatch::Labels(labels) => {
                let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                self.read_all(&kind, &namespace, &pairs.join(",")).await
            }
        }
    }
}
