//! Functions become Deployments, Services, accounts and certificates.

use serde_json::{Value, json};

use super::{FUNCTIONS, NAMESPACE, function, harness, message, pods_become, until_healthy};
use crate::reconciling::harness::{condition, says};

const CONFIGS: &str = "/apis/pkg.crossplane.io/v1beta1/deploymentruntimeconfigs";
const MANAGER: &str = "pkg.crossplane.io/runtime";

fn deployments(name: &str) -> String {
    format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}")
}

fn core(plural: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/{plural}/{name}")
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

fn config(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "pkg.crossplane.io/v1beta1", "kind": "DeploymentRuntimeConfig", "metadata": {"name": name},
        "spec": spec,
    })
}

#[test]
fn a_function_becomes_what_runs_it_and_all_of_it_goes_with_it() {
    let harness = harness();
    harness
        .run(async {
            let mut made = function("function-made", None);
            made["spec"]["packagePullPolicy"] = json!("Always");
            made["spec"]["packagePullSecrets"] = json!([{"name": "pull"}]);
            let owner = harness.put(FUNCTIONS, &made).await?;
            let path = format!("{FUNCTIONS}/function-made");
            let deployment = harness.until(&deployments("function-made"), |_| true).await?;
            let own = container(&deployment);
            assert_eq!((&own["name"], &own["imagePullPolicy"]), (&json!("package-runtime"), &json!("Always")));
            assert_eq!(own["image"], "example.org/functions/function-made:v1");
            assert_eq!(deployment["spec"]["template"]["spec"]["imagePullSecrets"], json!([{"name": "pull"}]));
            let service = harness.until(&core("services", "function-made"), |_| true).await?;
            assert_eq!(
                (&service["spec"]["clusterIP"], &service["spec"]["ports"][0]["port"]),
                (&json!("None"), &json!(9443))
            );
            let account = harness.until(&core("serviceaccounts", "function-made"), |_| true).await?;
            assert_eq!(account["imagePullSecrets"], json!([{"name": "pull"}]));
            let secret = harness.until(&core("secrets", "function-made-tls-server"), |_| true).await?;
            assert_eq!(secret["type"], "kubernetes.io/tls");
            for object in [&deployment, &service, &account, &secret] {
                let reference = &object["metadata"]["ownerReferences"][0];
                assert_eq!((&reference["uid"], &reference["controller"]), (&owner["metadata"]["uid"], &json!(true)));
                assert_eq!(object["metadata"]["managedFields"][0]["manager"], MANAGER, "{object}");
            }

            // The Pods are accepted at the level `restricted`, though not ready.
            let waiting = harness.until(&path, |it| message(it, "Healthy").contains("minimum availability")).await?;
            assert!(says(&waiting, "Installed", "True", "ActivePackageRevision"), "{waiting}");
            assert!(says(&waiting, "Healthy", "False", "UnhealthyPackageRevision"), "{waiting}");
            until_healthy(harness, "function-made").await?;
            let healthy = harness.until(&path, |_| true).await?;
            assert!(says(&healthy, "Healthy", "True", "HealthyPackageRevision"), "{healthy}");
            assert_eq!(healthy["status"]["resolvedPackage"], "example.org/functions/function-made:v1");
            pods_become(harness, "function-made", false).await?;
            harness.until(&path, |it| says(it, "Healthy", "False", "UnhealthyPackageRevision")).await?;

            harness.delete(&path).await?;
            harness.gone(&path).await?;
            harness.gone(&deployments("function-made")).await?;
            for (plural, name) in [
                ("services", "function-made"),
                ("serviceaccounts", "function-made"),
                ("secrets", "function-made-tls-server"),
            ] {
                harness.gone(&core(plural, name)).await?;
            }
            anyhow::Ok(())
        })
        .unwrap();
}

#[test]
fn a_new_package_and_a_new_configuration_are_rolled_out() {
    let harness = harness();
    harness
        .run(async {
            let spec = json!({"deploymentTemplate": {"spec": {
                "replicas": 2, "selector": {}, "template": {"spec": {"containers": [
                    {"name": "package-runtime", "args": ["--debug"], "resources": {"limits": {"cpu": "1000m"}}},
                ]}},
            }}});
            harness.put(CONFIGS, &config("scaled", &spec)).await?;
            let mut changing = function("function-changing", None);
            changing["spec"]["runtimeConfigRef"] = json!({"name": "scaled"});
            harness.put(FUNCTIONS, &changing).await?;
            let path = deployments("function-changing");
            let first = harness.until(&path, |it| it["status"]["replicas"] == 2).await?;
            assert_eq!(container(&first)["args"], json!(["--debug"]));
            until_healthy(harness, "function-changing").await?;
            // At rest nothing is written: what the API server spells in another way is no difference.
            let settled = harness.until(&path, |it| it["status"]["availableReplicas"] == 2).await?;

            let package = json!({"spec": {"package": "example.org/functions/function-changing:v2"}});
            harness.patch(&format!("{FUNCTIONS}/function-changing"), &package).await?;
            let second = harness.until(&path, |it| container(it)["image"].to_string().contains(":v2")).await?;
            assert_eq!(second["metadata"]["uid"], settled["metadata"]["uid"]);
            let generations = [&settled, &second].map(|it| it["metadata"]["generation"].as_i64().unwrap_or_default());
            assert_eq!(generations[1], generations[0] + 1, "one write for one change");

            // Scaled, as soon as the configuration says so; and mended, where somebody else scales it.
            harness
                .patch(
                    &format!("{CONFIGS}/scaled"),
                    &json!({"spec": {"deploymentTemplate": {"spec": {"replicas": 3}}}}),
                )
                .await?;
            harness.until(&path, |it| it["spec"]["replicas"] == 3).await?;
            harness.patch(&path, &json!({"spec": {"replicas": 0}})).await?;
            harness.until(&path, |it| it["spec"]["replicas"] == 3).await?;

            // With another name there is another Deployment, and once it is there the one before goes.
            let renamed = json!({"spec": {"deploymentTemplate": {"metadata": {"name": "renamed"}}}});
            harness.patch(&format!("{CONFIGS}/scaled"), &renamed).await?;
            harness.until(&deployments("renamed"), |it| it["spec"]["replicas"] == 3).await?;
            until_healthy(harness, "function-changing").await?;
            harness.gone(&path).await
        })
        .unwrap();
}

#[test]
fn what_keeps_a_function_from_running_is_in_its_conditions() {
    let harness = harness();
    harness
        .run(async {
            let mut named = function("function-unconfigured", None);
            named["spec"]["runtimeConfigRef"] = json!({"name": "to-come"});
            harness.put(FUNCTIONS, &named).await?;
            let path = format!("{FUNCTIONS}/function-unconfigured");
            let told = harness.until(&path, |it| says(it, "Installed", "False", "UnpackingPackage")).await?;
            let expected = "there is no DeploymentRuntimeConfig \"to-come\", which spec.runtimeConfigRef names";
            assert_eq!(
                (message(&told, "Installed"), message(&told, "Healthy")),
                (expected.to_owned(), expected.to_owned())
            );
            // What the API server does not take is there in its words.
            let template =
                |pod: Value| json!({"deploymentTemplate": {"spec": {"selector": {}, "template": {"spec": pod}}}});
            let container = json!({"name": "package-runtime", "securityContext": {"privileged": true}});
            harness.put(CONFIGS, &config("to-come", &template(json!({"containers": [container]})))).await?;
            let told =
                harness.until(&path, |it| message(it, "Installed").contains("disallowed by cluster policy")).await?;
            assert!(says(&told, "Healthy", "False", "UnhealthyPackageRevision"), "{told}");
            // And what the level `restricted` of the Namespace does not let run.
            let spec = template(json!({"hostNetwork": true, "containers": [{"name": "package-runtime"}]}));
            harness.patch(&format!("{CONFIGS}/to-come"), &json!({"spec": {"deploymentTemplate": null}})).await?;
            harness.patch(&format!("{CONFIGS}/to-come"), &json!({"spec": spec})).await?;
            let told = harness.until(&path, |it| message(it, "Healthy").contains("violates PodSecurity")).await?;
            assert!(says(&told, "Installed", "True", "ActivePackageRevision"), "{told}");

            // What somebody else made is left alone.
            let service = json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "function-taken"},
                "spec": {"clusterIP": "None", "ports": [{"port": 1}]},
            });
            harness.put(&core("services", ""), &service).await?;
            harness.put(FUNCTIONS, &function("function-taken", None)).await?;
            let path = format!("{FUNCTIONS}/function-taken");
            let told = harness.until(&path, |it| condition(it, "Installed").is_some()).await?;
            assert!(
                message(&told, "Installed").starts_with("Service plat-system/function-taken belongs to something else")
            );
            let untouched = harness.until(&core("services", "function-taken"), |_| true).await?;
            assert_eq!(untouched["spec"]["ports"][0]["port"], 1);

            // What plat runs itself needs nothing.
            let mut native = function("native", None);
            native["spec"]["package"] = json!("example.org/crossplane-contrib/function-auto-ready:v1");
            harness.put(FUNCTIONS, &native).await?;
            let path = format!("{FUNCTIONS}/native");
            let healthy = harness.until(&path, |it| says(it, "Healthy", "True", "HealthyPackageRevision")).await?;
            assert_eq!(message(&healthy, "Healthy"), "plat runs this function itself");
            assert_eq!(harness.ask("GET", &deployments("native"), None).await?.code, 404);
            anyhow::Ok(())
        })
        .unwrap();
}
