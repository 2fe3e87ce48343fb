//! XRs become composed resources.
//!
//! Owns carrying out the steps that `plat_reconcile::composite` decides: looking in [`observe`], rendering in [`render`],
//! writing in [`apply`].

mod apply;
mod memory;
mod observe;
mod render;

use std::collections::BTreeMap;
use std::sync::Arc;

use plat_expand::render::Rendered;
use plat_platform::{Composition, Definition, Mode, Platform, Revision, Role};
use plat_reconcile::composite::{Begin, Conclusion, Look, conclude, endless};
use plat_reconcile::{Event, Then};
use plat_resource::{ObjectKey, Value, object};

pub(super) use apply::write_secret;
pub use memory::Memory;

use super::reconciler::{Context, Failure};
use super::wakes::claim_of;

/// One XR that is looked at.
pub(super) struct Subject {
    pub(super) key: ObjectKey,
    pub(super) composite: Arc<Value>,
    pub(super) platform: Arc<Platform>,
    now: String,
    circuit: Option<String>,
}

/// Looks at one XR, and does the next step.
pub async fn reconcile(context: &Context, key: &ObjectKey) -> Result<Then, Failure> {
    let Some(composite) = context.objects.get(key) else {
        context.composed.forget(key);
        context.causes.forget(key);
        super::rollout::freed(context, key);
        return Ok(Then::Wait);
    };
    let subject = Subject {
        key: key.clone(),
        composite,
        platform: context.platform(),
        now: context.now(),
        circuit: context.circuit_triggered_by(key),
    };
    // The kind is known a moment before the platform says so.
    let Some(definition) = subject.definition() else { return Ok(Then::Wait) };
    let hold = |revision: &Revision| super::rollout::hold(context, &subject, definition, revision);
    let look = subject.look(definition, &hold);
    context.held.remove(key);
    let then = match look.begin() {
        Begin::Decided(decision) => {
            // It may not count any more: it is paused, or on its way out.
            super::rollout::freed(context, key);
            context.carry_out(&subject.composite, decision).await?
        }
        Begin::Compose(revision) => {
            let then = subject.compose(context, &look, &revision.composition).await?;
            super::rollout::advance(context, &subject, definition, revision);
            then
        }
    };
    if then != Then::Again {
        super::causes::pass_on(context, key);
    }
    Ok(then)
}

impl Subject {
    fn definition(&self) -> Option<&Definition> {
        let found = self.platform.kind(&self.key.kind).filter(|found| found.role == Role::Composite)?;
        Some(found.definition)
    }

    fn look<'a>(
        &'a self,
        definition: &'a Definition,
        hold: &'a (dyn Fn(&Revision) -> Option<String> + Sync),
    ) -> Look<'a> {
        Look {
            composite: &self.composite,
            definition,
            platform: &self.platform,
            hold,
            circuit_open: self.circuit.as_deref(),
            now: &self.now,
        }
    }

    async fn compose(&self, context: &Context, look: &Look<'_>, composition: &Composition) -> Result<Then, Failure> {
        let observed = match observe::observe(context, look).await? {
            Ok(observed) => observed,
            Err(reason) => return self.refuse(context, look, &reason).await,
        };
        let rendered = match render::render(context, look, composition, &observed).await? {
            Ok(rendered) => rendered,
            Err(reason) => return self.refuse(context, look, &reason).await,
        };
        let composed: Vec<ObjectKey> =
            rendered.expansion.composed.iter().map(|composed| ObjectKey::of(&composed.object)).collect();
        if let Some(reason) = endless(&self.composite, &context.above(&self.composite), &composed) {
            return self.refuse(context, look, &reason).await;
        }
        let outcomes = match apply::apply(context, look, &rendered, &self.key).await? {
            // What was made is looked at before anything is said of it.
            apply::Applied::Again => return Ok(Then::Again),
            apply::Applied::Done(outcomes) => outcomes,
        };
        context.causes.note_refused(&self.key, &outcomes.invalid);
        let conclusion = conclude(look, &rendered, &outcomes, self.poll(context, composition, &rendered));
        self.tell(context, conclusion).await
    }

    async fn refuse(&self, context: &Context, look: &Look<'_>, reason: &str) -> Result<Then, Failure> {
        context.causes.note_refused(&self.key, &BTreeMap::new());
        let decision = look.fail("ComposeResources", &format!("cannot compose resources: {reason}"));
        Ok(context.carry_out(&self.composite, decision).await?)
    }

    async fn tell(&self, context: &Context, conclusion: Conclusion) -> Result<Then, Failure> {
        let Conclusion { decision, for_claim } = conclusion;
        self.tell_claim(context, for_claim);
        // The steps before may have written to the XR.
        let about = context.objects.get(&self.key).unwrap_or_else(|| Arc::clone(&self.composite));
        Ok(context.carry_out(&about, decision).await?)
    }

    fn tell_claim(&self, context: &Context, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let Some(key) = claim_of(&self.composite, &context.hearing.roles()) else { return };
        let Some(claim) = context.objects.get(&key) else { return };
        for event in events {
            context.events.record(&claim, event);
        }
    }

    /// Watches tell of everything but what functions read, answer by the clock, or keep in Secrets.
    fn poll(&self, context: &Context, composition: &Composition, rendered: &Rendered) -> Option<std::time::Duration> {
        let Mode::Pipeline(steps) = &composition.mode else { return None };
        let is_foreign = |function: &str| plat_expand::native::native(&self.platform, function).is_none();
        let unheard = !rendered.outcome.selectors.is_empty()
            || steps.iter().any(|step| is_foreign(&step.function) || !step.credentials.is_empty())
            || object::value_at(&self.composite, &["spec", "writeConnectionSecretToRef"]).is_some();
        unheard.then_some(context.settings.poll_interval)
    }
}
