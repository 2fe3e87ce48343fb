//! The variables of Kubernetes' admission policies.

use super::environment::Environment;
use super::types::Type;

/// Numbers of the variables, in the order of their declaration.
pub mod number {
    /// `object`
    pub const OBJECT: usize = 0;
    /// `oldObject`
    pub const OLD_OBJECT: usize = 1;
    /// `namespaceObject`
    pub const NAMESPACE: usize = 2;
    /// `request`
    pub const REQUEST: usize = 3;
    /// `params`
    pub const PARAMS: usize = 4;
}

/// The environment of an admission policy, `params` only where it says so, and `variables` without any yet.
pub fn environment(with_params: bool) -> Environment {
    let declared = Environment::default()
        .variable("object", Type::Dyn)
        .variable("oldObject", Type::Dyn)
        .variable("namespaceObject", Type::Named("kubernetes.Namespace"))
        .variable("request", Type::Named("kubernetes.AdmissionRequest"))
        .with_composed_variables();
    let declared = namespace_objects(request_objects(declared));
    if with_params { declared.variable("params", Type::Dyn) } else { declared }
}

fn texts() -> Type {
    Type::list(Type::String)
}

fn request_objects(environment: Environment) -> Environment {
    let kind = vec![("group", Type::String), ("version", Type::String), ("kind", Type::String)];
    let resource = vec![("group", Type::String), ("version", Type::String), ("resource", Type::String)];
    let user = vec![
        ("username", Type::String),
        ("uid", Type::String),
        ("groups", texts()),
        ("extra", Type::map(Type::String, texts())),
    ];
    environment
        .object("kubernetes.GroupVersionKind", kind)
        .object("kubernetes.GroupVersionResource", resource)
        .object("kubernetes.UserInfo", user)
        .object("kubernetes.AdmissionRequest", request_fields())
}

fn namespace_objects(environment: Environment) -> Environment {
    let labels = || Type::map(Type::String, Type::String);
    let metadata = vec![
        ("name", Type::String),
        ("generateName", Type::String),
        ("namespace", Type::String),
        ("labels", labels()),
        ("annotations", labels()),
        ("UID", Type::String),
        ("creationTimestamp", Type::Timestamp),
        ("deletionGracePeriodSeconds", Type::Int),
        ("deletionTimestamp", Type::Timestamp),
        ("generation", Type::Int),
        ("resourceVersion", Type::String),
        ("finalizers", texts()),
    ];
    let condition = vec![
        ("status", Type::String),
        ("type", Type::String),
        ("lastTransitionTime", Type::Timestamp),
        ("message", Type::String),
        ("reason", Type::String),
    ];
    let status =
        vec![("conditions", Type::list(Type::Named("kubernetes.NamespaceCondition"))), ("phase", Type::String)];
    let parts = vec![
        ("metadata", Type::Named("kubernetes.NamespaceMetadata")),
        ("spec", Type::Named("kubernetes.NamespaceSpec")),
        ("status", Type::Named("kubernetes.NamespaceStatus")),
    ];
    environment
        .object("kubernetes.Namespace", parts)
        .object("kubernetes.NamespaceSpec", vec![("finalizers", texts())])
        .object("kubernetes.NamespaceStatus", status)
        .object("kubernetes.NamespaceCondition", condition)
        .object("kubernetes.NamespaceMetadata", metadata)
}

fn request_fields() -> Vec<(&'static str, Type)> {
    let (kind, resource) = ("kubernetes.GroupVersionKind", "kubernetes.GroupVersionResource");
    vec![
        ("kind", Type::Named(kind)),
        ("resource", Type::Named(resource)),
        ("subResource", Type::String),
        ("requestKind", Type::Named(kind)),
        ("requestResource", Type::Named(resource)),
        ("requestSubResource", Type::String),
        ("name", Type::String),
        ("namespace", Type::String),
        ("operation", Type::String),
        ("userInfo", Type::Named("kubernetes.UserInfo")),
        ("dryRun", Type::Bool),
        ("options", Type::Dyn),
    ]
}
