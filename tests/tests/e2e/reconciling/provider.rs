//! A real provider beside the controller: what it looks after are composed resources as any others.
//!
//! Owns running provider-kubernetes, whose Objects are objects of the same API server. It serves on a port that cannot be
//! chosen, so that one runs at a time on a machine.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plat_resource::yaml;
use plat_tests::programs::PROVIDER_KUBERNETES;
use serde_json::{Value, json};

use super::fixtures::Platform;
use super::functions::{COMPOSITIONS, DEFINITIONS, harness, message};
use super::harness::{Harness, PATIENCE, says};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const NAMESPACE: &str = "provider-kubernetes";
/// The port of its webhooks.
const PORT: u16 = 9443;

/// The shared control plane, with the provider on it. The lock is kept as long as this process lives.
fn provided() -> &'static Harness {
    static PROVIDED: OnceLock<Result<File, String>> = OnceLock::new();
    let harness = harness();
    let started = PROVIDED.get_or_init(|| start(harness).map_err(|error| format!("{error:#}")));
    if let Err(error) = started {
        panic!("no provider: {error}");
    }
    harness
}

fn start(harness: &Harness) -> anyhow::Result<File> {
    let program = PROVIDER_KUBERNETES.build()?;
    let shelf = program.parent().and_then(Path::parent).context("a kept binary has a shelf")?;
    let lock = File::create(shelf.join(".provider-kubernetes.lock"))?;
    lock.lock()?;
    let end = Instant::now() + PATIENCE;
    while TcpListener::bind(("0.0.0.0", PORT)).is_err() {
        ensure!(Instant::now() < end, "port {PORT} is taken, and provider-kubernetes takes no other");
        std::thread::sleep(Duration::from_millis(100));
    }
    harness.run(install(harness))?;
    let kubeconfig = harness.control_plane().kubeconfig().to_owned();
    let certificates = kubeconfig.with_file_name("provider-certificates");
    std::fs::create_dir_all(&certificates)?;
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    std::fs::write(certificates.join("tls.crt"), own.cert.pem())?;
    std::fs::write(certificates.join("tls.key"), own.signing_key.serialize_pem())?;
    let mut command = Command::new(program);
    command.args(["--poll=2s", "--poll-jitter-percentage=0", "--health-probe-bind-addr=127.0.0.1:0"]);
    command.env("KUBECONFIG", kubeconfig).env("TLS_SERVER_CERTS_DIR", certificates);
    harness.control_plane().run_beside("provider-kubernetes", &mut command)?;
    Ok(lock)
}

/// Its kinds, and how it reaches the cluster.
async fn install(harness: &Harness) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(PROVIDER_KUBERNETES.sources()?.join("package/crds"))? {
        let path = entry?.path();
        let (documents, _) = yaml::parse(&path.display().to_string(), &std::fs::read(&path)?);
        for mut crd in documents.into_iter().map(|document| document.value) {
            // Its webhook for old versions is a Service in a cluster; nobody asks for an old version here.
            if let Some(spec) = crd["spec"].as_object_mut() {
                spec.remove("conversion");
            }
            harness.put(CRDS, &crd).await?;
        }
    }
    harness.namespace(NAMESPACE).await?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cluster"},
        "data": {"kubeconfig": STANDARD.encode(kubeconfig(harness)?)},
    });
    harness.put(&format!("/api/v1/namespaces/{NAMESPACE}/secrets"), &secret).await?;
    for (group, kind, plural) in [
        ("kubernetes.crossplane.io", "ProviderConfig", "providerconfigs"),
        ("kubernetes.m.crossplane.io", "ClusterProviderConfig", "clusterproviderconfigs"),
    ] {
        let config = json!({
            "apiVersion": format!("{group}/v1alpha1"), "kind": kind, "metadata": {"name": "here"},
            "spec": {"credentials": {"source": "Secret", "secretRef": {
                "namespace": NAMESPACE, "name": "cluster", "key": "kubeconfig",
            }}},
        });
        harness.put(&format!("/apis/{group}/v1alpha1/{plural}"), &config).await?;
    }
    Ok(())
}

/// The kubeconfig with its certificate in it: the provider reads no files that one names.
fn kubeconfig(harness: &Harness) -> anyhow::Result<String> {
    let (mut documents, _) = yaml::parse("kubeconfig", &std::fs::read(harness.control_plane().kubeconfig())?);
    let mut config = documents.pop().context("the kubeconfig is empty")?.value;
    let cluster = config["clusters"][0]["cluster"].as_object_mut().context("a cluster")?;
    let file = cluster.remove("certificate-authority").context("its certificate")?;
    let authority = std::fs::read(file.as_str().unwrap_or_default())?;
    cluster.insert("certificate-authority-data".to_owned(), json!(STANDARD.encode(authority)));
    Ok(yaml::to_string(&config))
}

fn config_maps(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/{name}")
}

fn manifest(namespace: &str, name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": name}, "data": data})
}

/// A template of an Object that is a ConfigMap with the XR's size in it.
fn object(name: &str, namespace: &str, more: &Value) -> Value {
    let data = json!({"user": "app", "password": "open-sesame"});
    let mut spec = json!({
        "providerConfigRef": {"name": "here"},
        "forProvider": {"manifest": manifest(namespace, name, &data)},
    });
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    json!({
        "name": name,
        "base": {"apiVersion": "kubernetes.crossplane.io/v1alpha2", "kind": "Object", "spec": spec},
        "patches": [{
            "type": "FromCompositeFieldPath", "fromFieldPath": "spec.size",
            "toFieldPath": "spec.forProvider.manifest.data.size",
            "transforms": [{"type": "convert", "convert": {"toType": "string"}}],
        }],
    })
}

/// The one with connection details, from whose status the XR learns the size.
fn connected(namespace: &str) -> Value {
    let detail = |key: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "name": "connected",
            "fieldPath": format!("data.{key}"), "toConnectionSecretKey": key,
        })
    };
    let more = json!({
        "connectionDetails": [detail("user"), detail("password"), detail("size")],
        "writeConnectionSecretToRef": {"namespace": namespace, "name": "connected"},
    });
    let mut template = object("connected", namespace, &more);
    let up = |key: &str| json!({"type": "FromConnectionSecretKey", "name": key, "fromConnectionSecretKey": key});
    template["connectionDetails"] = json!([up("user"), up("password"), up("size")]);
    if let Some(patches) = template["patches"].as_array_mut() {
        patches.push(json!({
            "type": "ToCompositeFieldPath", "fromFieldPath": "status.atProvider.manifest.data.size",
            "toFieldPath": "status.value",
        }));
    }
    template
}

/// The Object of this name in a Composition.
async fn composed(harness: &Harness, path: &str, name: &str) -> anyhow::Result<Value> {
    let all = harness.list(path).await?;
    let is_it = |object: &&Value| object["metadata"]["annotations"]["crossplane.io/composition-resource-name"] == name;
    all.values().find(is_it).cloned().with_context(|| format!("{path} has no {name}"))
}

const OBJECTS: &str =
    "/apis/kubernetes.crossplane.io/v1alpha2/objects?labelSelector=crossplane.io/claim-namespace=provided";

async fn install_provided(harness: &Harness, platform: &Platform) -> anyhow::Result<()> {
    harness.namespace("provided").await?;
    let mut definition = platform.definition();
    definition["spec"]["connectionSecretKeys"] = json!(["user", "size"]);
    harness.put(DEFINITIONS, &definition).await?;
    // Somebody made this one, and the provider only looks at it.
    let found = manifest("provided", "observed", &json!({"found": "yes"}));
    harness.put(&config_maps("provided", ""), &found).await?;
    let templates = [
        connected("provided"),
        object("observed", "provided", &json!({"managementPolicies": ["Observe"]})),
        object("orphaned", "provided", &json!({"deletionPolicy": "Orphan"})),
    ];
    let mut composition = platform.composition(&templates);
    composition["spec"]["writeConnectionSecretsToNamespace"] = json!("provided");
    harness.put(COMPOSITIONS, &composition).await.map(|_| ())
}

fn is_ready(object: &Value) -> bool {
    says(object, "Ready", "True", "Available")
}

#[test]
fn a_claim_of_objects_becomes_real_through_the_provider_and_goes_through_it() {
    let harness = provided();
    let platform = Platform { group: "provided.example", scope: "LegacyCluster" };
    harness
        .run(async {
            install_provided(harness, &platform).await?;
            let spec = json!({
                "size": 3, "compositeDeletePolicy": "Foreground", "writeConnectionSecretToRef": {"name": "shop"},
            });
            harness.put(&platform.claims("provided"), &platform.object("App", "shop", &spec)).await?;
            let path = format!("{}/shop", platform.claims("provided"));
            let ready = harness.until(&path, |claim| is_ready(claim) && claim["status"]["value"] == "3").await?;
            assert!(says(&ready, "Synced", "True", "ReconcileSuccess"), "{ready}");
            let provided = harness.until(&config_maps("provided", "connected"), |_| true).await?;
            assert_eq!(provided["data"]["size"], "3");
            let connected = composed(harness, OBJECTS, "connected").await?;
            let name = connected["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            // What the provider says of the Object is its own.
            let external = |object: &Value| object["metadata"]["annotations"]["crossplane.io/external-name"].clone();
            assert_eq!(external(&connected), json!(name));
            let observed = harness.until(&config_maps("provided", "observed"), |_| true).await?;
            assert_eq!(observed["data"], json!({"found": "yes"}));

            // Connection details, filtered by the XRD, and following.
            let secret = "/api/v1/namespaces/provided/secrets/shop";
            let read = |secret: &Value, key: &str| {
                secret["data"][key]
                    .as_str()
                    .and_then(|it| STANDARD.decode(it).ok())
                    .and_then(|it| String::from_utf8(it).ok())
            };
            let published = harness.until(secret, |it| read(it, "size").as_deref() == Some("3")).await?;
            assert_eq!((read(&published, "user").as_deref(), read(&published, "password")), (Some("app"), None));
            harness.patch(&path, &json!({"spec": {"size": 4}})).await?;
            harness.until(&path, |claim| claim["status"]["value"] == "4" && is_ready(claim)).await?;
            harness.until(secret, |it| read(it, "size").as_deref() == Some("4")).await?;
            let after = composed(harness, OBJECTS, "connected").await?;
            assert_eq!((external(&after), &after["metadata"]["uid"]), (json!(name), &connected["metadata"]["uid"]));

            // When the claim is gone all else is, as it asked for; what only was looked at stays, and what is orphaned.
            harness.delete(&path).await?;
            harness.gone(&path).await?;
            assert_eq!(harness.ask("GET", &config_maps("provided", "connected"), None).await?.code, 404);
            assert!(harness.list(OBJECTS).await?.is_empty());
            assert!(harness.list(&platform.composites("")).await?.is_empty());
            for name in ["observed", "orphaned"] {
                let left = harness.until(&config_maps("provided", name), |_| true).await?;
                assert!(left["metadata"]["deletionTimestamp"].is_null(), "{left}");
            }
            harness.gone(secret).await
        })
        .unwrap();
}

#[test]
fn what_the_provider_cannot_do_reaches_the_claim() {
    let harness = provided();
    let platform = Platform { group: "unprovided.example", scope: "LegacyCluster" };
    harness
        .run(async {
            harness.namespace("unprovided").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            let mut template = object("unknown", "unprovided", &json!({}));
            template["base"]["spec"]["forProvider"]["manifest"]["kind"] = json!("Unheard");
            harness.put(COMPOSITIONS, &platform.composition(&[template])).await?;
            harness.put(&platform.claims("unprovided"), &platform.object("App", "shop", &json!({}))).await?;
            let path = format!("{}/shop", platform.claims("unprovided"));
            let told = harness
                .until(&path, |claim| {
                    let said = message(claim, "Ready");
                    said.contains("unknown") && said.contains("no matches for kind \"Unheard\"")
                })
                .await?;
            assert!(says(&told, "Ready", "False", "Waiting"), "{told}");
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_namespaced_xr_of_namespaced_objects_becomes_real() {
    let harness = provided();
    let platform = Platform { group: "modern.example", scope: "Namespaced" };
    harness
        .run(async {
            harness.namespace("modern").await?;
            harness.put(DEFINITIONS, &platform.definition()).await?;
            let mut template = object("one", "modern", &json!({}));
            template["base"]["apiVersion"] = json!("kubernetes.m.crossplane.io/v1alpha1");
            template["base"]["spec"]["providerConfigRef"]["kind"] = json!("ClusterProviderConfig");
            harness.put(COMPOSITIONS, &platform.composition(&[template])).await?;
            harness.put(&platform.composites("modern"), &platform.object("XApp", "shop", &json!({"size": 5}))).await?;
            let path = format!("{}/shop", platform.composites("modern"));
            let ready = harness.until(&path, is_ready).await?;
            let objects = "/apis/kubernetes.m.crossplane.io/v1alpha1/namespaces/modern/objects";
            let made = composed(harness, objects, "one").await?;
            assert_eq!(ready["spec"]["crossplane"]["resourceRefs"][0]["name"], made["metadata"]["name"]);
            assert_eq!(harness.until(&config_maps("modern", "one"), |_| true).await?["data"]["size"], "5");

            // The Object is deleted by hand, and made again; the provider does the rest.
            let object = format!("{objects}/{}", made["metadata"]["name"].as_str().unwrap_or_default());
            harness.delete(&object).await?;
            harness
                .until(&object, |again| again["metadata"]["uid"] != made["metadata"]["uid"] && is_ready(again))
                .await?;
            harness.until(&path, is_ready).await?;
            harness.until(&config_maps("modern", "one"), |real| real["data"]["size"] == "5").await?;
            harness.delete(&path).await?;
            harness.gone(&config_maps("modern", "one")).await?;
            harness.gone(&path).await
        })
        .unwrap();
}
