//! Mutators: plat beside Gatekeeper's own mutation packages, over generated cases and over recorded ones.
//!
//! Owns running the real program, the recorded answers, and what counts as the same. Cases are made in `generate`.

mod generate;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context as _, bail};
use plat_policy::Source;
use plat_policy::mutation::{self, Location, MutationContext, MutationError, MutationSystem, Operation};
use plat_resource::{Document, Value};
use plat_tests::programs::GATEKEEPER_MUTATE;
use serde_json::json;

/// How many differences are printed.
const SHOWN: usize = 10;
/// How many generated cases are recorded.
const RECORDED: u64 = 400;

/// Compare mutators with Gatekeeper's
#[derive(Debug, Default, clap::Args)]
#[group(id = "mutation-arguments")]
pub(crate) struct Arguments {
    /// Compare mutators with Gatekeeper's: with recorded answers, or with --real with its own packages
    #[arg(long)]
    pub(crate) mutation: bool,
    /// How many generated mutations go to the real packages
    #[arg(long, default_value_t = 20_000, requires = "mutation")]
    pub(crate) mutations: u64,
    /// Record the answers of the real packages to the first generated mutations
    #[arg(long, requires_all = ["mutation", "real"])]
    pub(crate) record_mutations: bool,
}

/// How plat's answer stands to Gatekeeper's.
#[derive(Debug, PartialEq)]
enum Verdict {
    Same,
    /// A difference that plat means, and why.
    Explained(&'static str),
    Differs(String),
}

/// Compares, prints the differences and the counts.
pub(crate) fn run(arguments: &Arguments, is_real: bool, seed: u64) -> anyhow::Result<ExitCode> {
    let pairs = if is_real {
        let count = if arguments.record_mutations { RECORDED } else { arguments.mutations };
        let cases: Vec<Value> = (seed..seed.saturating_add(count)).map(generate::case).collect();
        let answers = ask(&cases)?;
        let pairs: Vec<(Value, Value)> = cases.into_iter().zip(answers).collect();
        if arguments.record_mutations {
            record(&pairs)?;
        }
        pairs
    } else {
        recorded()?
    };
    let (mut same, mut explained, mut differs) = (0, 0, 0);
    for (case, answer) in &pairs {
        match compare(case, answer) {
            Verdict::Same => same += 1,
            Verdict::Explained(_) => explained += 1,
            Verdict::Differs(how) => {
                differs += 1;
                if differs <= SHOWN {
                    println!("differs: {how}\n  case: {case}\n  gatekeeper: {answer}");
                }
            }
        }
    }
    println!("{same} mutations identical, {explained} explained, {differs} differ");
    Ok(if differs == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fixture() -> PathBuf {
    plat_tests::repository().join("tests/fixtures/mutation/recorded.jsonl")
}

fn record(pairs: &[(Value, Value)]) -> anyhow::Result<()> {
    let lines: String =
        pairs.iter().map(|(case, answer)| json!({"case": case, "answer": answer}).to_string() + "\n").collect();
    std::fs::write(fixture(), lines).context("the recorded answers cannot be written")
}

fn recorded() -> anyhow::Result<Vec<(Value, Value)>> {
    let text = std::fs::read_to_string(fixture()).context("there are no recorded answers")?;
    let pair = |line: &str| -> anyhow::Result<(Value, Value)> {
        let mut both: Value = serde_json::from_str(line)?;
        Ok((both["case"].take(), both["answer"].take()))
    };
    text.lines().map(pair).collect()
}

/// The answers of the real packages.
fn ask(cases: &[Value]) -> anyhow::Result<Vec<Value>> {
    let program = GATEKEEPER_MUTATE.build()?;
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (Some(input), Some(output)) = (input, output) else { bail!("the program has no pipes") };
    let answers = thread::scope(|scope| {
        scope.spawn(move || -> std::io::Result<()> {
            let mut input = BufWriter::new(input);
            for case in cases {
                writeln!(input, "{case}")?;
            }
            input.flush()
        });
        let read = |line: std::io::Result<String>| -> anyhow::Result<Value> { Ok(serde_json::from_str(&line?)?) };
        BufReader::new(output).lines().map(read).collect::<anyhow::Result<Vec<Value>>>()
    })?;
    child.wait()?;
    if answers.len() != cases.len() {
        bail!("{} cases have {} answers", cases.len(), answers.len());
    }
    Ok(answers)
}

fn compare(case: &Value, answer: &Value) -> Verdict {
    match case["location"].as_str() {
        Some(text) => compare_location(text, answer),
        None => compare_mutation(case, answer),
    }
}

fn compare_location(text: &str, answer: &Value) -> Verdict {
    let (ours, error) = match Location::parse(text) {
        Ok(location) => {
            let nodes: Vec<String> = location.steps().iter().map(ToString::to_string).collect();
            ((location.to_string(), nodes), String::new())
        }
        Err(error) => ((String::new(), Vec::new()), error.to_string()),
    };
    let nodes = answer["nodes"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let theirs = (answer["location"].as_str().unwrap_or_default().to_owned(), nodes);
    if ours != theirs {
        return Verdict::Differs(format!("location {ours:?}"));
    }
    if error == answer["error"].as_str().unwrap_or_default() { Verdict::Same } else { Verdict::Differs(error) }
}

fn compare_mutation(case: &Value, answer: &Value) -> Verdict {
    let documents: Vec<Document> = case["mutators"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|mutator| Document::synthetic(mutator.clone(), "generated"))
        .collect();
    for (index, document) in documents.iter().enumerate() {
        let (mutator, findings) = mutation::read(document);
        let reason = answer["refused"][index].as_str().unwrap_or_default();
        if mutator.is_none() == reason.is_empty() {
            return Verdict::Differs(format!("mutator {index} is refused by one only: {findings:?}"));
        }
    }
    let (system, _) = MutationSystem::load(&documents);
    let ours: BTreeSet<String> = system.conflicts().keys().map(ToString::to_string).collect();
    let theirs: BTreeSet<String> =
        answer["conflicts"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if ours != theirs {
        return Verdict::Differs(format!("conflicts of plat: {ours:?}"));
    }
    let ours = system.mutate(case["object"].clone(), &context(case));
    let error = answer["error"].as_str().unwrap_or_default();
    match ours {
        Ok(_) if !error.is_empty() => Verdict::Differs("only Gatekeeper fails".to_owned()),
        Ok(mutated) => {
            let (input, theirs) = (floats(&case["object"]), floats(&answer["object"]));
            if mutated.changed != (mutated.object != case["object"]) {
                return Verdict::Differs("changed is not what it says".to_owned());
            }
            if floats(&mutated.object) == theirs && mutated.changed == (input != theirs) {
                return Verdict::Same;
            }
            if shares_values(case) {
                return Verdict::Explained("Gatekeeper puts one and the same value in several places");
            }
            Verdict::Differs(format!("plat makes {}", mutated.object))
        }
        Err(error_of_plat) if same_error(&error_of_plat, error) => Verdict::Same,
        Err(_) if shares_values(case) => Verdict::Explained("Gatekeeper puts one and the same value in several places"),
        Err(error_of_plat) => Verdict::Differs(format!("plat fails: {error_of_plat}")),
    }
}

fn context(case: &Value) -> MutationContext<'_> {
    MutationContext {
        namespace: Some(&case["namespace"]).filter(|namespace| !namespace.is_null()),
        request_namespace: case["requestNamespace"].as_str(),
        operation: case["operation"].as_str().and_then(Operation::parse),
        source: if case["source"] == "Generated" { Source::Generated } else { Source::Original },
        annotate: (case["annotate"] == true).then_some("00000000-0000-0000-0000-000000000000"),
    }
}

fn same_error(ours: &MutationError, theirs: &str) -> bool {
    match ours {
        MutationError::Match { .. } => theirs.starts_with("matching for mutator"),
        MutationError::Obstacle { .. } => theirs.contains(" for mutator ") && theirs.starts_with("mutation "),
        MutationError::NotConverging { .. } => theirs.starts_with("mutation not converging"),
    }
}

/// Gatekeeper writes the same Go map or slice to every element that a glob finds, so a later mutator that changes one
/// of them changes all until the next round. plat gives each its own.
fn shares_values(case: &Value) -> bool {
    case["mutators"].as_array().into_iter().flatten().any(|mutator| {
        let spec = &mutator["spec"];
        let value = &spec["parameters"]["assign"]["value"];
        let is_shared = value.is_object() || value.is_array();
        is_shared && spec["location"].as_str().is_some_and(|location| location.contains('['))
    })
}

/// JSON knows one kind of number only.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => Value::Array(items.iter().map(floats).collect()),
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), floats(field))).collect(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_answers_of_gatekeeper_are_plats() {
        let pairs = recorded().unwrap();
        assert!(pairs.len() >= 400, "{} recorded answers", pairs.len());
        for (case, answer) in &pairs {
            let verdict = compare(case, answer);
            assert!(!matches!(verdict, Verdict::Differs(_)), "{verdict:?}\n  case: {case}\n  gatekeeper: {answer}");
        }
    }
}
