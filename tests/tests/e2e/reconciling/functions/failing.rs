//! Functions that fail: who waits says why, nobody else is held up, and all is well once they are.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use plat_cluster::test_server::protocol::{self, RunFunctionResponse};
use plat_cluster::test_server::{TestServer, Version};
use serde_json::{Value, json};

use super::calls::config_map;
use super::{COMPOSITIONS, DEFINITIONS, FUNCTIONS, composition, function, harness, install, message};
use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::says;

/// Something that is no function: what it does with each connection.
struct Misbehaving {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Misbehaving {
    fn start(mut behave: impl FnMut(TcpStream) + Send + 'static) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                behave(stream);
            }
        });
        Ok(Self { address, ends, thread: Some(thread) })
    }
}

impl Drop for Misbehaving {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // Wakes it, so that its port is free at once.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Ten million bytes.
fn enormous() -> RunFunctionResponse {
    let said = protocol::Result { message: "x".repeat(10 << 20), ..protocol::Result::default() };
    RunFunctionResponse { results: vec![said], ..config_map("enormous") }
}

/// Each way to fail, and what is said of it.
const WAYS: [(&str, &str); 6] = [
    ("hangs", "no answer within 3s"),
    // In the words of the connection, which are not always the same.
    ("crashes", "function \"function-crashes\" at 127.0.0.1:"),
    ("garbage", "function \"function-garbage\" at 127.0.0.1:"),
    ("enormous", "its answer is larger than 4194304 bytes"),
    ("nonsense", "a function wants composed resource \"made\" without apiVersion or kind"),
    ("away", "onnection refused"),
];

fn claim(platform: &Platform, way: &str) -> Value {
    let composition = json!({"compositionRef": {"name": format!("{way}.failing.example")}});
    platform.object("App", way, &composition)
}

#[test]
fn who_waits_for_a_function_that_fails_says_why_and_goes_on_once_it_works() {
    let harness = harness();
    let platform = Platform { group: "failing.example", scope: "LegacyCluster" };
    harness
        .run(async {
            let mut held = Vec::new();
            let hangs = Misbehaving::start(move |stream| held.push(stream))?;
            let crashes = Misbehaving::start(|mut stream| {
                let _ = stream.read(&mut [0; 64]);
            })?;
            let garbage = Misbehaving::start(|mut stream| {
                let _ = stream.write_all(&[b'x'; 4096]);
                let _ = stream.read(&mut [0; 64]);
            })?;
            let enormous = TestServer::start(Version::Stable, |_| Ok(enormous()));
            let nonsense = TestServer::start(Version::Stable, |_| {
                let mut answer = config_map("nonsense");
                let made = answer.desired.as_mut().and_then(|desired| desired.resources.get_mut("made"));
                if let Some(made) = made {
                    made.resource = plat_cluster::structure::Struct::from_value(&json!({"no": "kind"})).ok();
                }
                Ok(answer)
            });
            let away = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            let good = TestServer::start(Version::Stable, |_| Ok(config_map("good")));
            let places = [
                ("hangs", hangs.address),
                ("crashes", crashes.address),
                ("garbage", garbage.address),
                ("enormous", enormous.address()),
                ("nonsense", nonsense.address()),
                ("away", away),
                ("good", good.address()),
            ];

            harness.namespace("failing").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            for (way, place) in places {
                let name = format!("function-{way}");
                harness.put(FUNCTIONS, &function(&name, Some(&place.to_string()))).await?;
                let mut composition = composition(&platform, &[(&name, json!(null))]);
                composition["metadata"]["name"] = json!(format!("{way}.failing.example"));
                harness.put(COMPOSITIONS, &composition).await?;
                harness.put(&platform.claims("failing"), &claim(&platform, way)).await?;
            }
            let path = |way: &str| format!("{}/{way}", platform.claims("failing"));
            let is_ready = |claim: &Value| says(claim, "Ready", "True", "Available");
            for (way, words) in WAYS {
                let told = harness.until(&path(way), |claim| message(claim, "Ready").contains(words)).await?;
                assert!(says(&told, "Ready", "False", "Waiting"), "{told}");
                let xr = told["spec"]["resourceRef"]["name"].as_str().unwrap_or_default();
                let xr = format!("{}/{xr}", platform.composites(""));
                let xr = harness.until(&xr, |xr| message(xr, "Synced").contains(words)).await?;
                assert!(says(&xr, "Synced", "False", "ReconcileError"), "{xr}");
            }
            // Nobody else waits meanwhile, now or at the next change.
            harness.until(&path("good"), is_ready).await?;
            harness
                .put(&platform.claims("failing"), &{
                    let mut another = claim(&platform, "good");
                    another["metadata"]["name"] = json!("another");
                    another
                })
                .await?;
            harness.until(&path("another"), is_ready).await?;

            // The connections of those that hang and crash end with them.
            drop((hangs, crashes, garbage, enormous, nonsense));
            let mended: Vec<TestServer> = places
                .into_iter()
                .filter(|(way, _)| *way != "good")
                .map(|(way, place)| TestServer::start_at(place, move |_| Ok(config_map(way))))
                .collect();
            for (way, _) in WAYS {
                let ready = harness.until(&path(way), is_ready).await?;
                assert_eq!(ready["status"]["value"], way);
            }
            drop(mended);
            anyhow::Ok(())
        })
        .unwrap();
}

/// More XRs than are reconciled at once.
const CROWD: usize = 100;

#[test]
fn a_crowd_that_waits_for_a_function_that_hangs_holds_up_nobody() {
    let harness = harness();
    let (hanging, well) =
        (Platform { group: "hanging.example", scope: "Cluster" }, Platform { group: "well.example", scope: "Cluster" });
    harness
        .run(async {
            let mut held = Vec::new();
            let hangs = Misbehaving::start(move |stream| held.push(stream))?;
            harness.put(FUNCTIONS, &function("function-hanging", Some(&hangs.address.to_string()))).await?;
            install(harness, &hanging, &[("function-hanging", json!(null))]).await?;
            for number in 0..CROWD {
                let xr = hanging.object("XApp", &format!("x{number}"), &json!({}));
                harness.put(&hanging.composites(""), &xr).await?;
            }
            harness
                .eventually("what all of them say", || async {
                    let all = harness.list(&hanging.composites("")).await?;
                    Ok(all.values().filter(|xr| message(xr, "Synced").contains("no answer within 3s")).count() == CROWD)
                })
                .await?;
            // They are tried again all the while.
            let templates = [crate::reconciling::fixtures::config_map("one", "well")];
            harness.namespace("well").await?;
            harness.put(DEFINITIONS, &well.definition()).await?;
            harness.put(COMPOSITIONS, &well.composition(&templates)).await?;
            for number in 0..CROWD {
                let name = format!("x{number}");
                harness.put(&well.composites(""), &well.object("XApp", &name, &json!({}))).await?;
            }
            for number in 0..CROWD {
                harness
                    .until(&format!("{}/x{number}", well.composites("")), |xr| says(xr, "Ready", "True", "Available"))
                    .await?;
            }
            let address = hangs.address;
            drop(hangs);
            let mended = TestServer::start_at(address, |_| Ok(config_map("mended")));
            for number in 0..CROWD {
                harness
                    .until(&format!("{}/x{number}", hanging.composites("")), |xr| xr["status"]["value"] == "mended")
                    .await?;
            }
            drop(mended);
            anyhow::Ok(())
        })
        .unwrap();
}
