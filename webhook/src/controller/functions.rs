//! Calling functions that run in the cluster.
//!
//! Owns which may be called now, where, and one connection to each. The calls themselves are `plat-cluster`'s; whether a
//! function is ready was decided by whoever looks after it.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use plat_cluster::{ClientOptions, Connection, Identity, Message};
use plat_expand::function::{FunctionError, FunctionRunner, RunFunctionRequest, RunFunctionResponse};
use plat_reconcile::function_runtime::{self, Endpoint};
use plat_resource::{ObjectKey, Value, object};
use tokio::runtime::Handle;

use super::metrics::Metrics;
use super::objects::Objects;
use super::silence::Silence;
use super::wakes;

/// Says where a function runs that somebody works on; read with `--development-targets` alone. With [`SECURE`] in front it is
/// called as it is in the cluster, elsewhere.
const DEVELOPMENT_TARGET: &str = "render.crossplane.io/runtime-development-target";
const SECURE: &str = "https://";
/// How much longer than a call may take its end is waited for.
const GRACE: Duration = Duration::from_secs(1);

/// Functions
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Functions")]
pub struct FunctionArguments {
    /// Time that one call of a function may take
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = crate::args::seconds)]
    pub function_timeout: Duration,
    /// Largest answer of a function
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    pub max_function_answer_bytes: usize,
    /// For development: call a function where its annotation render.crossplane.io/runtime-development-target says,
    /// without certificates unless that begins with https://
    #[arg(long)]
    pub development_targets: bool,
}

/// The functions of the cluster.
pub struct Functions {
    objects: Arc<Objects>,
    metrics: Arc<Metrics>,
    arguments: FunctionArguments,
    /// Where functions run.
    pub namespace: String,
    /// Held while certificates are made.
    pub making: tokio::sync::Mutex<()>,
    identity: RwLock<Option<Identity>>,
    /// Where each function listens, as whoever looks after it says.
    endpoints: RwLock<HashMap<String, Endpoint>>,
    connections: Mutex<HashMap<String, Kept>>,
    handle: Handle,
}

/// A connection, and what it was made by.
#[derive(Clone)]
struct Kept {
    address: Address,
    connection: Connection,
    silence: Arc<Silence>,
}

#[derive(Clone, PartialEq, Eq)]
enum Address {
    Development(String),
    /// Where, who is there, and who calls.
    Cluster {
        target: String,
        name: String,
        identity: Identity,
    },
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Functions").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

impl Functions {
    /// Functions whose connections live on this event loop.
    pub fn new(
        objects: Arc<Objects>,
        metrics: Arc<Metrics>,
        arguments: FunctionArguments,
        namespace: String,
        handle: Handle,
    ) -> Self {
        Self {
            objects,
            metrics,
            arguments,
            namespace,
            making: tokio::sync::Mutex::default(),
            identity: RwLock::default(),
            endpoints: RwLock::default(),
            connections: Mutex::default(),
            handle,
        }
    }

    /// By what the controller is known to functions from now on, and where this one listens.
    pub fn serve(&self, function: &str, endpoint: Endpoint, identity: Identity) {
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = Some(identity);
        self.endpoints.write().unwrap_or_else(PoisonError::into_inner).insert(function.to_owned(), endpoint);
    }

    /// A function is gone.
    pub fn forget(&self, function: &str) {
        self.endpoints.write().unwrap_or_else(PoisonError::into_inner).remove(function);
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).remove(function);
    }

    /// The connection to a function; or why there is none.
    fn connection(&self, name: &str) -> Result<Kept, String> {
        let key = ObjectKey { kind: wakes::function_kind(), namespace: String::new(), name: name.to_owned() };
        let Some(function) = self.objects.get(&key) else {
            self.forget(name);
            return Err("the cluster has no Function of this name; install it".to_owned());
        };
        let address = self.address(name, &function)?;
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = connections.get(name).filter(|kept| kept.address == address) {
            return Ok(kept.clone());
        }
        let _entered = self.handle.enter();
        let options = ClientOptions {
            timeout: self.arguments.function_timeout,
            max_message_bytes: self.arguments.max_function_answer_bytes,
        };
        let connection = match &address {
            Address::Development(target) => Connection::plaintext(target, options).map_err(|error| error.to_string()),
            Address::Cluster { target, name, identity } => {
                Connection::mutual(target, Some(name), identity, options).map_err(|error| error.to_string())
            }
        }?;
        let kept = Kept { address, connection, silence: Arc::default() };
        connections.insert(name.to_owned(), kept.clone());
        Ok(kept)
    }

    fn address(&self, name: &str, function: &Value) -> Result<Address, String> {
        let development = object::annotation(function, DEVELOPMENT_TARGET);
        let development = development.filter(|_| self.arguments.development_targets);
        let secure = development.and_then(|target| target.strip_prefix(SECURE));
        if let Some(target) = development.filter(|_| secure.is_none()) {
            return Ok(Address::Development(target.to_owned()));
        }
        function_runtime::readiness(function)?;
        let endpoints = self.endpoints.read().unwrap_or_else(PoisonError::into_inner);
        let identity = self.identity.read().unwrap_or_else(PoisonError::into_inner);
        match (endpoints.get(name), &*identity) {
            (Some(endpoint), Some(identity)) => Ok(Address::Cluster {
                target: secure.map_or_else(|| endpoint.target(), str::to_owned),
                name: endpoint.host.clone(),
                identity: identity.clone(),
            }),
            _ => Err("this replica has not looked at it yet".to_owned()),
        }
    }

    /// Asks a function, unless somebody waits already for whether it answers again.
    fn ask(&self, kept: &Kept, request: &RunFunctionRequest) -> Result<RunFunctionResponse, String> {
        if !kept.silence.may_ask() {
            return Err(self.timed_out());
        }
        let began = Instant::now();
        let answer = self.call(&kept.connection, request);
        kept.silence.heard(began.elapsed() < self.arguments.function_timeout);
        answer
    }

    fn timed_out(&self) -> String {
        format!("no answer within {:?}", self.arguments.function_timeout)
    }

    /// Calls on the event loop, and waits on this thread.
    fn call(&self, connection: &Connection, request: &RunFunctionRequest) -> Result<RunFunctionResponse, String> {
        let message = Message::of(request)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let called = connection.clone();
        let task = self.handle.spawn(async move {
            // Whoever waited may have given up.
            let _ = sender.send(called.run(message).await);
        });
        match receiver.recv_timeout(self.arguments.function_timeout + GRACE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                task.abort();
                Err(self.timed_out())
            }
            Err(RecvTimeoutError::Disconnected) => Err("the call was given up".to_owned()),
        }
    }
}

impl FunctionRunner for Functions {
    fn run(&self, function: &str, request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let kept = self.connection(function).map_err(|reason| {
            self.metrics.function_called(function, "not_ready");
            FunctionError::NotReady { function: function.to_owned(), reason }
        })?;
        let answer = self.ask(&kept, request);
        self.metrics.function_called(function, if answer.is_ok() { "ok" } else { "failed" });
        answer.map_err(|reason| FunctionError::Failed {
            function: function.to_owned(),
            target: kept.connection.target().to_string(),
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::watches::WatchScope;
    use serde_json::json;
    use std::net::TcpListener;
    use tokio::runtime::Runtime;

    fn functions(runtime: &Runtime, function: Option<Value>, development_targets: bool) -> Functions {
        let objects = Arc::new(Objects::default());
        objects.follow(&wakes::function_kind(), WatchScope::All);
        if let Some(function) = function {
            objects.put(function);
        }
        let arguments = FunctionArguments {
            function_timeout: Duration::from_millis(300),
            max_function_answer_bytes: 1000,
            development_targets,
        };
        let handle = runtime.handle().clone();
        Functions::new(objects, Arc::default(), arguments, "plat-system".to_owned(), handle)
    }

    fn function(target: &str, health: &Value) -> Value {
        json!({
            "apiVersion": "pkg.crossplane.io/v1", "kind": "Function",
            "metadata": {"name": "f", "resourceVersion": "1", "annotations": {DEVELOPMENT_TARGET: target}},
            "status": {"conditions": [health]},
        })
    }

    fn runtime() -> Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    fn words(functions: &Functions) -> String {
        functions.run("f", &RunFunctionRequest::default()).unwrap_err().to_string()
    }

    #[test]
    fn why_a_function_cannot_be_called_is_told() {
        let runtime = runtime();
        let healthy = json!({"type": "Healthy", "status": "True"});
        let ill = json!({"type": "Healthy", "status": "False", "message": "its image cannot be pulled"});
        for (function, expected) in [
            (None, "the cluster has no Function of this name; install it"),
            (Some(function("localhost:1", &json!({"type": "Installed"}))), "nobody has looked at it yet"),
            (Some(function("localhost:1", &ill)), "its image cannot be pulled"),
            (Some(function("localhost:1", &healthy)), "this replica has not looked at it yet"),
        ] {
            let functions = functions(&runtime, function, false);
            assert_eq!(words(&functions), format!("function \"f\" is not ready: {expected}"));
        }
    }

    #[test]
    fn a_function_that_hangs_holds_nobody_up_for_long() {
        let runtime = runtime();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let functions = functions(&runtime, Some(function(&target, &json!({}))), true);
        assert_eq!(words(&functions), format!("function \"f\" at {target} failed: no answer within 300ms"));
        // From within the event loop, too: as reconcilers call.
        let functions = Arc::new(functions);
        let called = Arc::clone(&functions);
        let said = runtime.block_on(async { tokio::spawn(async move { words_blocking(&called) }).await.unwrap() });
        assert!(said.contains("no answer within 300ms"), "{said}");
        assert_eq!(functions.connections.lock().unwrap().len(), 1);
        // Once it is known to be silent and somebody asks again, others do not wait: 100 calls would take half a minute.
        assert!(functions.connection("f").unwrap().silence.may_ask());
        let began = Instant::now();
        assert!((0..100).all(|_| words(&functions).ends_with("no answer within 300ms")));
        assert!(began.elapsed() < Duration::from_secs(15));
    }

    fn words_blocking(functions: &Functions) -> String {
        tokio::task::block_in_place(|| words(functions))
    }

    #[test]
    fn a_certificate_that_is_none_is_told() {
        let runtime = runtime();
        let healthy = json!({"type": "Healthy", "status": "True"});
        let functions = functions(&runtime, Some(function("", &healthy)), false);
        let none = Identity { authority: String::new(), certificate: String::new(), key: String::new() };
        functions.serve("f", Endpoint { host: "f.plat-system".to_owned() }, none);
        let said = words(&functions);
        assert!(said.starts_with("function \"f\" is not ready: the client certificate cannot be used"), "{said}");
        functions.forget("f");
        assert!(words(&functions).contains("has not looked at it yet"));
    }
}
