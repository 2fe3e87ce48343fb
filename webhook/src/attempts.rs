//! Deletions that were refused because something uses the object, noted at the object.
//!
//! Owns writing that down, after the answer: a decision waits for nobody. What is noted is decided by `plat-admission`.

use http::Request;
use kube::Client;
use plat_admission::Attempt;
use plat_reconcile::names::CROSSPLANE_MANAGER;
use plat_resource::Value;
use tokio::sync::mpsc;
use tracing::warn;

use crate::sources::words;

/// Attempts that may wait to be written; what is more is tried again by whoever deletes.
const MOST_WAITING: usize = 1024;

/// Where attempts are noted.
#[derive(Debug, Clone)]
pub struct Attempts {
    sender: mpsc::Sender<Attempt>,
}

impl Attempts {
    /// Writes them to this cluster, for ever.
    pub fn start(client: Client) -> Self {
        let (sender, mut waiting) = mpsc::channel::<Attempt>(MOST_WAITING);
        tokio::spawn(async move {
            while let Some(attempt) = waiting.recv().await {
                if let Err(error) = write(&client, &attempt).await {
                    let (path, error) = (&attempt.path, words(&error));
                    warn!(path, "that its deletion was refused cannot be noted: {error}");
                }
            }
        });
        Self { sender }
    }

    /// Notes one, soon.
    pub fn note(&self, attempt: Attempt) {
        if let Err(error) = self.sender.try_send(attempt) {
            warn!("that a deletion was refused cannot be noted: {error}");
        }
    }
}

async fn write(client: &Client, attempt: &Attempt) -> Result<(), kube::Error> {
    let uri = format!("{}?fieldManager={CROSSPLANE_MANAGER}", attempt.path);
    let body = serde_json::to_vec(&attempt.patch).map_err(kube::Error::SerdeError)?;
    let request = Request::patch(uri).header("Content-Type", "application/merge-patch+json").body(body);
    client.request::<Value>(request.map_err(kube::Error::HttpError)?).await.map(|_| ())
}
