//! The server as a client sees it: over its router, and over real connections on the loopback.

mod answers;
mod bodies;
mod certificates;
mod client;
mod connections;
mod ending;
mod health;
mod scripted;

use std::sync::Arc;

use clap::Parser as _;

use crate::args::{Arguments, ServerArguments};
use crate::metrics::Metrics;
use crate::run::Server;
use client::Client;
use scripted::Scripted;

/// The flags, with ports of the loopback that are free.
fn arguments(flags: &[&str]) -> ServerArguments {
    let ports = ["plat-webhook", "--listen=127.0.0.1:0", "--health-addr=127.0.0.1:0"];
    let mut arguments = Arguments::try_parse_from(ports.iter().chain(flags)).expect("flags").server;
    arguments.evaluation.evaluation_threads.get_or_insert(2);
    arguments
}

/// A running server with the certificate of `folder`, and what decides in it.
struct Running {
    server: Server,
    scripted: Arc<Scripted>,
    metrics: Arc<Metrics>,
    folder: certificates::Folder,
}

impl Running {
    async fn start(flags: &[&str]) -> Self {
        let folder = certificates::Folder::new();
        let mut arguments = arguments(flags);
        arguments.tls.tls_cert = Some(folder.certificate());
        arguments.tls.tls_key = Some(folder.key());
        let (scripted, metrics) = (Arc::new(Scripted::default()), Arc::new(Metrics::default()));
        let server = Server::start(arguments, scripted.clone(), metrics.clone()).await.expect("a server");
        Self { server, scripted, metrics, folder }
    }

    async fn http1(&self) -> Client {
        Client::http1(self.server.address, self.folder.trust()).await.expect("a connection")
    }

    async fn http2(&self) -> Client {
        Client::http2(self.server.address, self.folder.trust()).await.expect("a connection")
    }
}

/// An AdmissionReview whose object's name tells [`Scripted`] what to do.
fn review(name: &str) -> String {
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"uid-{name}",
        "kind":{{"group":"","version":"v1","kind":"Pod"}},"operation":"CREATE","name":"{name}","namespace":"team-a",
        "object":{{"metadata":{{"name":"{name}"}}}}}}}}"#
    )
}

/// `response.uid`, `response.allowed` and the message of an AdmissionReview.
fn told(body: &[u8]) -> (String, bool, String) {
    let review: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(review["kind"], "AdmissionReview", "{review}");
    let response = &review["response"];
    let message = response["status"]["message"].as_str().unwrap_or_default().to_owned();
    (response["uid"].as_str().expect("a uid").to_owned(), response["allowed"].as_bool().expect("a verdict"), message)
}
