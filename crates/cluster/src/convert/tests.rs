use serde_json::json;

use super::*;

fn full_request() -> RunFunctionRequest {
    let item = |name: &str| FunctionResource { resource: json!({"name": name}), ..FunctionResource::default() };
    let composite = FunctionResource {
        resource: json!({"kind": "XBucket", "spec": {"size": 3, "ratio": 0.5}}),
        connection_details: BTreeMap::from([("password".to_owned(), vec![0, 255])]),
        ready: Ready::True,
    };
    RunFunctionRequest {
        observed: State { composite, resources: BTreeMap::from([("bucket".to_owned(), item("b"))]) },
        desired: State::default(),
        input: Some(json!({"kind": "Input"})),
        context: json!({}),
        required_resources: BTreeMap::from([("some".to_owned(), vec![item("s")]), ("none".to_owned(), vec![])]),
        extra_resources: BTreeMap::from([("old".to_owned(), vec![item("o")])]),
        required_schemas: BTreeMap::from([
            ("found".to_owned(), Some(json!({"type": "object"}))),
            ("not".to_owned(), None),
        ]),
        credentials: BTreeMap::from([("key".to_owned(), BTreeMap::from([("token".to_owned(), b"t".to_vec())]))]),
    }
}

#[test]
fn a_request_carries_everything() {
    let message = request(&full_request()).unwrap();
    let observed = message.observed.as_ref().unwrap();
    let composite = observed.composite.as_ref().unwrap();
    assert_eq!(composite.connection_details["password"], [0, 255]);
    assert_eq!(composite.ready(), wire::Ready::True);
    assert_eq!(composite.resource.as_ref().unwrap().to_value().unwrap()["spec"], json!({"size": 3, "ratio": 0.5}));
    assert!(observed.resources.contains_key("bucket"));
    assert_eq!(message.desired, Some(wire::State::default()), "present, and empty");
    assert_eq!(message.context, Some(Struct::default()), "present, and empty");
    assert_eq!(message.required_resources["none"].items, []);
    assert_eq!(message.required_resources["some"].items.len(), 1);
    assert_eq!(message.extra_resources["old"].items.len(), 1);
    assert!(message.required_schemas["found"].openapi_v3.is_some());
    assert!(message.required_schemas["not"].openapi_v3.is_none());
    assert!(message.credentials["key"].source.is_some());
}

#[test]
fn a_null_context_is_no_context() {
    let message = request(&RunFunctionRequest::default()).unwrap();
    assert_eq!((message.context, message.input), (None, None));
}

#[test]
fn the_tag_follows_the_content() {
    let tag = |content: &RunFunctionRequest| request(content).unwrap().meta.unwrap().tag;
    let mut other = full_request();
    other.context = json!({"a": 1});
    assert_eq!(tag(&full_request()), tag(&full_request()));
    assert_ne!(tag(&full_request()), tag(&other));
    // sha256 of observed {} and desired {} on the wire: 12 00 1a 00.
    let empty = "ec2b8ae5516428b00214e53d00785d4be27ef9eb29b36e1f2d89d170376e2db2";
    assert_eq!(tag(&RunFunctionRequest::default()), empty);
}

/// A request that Crossplane 2.4 sent, and the tag it gave it.
#[test]
fn the_tag_is_crossplanes() {
    let sent = RunFunctionRequest {
        observed: State {
            composite: FunctionResource {
                resource: json!({
                    "apiVersion": "example.org/v1",
                    "kind": "XThing",
                    "metadata": {
                        "generation": 4, "labels": {"crossplane.io/composite": "a"}, "name": "a", "namespace": "d",
                        "resourceVersion": "999", "uid": "1ac66e67-c82e-5f1c-a187-b24e8f174049",
                    },
                    "spec": {
                        "crossplane": {"compositionRef": {"name": "c"}},
                        "empty": {}, "f": 0.5, "list": [true, null, "x", {}], "n": 3, "é": "ü",
                    },
                    "status": {
                        "conditions": [
                            {
                                "lastTransitionTime": "2020-01-01T00:00:00Z", "reason": "R", "status": "True",
                                "type": "Custom",
                            },
                            {
                                "lastTransitionTime": "2026-11-23T22:09:14Z", "observedGeneration": 4,
                                "reason": "WatchCircuitClosed", "status": "True", "type": "Responsive",
                            },
                        ],
                        "old": 1,
                    },
                }),
                ..FunctionResource::default()
            },
            ..State::default()
        },
        input: Some(json!({"kind": "Input", "z": 1, "a": []})),
        context: json!({}),
        ..RunFunctionRequest::default()
    };
    let tag = request(&sent).unwrap().meta.unwrap().tag;
    assert_eq!(tag, "0787e52ee06ec73e0b6071d8b6df55309ab8dd05766437b164740d6a2e41dcf9");
}

#[test]
fn what_cannot_be_sent_is_named() {
    let mut wrong = full_request();
    wrong.observed.resources.insert("list".to_owned(), FunctionResource { resource: json!([]), ..Default::default() });
    let error = request(&wrong).unwrap_err().to_string();
    assert_eq!(error, "observed.resources[list]: expected an object, got a list");
}

fn selector(matches: Option<wire::resource_selector::Match>) -> wire::ResourceSelector {
    wire::ResourceSelector {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        r#match: matches,
        namespace: Some(String::new()),
    }
}

#[test]
fn requirements_of_both_kinds_are_read() {
    use wire::resource_selector::Match;
    let labels = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let by_labels = selector(Some(Match::MatchLabels(wire::MatchLabels { labels: labels.clone() })));
    let requirements = wire::Requirements {
        resources: BTreeMap::from([("all".to_owned(), selector(None)), ("labels".to_owned(), by_labels)]),
        extra_resources: BTreeMap::from([("name".to_owned(), selector(Some(Match::MatchName("n".to_owned()))))]),
        schemas: BTreeMap::from([(
            "schema".to_owned(),
            wire::SchemaSelector { api_version: "v1".to_owned(), kind: "Secret".to_owned() },
        )]),
    };
    let answer = wire::RunFunctionResponse { requirements: Some(requirements), ..Default::default() };
    let read = response(answer).unwrap().requirements;
    assert_eq!(read.resources["all"].matches, ResourceMatch::Labels(BTreeMap::new()));
    assert_eq!(read.resources["labels"].matches, ResourceMatch::Labels(labels));
    assert_eq!(read.extra_resources["name"].matches, ResourceMatch::Name("n".to_owned()));
    assert_eq!(read.extra_resources["name"].namespace.as_deref(), Some(""));
    assert_eq!(read.schemas["schema"], ("v1".to_owned(), "Secret".to_owned()));
}

#[test]
fn results_and_conditions_are_read() {
    use FunctionSeverity::{Fatal, Normal, Unspecified, Warning};
    let result = |severity, target| wire::Result { severity, target, message: "m".to_owned(), reason: None };
    let condition = |status| wire::Condition {
        r#type: "DatabaseReady".to_owned(),
        status,
        reason: "Up".to_owned(),
        message: Some("up".to_owned()),
        target: Some(2),
    };
    let read = response(wire::RunFunctionResponse {
        results: vec![result(1, None), result(2, Some(2)), result(3, Some(1)), result(0, None), result(99, None)],
        conditions: (0..4).map(condition).collect(),
        ..Default::default()
    })
    .unwrap();
    let severities: Vec<_> = read.results.iter().map(|result| result.severity).collect();
    assert_eq!(severities, [Fatal, Warning, Normal, Unspecified, Unspecified]);
    assert_eq!(
        read.results.iter().map(|result| result.to_claim).collect::<Vec<_>>(),
        [false, true, false, false, false]
    );
    assert_eq!(
        read.conditions.iter().map(|condition| condition.status).collect::<Vec<_>>(),
        ["Unknown", "Unknown", "True", "False"]
    );
    assert!(read.conditions[0].to_claim);
    assert_eq!(read.context, None);
}

#[test]
fn desired_state_is_read_back_as_sent() {
    let sent = full_request();
    let message = request(&sent).unwrap();
    let read = response(wire::RunFunctionResponse { desired: message.observed, ..Default::default() }).unwrap();
    assert_eq!(read.desired, sent.observed);
}
