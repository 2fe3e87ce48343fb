//! Functions become Deployments and Services, and get certificates.
//!
//! Owns reading what there is, and making keys. What is written is decided in `plat-reconcile`.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use plat_cluster::Identity;
use plat_reconcile::function_runtime::certificates::{self, DAYS, Pair};
use plat_reconcile::function_runtime::{self as runtime, Live};
use plat_reconcile::{Decision, Then};
use plat_resource::{GroupVersionKind, ObjectKey, Value, object};

use super::api::WriteError;
use super::authority;
use super::reconciler::{Context, Failure};
use super::watches::WatchScope;

/// How many times as long as other certificates the authority's own lasts.
const AUTHORITY_TIMES: u32 = 10;

/// Looks at one object, and does the next step.
pub async fn reconcile(context: &Context, key: &ObjectKey) -> Result<Then, Failure> {
    let Some(function) = context.objects.get(key) else {
        context.functions.forget(&key.name);
        return Ok(Then::Wait);
    };
    let is_native = plat_expand::native::native(&context.platform(), &key.name).is_some();
    let namespace = context.functions.namespace.as_str();
    let config = config(context, &function).await?;
    let config = config.as_ref();
    let deployments = GroupVersionKind::new("apps/v1", "Deployment");
    context.watches.ensure(&deployments, WatchScope::Labelled(runtime::FUNCTION_LABEL));
    let deployment = context.read(&runtime::deployment_key(&function, config, namespace)).await?;
    let service = context.read(&runtime::service_key(&function, config, namespace)).await?;
    let account = context.read(&runtime::account_key(&function, config, namespace)).await?;
    let certificate = if is_native { None } else { Some(certificates(context, &function, config).await?) };
    let owned = context.objects.controlled_by(object::uid(&function));
    let (certificate, now) = (certificate.as_deref(), context.now());
    let live = Live {
        function: &function,
        is_native,
        namespace,
        config,
        deployment: deployment.as_ref(),
        owned: &owned,
        service: service.as_ref(),
        account: account.as_ref(),
        certificate,
        now: &now,
    };
    match context.carry_out(&function, runtime::decide(&live)).await {
        Err(error @ (WriteError::Invalid { .. } | WriteError::Forbidden { .. })) => {
            Ok(context.carry_out(&function, runtime::refused(&live, &error.to_string())).await?)
        }
        done => Ok(done?),
    }
}

/// The DeploymentRuntimeConfig of a Function. The cluster need not have the kind.
async fn config(context: &Context, function: &Value) -> Result<Option<Value>, Failure> {
    let kind = runtime::config_kind();
    context.watches.ensure(&kind, WatchScope::All);
    let name = runtime::runtime_config(function).to_owned();
    match context.read(&ObjectKey { kind, namespace: String::new(), name }).await {
        Ok(found) => Ok(found),
        Err(WriteError::NoKind(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Sees to all certificates that calling this function takes. Answers with what tells the function's own from others.
async fn certificates(context: &Context, function: &Arc<Value>, config: Option<&Value>) -> Result<String, Failure> {
    // One after another: two functions must not make two authorities.
    let _one = context.functions.making.lock().await;
    let namespace = context.functions.namespace.clone();
    let authority = authority(context, &namespace).await?;
    let secret = certificates::key(&namespace, certificates::CLIENT_SECRET);
    let client = pair(context, &secret, &authority, &["plat-controller".to_owned()], None).await?;
    let names = runtime::server_names(function, config, &namespace);
    let secret = certificates::key(&namespace, &certificates::server_secret(object::name(function)));
    let server = pair(context, &secret, &authority, &names, Some(function)).await?;
    let identity = Identity { authority: client.believed, certificate: client.certificate, key: client.key };
    let endpoint = runtime::endpoint(function, config, &namespace);
    context.functions.serve(object::name(function), endpoint, identity);
    Ok(server.fingerprint())
}

/// What signs: as it is kept, or made.
async fn authority(context: &Context, namespace: &str) -> Result<Pair, Failure> {
    let key = certificates::key(namespace, certificates::AUTHORITY_SECRET);
    let there = context.read(&key).await?;
    let (made_of, now) = (certificates::made_of("", &[]), Timestamp::now().as_second());
    if let Some(pair) = certificates::current(there.as_ref(), &made_of, now) {
        return Ok(pair);
    }
    let before = there.as_ref().and_then(Pair::of).map(|pair| pair.certificate);
    let made = authority::authority(DAYS * AUTHORITY_TIMES, before.as_deref()).map_err(|error| cannot_make(&error))?;
    keep(context, &key, &made, (&made_of, now, DAYS * AUTHORITY_TIMES), None).await?;
    Ok(made)
}

/// A certificate for these names: as it is kept, or made.
async fn pair(
    context: &Context,
    key: &ObjectKey,
    authority: &Pair,
    names: &[String],
    owner: Option<&Value>,
) -> Result<Pair, Failure> {
    let there = context.read(key).await?;
    let (made_of, now) = (certificates::made_of(&authority.believed, names), Timestamp::now().as_second());
    if let Some(pair) = certificates::current(there.as_ref(), &made_of, now) {
        return Ok(pair);
    }
    let made = authority::pair(authority, names, DAYS).map_err(|error| cannot_make(&error))?;
    keep(context, key, &made, (&made_of, now, DAYS), owner).await?;
    Ok(made)
}

async fn keep(
    context: &Context,
    key: &ObjectKey,
    pair: &Pair,
    (made_of, now, days): (&str, i64, u32),
    owner: Option<&Value>,
) -> Result<(), Failure> {
    let write = certificates::keep(key, pair, made_of, now, days, owner);
    let about = owner.cloned().unwrap_or(Value::Null);
    context.carry_out(&about, Decision { writes: vec![write], ..Decision::default() }).await?;
    Ok(())
}

fn cannot_make(error: &rcgen::Error) -> Failure {
    Failure::retry(format!("cannot make a certificate for functions: {error}"))
}
