//! The parts of made CRDs that published XRDs do not use.

use serde_json::json;

use super::{BUCKET, SQL, load, sound};
use crate::with_api_server_defaults;

#[test]
fn a_definition_with_a_claim_makes_two_crds() {
    let crds = sound(&[SQL]).definitions()[0].crds();
    let names: Vec<&str> = crds.iter().filter_map(|crd| crd["metadata"]["name"].as_str()).collect();
    assert_eq!(names, ["xsqlinstances.sql.acme.io", "sqlinstances.sql.acme.io"]);
    let storage: Vec<bool> =
        crds[1]["spec"]["versions"].as_array().unwrap().iter().filter_map(|each| each["storage"].as_bool()).collect();
    assert_eq!(storage, [false, true, false]);
}

#[test]
fn what_the_author_wrote_survives_where_crossplane_keeps_it() {
    let text =
        BUCKET.replace("  name: buckets.acme.io", "  name: buckets.acme.io\n  labels: {a: own, b: own}").replace(
            "  versions:",
            "  scope: Cluster
  metadata: {labels: {b: inherited}, annotations: {c: d}}
  conversion:
    strategy: Webhook
    webhook: {conversionReviewVersions: [v1], clientConfig: {service: {name: s, namespace: ns}}}
  versions:",
        );
    let text = text.replace(
        "    schema: {openAPIV3Schema: {type: object}}",
        "    deprecated: true
    deprecationWarning: old
    additionalPrinterColumns: [{name: SIZE, type: integer, jsonPath: .spec.size, priority: 0}]
    subresources: {scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    schema:
      openAPIV3Schema:
        type: object
        description: A bucket.
        minProperties: 1
        properties:
          metadata: {type: object, properties: {name: {type: string, maxLength: 20}}}
          spec:
            type: object
            required: [size]
            maxProperties: 9
            oneOf: [{required: [a]}]
            properties:
              size: {type: integer}
              crossplane: {type: string}",
    );
    let crd = with_api_server_defaults(sound(&[&text]).definitions()[0].crds().remove(0));
    assert_eq!(crd["metadata"]["labels"], json!({"a": "own", "b": "inherited"}));
    assert_eq!(crd["metadata"]["annotations"], json!({"c": "d"}));
    assert_eq!(crd["spec"]["scope"], "Cluster");
    assert_eq!(crd["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"], 443);
    let version = &crd["spec"]["versions"][0];
    assert_eq!((&version["deprecated"], &version["deprecationWarning"]), (&json!(true), &json!("old")));
    let column = json!({"name": "SIZE", "type": "integer", "jsonPath": ".spec.size"});
    assert_eq!(version["additionalPrinterColumns"][0], column);
    assert_eq!(version["subresources"]["scale"]["specReplicasPath"], ".spec.replicas");
    let schema = &version["schema"]["openAPIV3Schema"];
    assert_eq!((&schema["description"], &schema["minProperties"]), (&json!("A bucket."), &json!(null)));
    assert_eq!(schema["properties"]["metadata"]["properties"]["name"]["maxLength"], 20);
    let spec = &schema["properties"]["spec"];
    assert_eq!((&spec["required"], &spec["maxProperties"]), (&json!(["size"]), &json!(null)));
    assert_eq!(spec["properties"]["crossplane"]["type"], "object");
    let references = &spec["properties"]["crossplane"]["properties"]["resourceRefs"]["items"]["properties"];
    assert!(references.get("namespace").is_some());
}

#[test]
fn what_a_claim_replaces_is_not_what_a_composite_replaces() {
    let text = SQL.replace("size: {type: integer}", "claimRef: {type: string}, resourceRef: {type: string}");
    let crds = sound(&[&text]).definitions()[0].crds();
    let kind = |crd: usize, name: &str| {
        crds[crd]["spec"]["versions"][1]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"][name]["type"]
            .clone()
    };
    assert_eq!((kind(0, "claimRef"), kind(0, "resourceRef")), (json!("object"), json!("string")));
    assert_eq!((kind(1, "claimRef"), kind(1, "resourceRef")), (json!("string"), json!("object")));
}

#[test]
fn the_api_server_drops_unknown_fields_and_nulls_before_crossplane_sees_them() {
    let text = BUCKET.replace(
        "    referenceable: true",
        "    referenceable: true
    additionalPrinterColumns: [{name: A, type: string, jsonPath: .a, priority: 1.0, description: '', other: 1}]
    subresources: {scale: {specReplicasPath: .a, statusReplicasPath: .b, labelSelectorPath: '', other: 1}}",
    );
    let version_of = |text: &str| {
        let (platform, _) = load(&[text]);
        platform.definitions()[0].crds()[0]["spec"]["versions"][0].clone()
    };
    let version = version_of(&text);
    let column = json!({"name": "A", "type": "string", "jsonPath": ".a", "priority": 1});
    assert_eq!(version["additionalPrinterColumns"][0], column);
    let paths = json!({"specReplicasPath": ".a", "statusReplicasPath": ".b", "labelSelectorPath": ""});
    assert_eq!(version["subresources"], json!({"status": {}, "scale": paths}));
    let without = BUCKET.replace("    referenceable: true", "    referenceable: true\n    subresources: {scale: null}");
    assert_eq!(version_of(&without)["subresources"], json!({"status": {}}));
}

#[test]
fn even_a_name_length_below_zero_is_kept() {
    let schema = "{openAPIV3Schema: {type: object, properties: {metadata: {properties: {name: {maxLength: -1}}}}}}";
    let (platform, _) = load(&[&BUCKET.replace("{openAPIV3Schema: {type: object}}", schema)]);
    let crd = platform.definitions()[0].crds().remove(0);
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    assert_eq!(schema["properties"]["metadata"]["properties"]["name"]["maxLength"], -1);
}
