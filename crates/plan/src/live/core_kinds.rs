//! What is known of Kubernetes' own kinds without their schemas: list keys, quantities, immutable fields.

use plat_resource::object::GroupVersionKind;
use plat_resource::{Segment, Value};

use super::{KindSchema, ListType, Lists, Refusal};

/// A kind, with its schema where one is known.
#[derive(Clone, Copy)]
pub struct CoreKind<'a> {
    kind: &'a GroupVersionKind,
    schema: Option<&'a dyn KindSchema>,
}

impl<'a> CoreKind<'a> {
    /// What is known of `kind`.
    pub fn new(kind: &'a GroupVersionKind, schema: Option<&'a dyn KindSchema>) -> Self {
        Self { kind, schema }
    }

    /// True where both texts are one quantity of a core kind, which the API server writes its own way.
    pub(super) fn same_quantity(&self, path: &[Segment], live: &Value, desired: &Value) -> bool {
        let in_quantities = path.iter().any(|segment| {
            matches!(segment, Segment::Field(field)
                if matches!(field.as_str(), "limits" | "requests" | "capacity" | "hard" | "sizeLimit"))
        });
        in_quantities && is_core(&self.kind.group) && same_quantity(live, desired)
    }

    /// True where Kubernetes refuses to change the field of `live`.
    pub fn is_immutable(&self, live: &Value, path: &[Segment]) -> bool {
        immutable(self.kind, live, path)
    }

    /// Fills in the defaults of the schema.
    pub fn apply_defaults(&self, object: &mut Value) {
        if let Some(schema) = self.schema {
            schema.apply_defaults(object);
        }
    }

    /// Why the schema refuses to turn `live` into `after`.
    pub fn refusals(&self, live: &Value, after: &Value) -> Vec<Refusal> {
        self.schema.map_or_else(Vec::new, |schema| schema.refusals(live, after))
    }
}

impl Lists for CoreKind<'_> {
    fn list(&self, path: &[Segment]) -> Option<ListType> {
        let fields: Vec<&str> = path.iter().filter_map(field_of).collect();
        match fields.as_slice() {
            ["metadata", "ownerReferences"] => return Some(keys(&["uid"])),
            ["metadata", "finalizers"] => return Some(ListType::Set),
            ["status", "conditions"] => return Some(keys(&["type"])),
            _ => {}
        }
        if let Some(list) = self.schema.and_then(|schema| schema.list(path)) {
            return Some(list);
        }
        if is_core(&self.kind.group) { core_list(&self.kind.kind, &fields) } else { None }
    }
}

fn field_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Field(field) => Some(field),
        Segment::Index(_) => None,
    }
}

fn keys(names: &[&str]) -> ListType {
    ListType::Map(names.iter().map(|name| (*name).to_owned()).collect())
}

/// Groups that ship with Kubernetes.
fn is_core(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io") && !group.ends_with("x-k8s.io")
}

fn core_list(kind: &str, fields: &[&str]) -> Option<ListType> {
    let last = fields.last()?;
    Some(match *last {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "webhooks"
        | "secrets" => keys(&["name"]),
        "ports" if kind == "Service" => keys(&["port", "protocol"]),
        "ports" if fields.contains(&"containers") || fields.contains(&"initContainers") => {
            keys(&["containerPort", "protocol"])
        }
        "volumeMounts" => keys(&["mountPath"]),
        "volumeDevices" => keys(&["devicePath"]),
        "hostAliases" => keys(&["ip"]),
        "topologySpreadConstraints" => keys(&["topologyKey", "whenUnsatisfiable"]),
        _ => return None,
    })
}

/// True where Kubernetes refuses to change the field of this `live` object.
pub fn immutable(kind: &GroupVersionKind, live: &Value, path: &[Segment]) -> bool {
    let fields: Vec<&str> = path.iter().filter_map(field_of).collect();
    let fields = fields.as_slice();
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("" | "apps", "Deployment" | "ReplicaSet" | "DaemonSet") => fields.starts_with(&["spec", "selector"]),
        ("apps", "StatefulSet") => is_other_spec(fields, STATEFUL_SET_MUTABLE),
        ("batch", "Job") => matches!(fields, ["spec", field, ..] if JOB_IMMUTABLE.contains(field)),
        ("", "Service") => service(live, fields),
        ("", "PersistentVolumeClaim") => {
            is_other_spec(fields, &["resources", "volumeAttributesClassName"])
                || matches!(fields, ["spec", "resources", "limits", ..])
        }
        ("", "Secret" | "ConfigMap") => data(kind, live, fields),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => fields.starts_with(&["roleRef"]),
        ("storage.k8s.io", "StorageClass") => {
            matches!(fields, ["provisioner" | "parameters" | "reclaimPolicy" | "volumeBindingMode", ..])
        }
        ("scheduling.k8s.io", "PriorityClass") => matches!(fields, ["value" | "preemptionPolicy", ..]),
        ("networking.k8s.io", "IngressClass") => fields.starts_with(&["spec", "controller"]),
        ("node.k8s.io", "RuntimeClass") => fields.starts_with(&["handler"]),
        _ => false,
    }
}

const STATEFUL_SET_MUTABLE: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

const JOB_IMMUTABLE: &[&str] =
    &["template", "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy"];

fn is_other_spec(fields: &[&str], mutable: &[&str]) -> bool {
    matches!(fields, ["spec", field, ..] if !mutable.contains(field))
}

/// An address that was given stays; one can be added where there was none.
fn service(live: &Value, fields: &[&str]) -> bool {
    let has_address = plat_resource::object::string_at(live, &["spec", "clusterIP"]).is_some_and(|ip| !ip.is_empty());
    match fields {
        ["spec", "clusterIP" | "clusterIPs", ..] => has_address,
        ["spec", "loadBalancerClass"] => live.pointer("/spec/loadBalancerClass").is_some(),
        _ => false,
    }
}

fn data(kind: &GroupVersionKind, live: &Value, fields: &[&str]) -> bool {
    let frozen = live.get("immutable").and_then(Value::as_bool) == Some(true);
    match fields {
        ["type"] => kind.kind == "Secret",
        ["data" | "stringData" | "binaryData" | "immutable", ..] => frozen,
        _ => false,
    }
}

fn same_quantity(live: &Value, desired: &Value) -> bool {
    let parse = |value: &Value| match value {
        Value::String(text) => parse_quantity(text),
        Value::Number(number) => parse_quantity(&number.to_string()),
        _ => None,
    };
    matches!((parse(live), parse(desired)), (Some(one), Some(other)) if one == other)
}

/// A quantity in thousandths; `None` where it is none, or too fine or too large to say.
fn parse_quantity(text: &str) -> Option<i128> {
    let end = text.find(|character: char| !matches!(character, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let places = u32::try_from(fraction.len()).ok()?;
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let factor: i128 = match suffix {
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        _ => return None,
    };
    let scaled = digits.checked_mul(factor)?;
    let divisor = 10_i128.checked_pow(places)?;
    (scaled % divisor == 0).then_some(scaled / divisor)
}
