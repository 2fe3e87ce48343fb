//! One step: whether it is done, for what, and with which input.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::outcome::is_truthy;
use super::redact::revealed;
use super::{ActionInfo, Event, Invocation, Run, Scope, example_output};
use crate::data::Data;
use crate::schema;
use crate::task::Step;
use crate::tree::render;

/// A step whose actions are called one after the other.
pub(super) struct Started {
    pub(super) step: String,
    name: String,
    action: String,
    dry_run: bool,
    repeated: bool,
    turns: VecDeque<Turn>,
    /// The action has been handed out, and not come back.
    awaited: bool,
    output: IndexMap<String, Data>,
}

/// One call of a step's action.
struct Turn {
    each: Option<Data>,
    runs: bool,
    input: Data,
    holes: Vec<String>,
}

impl Started {
    /// The call that is due.
    pub(super) fn invoke(&mut self) -> Option<Invocation> {
        if self.awaited {
            return None;
        }
        let turn = self.turns.front()?;
        self.awaited = true;
        Some(Invocation {
            step: self.step.clone(),
            name: self.name.clone(),
            action: self.action.clone(),
            input: turn.input.clone(),
            dry_run: self.dry_run,
        })
    }

    pub(super) fn add(&mut self, outputs: Vec<(String, Data)>) {
        self.awaited = false;
        self.turns.pop_front();
        for (name, value) in outputs {
            if self.repeated {
                let entry = self.output.entry(name).or_insert_with(|| Data::Array(Vec::new()));
                if let Data::Array(values) = entry {
                    values.push(value);
                }
            } else {
                self.output.insert(name, value);
            }
        }
    }
}

impl Run<'_> {
    pub(super) fn begin(&mut self, step: &Step) -> Result<(), String> {
        if self.is_left_out(step)? {
            let message = format!("Skipping step {} because its if condition was false", step.id);
            self.say(Some(&step.id), Some("skipped"), message);
            return Ok(());
        }
        let Some(action) = self.actions.action(&step.action) else {
            return Err(format!(
                "Template action with ID '{}' is not registered. See https://backstage.io/docs/features/software-templates/builtin-actions/ on how to add a new action module.",
                step.action
            ));
        };
        if self.is_dry && self.is_only_shown(step, &action)? {
            return Ok(());
        }
        let turns = self.turns(step)?;
        for turn in turns.iter().filter(|turn| turn.runs) {
            check_input(step, &action, turn)?;
        }
        self.started = Some(Started {
            step: step.id.clone(),
            name: step.name.clone(),
            action: step.action.clone(),
            dry_run: self.is_dry,
            repeated: is_repeated(step),
            turns: turns.into(),
            awaited: false,
            output: IndexMap::new(),
        });
        self.go_on();
        Ok(())
    }

    fn is_left_out(&mut self, step: &Step) -> Result<bool, String> {
        match &step.condition {
            Some(Data::Bool(false)) => Ok(true),
            Some(condition @ Data::String(_)) if step.each.is_none() => {
                let context = self.prepare(Scope::Plain)?;
                let value = self.render("if", Some(&step.id), condition, &context);
                Ok(!is_truthy(value.as_ref()))
            }
            _ => Ok(false),
        }
    }

    /// Says what the action would be called with; true where the dry run has to make its output up.
    fn is_only_shown(&mut self, step: &Step, action: &ActionInfo) -> Result<bool, String> {
        let context = self.prepare(Scope::Redacted)?;
        let events = self.events.len();
        let input = match &step.input {
            Some(input) if input.is_truthy() => self.render("input", Some(&step.id), input, &context),
            _ => None,
        };
        if action.supports_dry_run {
            // The same is rendered again, and told then.
            self.events.truncate(events);
        }
        let input = input.unwrap_or_else(|| Data::object::<String>([])).to_pretty_json();
        let message = format!("Running {} in dry-run mode with inputs (secrets redacted): {input}", step.action);
        self.inform(&step.id, &message);
        if action.supports_dry_run {
            return Ok(false);
        }
        let message = format!("Skipping because {} does not support dry-run", step.action);
        self.say(Some(&step.id), Some("skipped"), message);
        let output = action.output.as_ref().map_or_else(|| Some(Data::object::<String>([])), example_output);
        self.remember(&step.id, output.unwrap_or_default());
        Ok(true)
    }

    fn turns(&mut self, step: &Step) -> Result<Vec<Turn>, String> {
        let context = self.prepare(Scope::Input(None))?;
        let Some(each) = &step.each else { return Ok(vec![self.turn(step, None, None)?]) };
        let shown = crate::schema::shown(each);
        let resolved = self.render("each", Some(&step.id), each, &context);
        let entries = match resolved {
            None => {
                return Err(format!(
                    "Invalid value on action {}.each parameter, \"{shown}\" cannot be resolved to a value",
                    step.action
                ));
            }
            Some(resolved) => entries(resolved).ok_or_else(|| {
                let action = &step.action;
                format!("Invalid value on action {action}.each parameter, must resolve to an array or object")
            })?,
        };
        let mut bare = Vec::new();
        if self.has_secrets() {
            let context = self.prepare(Scope::Bare(None))?;
            bare = render(each, &self.renderer(), &context).value.and_then(self::entries).unwrap_or_default();
        }
        let mut turns = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            if self.has_secrets() {
                self.redactions.add(revealed(Some(entry), bare.get(index)));
            }
            turns.push(self.turn(step, Some(entry), bare.get(index))?);
        }
        Ok(turns)
    }

    fn has_secrets(&self) -> bool {
        self.task.secrets.as_object().is_some_and(|secrets| !secrets.is_empty())
    }

    fn turn(&mut self, step: &Step, each: Option<&Data>, bare: Option<&Data>) -> Result<Turn, String> {
        let context = self.prepare(Scope::Input(each))?;
        let runs = match (each, &step.condition) {
            (Some(_), Some(condition)) if condition.is_truthy() => {
                let value = self.render("if", Some(&step.id), condition, &context);
                is_truthy(value.as_ref())
            }
            _ => true,
        };
        let empty = || Data::object::<String>([]);
        let each = each.cloned();
        let Some(template) = step.input.as_ref().filter(|input| input.is_truthy()) else {
            return Ok(Turn { each, runs, input: empty(), holes: Vec::new() });
        };
        let input = self.render_whole("input", Some(&step.id), template, &context);
        if self.has_secrets() {
            let bare = self.prepare(Scope::Bare(bare))?;
            let without = render(template, &self.renderer(), &bare).value;
            self.redactions.add(revealed(input.value.as_ref(), without.as_ref()));
        }
        Ok(Turn { each, runs, input: input.value.unwrap_or_else(empty), holes: input.holes })
    }

    /// Passes over what is not done, up to the next call or the end of the step.
    pub(super) fn go_on(&mut self) {
        let Some(mut started) = self.started.take() else { return };
        while let Some(turn) = started.turns.front() {
            if let Some(each) = &turn.each {
                let verb = if turn.runs { "Running" } else { "Skipping" };
                let message = format!("{verb} step each: {}", each_shown(each));
                self.inform(&started.step, &message);
            }
            if turn.runs {
                self.started = Some(started);
                return;
            }
            started.turns.pop_front();
        }
        self.remember(&started.step, Data::Object(started.output));
        self.say(Some(&started.step), Some("completed"), format!("Finished step {}", started.name));
    }

    fn remember(&mut self, step: &str, output: Data) {
        match self.steps.iter_mut().find(|(id, _)| id == step) {
            Some(entry) => entry.1 = output,
            None => self.steps.push((step.to_owned(), output)),
        }
    }

    /// A line of the step's own, without secrets.
    fn inform(&mut self, step: &str, message: &str) {
        let message = self.redactions.redact(message);
        self.events.push_back(Event::Log(super::Log { step: Some(step.to_owned()), status: None, message }));
    }
}

fn is_repeated(step: &Step) -> bool {
    step.each.as_ref().is_some_and(Data::is_truthy)
}

fn check_input(step: &Step, action: &ActionInfo, turn: &Turn) -> Result<(), String> {
    let Some(schema) = &action.input else { return Ok(()) };
    let faults = schema::validate_around(Some(&turn.input), schema, &turn.holes)?;
    if faults.is_empty() {
        return Ok(());
    }
    let key = turn.each.as_ref().and_then(|each| each.get("key")).and_then(Data::as_str);
    let key = key.map(|key| format!("[{key}]")).unwrap_or_default();
    Err(format!("Invalid input passed to action {}{key}, {}", step.action, faults.join(", ")))
}

/// What a step is done for, as keys and values; none where that is no collection.
fn entries(resolved: Data) -> Option<Vec<Data>> {
    let entry = |key: String, value: Data| Data::object([("key", Data::String(key)), ("value", value)]);
    match resolved {
        Data::Array(items) => {
            Some(items.into_iter().enumerate().map(|(index, item)| entry(index.to_string(), item)).collect())
        }
        Data::Object(fields) => Some(fields.into_iter().map(|(key, value)| entry(key, value)).collect()),
        _ => None,
    }
}

fn each_shown(each: &Data) -> String {
    let fields = each.as_object().into_iter().flatten();
    Data::object(fields.map(|(name, value)| (name.clone(), Data::String(crate::schema::shown(value))))).to_json()
}
