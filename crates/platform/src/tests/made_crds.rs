//! The parts of made CRDs that published XRDs do not use.

use serde_json::json;

use super::{BUCKET, SQL, sound};
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
  conversion: {strategy: Webhook, webhook: {clientConfig: {service: {name: s, namespace: n}}}}
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
