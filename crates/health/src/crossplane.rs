//! Kinds of Crossplane and its providers: Argo CD's own rules for them, and what their conditions mean in general.
//!
//! Argo CD knows them by group only, so that an XR of a platform's own group has no health there. [`conditions`] reads the same
//! conditions on any object that a Crossplane controller writes them to.

use plat_resource::{GroupVersionKind, Value, object};

use crate::fields::{Condition, condition, conditions as conditions_of, is_set};
use crate::{Health, Status};

/// Kinds of Crossplane whose objects have nothing to become.
const STATELESS: &[&str] = &[
    "ClusterProviderConfig",
    "Composition",
    "CompositionRevision",
    "ControllerConfig",
    "DeploymentRuntimeConfig",
    "ProviderConfig",
    "ProviderConfigUsage",
];
/// The same for Upbound's providers.
const STATELESS_UPBOUND: &[&str] = &["ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage"];
/// Conditions that say, each alone, that an object of Crossplane is done.
const DONE: &[&str] = &["Established", "Healthy", "Offered", "Ready", "RevisionHealthy", "ValidPipeline"];
/// Kinds of the community's AWS provider that Argo CD has rules of their own for, and what its messages call them.
const COMMUNITY: &[(&str, &str, &str)] = &[
    ("cloudfront.aws.crossplane.io", "Distribution", "distribution"),
    ("iam.aws.crossplane.io", "Policy", "Policy"),
    ("iam.aws.crossplane.io", "Role", "Role"),
    ("iam.aws.crossplane.io", "RolePolicyAttachment", "RolePolicyAttachment"),
    ("rds.aws.crossplane.io", "DBCluster", "DBCluster"),
    ("rds.aws.crossplane.io", "DBInstance", "DBInstance"),
    ("route53.aws.crossplane.io", "ResourceRecordSet", "resourcrecordset"),
    ("s3.aws.crossplane.io", "Bucket", "Bucket"),
];

/// What Argo CD says of `object`, if its group is one of Crossplane's or Upbound's.
pub fn argo_cd(object: &Value) -> Option<Health> {
    let kind = GroupVersionKind::of(object);
    if (kind.group.as_str(), kind.kind.as_str()) == ("pkg.crossplane.io", "Provider") {
        return Some(provider(object));
    }
    if let Some((.., noun)) = COMMUNITY.iter().find(|row| (row.0, row.1) == (&kind.group, &kind.kind)) {
        return Some(community(object, noun));
    }
    if kind.group.ends_with(".crossplane.io") {
        return Some(by_group(object, STATELESS, DONE));
    }
    kind.group.ends_with(".upbound.io").then(|| by_group(object, STATELESS_UPBOUND, &["Ready"]))
}

/// The rule that Crossplane's docs recommend to users of Argo CD, which it has built in.
fn by_group(object: &Value, stateless: &[&str], done: &[&str]) -> Health {
    let up_to_date = || Health::healthy("Resource is up-to-date.");
    let provisioning = || Health::progressing("Provisioning ...");
    let kind = GroupVersionKind::of(object).kind;
    let Some(status) = object.get("status").filter(|status| !status.is_null()) else { return up_to_date() };
    if status.as_object().is_some_and(serde_json::Map::is_empty) && stateless.contains(&kind.as_str()) {
        return up_to_date();
    }
    if !is_set(status, &["conditions"]) {
        let is_used = kind.ends_with("ProviderConfig") && is_set(status, &["users"]);
        return if is_used { Health::healthy("Resource is in use.") } else { provisioning() };
    }
    let failed = |kind: &str| ["LastAsyncOperation", "Synced"].contains(&kind);
    if let Some(failure) = conditions_of(object).find(|it| failed(it.kind()) && it.is_false()) {
        return Health::degraded(failure.message());
    }
    let is_done = conditions_of(object).any(|it| done.contains(&it.kind()) && it.is_true());
    if is_done { up_to_date() } else { provisioning() }
}

fn provider(object: &Value) -> Health {
    if !is_set(object, &["status", "conditions"]) {
        return Health::progressing("Waiting for provider to be installed");
    }
    let of = |kind: &str| conditions_of(object).filter(|it| it.kind() == kind).last();
    let found = [of("Installed"), of("Healthy")];
    let is_well = found.iter().all(|condition| condition.is_some_and(Condition::is_true));
    let reasons: Vec<&str> = found.into_iter().flatten().map(Condition::reason).collect();
    Health::new(if is_well { Status::Healthy } else { Status::Degraded }, reasons.join(" "))
}

fn community(object: &Value, noun: &str) -> Health {
    if !is_set(object, &["status", "conditions"]) {
        return Health::progressing(format!("Waiting for {noun} to be created"));
    }
    let of = |kind: &str| conditions_of(object).filter(|it| it.kind() == kind).last();
    let (ready, synced) = (of("Ready"), of("Synced"));
    let is_true = |condition: &Option<Condition<'_>>| condition.is_some_and(Condition::is_true);
    let reason = synced.map_or("", |it| it.reason());
    match (is_true(&ready), is_true(&synced)) {
        (true, true) => Health::healthy(ready.map_or("", |it| it.reason())),
        (_, false) if reason == "ReconcilePaused" => Health::suspended(reason),
        (false, true) => Health::progressing(format!("Waiting for {noun} to be available")),
        _ => Health::degraded(synced.filter(|_| reason == "ReconcileError").map_or("", |it| it.message())),
    }
}

/// Whether the kind can be one of Crossplane's at all: Kubernetes' own have fields of the same names.
pub(crate) fn is_custom(object: &Value) -> bool {
    let group = GroupVersionKind::of(object).group;
    group.contains('.') && !group.ends_with("k8s.io")
}

/// Whether `object` is a claim: in a namespace, it refers to its XR or chooses how that is composed.
pub fn is_claim(object: &Value) -> bool {
    let fields = ["compositionRef", "compositionSelector", "compositeDeletePolicy", "compositionUpdatePolicy"];
    let chooses = fields.iter().any(|field| is_set(object, &["spec", field]));
    let refers = is_set(object, &["spec", "resourceRef", "kind"]);
    is_custom(object) && !object::namespace(object).is_empty() && (chooses || refers) && !is_composite(object)
}

/// Whether `object` is an XR: it has its fields below `spec.crossplane`, or, in the older form, refers to a claim or to what it
/// composes, or chooses how it is composed without being in a namespace.
pub fn is_composite(object: &Value) -> bool {
    let chooses = is_set(object, &["spec", "compositionRef"]) || is_set(object, &["spec", "compositionSelector"]);
    let refers = ["crossplane", "resourceRefs"].iter().any(|field| is_set(object, &["spec", field]));
    let is_older = is_set(object, &["spec", "claimRef", "kind"]) || chooses && object::namespace(object).is_empty();
    is_custom(object) && (refers || is_older)
}

/// Whether a controller of Crossplane or of one of its providers looks after `object`: a claim, an XR or a managed resource.
pub fn is_managed(object: &Value) -> bool {
    let provided = ["providerConfigRef", "forProvider"].iter().any(|field| is_set(object, &["spec", field]));
    let is_named = object::annotation(object, "crossplane.io/external-name").is_some();
    is_custom(object) && (provided || is_named) || is_claim(object) || is_composite(object)
}

/// What the conditions of Crossplane's controllers say of any object that has them.
///
/// Unlike Argo CD's rule this one hands on why an object is not ready, and tells being paused from having failed.
pub fn conditions(object: &Value) -> Option<Health> {
    let failed = ["LastAsyncOperation", "Synced"]
        .into_iter()
        .find_map(|kind| condition(object, kind).filter(|it| it.is_false()));
    if let Some(failed) = failed {
        let status = if failed.reason() == "ReconcilePaused" { Status::Suspended } else { Status::Degraded };
        return Some(Health::new(status, failed.told()));
    }
    match condition(object, "Ready") {
        Some(ready) if ready.is_true() => Some(Health::healthy("")),
        Some(ready) => Some(Health::progressing(ready.told())),
        None => condition(object, "Synced").map(|_| Health::progressing("it has not said whether it is ready")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str, conditions: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "spec": {"forProvider": {}}, "status": {"conditions": conditions}})
    }

    #[test]
    fn argo_cd_speaks_of_crossplanes_groups_only() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let says = |api_version, kind| argo_cd(&object(api_version, kind, &ready)).map(|it| it.status);
        assert_eq!(says("rds.aws.upbound.io/v1", "Instance"), Some(Status::Healthy));
        assert_eq!(says("nop.crossplane.io/v1", "NopResource"), Some(Status::Healthy));
        assert_eq!(says("acme.io/v1", "XDatabase"), None);
        assert_eq!(says("crossplane.io/v1", "Thing"), None, "the wildcard wants something before the point");
        let offered = json!([{"type": "Offered", "status": "True"}]);
        let says = |api_version, kind| argo_cd(&object(api_version, kind, &offered)).map(|it| it.status);
        assert_eq!(says("apiextensions.crossplane.io/v2", "CompositeResourceDefinition"), Some(Status::Healthy));
        assert_eq!(says("aws.upbound.io/v1", "Thing"), Some(Status::Progressing));
    }

    #[test]
    fn claims_and_xrs_are_told_from_what_only_looks_like_them() {
        let spec = |api_version: &str, namespace: &str, spec: Value| {
            json!({"apiVersion": api_version, "kind": "K",
            "metadata": {"namespace": namespace}, "spec": spec})
        };
        let claim_of = |kind: &str| json!({"claimRef": {"apiVersion": "v1", "kind": kind, "name": "c"}});
        let cases = [
            (spec("acme.io/v1", "n", json!({"compositeDeletePolicy": "Background"})), (true, false)),
            (spec("acme.io/v1", "n", json!({"resourceRef": {"kind": "XDb", "name": "x"}})), (true, false)),
            (spec("acme.io/v1", "", json!({"compositionRef": {"name": "c"}})), (false, true)),
            (spec("acme.io/v1", "", claim_of("Db")), (false, true)),
            (spec("acme.io/v1", "n", json!({"crossplane": {"compositionRef": {"name": "c"}}})), (false, true)),
            (spec("v1", "", claim_of("PersistentVolumeClaim")), (false, false)),
            (spec("ipam.cluster.x-k8s.io/v1", "n", claim_of("IPAddressClaim")), (false, false)),
            (spec("acme.io/v1", "n", json!({"resourceRef": {"name": "x"}})), (false, false)),
        ];
        for (object, expected) in cases {
            assert_eq!((is_claim(&object), is_composite(&object)), expected, "{object}");
        }
    }

    #[test]
    fn a_failed_operation_is_worse_than_being_ready() {
        let both = json!([{"type": "Ready", "status": "True"},
            {"type": "LastAsyncOperation", "status": "False", "reason": "ApplyFailure", "message": "no quota"}]);
        let object = object("rds.aws.upbound.io/v1", "Instance", &both);
        let degraded = Some(Health::degraded("no quota"));
        assert_eq!((argo_cd(&object), conditions(&object)), (degraded.clone(), degraded));
    }

    #[test]
    fn why_something_is_not_ready_is_handed_on() {
        let says = |conditions: &Value| super::conditions(&object("acme.io/v1", "XDatabase", conditions));
        let unready =
            json!([{"type": "Ready", "status": "False", "reason": "Creating", "message": "Unready resources: a"}]);
        assert_eq!(says(&unready), Some(Health::progressing("Unready resources: a")));
        let paused = json!([{"type": "Synced", "status": "False", "reason": "ReconcilePaused"}]);
        assert_eq!(says(&paused), Some(Health::suspended("ReconcilePaused")));
        let silent = json!([{"type": "Synced", "status": "True"}]);
        assert_eq!(says(&silent), Some(Health::progressing("it has not said whether it is ready")));
        assert_eq!(says(&json!([{"type": "Other", "status": "True"}])), None);
    }
}
