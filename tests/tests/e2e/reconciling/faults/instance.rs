//! One controller that a test starts, ends and asks.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::Value;

use crate::reconciling::harness::{Harness, PATIENCE};
use crate::webhook::server;

/// A controller; it ends with this value.
pub(crate) struct Instance<'a> {
    harness: &'a Harness,
    name: &'static str,
    health: SocketAddr,
}

impl<'a> Instance<'a> {
    /// Starts it under a name of its own, and waits until it says where it is asked for health. It asks the API server as the
    /// `kubeconfig` says, else by the account of the manifest; `prepare` may add to the command.
    pub(crate) async fn start(
        harness: &'a Harness,
        name: &'static str,
        kubeconfig: Option<&Path>,
        prepare: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(crate::program::build("plat-webhook", "plat-controller")?);
        command.args(["--health-addr=127.0.0.1:0", "--log-format=json", "--engine=plat"]);
        command.arg("--namespace=plat-system").arg("--kubeconfig");
        command.arg(kubeconfig.map_or_else(|| harness.account(), Path::to_owned));
        prepare(&mut command);
        let log = {
            let mut control_plane = harness.control_plane();
            control_plane.run_beside(name, &mut command)?;
            control_plane.log_of(name)
        };
        let end = Instant::now() + PATIENCE;
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if let Some(health) = serving(&said) {
                return Ok(Self { harness, name, health });
            }
            if Instant::now() > end {
                bail!("{name} does not serve:\n{said}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether it was killed.
    pub(crate) fn has_ended(&self) -> bool {
        self.harness.control_plane().has_ended(self.name)
    }

    /// A metric: the sum of its series that have this label, such as `result="done"`, or of all where it is empty.
    pub(crate) fn metric(&self, name: &str, label: &str) -> anyhow::Result<f64> {
        let text = server::get(self.health, "/metrics")?;
        let series =
            text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        let values =
            series.filter(|line| line.contains(label)).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// How often it wrote, or tried to, but for Events and Leases.
    pub(crate) fn writes(&self) -> anyhow::Result<f64> {
        let of = |label: String| self.metric("plat_controller_api_calls_total", &label);
        let mut count = 0.0;
        for verb in ["create", "update", "patch", "delete"] {
            count += of(format!("{{verb=\"{verb}\""))?;
            for kind in ["Event", "Lease"] {
                count -= of(format!("verb=\"{verb}\",kind=\"{kind}\""))?;
            }
        }
        Ok(count)
    }

    /// Whether it has nothing in work, after each of these controllers looked at something.
    pub(crate) fn is_quiet(&self, controllers: &[&str]) -> anyhow::Result<bool> {
        let reconciled = |controller: &&str| {
            let label = format!("controller=\"{controller}\"");
            self.metric("plat_controller_reconciles_total", &label).is_ok_and(|count| count > 0.5)
        };
        let is_zero = |name: &str| anyhow::Ok(self.metric(name, "")? < 0.5);
        Ok(!is_zero("plat_controller_leader")?
            && controllers.iter().all(reconciled)
            && is_zero("plat_controller_queue_depth")?
            && is_zero("plat_controller_reconciles_active")?)
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        let _ = self.harness.control_plane().end(self.name);
    }
}

/// Where it says it serves: it chose its port itself, as nobody else could without a race.
fn serving(log: &str) -> Option<SocketAddr> {
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == "serving")?["health"].as_str()?.parse().ok()
}
