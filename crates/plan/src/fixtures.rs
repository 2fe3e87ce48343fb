//! Expansions made by hand, for the tests of this crate.

#![expect(clippy::needless_pass_by_value, reason = "builders read best with a json! literal as argument")]

use std::sync::Arc;

use plat_expand::{Composed, Expansion, Observed, Origin, Origins, Removed, ResultSeverity, StepResult, Unknown};
use plat_resource::object::GroupVersionKind;
use plat_resource::{FieldPath, Segment, Value};
use serde_json::json;

use crate::build::Subject;
use crate::live::{KindSchema, ListType, Lists, Refusal, Schemas};
use crate::model::Plan;

pub(crate) fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

pub(crate) fn origin(resource: &str, patch: usize, from: &str) -> Origin {
    Origin {
        step: "compose".to_owned(),
        resource: resource.to_owned(),
        patch,
        patch_type: "FromCompositeFieldPath".to_owned(),
        patch_set: None,
        from: vec![from.to_owned()],
        source: "composite".to_owned(),
    }
}

pub(crate) fn composed(name: &str, object: Value) -> Composed {
    Composed {
        name: name.to_owned(),
        object,
        observed: None,
        ready: true,
        origins: Origins::new(),
        nested: None,
        unknowns: Vec::new(),
    }
}

pub(crate) fn expansion(composite: Value, composed: Vec<Composed>) -> Expansion {
    Expansion {
        claim: None,
        composite,
        composition: "sql-aws".to_owned(),
        composition_reason: "the only one for this kind".to_owned(),
        composed,
        removed: Vec::new(),
        results: Vec::new(),
        warnings: Vec::new(),
        context: json!({}),
        connection_details: std::collections::BTreeMap::new(),
        fatal: None,
        paused: false,
        origins: Origins::new(),
        unknowns: Vec::new(),
    }
}

/// `vpcId` of a SecurityGroup cannot change.
pub(crate) struct VpcIsImmutable;

impl Lists for VpcIsImmutable {
    fn list(&self, _path: &[Segment]) -> Option<ListType> {
        None
    }
}

impl KindSchema for VpcIsImmutable {
    fn apply_defaults(&self, _object: &mut Value) {}

    fn refusals(&self, live: &Value, after: &Value) -> Vec<Refusal> {
        let field = path("spec.forProvider.vpcId");
        if field.get(live) == field.get(after) {
            return Vec::new();
        }
        let message = "spec.forProvider.vpcId: Invalid value: \"string\": vpcId cannot change".to_owned();
        vec![Refusal { field, message }]
    }
}

impl Schemas for VpcIsImmutable {
    fn of(&self, kind: &GroupVersionKind) -> Option<Arc<dyn KindSchema>> {
        (kind.kind == "SecurityGroup").then(|| Arc::new(Self) as Arc<dyn KindSchema>)
    }
}

/// One expansion planned, nothing given but itself.
pub(crate) fn plan(expansion: &Expansion, observed: &Observed) -> Plan {
    let subject = Subject { file: None, given: None, expansion, observed, warnings: &[], verdicts: &[] };
    Plan::new(plat_expand::Compatibility::V2, &[subject], &VpcIsImmutable)
}

fn managed(group: &str, kind: &str, name: &str, for_provider: Value) -> Value {
    json!({
        "apiVersion": format!("{group}/v1beta1"), "kind": kind,
        "metadata": {
            "name": name,
            "labels": {"crossplane.io/composite": "orders-db-x7k2p"},
            "ownerReferences": [{"apiVersion": "sql.acme.io/v1", "kind": "XSQLInstance", "name": "orders-db-x7k2p",
                                 "uid": "u-1", "controller": true}],
        },
        "spec": {"forProvider": for_provider, "deletionPolicy": "Delete"},
    })
}

pub(crate) fn xr(size: u32) -> Value {
    json!({
        "apiVersion": "sql.acme.io/v1", "kind": "XSQLInstance",
        "metadata": {"name": "orders-db-x7k2p", "uid": "u-1"},
        "spec": {"parameters": {"storageGB": size, "backup": true}, "resourceRefs": [{"name": size.to_string()}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}], "size": size},
    })
}

pub(crate) fn claim(spec: Value) -> Value {
    json!({"apiVersion": "sql.acme.io/v1", "kind": "SQLInstance", "metadata": {"name": "orders-db", "namespace": "team-a"},
           "spec": {"parameters": spec}})
}

/// The database of the documentation: an update, a replacement, a creation, a deletion and something unchanged.
pub(crate) fn orders_db() -> (Value, Expansion, Observed) {
    let with = |mut composed: Composed, observed: Option<Value>, origins: &[(&str, Origin)]| {
        composed.observed = observed;
        composed.origins = origins.iter().map(|(field, origin)| (path(field), origin.clone())).collect();
        composed
    };
    let (rds, ec2) = ("rds.aws.upbound.io", "ec2.aws.upbound.io");
    let (db, group, subnet) =
        ("orders-db-x7k2p-0d845a1d813d", "orders-db-x7k2p-b2ad9fa78d0b", "orders-db-x7k2p-1a2b3c4d5e6f");
    let size = ("spec.forProvider.allocatedStorage", origin("instance", 3, "spec.parameters.storageGB"));
    let mut secret = composed(
        "connection",
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "orders-db-conn", "namespace": "team-a"},
               "stringData": {"password": "hunter2"}, "type": "Opaque"}),
    );
    secret.unknowns =
        vec![Unknown { field: path("data.endpoint"), reason: "the instance has no address yet".to_owned() }];
    let mut expansion = expansion(
        xr(50),
        vec![
            secret,
            with(
                composed("firewall", managed(ec2, "SecurityGroup", group, json!({"vpcId": "vpc-2"}))),
                Some(managed(ec2, "SecurityGroup", group, json!({"vpcId": "vpc-1"}))),
                &[("spec.forProvider.vpcId", origin("firewall", 2, "spec.vpc"))],
            ),
            with(
                composed(
                    "instance",
                    managed(rds, "Instance", db, json!({"allocatedStorage": 50, "engine": "postgres"})),
                ),
                Some(managed(
                    rds,
                    "Instance",
                    db,
                    json!({"allocatedStorage": 20, "engine": "postgres", "az": "eu-1a"}),
                )),
                &[size],
            ),
            with(
                composed("subnet", managed(rds, "SubnetGroup", subnet, json!({"region": "eu-1"}))),
                Some(managed(rds, "SubnetGroup", subnet, json!({"region": "eu-1"}))),
                &[],
            ),
        ],
    );
    expansion.removed =
        vec![Removed { name: "replica".to_owned(), object: managed(rds, "Instance", "orders-db-replica", json!({})) }];
    expansion.results = vec![StepResult {
        step: Some("compose".to_owned()),
        severity: ResultSeverity::Warning,
        reason: "ComposeResources".to_owned(),
        message: "the engine version is old".to_owned(),
        to_claim: false,
    }];
    "the only one that matches spec.compositionSelector {tier: gold}".clone_into(&mut expansion.composition_reason);
    let given = claim(json!({"storageGB": 50}));
    expansion.claim = Some(claim(json!({"storageGB": 50, "backup": true})));
    let observed =
        Observed { composite: Some(xr(20)), claim: Some(claim(json!({"storageGB": 20}))), ..Observed::default() };
    (given, expansion, observed)
}

/// The same as a plan.
pub(crate) fn orders_plan() -> Plan {
    let (given, expansion, observed) = orders_db();
    let subject = Subject {
        file: Some("claim.yaml"),
        given: Some(&given),
        expansion: &expansion,
        observed: &observed,
        warnings: &["function \"x\" was skipped".to_owned()],
        verdicts: &[],
    };
    Plan::new(plat_expand::Compatibility::V2, &[subject], &VpcIsImmutable)
}
