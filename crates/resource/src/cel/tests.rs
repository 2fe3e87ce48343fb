use serde_json::{Value as Json, json};

use super::{Bindings, CALL_LIMIT, Failure, Outcome, Program, Value, admission, refusal};

/// The variables that all recorded expressions run over.
const VARIABLES: &str = include_str!("../../../../tests/fixtures/cel/variables.json");
/// Expressions with what Kubernetes says of them.
const RECORDED: &str = include_str!("../../../../tests/fixtures/cel/expressions.jsonl");

/// What ends in another way, and why.
const EXPLAINED: &[(&str, &str)] = &[
    ("object.spec.template.spec.containers.existsOne(c, c.name == \"app\")", "refused too, with one fault fewer told"),
    ("ip(\"10.0.0.256\")", "fails too; what is wrong with an address is not told"),
    ("variables", "refused: variables are taken one by one"),
    ("[1].map(2, 3)", "refused too, in the words of another macro"),
    ("google.protobuf.Duration{seconds: 1}", "refused: messages cannot be made"),
];

/// The same, but for costs that are over the limit, and for optMap, which takes its operand but once.
fn is_same(expected: &Json, answer: &Json) -> bool {
    let without_cost = |json: &Json| {
        let mut json = json.clone();
        json.as_object_mut().map(|json| json.remove("cost"));
        json
    };
    let text = expected.to_string();
    let cost_differs = text.contains("optMap") || text.contains("optFlatMap") || text.contains("cost limit exceeded");
    if cost_differs { without_cost(expected) == without_cost(answer) } else { expected == answer }
}

struct Variables<'a>(&'a Json);

impl<'a> Bindings<'a> for Variables<'a> {
    fn global(&self, number: usize) -> Value<'a> {
        let names = ["object", "oldObject", "namespaceObject", "request", "params"];
        names.get(number).and_then(|name| self.0.get(name)).map_or(Value::Null, Value::from_json)
    }

    fn variable(&self, _: usize) -> Outcome<'a> {
        Err(Failure::Said("no such variable".into()))
    }
}

/// A value as the recording program writes it.
fn show(value: &Value<'_>) -> Json {
    let named = |text: String| json!(format!("{} {text}", value.type_name()));
    match value {
        Value::Null => json!("null"),
        Value::String(text) => json!({"string": text.as_str()}),
        Value::Bytes(bytes) => json!({"bytes": base64(bytes)}),
        Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::Duration(_)
        | Value::Timestamp(_) => named(super::functions::as_text(value).unwrap()),
        Value::Optional(None) => json!("none"),
        Value::Optional(Some(value)) => json!({"optional": show(value)}),
        Value::List(list) => json!({"list": list.iter().map(|item| show(&item)).collect::<Vec<_>>()}),
        Value::Map(map) => {
            let mut entries: Vec<(String, Json)> =
                map.entries().iter().map(|(key, value)| (show(key).to_string(), show(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            json!({"map": entries})
        }
        Value::Type(name) => json!({"type": &**name}),
        Value::Extension(extension) => json!(extension.type_name()),
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn answer(expression: &str, variables: &Json) -> Json {
    let program = match Program::compile(expression, &admission::environment(true)) {
        Ok(program) => program,
        Err(errors) => {
            return json!({"expression": expression, "refused": refusal(expression, &errors)});
        }
    };
    let (outcome, cost) = program.run(&Variables(variables), CALL_LIMIT);
    let mut answer = json!({"expression": expression, "type": program.output().runtime_name(), "cost": cost});
    match outcome {
        Ok(value) => answer["value"] = show(&value),
        Err(failure) => answer["error"] = json!(failure.to_string()),
    }
    answer
}

#[test]
fn expressions_end_as_in_kubernetes() {
    let variables: Json = serde_json::from_str(VARIABLES).unwrap();
    let mut differences = Vec::new();
    let mut count = 0;
    for line in RECORDED.lines() {
        let expected: Json = serde_json::from_str(line).unwrap();
        let expression = expected["expression"].as_str().unwrap();
        let answer = answer(expression, &variables);
        count += 1;
        let explained = EXPLAINED.iter().any(|(explained, _)| *explained == expression);
        if is_same(&expected, &answer) == explained {
            differences.push(format!("{expression}\n  wants {expected}\n  gives {answer}"));
        }
    }
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn mangled_expressions_end() {
    let variables: Json = serde_json::from_str(VARIABLES).unwrap();
    let mut seed = 1u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below.max(1)
    };
    for line in RECORDED.lines().filter(|line| !line.contains("lists.range(")) {
        let expected: Json = serde_json::from_str(line).unwrap();
        let mut characters: Vec<char> = expected["expression"].as_str().unwrap().chars().collect();
        for _ in 0..=next(2) {
            let (from, length) = (next(characters.len()), next(4));
            let cut: Vec<char> = characters.drain(from..(from + length).min(characters.len())).collect();
            let to = next(characters.len() + 1);
            characters.splice(to..to, cut.iter().copied().take(next(3)));
        }
        let mangled: String = characters.into_iter().collect();
        let ended = super::with_stack(|| answer(&mangled, &variables));
        assert!(ended.is_some(), "{mangled}");
    }
}

#[test]
fn what_nests_too_deep_is_refused() {
    let environment = admission::environment(false);
    let refused = [
        "(".repeat(200) + "1" + &")".repeat(200),
        "!".repeat(200) + "true",
        "1 + ".repeat(5_000) + "1",
        "// don't\n".to_owned() + &"[".repeat(200) + &"]".repeat(200),
        "'''a'b'''.size() + ".to_owned() + &"(".repeat(200) + "1" + &")".repeat(200),
    ];
    for source in refused {
        assert!(Program::compile(&source, &environment).is_err(), "{source}");
    }
    for source in
        ["true ? 1 : ".repeat(2_000) + "1", "1 + ".repeat(1_500) + "1", "object".to_owned() + &".a".repeat(1_500)]
    {
        drop(Program::compile(&source, &environment));
    }
}

#[test]
fn time_zones_have_names() {
    let cases = [
        ("timestamp('2024-07-01T10:30:00Z').getHours('Europe/Berlin')", "int 12"),
        ("timestamp('2024-01-01T10:30:00Z').getHours('Europe/Berlin')", "int 11"),
        ("timestamp('2024-01-01T10:30:00Z').getMinutes('Asia/Kathmandu')", "int 15"),
        ("timestamp('2024-01-01T02:00:00Z').getFullYear('America/New_York')", "int 2023"),
        ("timestamp('2024-01-01T02:00:00Z').getDayOfWeek('US/Pacific')", "int 0"),
        ("timestamp('2024-01-01T02:00:00Z').getHours('Etc/GMT+2')", "int 0"),
        // A quarter of an hour of local mean time, before there were zones.
        ("timestamp('1800-01-01T00:00:00Z').getMinutes('Europe/Berlin')", "int 53"),
        // Summer time goes on after the tables end.
        ("timestamp('2500-07-01T10:00:00Z').getHours('Europe/Berlin')", "int 12"),
        ("timestamp('2500-12-01T10:00:00Z').getHours('Europe/Berlin')", "int 11"),
        ("timestamp('9999-07-01T10:00:00Z').getHours('Australia/Sydney')", "int 20"),
        ("timestamp('2024-07-01T10:00:00Z').getHours('europe/berlin')", "unknown time zone europe/berlin"),
        ("timestamp('2024-07-01T10:00:00Z').getHours('Mars/Olympus')", "unknown time zone Mars/Olympus"),
    ];
    for (text, expected) in cases {
        let program = Program::compile(text, &super::Environment::default()).unwrap();
        let answer = match program.run(&Variables(&Json::Null), CALL_LIMIT).0 {
            Ok(Value::Int(number)) => format!("int {number}"),
            Ok(other) => format!("{other:?}"),
            Err(failure) => failure.to_string(),
        };
        assert_eq!(answer, expected, "{text}");
    }
}
