//! Tasks against what the real runner did with them: log, calls of actions, output or error.

#![expect(clippy::expect_used, reason = "helpers of tests, which clippy does not see as tests")]

mod answers;

use plat_scaffold::Data;
use plat_scaffold::capabilities::{Capabilities, Integrations};
use plat_scaffold::run::{ActionInfo, Actions, Event, Run};
use plat_scaffold::task::Task;

/// The actions that the oracle describes in its first line.
struct Described(Data);

impl Actions for Described {
    fn action(&self, id: &str) -> Option<ActionInfo> {
        let action = self.0.get(id)?;
        let schema = |name: &str| action.get("schema").and_then(|schema| schema.get(name)).cloned();
        let supports_dry_run = action.get("supportsDryRun").and_then(Data::as_bool).unwrap_or_default();
        Some(ActionInfo { input: schema("input"), output: schema("output"), supports_dry_run })
    }
}

fn text(value: Option<&str>) -> Data {
    value.map_or(Data::Null, Data::from)
}

/// Runs a case; what it did in the oracle's words.
fn done(case: &Data, actions: &Described) -> (Data, Data, Result<Data, String>) {
    let template = Data::object([
        ("apiVersion", Data::from("scaffolder.backstage.io/v1beta3")),
        ("spec", case.get("spec").cloned().expect("a spec")),
    ]);
    let values = case.get("values").cloned().expect("values");
    let mut task = Task::of_template(&template, "made-up", values).expect("a template");
    task.secrets = case.get("secrets").cloned().expect("secrets");
    task.user = Some(Data::object([("ref", Data::from("user:default/ada"))]));
    let capabilities = Capabilities::of_task(Integrations::default());
    let dry_run = case.get("dryRun").and_then(Data::as_bool).unwrap_or_default();
    let mut run = Run::new(&task, actions, &capabilities, dry_run);
    let (mut log, mut calls) = (Vec::new(), Vec::new());
    loop {
        match run.next_event().expect("a run goes on to its end") {
            Event::Log(line) => {
                let first = line.message.lines().next().unwrap_or_default();
                let whole = if line.status == Some("failed") { first } else { &line.message };
                log.push(Data::object([
                    ("step", text(line.step.as_deref())),
                    ("status", text(line.status)),
                    ("message", Data::from(whole)),
                ]));
            }
            Event::Unrendered { text, .. } => assert!(!text.error.is_empty()),
            Event::Invoke(call) => {
                calls.push(Data::object([
                    ("step", Data::from(call.step)),
                    ("action", Data::from(call.action.as_str())),
                    ("input", call.input.clone()),
                ]));
                let message = call.input.get("message").map_or("undefined".to_owned(), shown);
                run.complete(if call.action == "test:fail" {
                    Err(format!("failed with {message}"))
                } else {
                    Ok(call.input.as_object().cloned().unwrap_or_default().into_iter().collect())
                });
            }
            Event::Finished(result) => {
                assert_eq!(run.next_event(), None, "nothing comes after the end");
                return (Data::Array(log), Data::Array(calls), result);
            }
        }
    }
}

/// `${value}` as the oracle's action writes it.
fn shown(value: &Data) -> String {
    match value {
        Data::String(text) => text.clone(),
        Data::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| if *item == Data::Null { String::new() } else { shown(item) }).collect();
            items.join(",")
        }
        Data::Object(_) => "[object Object]".to_owned(),
        other => other.to_json(),
    }
}

/// The log that the real runner wrote, without the stacks of errors and their names.
fn recorded_log(case: &Data) -> Data {
    let lines = case.get("log").and_then(Data::as_array).unwrap_or_default();
    let line = |line: &Data| {
        let message = line.get("message").and_then(Data::as_str).unwrap_or_default();
        let failed = line.get("status").and_then(Data::as_str) == Some("failed");
        let first = message.lines().next().unwrap_or_default();
        let message = if failed {
            first.strip_prefix("Error: ").or(first.strip_prefix("InputError: ")).unwrap_or(first)
        } else {
            message
        };
        Data::object([
            ("step", line.get("step").cloned().unwrap_or_default()),
            ("status", line.get("status").cloned().unwrap_or_default()),
            ("message", Data::from(message)),
        ])
    };
    Data::Array(lines.iter().map(line).collect())
}

fn compare(answers: &str) {
    let mut lines = answers.lines();
    let parse = |line: &str| -> Data { serde_json::from_str(line).expect("an answer is JSON") };
    let actions = Described(parse(lines.next().expect("the actions")));
    let (mut found, mut count) = (Vec::new(), 0);
    for line in lines {
        count += 1;
        let case = parse(line);
        // The real runner confuses fields that are missing without their secret, and takes their names for secrets.
        if line.contains("instance.***") || line.contains(r#"property \"***"#) {
            continue;
        }
        let (log, calls, result) = done(&case, &actions);
        let wanted = match case.get("error").and_then(Data::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(case.get("output").map(Data::to_json).unwrap_or_default()),
        };
        let result = result.map(|output| output.to_json());
        let wanted_calls = case.get("calls").map(Data::to_json).unwrap_or_default();
        let (log, wanted_log) = (log.to_json(), recorded_log(&case).to_json());
        for (what, got, wanted) in [
            ("result", format!("{result:?}"), format!("{wanted:?}")),
            ("calls", calls.to_json(), wanted_calls),
            ("log", log, wanted_log),
        ] {
            if got != wanted {
                let spec = case.get("spec").map(Data::to_json).unwrap_or_default();
                found.push(format!("{spec}\n  {what} {got}\n  wanted {wanted}"));
            }
        }
    }
    answers::settle(count, &found);
}

#[test]
fn tasks_run_as_the_real_runner_ran_them() {
    answers::each("tasks.jsonl", "PLAT_TASKS", compare);
}
