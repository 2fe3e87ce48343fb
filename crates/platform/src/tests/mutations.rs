//! No document makes loading, selecting or the making of CRDs panic: every value of sound documents is replaced by every
//! odd value.

use plat_resource::{Document, GroupVersionKind, Value};
use serde_json::json;

use super::{BUCKET, SQL, composition, object};
use crate::{Platform, with_api_server_defaults};

const REVISION: &str = "
apiVersion: apiextensions.crossplane.io/v1
kind: CompositionRevision
metadata: {name: sql-aws-1, labels: {crossplane.io/composition-name: sql-aws}}
spec:
  revision: 1
  compositeTypeRef: {apiVersion: sql.acme.io/v1, kind: XSQLInstance}
  resources: [{name: a, base: {}}]
";
const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.acme.io}
spec:
  group: acme.io
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
";
const CLAIM: &str = "
apiVersion: sql.acme.io/v1
kind: SQLInstance
metadata: {namespace: team-a, name: orders}
spec:
  compositionRef: {name: sql-aws}
  compositionUpdatePolicy: Manual
  compositionRevisionRef: {name: sql-aws-1}
  compositionSelector: {matchLabels: {tier: gold}}
  compositionRevisionSelector: {matchLabels: {tier: gold}}
";

fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                pointers(value, &format!("{here}/{}", escape(key)), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &format!("{here}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn mutations(sound: &Value) -> Vec<Value> {
    let odd = [json!(null), json!(true), json!(-1.5), json!(""), json!("Xä"), json!([]), json!([null]), json!({})];
    let mut places = Vec::new();
    pointers(sound, "", &mut places);
    let mut mutated = Vec::new();
    for place in places {
        for value in &odd {
            let mut copy = sound.clone();
            *copy.pointer_mut(&place).unwrap() = value.clone();
            mutated.push(copy);
        }
    }
    mutated
}

/// Everything that can be asked of a platform.
fn exercise(documents: &[&Value], claim: &Value) {
    let documents = documents.iter().map(|value| Document::synthetic((*value).clone(), "test")).collect();
    let (platform, diagnostics) = Platform::load(documents);
    assert!(diagnostics.iter().all(|diagnostic| !diagnostic.to_string().is_empty()));
    for definition in platform.definitions() {
        assert!(definition.crds().into_iter().map(with_api_server_defaults).all(|crd| crd.is_object()));
        let _ = platform.select_composition(definition, claim);
    }
    let _ = platform.served_kind(&GroupVersionKind::of(claim));
    let _ = platform.schema(&GroupVersionKind::of(claim));
}

#[test]
fn no_value_in_any_place_makes_a_panic() {
    let sql_aws = composition("sql-aws", "{tier: gold}");
    let sound: Vec<Value> = [SQL, BUCKET, &sql_aws, REVISION, CRD].map(object).into();
    let claim = object(CLAIM);
    exercise(&sound.iter().collect::<Vec<_>>(), &claim);
    for (index, document) in sound.iter().enumerate() {
        for mutated in mutations(document) {
            let others = sound.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, value)| value);
            exercise(&others.chain([&mutated]).collect::<Vec<_>>(), &claim);
        }
    }
    for mutated in mutations(&claim) {
        exercise(&sound.iter().collect::<Vec<_>>(), &mutated);
    }
}
