//! The real Crossplane under measurement: its core, and the function that composes.
//!
//! Owns bringing it into the control plane. How it is run is the harness' matter.

use anyhow::Context as _;
use hyper::body::Bytes;
use plat_resource::Value;
use plat_tests::ControlPlane;
use plat_tests::crossplane::Crossplane;
use tokio::runtime::Handle;

use super::super::api::Api;
use super::super::usage::Process;
use super::measure::Part;
use super::platform::FUNCTION;

/// Starts it with the flags it has by default, and waits until it is ready.
pub(super) async fn start(api: &Api, control_plane: &ControlPlane) -> anyhow::Result<(Crossplane, Vec<Part>)> {
    let client = api.again().await?;
    let (handle, kubeconfig) = (Handle::current(), control_plane.kubeconfig().to_owned());
    let started = tokio::task::spawn_blocking(move || {
        let ask = |method: &str, path: &str, object: &Value| {
            let content = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            let body = if object.is_null() { Bytes::new() } else { Bytes::from(object.to_string()) };
            let mut client = client.clone();
            let (status, answer) = handle.block_on(client.send_as(method, path, content, body))?;
            Ok((status.as_u16(), String::from_utf8_lossy(&answer).into_owned()))
        };
        let mut crossplane = Crossplane::install(&kubeconfig, &ask)?;
        crossplane.start(&ask).with_context(|| crossplane.last_words())?;
        anyhow::Ok(crossplane)
    });
    let crossplane = started.await??;
    // Other functions run too, and are not called.
    let processes = crossplane.processes().into_iter();
    let parts = processes.filter(|(name, _)| *name == FUNCTION || *name == "crossplane-core");
    let parts = parts.map(|(name, id)| Part { name, process: Process(id) }).collect();
    Ok((crossplane, parts))
}
