//! A control plane with Crossplane's own kinds, and the real Crossplane beside it.
//!
//! Owns starting and stopping the engines. What they did is asked through the harness of the controller's tests.

use std::sync::{Mutex, PoisonError};

use plat_tests::Crossplane;
use serde_json::Value;

use crate::reconciling::harness::Harness;

/// A control plane on which either engine can run.
pub(crate) struct Engines {
    /// How the API server is asked.
    pub(crate) harness: Harness,
    crossplane: Mutex<Crossplane>,
}

impl Engines {
    /// A control plane with Crossplane's kinds and functions; nobody reconciles.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let harness = Harness::bare()?;
        let kubeconfig = harness.control_plane().kubeconfig().to_owned();
        let crossplane = Crossplane::install(&kubeconfig, &|method, path, object| ask(&harness, method, path, object))?;
        Ok(Self { harness, crossplane: Mutex::new(crossplane) })
    }

    /// Starts Crossplane's core.
    pub(crate) fn start_crossplane(&self) -> anyhow::Result<()> {
        self.with(|crossplane| crossplane.start(&|method, path, object| ask(&self.harness, method, path, object)))?;
        Ok(())
    }

    /// Stops Crossplane's core.
    pub(crate) fn stop_crossplane(&self) -> anyhow::Result<()> {
        self.with(|crossplane| crossplane.stop(&|method, path, object| ask(&self.harness, method, path, object)))
    }

    /// Looks at Crossplane.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Crossplane) -> T) -> T {
        look(&mut self.crossplane.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `work` to its end; where it fails, with what Crossplane said last.
    pub(crate) fn run<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        self.harness.run(work).map_err(|error| error.context(self.with(|crossplane| crossplane.last_words())))
    }
}

fn ask(harness: &Harness, method: &str, path: &str, object: &Value) -> anyhow::Result<(u16, String)> {
    let answer = harness.run(harness.ask(method, path, Some(object)))?;
    Ok((answer.code, answer.body.to_string()))
}
