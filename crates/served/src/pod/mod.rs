//! The spec of a Pod, as Kubernetes 1.35 has it, for kinds that hold one.
//!
//! Owns what is said of the Pod as a whole. Containers, volumes and affinities are next door. Nothing here is described:
//! `kubectl explain pod.spec` does.

mod affinity;
mod container;
mod volume;

use crate::common::label_selector;
use crate::schema::{
    Schema, atomic_list, boolean, int32, int64, keyed_list, list, map, object, quantity, string, string_map,
};

/// The metadata of a template.
pub(crate) fn metadata() -> Schema {
    object()
        .fields(&["annotations", "labels"], &string_map())
        .field("finalizers", list(string()))
        .strings(&["name", "namespace"])
}

/// The spec of a Pod.
pub(crate) fn spec() -> Schema {
    let container = container::container();
    let ephemeral = container.clone().field("targetContainerName", string());
    scheduling(settings(object()))
        .required("containers", keyed_list(&["name"], container.clone()))
        .field("initContainers", keyed_list(&["name"], container))
        .field("ephemeralContainers", keyed_list(&["name"], ephemeral))
        .field("volumes", keyed_list(&["name"], volume::volume()))
        .field("resources", container::resources())
        .field("resourceClaims", keyed_list(&["name"], resource_claim()))
        .field("securityContext", security_context())
        .field("dnsConfig", dns())
        .field("hostAliases", keyed_list(&["ip"], host_alias()))
        .field("imagePullSecrets", keyed_list(&["name"], object().required("name", string().default("")).atomic()))
}

fn settings(spec: Schema) -> Schema {
    spec.strings(&[
        "dnsPolicy",
        "hostname",
        "hostnameOverride",
        "restartPolicy",
        "runtimeClassName",
        "serviceAccount",
        "serviceAccountName",
        "subdomain",
    ])
    .fields(
        &[
            "automountServiceAccountToken",
            "enableServiceLinks",
            "hostIPC",
            "hostNetwork",
            "hostPID",
            "hostUsers",
            "setHostnameAsFQDN",
            "shareProcessNamespace",
        ],
        &boolean(),
    )
    .fields(&["activeDeadlineSeconds", "terminationGracePeriodSeconds"], &int64())
    .field("os", object().required("name", string()))
}

fn scheduling(spec: Schema) -> Schema {
    let gate = object().required("conditionType", string());
    let toleration = object().strings(&["effect", "key", "operator", "value"]).field("tolerationSeconds", int64());
    spec.strings(&["nodeName", "preemptionPolicy", "priorityClassName", "schedulerName"])
        .field("affinity", affinity::affinity())
        .field("nodeSelector", string_map().atomic())
        .field("overhead", map(quantity()))
        .field("priority", int32())
        .field("readinessGates", atomic_list(gate))
        .field("schedulingGates", keyed_list(&["name"], object().required("name", string())))
        .field("tolerations", atomic_list(toleration))
        .field("topologySpreadConstraints", keyed_list(&["topologyKey", "whenUnsatisfiable"], spread()))
        .field("workloadRef", object().required_strings(&["name", "podGroup"]).field("podGroupReplicaKey", string()))
}

fn spread() -> Schema {
    object()
        .required_strings(&["topologyKey", "whenUnsatisfiable"])
        .required("maxSkew", int32())
        .field("minDomains", int32())
        .field("labelSelector", label_selector())
        .field("matchLabelKeys", atomic_list(string()))
        .strings(&["nodeAffinityPolicy", "nodeTaintsPolicy"])
}

fn resource_claim() -> Schema {
    object().required("name", string()).strings(&["resourceClaimName", "resourceClaimTemplateName"])
}

fn security_context() -> Schema {
    let sysctl = object().required_strings(&["name", "value"]);
    container::security(object())
        .field("fsGroup", int64())
        .field("supplementalGroups", atomic_list(int64()))
        .field("sysctls", atomic_list(sysctl))
        .strings(&["fsGroupChangePolicy", "seLinuxChangePolicy", "supplementalGroupsPolicy"])
}

fn dns() -> Schema {
    let option = object().strings(&["name", "value"]);
    object().fields(&["nameservers", "searches"], &atomic_list(string())).field("options", atomic_list(option))
}

fn host_alias() -> Schema {
    object().required("ip", string()).field("hostnames", atomic_list(string()))
}
