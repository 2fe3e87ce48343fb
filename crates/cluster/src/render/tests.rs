use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn input() -> CompositeInput {
    CompositeInput {
        composite_resource: json!({"kind": "XBucket", "spec": {"size": 3}}),
        composition: json!({"kind": "Composition"}),
        functions: vec![FunctionAddress { name: "f".to_owned(), address: "localhost:9443".to_owned() }],
        observed_resources: vec![json!({"kind": "Bucket"})],
        required_resources: vec![json!({"kind": "EnvironmentConfig"}), json!({})],
        credentials: vec![json!({"kind": "Secret"})],
        required_schemas: vec![json!({"openapi": "3.0.0"})],
        composite_resource_definition: Some(json!({"kind": "CompositeResourceDefinition"})),
    }
}

#[test]
fn a_request_comes_back_as_it_went() {
    let request = decode_request(&encode_request(&input()).unwrap()).unwrap();
    assert_eq!(request, RenderRequest::Composite(Box::new(input())));
}

#[test]
fn a_response_comes_back_as_it_went() {
    let response = RenderResponse {
        composite_resource: Some(json!({"kind": "XBucket", "status": {}})),
        composed_resources: vec![json!({"kind": "Bucket"}), json!({"kind": "Policy"})],
        deleted_resources: vec![json!({"kind": "User"})],
        events: vec![Event { kind: "Normal".to_owned(), reason: "R".to_owned(), message: "M".to_owned() }],
        required_resources: vec![json!({"apiVersion": "v1", "kind": "Secret", "matchName": "s"})],
        required_schemas: vec![schema_selector("v1", "Secret")],
    };
    assert_eq!(decode_response(&encode_response(&response).unwrap()).unwrap(), response);
    let empty = RenderResponse::default();
    assert_eq!(decode_response(&encode_response(&empty).unwrap()).unwrap(), empty);
}

#[test]
fn refusals_are_in_crossplanes_words() {
    let refusal = |bytes: &[u8]| decode_request(bytes).unwrap_err().to_string();
    assert_eq!(
        refusal(b""),
        "render request must set exactly one of: composite, operation, cron_operation, watch_operation"
    );
    assert!(refusal(b"garbage").starts_with("cannot unmarshal render request: "));
    assert_eq!(decode_response(b"").unwrap_err(), RenderError::NoComposite);
    // operation: {}
    assert_eq!(decode_request(&[0x1a, 0]).unwrap(), RenderRequest::Operation);
}

#[test]
fn what_is_missing_reads_as_empty() {
    // composite: {}
    let RenderRequest::Composite(read) = decode_request(&[0x12, 0]).unwrap() else { panic!("not a composite") };
    assert_eq!((read.composite_resource, read.composite_resource_definition), (json!({}), None));
}

#[test]
fn an_object_at_fault_is_named() {
    let wrong = CompositeInput { observed_resources: vec![json!({}), json!("text")], ..input() };
    let error = encode_request(&wrong).unwrap_err().to_string();
    assert_eq!(error, "cannot convert observed_resources[1]: expected an object, got a string");
}

#[test]
fn selectors_have_their_json_form() {
    let selector = |matches| ResourceSelector {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        matches,
        namespace: Some("default".to_owned()),
    };
    let labels = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let base = json!({"apiVersion": "v1", "kind": "Secret", "namespace": "default"});
    assert_eq!(resource_selector(&selector(ResourceMatch::default())), base);
    let mut named = base.clone();
    named["matchName"] = json!("n");
    assert_eq!(resource_selector(&selector(ResourceMatch::Name("n".to_owned()))), named);
    let mut labelled = base;
    labelled["matchLabels"] = json!({"labels": {"a": "b"}});
    assert_eq!(resource_selector(&selector(ResourceMatch::Labels(labels))), labelled);
    assert_eq!(schema_selector("", "Secret"), json!({"kind": "Secret"}));
}
