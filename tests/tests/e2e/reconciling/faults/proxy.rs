//! Stands between a controller and the API server, and answers in its place where a rule says so.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;
use tokio::net::TcpListener;

use crate::reconciling::harness::Harness;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The API server answers.
    Pass,
    /// It never hears of it: this code is answered, and 429 with a wish for one second's rest.
    Refuse(u16),
    /// It does as it is asked, and nobody is told: the answer is this code.
    Lose(u16),
    /// It does as it is asked, and the connection breaks before the answer.
    Break,
}

/// Decides by method, path with query, and how many requests came before.
type Rule = Box<dyn Fn(&str, &str, usize) -> Verdict + Send + Sync>;

/// A proxy that speaks plain HTTP, and asks the API server by the account of the manifest.
pub(super) struct Proxy {
    inner: Arc<Inner>,
    kubeconfig: tempfile::NamedTempFile,
}

struct Inner {
    client: Client,
    rule: Mutex<Rule>,
    /// Method, path and verdict of everything that was asked.
    asked: Mutex<Vec<(String, String, Verdict)>>,
}

impl Proxy {
    /// Starts it; everything passes.
    pub(super) async fn start(harness: &Harness) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let mut kubeconfig = tempfile::NamedTempFile::new()?;
        let server = format!("http://{}", listener.local_addr()?);
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "clusters": [{"name": "proxy", "cluster": {"server": server}}], "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy", "namespace": "default"}}],
        });
        kubeconfig.write_all(text.to_string().as_bytes())?;
        let rule: Rule = Box::new(|_, _, _| Verdict::Pass);
        let account = Kubeconfig::read_from(harness.account())?;
        let config = kube::Config::from_custom_kubeconfig(account, &KubeConfigOptions::default()).await?;
        let inner =
            Arc::new(Inner { client: Client::try_from(config)?, rule: Mutex::new(rule), asked: Mutex::default() });
        tokio::spawn(serve(listener, Arc::clone(&inner)));
        Ok(Self { inner, kubeconfig })
    }

    /// How a controller asks through it.
    pub(super) fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// From now on this rule holds, and is the first to count.
    pub(super) fn rule(&self, rule: impl Fn(&str, &str, usize) -> Verdict + Send + Sync + 'static) {
        *self.inner.rule.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(rule);
        self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many requests had this verdict since the last rule.
    pub(super) fn count(&self, is_meant: impl Fn(Verdict) -> bool) -> usize {
        let asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|(_, _, verdict)| is_meant(*verdict)).count()
    }
}

/// Whether a request writes; Events and Leases are written without being reconciled.
pub(super) fn is_write(method: &str, path: &str) -> bool {
    method != "GET" && !path.contains("/events") && !path.contains("/leases")
}

async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    while let Ok((stream, _)) = listener.accept().await {
        let inner = Arc::clone(&inner);
        let service = hyper::service::service_fn(move |request| {
            let inner = Arc::clone(&inner);
            async move { inner.answer(request).await }
        });
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>) -> anyhow::Result<Response<Body>> {
        let (mut parts, body) = request.into_parts();
        let (method, path) = (parts.method.to_string(), parts.uri.to_string());
        let verdict = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let verdict = self.rule.lock().unwrap_or_else(PoisonError::into_inner)(&method, &path, asked.len());
            asked.push((method, path, verdict));
            verdict
        };
        if let Verdict::Refuse(code) = verdict {
            return refusal(code);
        }
        for own in ["host", "authorization", "accept-encoding", "content-length", "connection"] {
            parts.headers.remove(own);
        }
        let body = body.collect().await?.to_bytes().to_vec();
        let mut response = self.client.send(Request::from_parts(parts, Body::from(body))).await?;
        match verdict {
            Verdict::Lose(code) => refusal(code),
            Verdict::Break => anyhow::bail!("the connection breaks"),
            Verdict::Pass | Verdict::Refuse(_) => {
                for own in ["transfer-encoding", "connection"] {
                    response.headers_mut().remove(own);
                }
                Ok(response)
            }
        }
    }
}

fn refusal(code: u16) -> anyhow::Result<Response<Body>> {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "message": "refused by the test",
    });
    let mut response = Response::builder().status(code).header("Content-Type", "application/json");
    if code == 429 {
        response = response.header("Retry-After", "1");
    }
    Ok(response.body(Body::from(status.to_string().into_bytes()))?)
}
