//! Every branch of the Function, from the request to the environment or the refusal.

#![expect(clippy::needless_pass_by_value, reason = "cases read better without a reference before each of them")]

use serde_json::json;

use super::*;
use crate::function::FunctionResource;

fn request(spec: Value) -> RunFunctionRequest {
    let mut request = RunFunctionRequest {
        input: Some(
            json!({"apiVersion": "environmentconfigs.fn.crossplane.io/v1beta1", "kind": "Input", "spec": spec}),
        ),
        ..RunFunctionRequest::default()
    };
    request.observed.composite.resource = json!({"metadata": {"labels": {"stage": "prod"}}, "spec": {"count": 3.0}});
    request
}

fn config(name: &str, data: Value) -> Value {
    json!({"apiVersion": CONFIG_API_VERSION, "kind": CONFIG_KIND, "metadata": {"name": name}, "data": data})
}

fn fetch(request: &mut RunFunctionRequest, index: usize, configs: Vec<Value>) {
    let configs = configs.into_iter().map(|resource| FunctionResource { resource, ..FunctionResource::default() });
    request.required_resources.insert(requirement_name(index), configs.collect());
}

/// Runs with one source and what was fetched for it.
fn run_one(source: Value, configs: Vec<Value>) -> Result<Value, String> {
    let mut request = request(json!({ "environmentConfigs": [source] }));
    fetch(&mut request, 0, configs);
    outcome(&request)
}

/// The environment without its apiVersion and kind, or the fatal message.
fn outcome(request: &RunFunctionRequest) -> Result<Value, String> {
    let response = run(request);
    if let Some(result) = response.results.first() {
        assert_eq!(result.severity, FunctionSeverity::Fatal);
        return Err(result.message.clone());
    }
    let mut environment = response.context.and_then(|context| context.get(ENVIRONMENT_KEY).cloned()).unwrap();
    let map = environment.as_object_mut().unwrap();
    assert_eq!(map.remove("apiVersion"), Some(json!("internal.crossplane.io/v1alpha1")));
    assert_eq!(map.remove("kind"), Some(json!("Environment")));
    Ok(environment)
}

fn selector(selector: Value) -> Value {
    let mut source =
        json!({"type": "Selector", "selector": {"matchLabels": [{"key": "a", "type": "Value", "value": "b"}]}});
    source["selector"].as_object_mut().unwrap().extend(selector.as_object().unwrap().clone());
    source
}

fn matched(labels: Value) -> Result<Option<BTreeMap<String, String>>, String> {
    let mut request =
        request(json!({"environmentConfigs": [{"type": "Selector", "selector": {"matchLabels": labels}}]}));
    request.context = json!({ENVIRONMENT_KEY: {"tier": "gold"}});
    let response = run(&request);
    if let Some(result) = response.results.first() {
        return Err(result.message.clone());
    }
    Ok(response.requirements.resources.get("environment-config-0").map(|selector| match &selector.matches {
        ResourceMatch::Labels(labels) => labels.clone(),
        ResourceMatch::Name(name) => panic!("asked for {name}"),
    }))
}

#[test]
fn without_sources_nothing_happens() {
    for spec in [json!({}), json!({"defaultData": {"a": 1}}), json!({"environmentConfigs": null}), Value::Null] {
        let mut request = request(spec);
        request.context = json!({"key": "value"});
        request.desired.composite.resource = json!({"kind": "XR"});
        let expected = RunFunctionResponse {
            desired: request.desired.clone(),
            context: Some(json!({"key": "value"})),
            ..RunFunctionResponse::default()
        };
        assert_eq!(run(&request), expected);
    }
    assert_eq!(run(&RunFunctionRequest::default()), RunFunctionResponse::default());
}

#[test]
fn first_it_asks_and_answers_nothing_else() {
    let request = request(json!({"defaultData": {"a": 1}, "environmentConfigs": [
        {"ref": {"name": "one"}},
        {"type": "Selector", "selector": {"matchLabels": [{"key": "stage", "valueFromFieldPath": "metadata.labels[stage]"}]}},
        {"type": "Other"},
    ]}));
    let response = run(&request);
    assert_eq!(response.context, None);
    assert!(response.results.is_empty() && response.requirements.extra_resources.is_empty());
    let asked = |matches| ResourceSelector {
        api_version: "apiextensions.crossplane.io/v1beta1".to_owned(),
        kind: "EnvironmentConfig".to_owned(),
        matches,
        namespace: None,
    };
    let labels = BTreeMap::from([("stage".to_owned(), "prod".to_owned())]);
    let expected = BTreeMap::from([
        ("environment-config-0".to_owned(), asked(ResourceMatch::Name("one".to_owned()))),
        ("environment-config-1".to_owned(), asked(ResourceMatch::Labels(labels))),
    ]);
    assert_eq!(response.requirements.resources, expected);
}

#[test]
fn labels_come_from_literals_the_composite_and_the_environment() {
    let labels = matched(json!([
        {"key": "a", "type": "Value", "value": "literal"},
        {"key": "b", "valueFromFieldPath": "metadata.labels[stage]"},
        {"key": "c", "type": "FromEnvironmentFieldPath", "valueFromFieldPath": "tier"},
        {"key": "d", "valueFromFieldPath": "spec.none", "fromFieldPathPolicy": "Optional"},
        {"key": "e", "valueFromFieldPath": "spec.count", "fromFieldPathPolicy": "Optional"},
        {"key": "f", "type": "Other"},
    ]));
    let labels: Vec<_> = labels.unwrap().unwrap().into_iter().collect();
    let expected =
        [("a", "literal"), ("b", "prod"), ("c", "gold")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(labels, expected);
}

#[test]
fn a_selector_without_labels_asks_for_nothing_and_is_skipped() {
    assert_eq!(matched(json!([{"key": "a", "valueFromFieldPath": "no", "fromFieldPathPolicy": "Optional"}])), Ok(None));
    assert_eq!(matched(Value::Null), Ok(None));
    let mut request = request(json!({"environmentConfigs": [
        {"type": "Selector", "selector": {}}, {"ref": {"name": "one"}}
    ]}));
    fetch(&mut request, 1, vec![config("one", json!({"a": 1}))]);
    assert_eq!(outcome(&request), Ok(json!({"a": 1})));
}

#[test]
fn labels_that_cannot_be_had_are_fatal() {
    let refused = |labels| matched(labels).unwrap_err();
    insta::assert_snapshot!(refused(json!([{"key": "a", "valueFromFieldPath": "spec.none"}])),
        @r#"cannot build requirements: cannot get value from composite field path "spec.none": spec.none: no such field"#);
    insta::assert_snapshot!(refused(json!([{"key": "a", "valueFromFieldPath": "spec.count", "fromFieldPathPolicy": "Required"}])),
        @r#"cannot build requirements: cannot get value from composite field path "spec.count": spec.count: not a string"#);
    insta::assert_snapshot!(refused(json!([{"key": "a", "type": "FromEnvironmentFieldPath", "valueFromFieldPath": "x"}])),
        @r#"cannot build requirements: cannot get value from environment field path "x": x: no such field"#);
    insta::assert_snapshot!(refused(json!([{"key": "a", "valueFromFieldPath": "x["}])),
        @r#"cannot build requirements: cannot get value from composite field path "x[": cannot parse path "x[": unterminated '[' at position 1"#);
    insta::assert_snapshot!(refused(json!([{"key": "a"}])),
        @r#"cannot build requirements: label "a": valueFromFieldPath is required by type FromCompositeFieldPath"#);
    insta::assert_snapshot!(refused(json!([{"key": "a", "type": "Value"}])),
        @r#"cannot build requirements: label "a": value is required by type Value"#);
}

#[test]
fn what_crashes_the_real_function_is_refused() {
    let refused = |source| run_one(source, Vec::new()).unwrap_err();
    insta::assert_snapshot!(refused(json!({})),
        @"cannot build requirements: environment config at index 0: ref is required by type Reference");
    insta::assert_snapshot!(refused(json!({"type": "Selector", "selector": null})),
        @"cannot build requirements: environment config at index 0: selector is required by type Selector");
}

#[test]
fn references() {
    let one = json!({"ref": {"name": "one"}});
    assert_eq!(run_one(one.clone(), vec![config("one", json!({"a": {"b": 1}}))]), Ok(json!({"a": {"b": 1}})));
    insta::assert_snapshot!(run_one(one.clone(), Vec::new()).unwrap_err(),
        @r#"cannot get selected environment configs: cannot process environment config "one" by reference, "environment-config-0": Required environment config "one" not found"#);
    insta::assert_snapshot!(run_one(one, vec![Value::Null, Value::Null]).unwrap_err(),
        @r#"cannot get selected environment configs: cannot process environment config "one" by reference, "environment-config-0": expected exactly one required resource "one", got 2"#);
}

#[test]
fn the_resolution_policy_forgives_missing_references_only() {
    for (resolution, is_forgiven) in [(json!("Optional"), true), (json!("Required"), false), (Value::Null, false)] {
        let mut request = request(json!({
            "environmentConfigs": [{"ref": {"name": "one"}}, {"ref": {"name": "two"}}],
            "policy": {"resolution": resolution},
        }));
        fetch(&mut request, 0, vec![config("one", json!({"a": 1}))]);
        fetch(&mut request, 1, Vec::new());
        assert_eq!(outcome(&request).is_ok(), is_forgiven);
    }
}

#[test]
fn single_selectors() {
    assert_eq!(run_one(selector(json!({})), vec![config("one", json!({"a": 1}))]), Ok(json!({"a": 1})));
    insta::assert_snapshot!(run_one(selector(json!({"mode": "Single"})), Vec::new()).unwrap_err(),
        @r#"cannot get selected environment configs: cannot process environment config "environment-config-0" by selector: expected exactly one required resource, got 0"#);
    insta::assert_snapshot!(run_one(selector(json!({"mode": "Many"})), Vec::new()).unwrap_err(),
        @r#"cannot get selected environment configs: cannot process environment config "environment-config-0" by selector: unknown selector mode "Many""#);
}

fn many(settings: Value, values: &[Value]) -> Result<Value, String> {
    let mut source = selector(settings);
    source["selector"]["mode"] = json!("Multiple");
    let configs = values.iter().enumerate().map(|(index, value)| {
        let mut config = config(&format!("c{}", 9 - index), json!({"last": index, format!("seen{index}"): true}));
        if !value.is_null() {
            config["data"]["order"] = value.clone();
        }
        config
    });
    run_one(source, configs.collect())
}

#[test]
fn multiple_selectors_sort_and_cut() {
    let last = |settings: Value, values: &[Value]| many(settings, values).unwrap()["last"].clone();
    let by_order = || json!({"sortByFieldPath": "data.order"});
    let nothing = vec![Value::Null; 3];
    assert_eq!(last(json!({}), &nothing), 0, "names go down as the index goes up");
    assert_eq!(last(json!({"sortByFieldPath": "data.none"}), &nothing), 2, "nothing to sort by keeps the order");
    assert_eq!(last(by_order(), &[json!("b"), json!("c"), json!("a")]), 1);
    assert_eq!(last(by_order(), &[json!(-1), json!(10), json!(9.5)]), 1);
    assert_eq!(last(by_order(), &[json!(-2), Value::Null, json!(-1)]), 1, "a missing number is zero");
    assert_eq!(last(by_order(), &[json!(true)]), 0, "one alone is not compared");
    let cut = many(json!({"maxMatch": 2.0}), &nothing).unwrap();
    assert_eq!(cut, json!({"last": 1, "seen2": true, "seen1": true}));
    assert_eq!(many(json!({"maxMatch": 0, "minMatch": 3}), &nothing), Ok(json!({})));
    assert_eq!(many(json!({}), &[]), Ok(json!({})));
}

#[test]
fn multiple_selectors_that_cannot_be_met() {
    let refused = |settings, values: &[Value]| {
        let message = many(settings, values).unwrap_err();
        let (_, reason) = message.split_once("by selector: ").unwrap();
        reason.to_owned()
    };
    let by = |path: &str| json!({ "sortByFieldPath": path });
    insta::assert_snapshot!(refused(json!({"minMatch": 2}), &[Value::Null]), @"expected at least 2 required resources, got 1");
    insta::assert_snapshot!(refused(by("data.order"), &[json!("a"), json!(1)]),
        @r#"cannot sort values of different types "string" and "float64""#);
    insta::assert_snapshot!(refused(by("data.order"), &[json!([]), json!({})]),
        @r#"cannot sort values of different types "[]interface {}" and "map[string]interface {}""#);
    insta::assert_snapshot!(refused(by("data.order"), &[json!(true), json!(false)]), @r#"unsupported type "bool" for sorting"#);
    insta::assert_snapshot!(refused(by("data.order"), &[json!({}), Value::Null]), @r#"unsupported type "map" for sorting"#);
    insta::assert_snapshot!(refused(by("data.order"), &[json!([]), json!([])]), @r#"unsupported type "slice" for sorting"#);
    insta::assert_snapshot!(refused(by("kind.x"), &[Value::Null]), @"kind: not an object");
    insta::assert_snapshot!(refused(by("a["), &[Value::Null]), @r#"cannot parse path "a[": unterminated '[' at position 1"#);
}

#[test]
fn later_configs_win_over_earlier_ones_those_over_the_incoming_environment_and_that_over_defaults() {
    let mut request = request(json!({
        "defaultData": {"deep": {"a": "default", "b": "default", "c": "default", "d": "default"}, "x": null},
        "environmentConfigs": [{"ref": {"name": "one"}}, {"ref": {"name": "two"}}],
    }));
    request.context = json!({"other": 1, ENVIRONMENT_KEY: {"deep": {"a": "in", "b": "in", "c": "in"}, "list": [1, 2]}});
    fetch(&mut request, 0, vec![config("one", json!({"deep": {"a": "one", "b": "one"}, "list": [3]}))]);
    fetch(&mut request, 1, vec![config("two", json!({"deep": {"a": "two"}, "x": {"y": 1}}))]);
    let deep = json!({"a": "two", "b": "one", "c": "in", "d": "default"});
    assert_eq!(outcome(&request), Ok(json!({"deep": deep, "list": [3], "x": {"y": 1}})));
    assert_eq!(run(&request).context.unwrap()["other"], 1);
}

#[test]
fn data_that_names_its_kind_keeps_it() {
    let kind_of = |data: Value| {
        let mut request = request(json!({"environmentConfigs": [{"ref": {"name": "one"}}]}));
        fetch(&mut request, 0, vec![config("one", data)]);
        let environment = run(&request).context.unwrap()[ENVIRONMENT_KEY].clone();
        (environment["apiVersion"].clone(), environment["kind"].clone())
    };
    assert_eq!(kind_of(json!({"kind": "Mine"})), (Value::Null, json!("Mine")));
    assert_eq!(kind_of(json!({"apiVersion": "v1"})), (json!("v1"), Value::Null));
    let set = (json!("internal.crossplane.io/v1alpha1"), json!("Environment"));
    assert_eq!(kind_of(json!({"apiVersion": "a/b/c", "kind": "Mine"})), set);
    assert_eq!(kind_of(json!({"apiVersion": 1})), set);
    assert_eq!(kind_of(json!({"apiVersion": "/"})), set);
}

#[test]
fn data_goes_where_to_field_path_says() {
    let placed =
        |path: &str, config: Value| run_one(json!({"ref": {"name": "one"}, "toFieldPath": path}), vec![config]);
    let one = config("one", json!({"x": 1}));
    assert_eq!(placed("a.b", one.clone()), Ok(json!({"a": {"b": {"x": 1}}})));
    assert_eq!(placed("a[1]", one.clone()), Ok(json!({"a": [null, {"x": 1}]})));
    assert_eq!(placed("", one.clone()), Ok(json!({"x": 1})));
    assert_eq!(placed("a", json!({"metadata": {"name": "one"}})), Ok(json!({"a": null})));
    assert_eq!(placed("a", config("one", json!("text"))), Ok(json!({"a": "text"})));
    for path in ["[0]", "a[", "a[2000]"] {
        let expected =
            format!("cannot merge environment data: cannot get data from environment config one into path {path:?}");
        assert_eq!(placed(path, one.clone()), Err(expected));
    }
}

#[test]
fn places_are_merged_in_the_order_they_are_first_named() {
    let mut request = request(json!({"environmentConfigs": [
        {"ref": {"name": "one"}, "toFieldPath": "z"},
        {"ref": {"name": "two"}},
        {"ref": {"name": "three"}, "toFieldPath": "z"},
    ]}));
    fetch(&mut request, 0, vec![config("one", json!({"a": 1, "b": 1}))]);
    fetch(&mut request, 1, vec![config("two", json!({"z": {"c": 2, "b": 2}}))]);
    fetch(&mut request, 2, vec![config("three", json!({"a": 3, "b": 3}))]);
    assert_eq!(outcome(&request), Ok(json!({"z": {"a": 3, "b": 2, "c": 2}})));
}

#[test]
fn data_must_be_an_object() {
    let refused = |config| run_one(json!({"ref": {"name": "one"}}), vec![config]).unwrap_err();
    insta::assert_snapshot!(refused(json!({"metadata": {"name": "one"}})),
        @r#"cannot merge environment data: cannot get data from environment config "one": data: no such field"#);
    insta::assert_snapshot!(refused(config("one", json!([1]))),
        @r#"cannot merge environment data: cannot get data from environment config "one": cannot unmarshal value from JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"#);
    for (data, kind) in [(json!(true), "bool"), (json!(1), "number"), (json!("x"), "string")] {
        assert!(refused(config("one", data)).contains(&format!("json: cannot unmarshal {kind} into")));
    }
    assert_eq!(run_one(json!({"ref": {"name": "one"}}), vec![config("one", Value::Null)]), Ok(json!({})));
}

#[test]
fn inputs_that_the_sdk_cannot_read_are_fatal() {
    let refused = |input: Value| {
        let response = run(&RunFunctionRequest { input: Some(input), ..RunFunctionRequest::default() });
        let message = response.results.first().map(|result| result.message.clone()).unwrap();
        message.rsplit_once("*v1beta1.Input: json: cannot unmarshal ").unwrap().1.to_owned()
    };
    let source = |source: Value| refused(json!({"spec": {"environmentConfigs": [source]}}));
    let selector = |selector: Value| source(json!({ "selector": selector }));
    insta::assert_snapshot!(refused(json!({"foo": {"a": 1}, "bar": 1})), @r#"Go value of type v1beta1.Input: unknown name "bar""#);
    insta::assert_snapshot!(refused(json!({"metadata": {"nme": "x"}})), @r#"Go value of type v1.ObjectMeta: unknown name "nme""#);
    insta::assert_snapshot!(refused(json!({"metadata": {"labels": {"a": 1}}})), @"JSON number into Go value of type string");
    insta::assert_snapshot!(refused(json!({"spec": []})), @"JSON array into Go value of type v1beta1.InputSpec");
    insta::assert_snapshot!(refused(json!({"spec": {"defaultData": []}})), @"JSON array into Go value of type map[string]v1.JSON");
    insta::assert_snapshot!(refused(json!({"spec": {"policy": {"resolve": "Always"}}})), @r#"Go value of type v1beta1.Policy: unknown name "resolve""#);
    insta::assert_snapshot!(refused(json!({"spec": {"environmentConfigs": {}}})), @"JSON object into Go value of type []v1beta1.EnvironmentSource");
    insta::assert_snapshot!(source(json!({"ref": {"nam": "x"}})), @r#"Go value of type v1beta1.EnvironmentSourceReference: unknown name "nam""#);
    insta::assert_snapshot!(source(json!({"type": true})), @"JSON boolean into Go value of type v1beta1.EnvironmentSourceType");
    insta::assert_snapshot!(selector(json!({"matchLabels": [{"transforms": []}]})), @r#"Go value of type v1beta1.EnvironmentSourceSelectorLabelMatcher: unknown name "transforms""#);
    insta::assert_snapshot!(selector(json!({"maxMatch": "1"})), @"JSON string into Go value of type uint64");
    insta::assert_snapshot!(selector(json!({"maxMatch": 1.5})), @r#"JSON number into Go value of type uint64: cannot parse "1.5" as unsigned integer: invalid syntax"#);
    insta::assert_snapshot!(selector(json!({"maxMatch": -1.0})), @r#"JSON number into Go value of type uint64: cannot parse "-1" as unsigned integer: invalid syntax"#);
    insta::assert_snapshot!(selector(json!({"minMatch": 1e20})), @r#"JSON number into Go value of type uint64: cannot parse "100000000000000000000" as unsigned integer: value out of range"#);
    insta::assert_snapshot!(selector(json!({"minMatch": 1e21})), @r#"JSON number into Go value of type uint64: cannot parse "1e+21" as unsigned integer: invalid syntax"#);
    insta::assert_snapshot!(refused(json!({"metadata": {"generation": 1.5}})), @r#"JSON number into Go value of type int64: cannot parse "1.5" as signed integer: invalid syntax"#);
}

#[test]
fn an_unreadable_input_is_reported_with_the_whole_chain() {
    let request = request(json!({"foo": 1}));
    let response = run(&request);
    insta::assert_snapshot!(response.results[0].message, @r#"cannot get Function input from *v1.RunFunctionRequest: cannot get function input *v1beta1.Input from *v1.RunFunctionRequest: cannot unmarshal JSON from *structpb.Struct into *v1beta1.Input: json: cannot unmarshal Go value of type v1beta1.InputSpec: unknown name "foo""#);
    assert_eq!(response.results.len(), 1);
}
