use serde_json::json;

use super::*;
use crate::mutation::Condition::{self, MustExist, MustNotExist};

fn run(object: &Value, location: &str, tests: &PathTests, change: Change<'_>) -> Result<(Value, Effect), Obstacle> {
    let mut object = object.clone();
    let location = Location::parse(location).unwrap();
    let effect = apply(&mut object, &location, tests, change)?;
    Ok((object, effect))
}

fn assign(object: &Value, location: &str, value: &Value) -> Result<(Value, Effect), Obstacle> {
    run(object, location, &PathTests::default(), Change::Assign(value))
}

const CHANGED: Effect = Effect { applied: true, changed: true };

#[test]
fn what_is_missing_on_the_way_is_made() {
    let value = json!("v");
    let cases = [
        (json!({}), "a.b", json!({"a": {"b": "v"}})),
        (json!({"a": {"c": 1}}), "a.b", json!({"a": {"b": "v", "c": 1}})),
        (json!({}), "a[k: x].b", json!({"a": [{"k": "x", "b": "v"}]})),
        (json!({"a": [{"k": "y"}]}), "a[k: x].b", json!({"a": [{"k": "y"}, {"k": "x", "b": "v"}]})),
        (json!({"a": [1, {"k": "x"}]}), "a[k: x].b", json!({"a": [1, {"k": "x", "b": "v"}]})),
        (json!({"a": [{"k": 5}, {"k": "5"}]}), "a[k: 5].b", json!({"a": [{"k": 5, "b": "v"}, {"k": "5"}]})),
        (
            json!({"a": [{"k": "x"}, {"k": "x"}]}),
            "a[k: x].b",
            json!({"a": [{"k": "x", "b": "v"}, {"k": "x", "b": "v"}]}),
        ),
        (json!({"a": [{}, {"k": 1}]}), "a[k: *].b", json!({"a": [{"b": "v"}, {"b": "v", "k": 1}]})),
    ];
    for (object, location, expected) in cases {
        assert_eq!(assign(&object, location, &value), Ok((expected, CHANGED)), "{location} {object}");
    }
}

#[test]
fn a_glob_makes_nothing() {
    for object in [json!({}), json!({"a": []})] {
        assert_eq!(assign(&object, "a[k: *].b", &json!(1)), Ok((object.clone(), Effect::NONE)), "{object}");
    }
}

#[test]
fn the_same_value_is_no_change() {
    let object = json!({"a": {"b": [1]}});
    let effect = Effect { applied: true, changed: false };
    assert_eq!(assign(&object, "a.b", &json!([1])), Ok((object.clone(), effect)));
}

#[test]
fn an_element_is_replaced_or_added() {
    let value = json!({"k": "x", "b": 1});
    let cases = [
        (json!({}), json!({"a": [{"k": "x", "b": 1}]})),
        (json!({"a": [{"k": "y"}]}), json!({"a": [{"k": "y"}, {"k": "x", "b": 1}]})),
        (json!({"a": [{"k": "x", "c": 2}, {"k": "x"}]}), json!({"a": [{"k": "x", "b": 1}, {"k": "x"}]})),
    ];
    for (object, expected) in cases {
        assert_eq!(assign(&object, "a[k: x]", &value), Ok((expected, CHANGED)), "{object}");
    }
}

#[test]
fn what_does_not_fit_is_said_at_its_place() {
    let cases = [
        (json!({"a": 1}), "a.b", 1, "it is a number, the location wants an object"),
        (json!({"a": null}), "a.b", 1, "it is null, the location wants an object"),
        (json!({"a": {}}), "a[k: x].b", 1, "it is an object, the location wants a list"),
        (json!({"a": ["s"]}), "a[k: *].b", 2, "it is a string, the location wants an object"),
        (json!({"a": {"b": []}}), "a.b.c", 2, "it is a list, the location wants an object"),
        (json!({"a": [1]}), "a[k: x]", 1, "an element of the list is no object, so it has no key to compare"),
    ];
    for (object, location, depth, reason) in cases {
        let obstacle = Obstacle { depth, reason: reason.to_owned() };
        assert_eq!(assign(&object, location, &json!({"k": "x"})), Err(obstacle), "{location} {object}");
    }
}

#[test]
fn path_tests_stop_the_way() {
    let location = Location::parse("a[k: x].b").unwrap();
    let tests =
        |path: &str, condition| PathTests::new(&location, &[(Location::parse(path).unwrap(), condition)]).unwrap();
    let there = json!({"a": [{"k": "x", "b": 1}]});
    let value = json!(2);
    let done = |object: &Value, path: &str, condition: Condition| {
        let (_, effect) = run(object, "a[k: x].b", &tests(path, condition), Change::Assign(&value)).unwrap();
        effect.applied
    };
    for path in ["a", "a[k: x]", "a[k: x].b"] {
        assert!(done(&there, path, MustExist), "{path}");
        assert!(!done(&there, path, MustNotExist), "{path}");
        assert!(!done(&json!({}), path, MustExist), "{path}");
        assert!(done(&json!({}), path, MustNotExist), "{path}");
    }
    // The whole object is always there, whatever is wanted.
    assert!(done(&there, "", MustNotExist));
    let half = json!({"a": []});
    assert!(!done(&half, "a[k: x]", MustExist));
    assert!(!done(&half, "a", MustNotExist));
}

#[test]
fn sets_are_added_to_and_taken_from() {
    let values = [json!("a"), json!("a"), json!({"x": 1})];
    let merge = |object: Value| run(&object, "s", &PathTests::default(), Change::Merge(&values));
    let prune = |object: Value, location: &str| run(&object, location, &PathTests::default(), Change::Prune(&values));
    assert_eq!(merge(json!({"s": ["b", "a"]})), Ok((json!({"s": ["b", "a", {"x": 1}]}), CHANGED)));
    // A new list has what the mutator says, twice where it says so.
    assert_eq!(merge(json!({})), Ok((json!({"s": ["a", "a", {"x": 1}]}), CHANGED)));
    assert_eq!(merge(json!({"s": ["a", {"x": 1}]})).unwrap().1, Effect { applied: true, changed: false });
    assert!(merge(json!({"s": "a"})).unwrap_err().reason.starts_with("it is a string, not a list of values"));
    assert_eq!(prune(json!({"s": ["b", "a", "a", {"x": 1}]}), "s"), Ok((json!({"s": ["b"]}), CHANGED)));
    // The way is made even where nothing is there to be taken out, as Gatekeeper does.
    assert_eq!(prune(json!({}), "o.s"), Ok((json!({"o": {}}), CHANGED)));
}
