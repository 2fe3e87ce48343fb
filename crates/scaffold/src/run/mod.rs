//! Running a task as a row of decisions: what to log, which action to call with what, how it ended.
//!
//! Owns the order of steps, conditions, `each`, what templates see, and what a failure means for the steps after it. Whoever
//! asks carries the actions out and hands back what came of them; nothing here touches the outside.

mod example;
mod known;
mod outcome;
mod redact;
mod step;

use std::collections::VecDeque;

pub use self::example::example_output;
pub use self::known::KnownActions;
pub use self::outcome::is_truthy;

use self::redact::Redactions;
use self::step::Started;
use crate::capabilities::Capabilities;
use crate::data::Data;
use crate::task::{Step, Task};
use crate::template::{Options, Prepared, Renderer};
use crate::tree::{Rendered, Unrendered, render};

/// What is known of an action.
#[derive(Debug, Clone, Default)]
pub struct ActionInfo {
    /// The schema of its input.
    pub input: Option<Data>,
    /// The schema of its output.
    pub output: Option<Data>,
    /// It can be run without touching the outside.
    pub supports_dry_run: bool,
}

/// Which actions there are.
pub trait Actions {
    /// An action by its name.
    fn action(&self, id: &str) -> Option<ActionInfo>;
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The step it is about.
    pub step: Option<String>,
    /// How that step does: `processing`, `completed`, `skipped` or `failed`.
    pub status: Option<&'static str>,
    /// What is said.
    pub message: String,
}

/// An action to be called.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The step.
    pub step: String,
    /// Its name.
    pub name: String,
    /// The action.
    pub action: String,
    /// What it is called with.
    pub input: Data,
    /// Nothing outside of the workspace may change.
    pub dry_run: bool,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something is said.
    Log(Log),
    /// An action is to be called; `complete` takes what came of it.
    Invoke(Invocation),
    /// A text of the template stays as it is, as it cannot be rendered. The real runner says nothing.
    Unrendered {
        /// The step; none for the output.
        step: Option<String>,
        /// Which field of it: `input`, `if`, `each` or `output`.
        field: &'static str,
        /// The text.
        text: Unrendered,
    },
    /// The end: the output, or the first error.
    Finished(Result<Data, String>),
}

/// A task that runs.
pub struct Run<'a> {
    task: &'a Task,
    actions: &'a dyn Actions,
    capabilities: &'a Capabilities,
    is_dry: bool,
    steps: Vec<(String, Data)>,
    next: usize,
    events: VecDeque<Event>,
    started: Option<Started>,
    redactions: Redactions,
    first_error: Option<String>,
    finished: bool,
}

impl<'a> Run<'a> {
    /// Starts a task. The capabilities are those of one task, and its own.
    pub fn new(task: &'a Task, actions: &'a dyn Actions, capabilities: &'a Capabilities, dry_run: bool) -> Self {
        let mut run = Self {
            task,
            actions,
            capabilities,
            is_dry: dry_run,
            steps: Vec::new(),
            next: 0,
            events: VecDeque::new(),
            started: None,
            redactions: Redactions::of(&task.secrets),
            first_error: None,
            finished: false,
        };
        // A real dry run has one more, which takes the workspace.
        let count = task.steps.len() + usize::from(dry_run);
        run.say(None, None, format!("Starting up task with {count} steps"));
        if let Err(error) = run.prepare(Scope::Plain) {
            run.end(Err(error));
        }
        run
    }

    /// What comes next; none where an action is awaited, or after the end.
    pub fn next_event(&mut self) -> Option<Event> {
        while self.events.is_empty() && !self.finished && self.started.is_none() {
            self.advance();
        }
        if self.events.is_empty()
            && let Some(started) = &mut self.started
            && let Some(invocation) = started.invoke()
        {
            return Some(Event::Invoke(invocation));
        }
        self.events.pop_front()
    }

    /// Takes what came of the action that was to be called: its outputs by name, or what is wrong.
    pub fn complete(&mut self, result: Result<Vec<(String, Data)>, String>) {
        let Some(started) = &mut self.started else { return };
        match result {
            Ok(outputs) => {
                started.add(outputs);
                self.go_on();
            }
            Err(error) => {
                let id = started.step.clone();
                self.started = None;
                self.fail(&id, &error);
            }
        }
    }

    fn advance(&mut self) {
        let Some(step) = self.task.steps.get(self.next) else {
            let result = match self.first_error.take() {
                Some(error) => Err(error),
                None => self.output(),
            };
            return self.end(result);
        };
        self.next += 1;
        if self.capabilities.has_failed() && !self.asks_for_status(step) {
            let message = format!("Skipping step {} because a previous step failed", step.id);
            return self.say(Some(&step.id), Some("skipped"), message);
        }
        self.say(Some(&step.id), Some("processing"), format!("Beginning step {}", step.name));
        if let Err(error) = self.begin(step) {
            self.fail(&step.id, &error);
        }
    }

    /// After a failure only those steps go on whose condition asks how things are.
    fn asks_for_status(&mut self, step: &Step) -> bool {
        let Some(condition @ Data::String(_)) = &step.condition else { return false };
        let Ok(context) = self.prepare(Scope::Plain) else { return false };
        self.capabilities.was_asked();
        let _ = render(condition, &self.renderer(), &context);
        self.capabilities.was_asked()
    }

    fn renderer(&self) -> Renderer<'a> {
        Renderer::new(Options { allow_regex_execution: true, ..Options::default() }, self.capabilities)
    }

    fn render(&mut self, field: &'static str, step: Option<&str>, tree: &Data, context: &Prepared) -> Option<Data> {
        self.render_whole(field, step, tree, context).value
    }

    fn render_whole(&mut self, field: &'static str, step: Option<&str>, tree: &Data, context: &Prepared) -> Rendered {
        let mut rendered = render(tree, &self.renderer(), context);
        let texts = std::mem::take(&mut rendered.unrendered).into_iter();
        self.events.extend(texts.map(|text| Event::Unrendered { step: step.map(str::to_owned), field, text }));
        rendered
    }

    /// What templates see.
    fn prepare(&self, scope: Scope<'_>) -> Result<Prepared, String> {
        let empty = || Data::object::<String>([]);
        let environment = Data::object([("parameters", empty()), ("secrets", empty())]);
        let steps = self.steps.iter().map(|(id, output)| (id.clone(), Data::object([("output", output.clone())])));
        let mut context = vec![
            ("parameters", self.task.parameters.clone()),
            ("environment", environment),
            ("steps", Data::object(steps)),
            ("context", Data::object([("task", Data::object([("id", Data::from(self.task.id.as_str()))]))])),
        ];
        if let Some(user) = &self.task.user {
            context.push(("user", user.clone()));
        }
        match scope {
            Scope::Plain => {}
            Scope::Redacted => context.push(("secrets", redact::stars(&self.task.secrets))),
            Scope::Input(each) => {
                context.push(("secrets", self.task.secrets.clone()));
                context.extend(each.map(|each| ("each", each.clone())));
            }
            Scope::Bare(each) => {
                context.push(("secrets", empty()));
                context.extend(each.map(|each| ("each", each.clone())));
            }
        }
        self.renderer().prepare(Data::object(context)).map_err(|error| error.message)
    }

    fn say(&mut self, step: Option<&str>, status: Option<&'static str>, message: String) {
        let step = step.map(str::to_owned);
        self.events.push_back(Event::Log(Log { step, status, message }));
    }

    fn fail(&mut self, step: &str, error: &str) {
        let error = self.redactions.redact(error);
        self.say(Some(step), Some("failed"), error.clone());
        if self.first_error.is_none() {
            self.first_error = Some(error);
        } else {
            self.say(Some(step), Some("failed"), format!("Additional error occurred: {error}"));
        }
        self.capabilities.set_failed();
    }

    fn output(&mut self) -> Result<Data, String> {
        let context = self.prepare(Scope::Plain)?;
        let output = self.render("output", None, &self.task.output, &context);
        Ok(outcome::shown(output.unwrap_or_default()))
    }

    fn end(&mut self, result: Result<Data, String>) {
        self.finished = true;
        self.events.push_back(Event::Finished(result));
    }
}

/// How much a template may see.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Plain,
    /// The names of secrets, with stars for what they are.
    Redacted,
    /// All, as only inputs do.
    Input(Option<&'a Data>),
    /// The same without secrets, which shows what came from them.
    Bare(Option<&'a Data>),
}
