//! The end of the server.
//!
//! Owns its stages. First it only says that it is leaving, and serves on, since it takes a while until everybody has heard;
//! then it takes no new connection and finishes what it has.

use std::time::Duration;

use tokio::sync::watch;

/// Shutdown
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Shutdown")]
pub struct DrainArguments {
    /// Time between saying that it is not ready and taking no more connections
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::args::seconds)]
    pub shutdown_delay: Duration,
    /// Time for requests in work after that
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = crate::args::seconds)]
    pub shutdown_timeout: Duration,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Not at all.
    Serving,
    /// Not ready any more, and everything is served still.
    Leaving,
    /// No new connection is taken, those there are finish.
    Stopping,
}

/// Announces the stages.
#[derive(Debug)]
pub struct Stages(watch::Sender<Stage>);

impl Default for Stages {
    fn default() -> Self {
        Self(watch::Sender::new(Stage::Serving))
    }
}

impl Stages {
    /// Goes on to a stage, and never back.
    pub fn enter(&self, stage: Stage) {
        self.0.send_if_modified(|now| std::mem::replace(now, stage.max(*now)) < stage);
    }

    /// A view of the stage.
    pub fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }
}

/// A view of the stage.
#[derive(Debug, Clone)]
pub struct Watch(watch::Receiver<Stage>);

impl Watch {
    /// The stage now.
    pub fn now(&self) -> Stage {
        *self.0.borrow()
    }

    /// Waits until there is an end to connections.
    pub async fn stopping(&mut self) {
        // Nobody who could announce it is left: that is an end too.
        let _ = self.0.wait_for(|stage| *stage >= Stage::Stopping).await;
    }
}

/// Waits for SIGTERM or Ctrl-C.
pub async fn signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
