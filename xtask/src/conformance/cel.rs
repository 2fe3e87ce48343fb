//! CEL: plat's answers to generated expressions beside those of Kubernetes' own environment, which Go builds.
//!
//! Owns the questions and what counts as the same: the type, the value or the words of the fault; of what is refused, that
//! it is. The recorded answers are compared by the tests of `plat_resource::cel`.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context as _, ensure};
use plat_resource::Value as Json;
use plat_resource::cel::{Bindings, CALL_LIMIT, Failure, Outcome, Program, Value, admission, with_stack};
use plat_tests::programs::CEL_ORACLE;
use serde_json::json;

use super::generated::Random;

/// The variables of all questions.
const VARIABLES: &str = include_str!("../../../tests/fixtures/cel/variables.json");
/// How many differences are printed.
const SHOWN: usize = 20;

/// Puts `count` generated expressions before both.
pub(crate) fn run(seed: u64, count: u64) -> anyhow::Result<ExitCode> {
    let variables: Json = serde_json::from_str(VARIABLES)?;
    let questions: Vec<String> = (seed..seed.saturating_add(count)).map(expression).collect();
    let real = ask(&questions, &variables)?;
    let mut differs = 0;
    for (question, real) in questions.iter().zip(&real) {
        let ours = with_stack(|| answer(question, &variables)).context("plat panicked")?;
        if ours != *real {
            differs += 1;
            if differs <= SHOWN {
                println!("differs      {question}\n             real {real}\n             plat {ours}");
            }
        }
    }
    println!("{} of {count} generated expressions answered identically", questions.len() - differs);
    Ok(if differs == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The answers of the real environment.
fn ask(questions: &[String], variables: &Json) -> anyhow::Result<Vec<Json>> {
    let program = CEL_ORACLE.build()?;
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("the program has an input")?;
    let lines: String = questions
        .iter()
        .map(|question| format!("{}\n", json!({"expression": question, "variables": variables})))
        .collect();
    let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().ok().context("the questions could not be asked")??;
    let answers: Vec<Json> =
        String::from_utf8(output.stdout)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(answers.len() == questions.len(), "{} answers to {} questions", answers.len(), questions.len());
    Ok(answers.into_iter().map(comparable).collect())
}

/// What of an answer counts.
fn comparable(mut answer: Json) -> Json {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("cost");
        if fields.contains_key("refused") {
            return json!({"refused": true});
        }
    }
    answer
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

fn answer(question: &str, variables: &Json) -> Json {
    let Ok(program) = Program::compile(question, &admission::environment(true)) else {
        return json!({"refused": true});
    };
    let (outcome, _) = program.run(&Variables(variables), CALL_LIMIT);
    let of = program.output().runtime_name();
    match outcome {
        Ok(value) => json!({"type": of, "value": show(&value)}),
        Err(failure) => json!({"type": of, "error": failure.to_string()}),
    }
}

/// A value as the real program writes it.
fn show(value: &Value<'_>) -> Json {
    match value {
        Value::Null => json!("null"),
        Value::Bool(flag) => json!(format!("bool {flag}")),
        Value::Int(number) => json!(format!("int {number}")),
        Value::Uint(number) => json!(format!("uint {number}")),
        Value::Double(number) => json!(format!("double {number}")),
        Value::String(text) => json!({"string": text.as_str()}),
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
        other => json!(other.type_name()),
    }
}

const ATOMS: [&str; 26] = [
    "1",
    "-2",
    "3u",
    "0.5",
    "true",
    "false",
    "null",
    "'a'",
    "''",
    "'web-1'",
    "[1, 2]",
    "['a', 'b']",
    "[]",
    "{'a': 1}",
    "object",
    "object.spec",
    "object.spec.replicas",
    "object.spec.numbers",
    "object.spec.words",
    "object.spec.mixed",
    "object.spec.missing",
    "object.metadata.name",
    "object.metadata.labels.app",
    "oldObject.spec.replicas",
    "request.operation",
    "object.spec.template.spec.containers",
];
const OPERATORS: [&str; 14] = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];
const MEMBERS: [&str; 16] = [
    "size()",
    "contains('a')",
    "startsWith('w')",
    "matches('^[a-z]')",
    "lowerAscii()",
    "split('-')",
    "join(',')",
    "sum()",
    "max()",
    "isSorted()",
    "indexOf('a')",
    "reverse()",
    "distinct()",
    "trim()",
    "first()",
    "replace('a', 'b')",
];
const LOOPS: [&str; 6] = ["all", "exists", "exists_one", "filter", "map", "existsOne"];
const CONVERSIONS: [&str; 8] = ["string", "int", "double", "size", "dyn", "type", "bool", "quantity"];

/// One expression.
fn expression(seed: u64) -> String {
    grown(&mut Random::new(seed), 3)
}

fn grown(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return random.pick(&ATOMS).to_owned();
    }
    let one = grown(random, depth - 1);
    match random.below(9) {
        0 | 1 => format!("({one}) {} ({})", random.pick(&OPERATORS), grown(random, depth - 1)),
        2 => format!("({one}).{}", random.pick(&MEMBERS)),
        3 => format!("({one}).{}(x, {})", random.pick(&LOOPS), looped(random, depth - 1)),
        4 => format!("{}({one})", random.pick(&CONVERSIONS)),
        5 => format!("({}) ? ({one}) : ({})", grown(random, depth - 1), grown(random, depth - 1)),
        6 => format!("({one})[{}]", grown(random, depth - 1)),
        7 => {
            format!("has({}.x) || ({one})", random.pick(&["object", "object.spec", "object.spec.replicas", "request"]))
        }
        _ => random.pick(&ATOMS).to_owned(),
    }
}

/// The body of a loop.
fn looped(random: &mut Random, depth: usize) -> String {
    let body =
        random.pick(&["x", "x == 1", "x > 1", "x == 'a'", "x.size() > 0", "x.name", "has(x.name)", "x + x", "1 / x"]);
    if random.one_in(3) { format!("({body}) == ({})", grown(random, depth.min(1))) } else { body.to_owned() }
}
