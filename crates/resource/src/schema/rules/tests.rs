use serde_json::{Value, json};

use crate::schema::{Schema, Validation};

fn object(rules: &Value) -> Schema {
    Schema::compile(&json!({"type": "object", "properties": {"spec": {
    "type": "object",
    "x-kubernetes-validations": rules,
    "properties": {
        "replicas": {"type": "integer"}, "max": {"type": "integer"}, "ratio": {"type": "number"},
        "name": {"type": "string"}, "class-name": {"type": "string"}, "namespace": {"type": "string"},
        "when": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "port": {"x-kubernetes-int-or-string": true},
    }}}}))
    .unwrap()
}

fn check(rule: &str, spec: &Value) -> Validation {
    object(&json!([{"rule": rule, "message": "no"}])).validate(&json!({"spec": spec}), None)
}

#[test]
fn rules_hold_or_fail() {
    let spec = json!({"replicas": 2, "max": 3, "ratio": 1, "name": "web-1", "class-name": "fast", "namespace": "n",
        "tags": ["a", "b"], "sizes": [3, 1], "labels": {"x-y": "1"}, "port": "http"});
    let rules = [
        "self.replicas <= self.max",
        "self.ratio == 1.0",
        "self.class__dash__name == 'fast' && self.__namespace__ == 'n'",
        "has(self.name) && !has(self.missing) || true",
        "self.name.matches('^[a-z]+-\\\\d$')",
        "self.name.find('[0-9]') == '1'",
        "self.name.findAll('[a-z]').size() == 3 && 'abc'.findAll('.', 2) == ['a', 'b']",
        "self.tags.all(t, t.size() == 1) && self.tags.exists_one(t, t == 'a')",
        "self.tags.isSorted() && !self.sizes.isSorted()",
        "self.sizes.sum() == 4 && self.sizes.min() == 1 && self.sizes.max() == 3",
        "self.tags.indexOf('b') == 1 && self.tags.lastIndexOf('z') == -1",
        "self.name.lowerAscii().startsWith('web') && self.name.split('-')[1] == '1'",
        "self.name.replace('web', 'x') == 'x-1' && self.tags.join(',') == 'a,b' && self.name.substring(0, 3) == 'web'",
        "self.labels['x-y'] == '1' && 'x-y' in self.labels",
        "self.labels.all(k, k.startsWith('x'))",
        "type(self.port) == string ? self.port == 'http' : self.port > 0",
        "isURL('http://a/b') && isIP('10.0.0.1') && !isCIDR('10.0.0.1')",
        "sets.contains(self.tags, ['a']) && sets.equivalent(self.tags, ['b', 'a']) && !sets.intersects(self.tags, ['c'])",
        "'%s has %d'.format([self.name, self.replicas]) == 'web-1 has 2'",
        "self.?name.orValue('x') == 'web-1' && self.?max.hasValue()",
        "int('3') == self.max && string(self.max) == '3' && dyn(self.max) == 3",
    ];
    for rule in rules {
        let passed = check(rule, &spec);
        assert_eq!((passed.violations.len(), passed.unchecked.as_slice()), (0, &[][..]), "{rule}: {passed:?}");
        let failed = check(&format!("!({rule})"), &spec);
        assert_eq!((failed.violations.len(), failed.unchecked.len()), (1, 0), "!({rule}): {failed:?}");
    }
}

#[test]
fn failures_are_in_the_words_of_the_api_server() {
    let says = |rule: Value, spec: Value| {
        let answer = object(&json!([rule])).validate(&json!({"spec": spec}), None);
        assert_eq!(answer.unchecked, []);
        answer.violations.into_iter().map(|violation| violation.message).collect::<Vec<_>>().join("\n")
    };
    let rule = "self.replicas <= self.max";
    let spec = json!({"replicas": 5, "max": 3});
    assert_eq!(
        says(json!({"rule": rule}), spec.clone()),
        "spec: Invalid value: failed rule: self.replicas <= self.max"
    );
    assert_eq!(
        says(
            json!({"rule": rule, "message": " too many ", "fieldPath": ".replicas", "reason": "FieldValueForbidden"}),
            spec.clone()
        ),
        "spec.replicas: Forbidden: too many"
    );
    assert_eq!(
        says(json!({"rule": rule, "message": "m", "messageExpression": "'at most ' + string(self.max)"}), spec.clone()),
        "spec: Invalid value: at most 3"
    );
    assert_eq!(
        says(json!({"rule": "self.name == 'a'", "message": "named a"}), spec.clone()),
        "spec: Invalid value: \"object\": no such key: name evaluating rule: named a"
    );
    assert_eq!(
        says(json!({"rule": "1 / (self.max - 3) == 1"}), spec),
        "spec: Invalid value: \"object\": division by zero evaluating rule: 1 / (self.max - 3) == 1"
    );
}

#[test]
fn scalars_and_items_have_rules_of_their_own() {
    let schema = Schema::compile(&json!({"type": "object", "properties": {"sizes": {"type": "array",
        "items": {"type": "integer", "x-kubernetes-validations": [{"rule": "self > 1", "message": "small"}]}}}}))
    .unwrap();
    let answer = schema.validate(&json!({"sizes": [2, 1]}), None);
    let messages: Vec<_> = answer.violations.iter().map(|violation| violation.message.as_str()).collect();
    assert_eq!(messages, ["sizes[1]: Invalid value: 1: small"]);
    assert_eq!(answer.violations[0].field.to_string(), "sizes[1]");
}

#[test]
fn transition_rules_need_an_old_object() {
    let schema = object(&json!([{"rule": "self.max >= oldSelf.max", "message": "no shrinking"},
        {"rule": "!oldSelf.hasValue() || oldSelf.value().name == self.name", "optionalOldSelf": true, "message": "immutable"}]));
    let new = json!({"spec": {"max": 1, "name": "b"}});
    assert_eq!(schema.validate(&new, None), Validation::default());
    let old = json!({"spec": {"max": 2, "name": "a"}});
    let answer = schema.validate(&new, Some(&old));
    let messages: Vec<_> = answer.violations.iter().map(|violation| violation.message.as_str()).collect();
    assert_eq!(messages, ["spec: Invalid value: no shrinking", "spec: Invalid value: immutable"]);
}

#[test]
fn what_cannot_be_run_is_said_and_never_passed() {
    let spec = json!({"name": "a", "max": 1});
    let cases = [
        ("self.name ==", "it does not compile: Syntax error"),
        ("self.max", "it is neither true nor false"),
        ("'a'", "it does not compile: it must evaluate to bool, not string"),
        ("nosuch(self.name)", "it does not compile: undeclared reference to 'nosuch'"),
        (&"(".repeat(5000), "it does not compile: it nests too deeply"),
        (&format!("{}1 == 1", "1 + ".repeat(5000)), "it does not compile: it has more than"),
        (&format!("{}true", " ".repeat(100_000)), "it does not compile: it is longer than"),
    ];
    for (rule, reason) in cases {
        let answer = check(rule, &spec);
        assert_eq!(answer.violations, [], "{rule}");
        assert!(answer.unchecked[0].reason.starts_with(reason), "{}", answer.unchecked[0].reason);
    }
}

#[test]
fn rules_wait_for_a_sound_object() {
    let schema = object(&json!([{"rule": "self.max > 5", "message": "small"}]));
    let answer = schema.validate(&json!({"spec": {"max": "1"}}), None);
    assert_eq!(
        answer.violations[1].message,
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
    );
}

#[test]
fn broken_rules_are_refused_at_compile() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-validations": [
        {"rule": " "}, {"rule": "true", "reason": "Bad"}, {"rule": "true", "fieldPath": ".b"}, {"rule": "true\n"}, {"rule": "true &&\n true"}]});
    let errors: Vec<String> = Schema::compile(&schema).unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    x-kubernetes-validations[0].rule: Required value: rule is not specified
    x-kubernetes-validations[1].reason: Unsupported value: "Bad": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"
    x-kubernetes-validations[2].fieldPath: Invalid value: ".b": must be a valid path
    x-kubernetes-validations[4].message: Required value: message must be specified if rule contains line breaks
    "#);
}

#[test]
fn rules_at_their_bounds_fit_a_small_stack() {
    let nested = format!("{}true{}", "(".repeat(31), ")".repeat(31));
    let chain = format!("{}self.max > 0", "1 + ".repeat(190));
    let negated = format!("{}true", "!".repeat(32));
    let ternary = format!("{}true", "true ? true : ".repeat(80));
    let selects = format!("self{}", ".name".repeat(180));
    let loops = format!("{}true{}", "self.tags.all(t, ".repeat(20), ")".repeat(20));
    let run = move || {
        for rule in [nested, chain, negated, ternary, selects, loops] {
            let _ = check(&rule, &json!({"max": 1, "tags": []}));
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn times_spans_and_bytes_are_read() {
    let schema = |rule: &str| {
        Schema::compile(&json!({"type": "object", "properties": {"spec": {"type": "object",
        "x-kubernetes-validations": [{"rule": rule, "message": "no"}],
        "properties": {
            "when": {"type": "string", "format": "date-time"}, "day": {"type": "string", "format": "date"},
            "wait": {"type": "string", "format": "duration"}, "key": {"type": "string", "format": "byte"},
            "times": {"type": "array", "items": {"type": "string", "format": "date-time"}},
            "waits": {"type": "object", "additionalProperties": {"type": "string", "format": "duration"}},
        }}}}))
        .unwrap()
    };
    let object = json!({"spec": {"when": "2024-01-01T10:00:00+02:00", "day": "2024-02-29", "wait": "3 days", "key": "aGk=",
        "times": ["2024-01-01T00:00:00Z"], "waits": {"a": "90s"}}});
    let rules = [
        "self.when > timestamp('2023-01-01T00:00:00Z') && self.when.getHours() == 8",
        "self.day.getDate() == 29 && self.day - self.when == duration('1408h')",
        "self.wait == duration('72h') && self.wait.getHours() == 72",
        "self.key == b'hi' && size(self.key) == 2",
        "self.times.all(t, t < self.day) && self.waits['a'].getSeconds() == 90",
        "duration('1h') > duration('1m')",
    ];
    for rule in rules {
        assert_eq!(schema(rule).validate(&object, None), Validation::default(), "{rule}");
        assert_eq!(schema(&format!("!({rule})")).validate(&object, None).violations.len(), 1, "{rule}");
    }
}

#[test]
fn functions_of_kubernetes_are_there() {
    let spec = json!({"name": "10.0.0.0/8", "tags": ["1.2.3"], "port": "500Mi"});
    let rules = [
        "cidr(self.name).containsIP('10.1.2.3') && url('https://a.example/b').getHost() == 'a.example'",
        "quantity(self.port).isGreaterThan(quantity('100M')) && semver(self.tags[0]).major() == 1",
        "format.dns1123Label().validate('a b').value().size() == 1",
        "self.tags.transformList(index, tag, index).sum() == 0",
    ];
    for rule in rules {
        assert_eq!(check(rule, &spec), Validation::default(), "{rule}");
    }
}

#[test]
fn loops_cost_and_what_costs_too_much_is_refused() {
    let tags: Vec<Value> = (0..50_000).map(|number| json!(number.to_string())).collect();
    let spec = json!({"tags": tags});
    assert_eq!(check("self.tags.all(a, a.size() > 0)", &spec), Validation::default());
    let says = |rules: Value| {
        let answer = object(&rules).validate(&json!({"spec": spec}), None);
        answer.violations.into_iter().map(|violation| violation.message).collect::<Vec<_>>()
    };
    let quadratic = "self.tags.all(a, self.tags.exists_one(b, a == b))";
    // Nothing is run after it, and what is not run does not make the object valid.
    assert_eq!(
        says(json!([{"rule": quadratic, "message": "no"}, {"rule": "false"}])),
        [
            "spec: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: no"
        ]
    );
    assert_eq!(
        says(json!([{"rule": "false", "message": "no", "messageExpression": format!("string({quadratic})")}])),
        [format!(
            "spec: Invalid value: \"object\": no further validation rules will be run due to call cost exceeds limit for messageExpression: \"string({quadratic})\""
        )]
    );
    let many: Vec<Value> = (0..60).map(|_| json!({"rule": "self.tags.all(a, a.size() > 0)"})).collect();
    assert_eq!(
        says(json!(many)),
        [
            "spec: Invalid value: \"object\": validation failed due to running out of cost budget, no further validation rules will be run"
        ]
    );
}
