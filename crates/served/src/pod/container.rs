//! A container of a Pod.

use crate::schema::{
    Schema, atomic_list, boolean, int_or_string, int32, int64, keyed_list, list, map, object, quantity, string,
};

/// A container.
pub(super) fn container() -> Schema {
    object()
        .required("name", string())
        .strings(&[
            "image",
            "imagePullPolicy",
            "restartPolicy",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "workingDir",
        ])
        .fields(&["stdin", "stdinOnce", "tty"], &boolean())
        .fields(&["args", "command"], &atomic_list(string()))
        .field("env", keyed_list(&["name"], variable()))
        .field("envFrom", atomic_list(variables()))
        .field("lifecycle", lifecycle())
        .fields(&["livenessProbe", "readinessProbe", "startupProbe"], &probe())
        .field("ports", keyed_list(&["containerPort", "protocol"], port()))
        .field("resizePolicy", atomic_list(object().required_strings(&["resourceName", "restartPolicy"])))
        .field("resources", resources())
        .field("restartPolicyRules", atomic_list(restart_rule()))
        .field("securityContext", security_context())
        .field("volumeDevices", keyed_list(&["devicePath"], object().required_strings(&["devicePath", "name"])))
        .field("volumeMounts", keyed_list(&["mountPath"], mount()))
}

/// What a container or a Pod needs.
pub(super) fn resources() -> Schema {
    object()
        .fields(&["limits", "requests"], &map(quantity()))
        .field("claims", keyed_list(&["name"], object().required("name", string()).field("request", string())))
}

/// With what is said of Pods and of containers.
pub(super) fn security(context: Schema) -> Schema {
    let profile = object().required("type", string()).field("localhostProfile", string());
    let windows = object()
        .strings(&["gmsaCredentialSpec", "gmsaCredentialSpecName", "runAsUserName"])
        .field("hostProcess", boolean());
    context
        .fields(&["appArmorProfile", "seccompProfile"], &profile)
        .fields(&["runAsGroup", "runAsUser"], &int64())
        .field("runAsNonRoot", boolean())
        .field("seLinuxOptions", object().strings(&["level", "role", "type", "user"]))
        .field("windowsOptions", windows)
}

/// A key of a ConfigMap or Secret.
fn key() -> Schema {
    optional(named().required("key", string()))
}

/// A name in the same namespace.
pub(super) fn named() -> Schema {
    object().field("name", string().default("")).atomic()
}

/// What may be missing.
pub(super) fn optional(source: Schema) -> Schema {
    source.field("optional", boolean())
}

/// A field of the Pod.
pub(super) fn own_field() -> Schema {
    object().required("fieldPath", string()).field("apiVersion", string()).atomic()
}

/// What a container of the Pod asks for or is limited to.
pub(super) fn own_resource() -> Schema {
    object().required("resource", string()).field("containerName", string()).field("divisor", quantity()).atomic()
}

fn variable() -> Schema {
    let file =
        object().required_strings(&["key", "path", "volumeName"]).field("optional", boolean().default(false)).atomic();
    let source = object()
        .fields(&["configMapKeyRef", "secretKeyRef"], &key())
        .field("fieldRef", own_field())
        .field("fileKeyRef", file)
        .field("resourceFieldRef", own_resource());
    object().required("name", string()).field("value", string()).field("valueFrom", source)
}

fn variables() -> Schema {
    object().fields(&["configMapRef", "secretRef"], &optional(named())).field("prefix", string())
}

fn lifecycle() -> Schema {
    let handler = handlers(object()).field("sleep", object().required("seconds", int64()));
    object().fields(&["postStart", "preStop"], &handler).field("stopSignal", string())
}

fn probe() -> Schema {
    let grpc = object().required("port", int32()).field("service", string().default(""));
    handlers(object())
        .field("grpc", grpc)
        .fields(
            &["failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold", "timeoutSeconds"],
            &int32(),
        )
        .field("terminationGracePeriodSeconds", int64())
}

fn handlers(handler: Schema) -> Schema {
    let headers = atomic_list(object().required_strings(&["name", "value"]));
    let http =
        object().required("port", int_or_string()).strings(&["host", "path", "scheme"]).field("httpHeaders", headers);
    handler
        .field("exec", object().field("command", atomic_list(string())))
        .field("httpGet", http)
        .field("tcpSocket", object().required("port", int_or_string()).field("host", string()))
}

fn port() -> Schema {
    object()
        .required("containerPort", int32())
        .field("hostPort", int32())
        .strings(&["hostIP", "name"])
        .field("protocol", string().default("TCP"))
}

fn restart_rule() -> Schema {
    let values = list(int32()).with("x-kubernetes-list-type", "set");
    let codes = object().required("operator", string()).field("values", values);
    object().required("action", string()).field("exitCodes", codes)
}

fn security_context() -> Schema {
    let capabilities = object().fields(&["add", "drop"], &atomic_list(string()));
    security(object())
        .fields(&["allowPrivilegeEscalation", "privileged", "readOnlyRootFilesystem"], &boolean())
        .field("capabilities", capabilities)
        .field("procMount", string())
}

fn mount() -> Schema {
    object()
        .required_strings(&["mountPath", "name"])
        .strings(&["mountPropagation", "recursiveReadOnly", "subPath", "subPathExpr"])
        .field("readOnly", boolean())
}
