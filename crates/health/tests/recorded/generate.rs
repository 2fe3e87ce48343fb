//! Generated objects of the kinds that Argo CD has rules in Go for, the same for the same seed.
//!
//! Owns how likely what is. Counts are few, so that they meet; a field is often missing, as it is in real objects.

use plat_resource::{Map, Value};
use serde_json::json;

const NAMES: [&str; 4] = ["web", "a \"b\"", "é", "db-0"];
const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"];
const COUNTS: [&str; 12] = [
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "availableReplicas",
    "readyReplicas",
    "currentReplicas",
    "numberAvailable",
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "updatedNumberScheduled",
    "numberMisscheduled",
    "numberReady",
];

/// Pseudo-random numbers (SplitMix64): the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// One object.
pub(super) fn object(seed: u64) -> Value {
    let mut random = Random(seed);
    let random = &mut random;
    let mut object = match random.below(10) {
        0..=3 => workload(random),
        4 | 5 => pod(random),
        6 => autoscaler(random),
        7 => job(random),
        _ => small(random),
    };
    object["metadata"] = metadata(random, &object["metadata"]);
    object
}

fn metadata(random: &mut Random, given: &Value) -> Value {
    let mut metadata = json!({"name": random.pick(&NAMES), "namespace": "team-a"});
    if let Some(annotations) = given.get("annotations") {
        metadata["annotations"] = annotations.clone();
    }
    if !random.one_in(4) {
        metadata["generation"] = number(random);
    }
    if random.one_in(15) {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        if random.one_in(2) {
            metadata["finalizers"] = json!([random.pick(&["argocd.argoproj.io/hook-finalizer", "x.org/f"])]);
        }
    }
    metadata
}

fn number(random: &mut Random) -> Value {
    random.below(4).into()
}

fn condition(random: &mut Random, types: &[&str], reasons: &[&str]) -> Value {
    let mut condition = json!({"type": random.pick(types), "status": random.pick(&["True", "False", "Unknown"])});
    if !random.one_in(4) {
        condition["reason"] = random.pick(reasons).into();
    }
    if !random.one_in(4) {
        condition["message"] = random.pick(&["one thing", "another: thing", ""]).into();
    }
    condition
}

fn conditions(random: &mut Random, types: &[&str], reasons: &[&str]) -> Value {
    (0..random.below(4)).map(|_| condition(random, types, reasons)).collect()
}

fn workload(random: &mut Random) -> Value {
    let version = if random.one_in(20) { "apps/v1beta2" } else { "apps/v1" };
    let mut spec = json!({"selector": {}, "template": {}});
    if !random.one_in(3) {
        spec["replicas"] = number(random);
    }
    if random.one_in(8) {
        spec["paused"] = random.one_in(2).into();
    }
    let kind = random.pick(&WORKLOADS);
    if !random.one_in(3) && kind != "Deployment" && kind != "ReplicaSet" {
        let mut strategy = json!({"type": random.pick(&["RollingUpdate", "OnDelete"])});
        if random.one_in(2) {
            strategy["rollingUpdate"] = if random.one_in(3) { json!({}) } else { json!({"partition": number(random)}) };
        }
        if kind == "DaemonSet" {
            strategy["rollingUpdate"] = json!({});
        }
        spec["updateStrategy"] = strategy;
    }
    let mut status = Map::new();
    for field in COUNTS {
        if !random.one_in(4) {
            status.insert(field.to_owned(), number(random));
        }
    }
    for field in ["currentRevision", "updateRevision"] {
        if kind == "StatefulSet" && !random.one_in(4) {
            status.insert(field.to_owned(), random.pick(&["web-1", "web-2"]).into());
        }
    }
    let (types, reasons) =
        (["Progressing", "Available", "ReplicaFailure"], ["ProgressDeadlineExceeded", "FailedCreate"]);
    status.insert("conditions".to_owned(), conditions(random, &types, &reasons));
    json!({"apiVersion": version, "kind": kind, "metadata": {}, "spec": spec, "status": status})
}

fn pod(random: &mut Random) -> Value {
    let mut status = json!({"conditions": conditions(random, &["Ready", "Initialized"], &["ContainersNotReady"])});
    if !random.one_in(8) {
        status["phase"] = random.pick(&["Pending", "Running", "Running", "Succeeded", "Failed", "Unknown"]).into();
    }
    if random.one_in(3) {
        status["message"] = random.pick(&["evicted", ""]).into();
    }
    for field in ["initContainerStatuses", "containerStatuses"] {
        status[field] = (0..random.below(3)).map(|_| container(random)).collect();
    }
    let spec = json!({"containers": [], "restartPolicy": random.pick(&["Always", "Always", "OnFailure", "Never"])});
    json!({"apiVersion": if random.one_in(30) { "v2" } else { "v1" }, "kind": "Pod", "metadata": {}, "spec": spec, "status": status})
}

fn container(random: &mut Random) -> Value {
    let mut container =
        json!({"name": random.pick(&NAMES), "image": "i", "imageID": "", "ready": false, "restartCount": 0});
    let reasons = [
        "ErrImagePull",
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "ContainerCreating",
        "OOMKilled",
        "Completed",
    ];
    let reason = random.pick(&reasons);
    let message = random.pick(&["", "it went wrong", "back-off"]);
    container["state"] = match random.below(4) {
        0 => json!({"waiting": {"reason": reason, "message": message}}),
        1 => json!({"terminated": {"reason": reason, "message": message, "exitCode": number(random)}}),
        2 => json!({"running": {}}),
        _ => json!({}),
    };
    if random.one_in(4) {
        container["lastState"] = json!({"terminated": {"exitCode": 1}});
    }
    container
}

fn autoscaler(random: &mut Random) -> Value {
    let version = random.pick(&["v1", "v1", "v2", "v2", "v2beta1", "v2beta2", "v3"]);
    let reasons =
        ["FailedGetScale", "FailedUpdateScale", "FailedGetResourceMetric", "InvalidSelector", "SucceededGetScale"];
    let conditions = conditions(random, &["AbleToScale", "ScalingActive", "ScalingLimited"], &reasons);
    let mut object = json!({"apiVersion": format!("autoscaling/{version}"), "kind": "HorizontalPodAutoscaler",
        "metadata": {}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 3}, "status": {}});
    if version != "v1" {
        object["status"]["conditions"] = conditions;
    } else if !random.one_in(5) {
        object["metadata"]["annotations"] =
            json!({"autoscaling.alpha.kubernetes.io/conditions": conditions.to_string()});
    }
    object
}

fn job(random: &mut Random) -> Value {
    let types = ["Failed", "Complete", "Suspended", "SuccessCriteriaMet"];
    let conditions = conditions(random, &types, &["BackoffLimitExceeded", "JobSuspended"]);
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {}, "spec": {"template": {}},
        "status": {"conditions": conditions}})
}

fn small(random: &mut Random) -> Value {
    let address = if random.one_in(2) { json!({"ingress": [{"ip": "10.0.0.1"}]}) } else { json!({}) };
    let (api_version, kind) = match random.below(7) {
        0 | 1 => ("v1", "Service"),
        2 => (random.pick(&["networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1"]), "Ingress"),
        3 => ("v1", "PersistentVolumeClaim"),
        4 => (random.pick(&["apiregistration.k8s.io/v1", "apiregistration.k8s.io/v1beta1"]), "APIService"),
        5 => ("argoproj.io/v1alpha1", "Workflow"),
        _ => (random.pick(&["v1", "acme.io/v1"]), random.pick(&["ConfigMap", "Database", "Node"])),
    };
    let phases = ["Bound", "Pending", "Lost", "", "Running", "Succeeded", "Failed", "Error", "Odd"];
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {}, "spec": {}, "status": {}});
    match kind {
        "Service" => {
            object["spec"]["type"] = random.pick(&["ClusterIP", "LoadBalancer", "LoadBalancer"]).into();
            object["status"]["loadBalancer"] = address;
        }
        "Ingress" => object["status"]["loadBalancer"] = address,
        "APIService" => {
            object["spec"] = json!({"groupPriorityMinimum": 1, "versionPriority": 1});
            object["status"]["conditions"] =
                conditions(random, &["Available", "Other"], &["Passed", "MissingEndpoints"]);
        }
        _ => {
            object["status"]["phase"] = random.pick(&phases).into();
            if kind == "Workflow" && random.one_in(2) {
                object["status"]["message"] = "at work".into();
            }
        }
    }
    object
}
