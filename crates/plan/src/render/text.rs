//! The plan for a terminal: header, tree, fields with their origins, messages, totals.

use std::fmt::Write as _;

use plat_expand::{Failure, ResultSeverity, StepResult};
use plat_resource::ObjectKey;

use super::fields::{self, FieldLine};
use super::guardrails::{self, FindingStyle};
use super::value::{escape, escape_lines, wrap};
use crate::model::{Action, Change, ClaimPlan, Node, Note, Plan, Role, Summary};

/// How the text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether to use ANSI colours; they never carry a meaning alone.
    pub color: bool,
    /// Columns to keep within, where the input allows it.
    pub width: usize,
    /// Whether objects that stay as they are get a line.
    pub show_unchanged: bool,
    /// Whether status that Crossplane would write is shown.
    pub show_status: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { color: false, width: 80, show_unchanged: true, show_status: false }
    }
}

/// The whole plan. Its last line is `Plan: N to add, N to change, N to replace, N to destroy.`, and ` N denied.` where a
/// guardrail refuses.
pub fn text(plan: &Plan, options: &TextOptions) -> String {
    let mut out = String::new();
    for claim in &plan.claims {
        out.push_str(&text_of_claim(claim, options));
        out.push('\n');
    }
    out.push_str(&text_of_summary(&plan.summary));
    out
}

/// The totals: what has no effect or is not known, where there is such a thing, then the last line of a plan.
pub fn text_of_summary(summary: &Summary) -> String {
    let mut out = String::new();
    if summary.blocked > 0 {
        let _ = writeln!(out, "Blocked: {} without effect.", summary.blocked);
    }
    if summary.unknown > 0 {
        let _ = writeln!(out, "Unknown: {} known only after apply.", summary.unknown);
    }
    let Summary { add, change, replace, destroy, .. } = summary;
    let _ = write!(out, "Plan: {add} to add, {change} to change, {replace} to replace, {destroy} to destroy.");
    if summary.guardrails.denied > 0 {
        let _ = write!(out, " {} denied.", summary.guardrails.denied);
    }
    out.push('\n');
    out
}

/// One claim or XR: header, tree and messages.
pub fn text_of_claim(claim: &ClaimPlan, options: &TextOptions) -> String {
    let mut writer = Writer { out: String::new(), options, namespace: &claim.given.object.namespace, hidden: 0 };
    writer.header(claim);
    writer.line("");
    writer.node(&claim.tree, 2);
    if writer.hidden > 0 {
        let hidden = format!("  = {} unchanged", writer.hidden);
        writer.line(&hidden);
    }
    writer.messages(claim);
    writer.out
}

/// The sign in front of an object.
pub(super) fn marker(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::Delete => "-",
        Action::NoOp => "=",
        Action::Unknown => "?",
        Action::Blocked => "!",
    }
}

const RESET: &str = "\u{1b}[0m";
const DIM: &str = "\u{1b}[2m";
const BOLD: &str = "\u{1b}[1m";

fn color(action: Action) -> &'static str {
    match action {
        Action::Create => "\u{1b}[32m",
        Action::Update | Action::Blocked => "\u{1b}[33m",
        Action::Replace => "\u{1b}[35m",
        Action::Delete => "\u{1b}[31m",
        Action::NoOp => DIM,
        Action::Unknown => "\u{1b}[36m",
    }
}

/// What an object is called in the tree.
pub(super) fn title(node: &Node, namespace: &str) -> String {
    let ObjectKey { kind, .. } = &node.object;
    let name = match (&node.generate_name, node.object.name.is_empty()) {
        (Some(prefix), _) => format!("{}(known after apply)", escape(prefix)),
        (None, true) => "(name known after apply)".to_owned(),
        (None, false) => escape(&node.object.name),
    };
    let elsewhere = !node.object.namespace.is_empty() && node.object.namespace != namespace;
    let name = if elsewhere { format!("{}/{name}", escape(&node.object.namespace)) } else { name };
    match node.role {
        Role::Claim => format!("claim {name}"),
        Role::Composite => format!("{}/{name}", escape(&kind.kind)),
        Role::Composed => {
            let group = if kind.group.is_empty() { &kind.version } else { &kind.group };
            format!("{}/{}  {name}", escape(group), escape(&kind.kind))
        }
    }
}

/// What stands in brackets behind the title.
pub(super) fn remarks(node: &Node) -> Option<String> {
    let mut remarks = Vec::new();
    remarks.extend(node.resource.as_deref().map(escape));
    remarks.extend(node.composition.as_deref().map(|name| format!("composition {}", escape(name))));
    let is_live = matches!(node.action, Action::Update | Action::NoOp | Action::Replace);
    if is_live && node.ready == Some(false) {
        remarks.push("not ready".to_owned());
    }
    if unknown_name(node).is_some() {
        remarks.push("known after apply: name".to_owned());
    }
    (!remarks.is_empty()).then(|| format!("({})", remarks.join(", ")))
}

/// Why the name in the title is no more than a guess, where it is one.
pub(super) fn unknown_name(node: &Node) -> Option<&str> {
    let unknown = node.unknowns.iter().find(|unknown| *unknown.field == *NAME && node.generate_name.is_none())?;
    // The XR of a claim is told of below the tree.
    node.resource.is_some().then_some(unknown.reason.as_str())
}

/// The reasons for all such names of a tree, each once.
fn unknown_names<'a>(node: &'a Node, reasons: &mut std::collections::BTreeSet<&'a str>) {
    reasons.extend(unknown_name(node));
    for child in &node.children {
        unknown_names(child, reasons);
    }
}

/// Whether a change is told by the title already.
pub(super) fn is_in_title(change: &Change, node: &Node) -> bool {
    *change.path == *NAME && unknown_name(node).is_some()
}

const NAME: &str = "metadata.name";

/// Sentences below an object: what blocks it, notes, what is not known.
pub(super) fn sentences(node: &Node) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(blocked) = &node.blocked {
        let would = match blocked.would {
            Action::Create => "creation",
            Action::Delete => "deletion",
            Action::Replace => "replacement",
            _ => "change",
        };
        sentences.push(format!("{would} blocked: {}", escape(&blocked.reason)));
    }
    sentences.extend(node.notes.iter().map(|note| escape(note)));
    let is_on_a_field = |field: &str| node.changes.iter().any(|change| &*change.path == field);
    let is_told = |field: &str| is_on_a_field(field) || (field == NAME && unknown_name(node).is_some());
    for unknown in node.unknowns.iter().filter(|unknown| !is_told(&unknown.field)) {
        let field = if unknown.field.is_empty() { String::new() } else { format!("{}: ", escape(&unknown.field)) };
        sentences.push(format!("{field}known after apply: {}", escape(&unknown.reason)));
    }
    sentences
}

struct Writer<'a> {
    out: String,
    options: &'a TextOptions,
    namespace: &'a str,
    hidden: usize,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.options.color { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }

    fn header(&mut self, claim: &ClaimPlan) {
        let object = &claim.given.object;
        let namespace = if object.namespace.is_empty() { String::new() } else { format!("{}/", object.namespace) };
        let label = if claim.given.role == Role::Claim { "Claim" } else { "XR   " };
        let name = self.paint(BOLD, &escape(&format!("{namespace}{}", object.name)));
        let kind = escape(&format!("({}, {})", object.kind.kind, object.kind.api_version()));
        self.line(&format!("{label}  {name}   {kind}"));
        if !claim.composition.is_empty() {
            let reason = match claim.composition_reason.as_str() {
                "" => String::new(),
                reason => format!(": {}", escape(reason)),
            };
            self.labelled("Uses   ", &format!("composition {}{reason}", escape(&claim.composition)));
        }
        if claim.paused {
            self.labelled("Paused ", "crossplane.io/paused is set: nothing below takes effect until it is removed");
        }
    }

    /// `label` in front of the first line, later lines below its text.
    fn labelled(&mut self, label: &str, text: &str) {
        let indent = label.chars().count();
        for (index, line) in wrap(text, self.options.width.saturating_sub(indent)).into_iter().enumerate() {
            if index == 0 {
                self.line(&format!("{label}{line}"));
            } else {
                self.line(&format!("{:indent$}{line}", ""));
            }
        }
    }

    fn node(&mut self, node: &Node, indent: usize) {
        if node.action == Action::NoOp && !self.options.show_unchanged && !node.has_changes() {
            let mut hidden = Summary::default();
            hidden.count(node);
            self.hidden += hidden.unchanged;
            return;
        }
        self.title(node, indent);
        for sentence in sentences(node) {
            self.labelled(&" ".repeat(indent + 4), &sentence);
        }
        if node.action != Action::NoOp || self.options.show_status {
            self.fields(node, indent + 4);
        }
        // A claim and its XR are one thing to the reader: they stand below each other.
        let below = if node.role == Role::Claim { indent } else { indent + 2 };
        for child in &node.children {
            self.node(child, below);
        }
    }

    fn title(&mut self, node: &Node, indent: usize) {
        let marker = marker(node.action);
        let title = title(node, self.namespace);
        let length = indent + marker.len() + 1 + title.chars().count();
        let line = if node.action == Action::NoOp {
            self.paint(DIM, &format!("{marker} {title}"))
        } else {
            format!("{} {title}", self.paint(color(node.action), marker))
        };
        let remarks = remarks(node).unwrap_or_default();
        if length + 3 + remarks.chars().count() <= self.options.width {
            self.line(&format!("{:indent$}{line}   {remarks}", ""));
        } else {
            self.line(&format!("{:indent$}{line}", ""));
            self.line(&format!("{:indent$}    {remarks}", ""));
        }
    }

    fn fields(&mut self, node: &Node, indent: usize) {
        let is_status = |change: &Change| change.notes.contains(&Note::Status);
        let is_shown =
            |change: &&Change| (self.options.show_status || !is_status(change)) && !is_in_title(change, node);
        let shown: Vec<&Change> = node.changes.iter().filter(is_shown).collect();
        let room = self.options.width.saturating_sub(indent);
        let longest = shown.iter().map(|change| change.path.chars().count()).max().unwrap_or(0);
        let column = longest.min(room / 2);
        let is_new = node.is_new();
        for change in shown {
            // A value that does not fit behind its path gets a line of its own; only what is longer yet is cut.
            let line = fields::line(change, node, is_new, room.saturating_sub(2));
            self.field(&line, indent, column);
        }
    }

    fn field(&mut self, line: &FieldLine, indent: usize, column: usize) {
        let path = line.path.chars().count().max(column);
        let mut text = format!("{:indent$}{:column$}", "", line.path);
        let mut length = indent + path;
        let needed = line.value.chars().count();
        if length + 3 + needed > self.options.width {
            self.line(&text);
            text = format!("{:indent$}  {}", "", line.value);
            length = indent + 2 + needed;
        } else {
            let _ = write!(text, "   {}", line.value);
            length += 3 + needed;
        }
        let Some(origin) = &line.origin else { return self.line(&text) };
        if length + 3 + origin.chars().count() <= self.options.width {
            let origin = self.paint(DIM, origin);
            return self.line(&format!("{text}   {origin}"));
        }
        self.line(&text);
        self.origin(origin, indent + 2);
    }

    /// An origin on lines of its own; it breaks before `via` first.
    fn origin(&mut self, origin: &str, indent: usize) {
        let fits = indent + origin.chars().count() <= self.options.width;
        let (first, rest) = match origin.split_once(" via ") {
            Some((from, via)) if !fits => (from, Some(format!("via {via}"))),
            _ => (origin, None),
        };
        let first = self.paint(DIM, first);
        self.line(&format!("{:indent$}{first}", ""));
        if let Some(rest) = rest {
            let rest = self.paint(DIM, &rest);
            self.line(&format!("{:indent$}  {rest}", ""));
        }
    }

    fn messages(&mut self, claim: &ClaimPlan) {
        self.guardrails(claim);
        if let Some(failure) = &claim.failure {
            self.section("Failed", &failure_lines(failure));
        }
        let results: Vec<String> = claim.results.iter().flat_map(result_lines).collect();
        self.section("Results", &results);
        let warnings: Vec<String> = claim.warnings.iter().flat_map(|warning| escape_lines(warning)).collect();
        self.section("Warnings", &warnings);
        let mut names = std::collections::BTreeSet::new();
        unknown_names(&claim.tree, &mut names);
        let names = names.into_iter().map(|reason| format!("metadata.name of new resources: {}", escape(reason)));
        let unknowns = claim.unknowns.iter().map(|unknown| match unknown.field.as_str() {
            "" => escape(&unknown.reason),
            field => format!("{}: {}", escape(field), escape(&unknown.reason)),
        });
        let lines: Vec<String> = names.chain(unknowns).collect();
        self.section("Not known offline", &lines);
    }

    fn guardrails(&mut self, claim: &ClaimPlan) {
        let findings = guardrails::of_tree(&claim.tree);
        if !findings.is_empty() {
            self.line("");
            let heading = self.paint(BOLD, "Guardrails");
            self.line(&heading);
            let TextOptions { color, width, .. } = *self.options;
            let style = FindingStyle { color, width, place: &|_| None };
            self.out.push_str(&guardrails::text_of_findings(&findings, &style));
        }
    }

    fn section(&mut self, heading: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.line("");
        let heading = self.paint(BOLD, heading);
        self.line(&heading);
        for line in lines {
            self.labelled("  ", line);
        }
    }
}

/// A failure in lines: where, why, what to do.
pub(super) fn failure_lines(failure: &Failure) -> Vec<String> {
    let step = failure.step.as_ref().map(|step| format!("step \"{}\"", escape(step)));
    let resource = failure.resource.as_ref().map(|resource| format!("resource \"{}\"", escape(resource)));
    let place = [step, resource].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut lines = escape_lines(&failure.message);
    if let Some(first) = lines.first_mut().filter(|_| !place.is_empty()) {
        *first = format!("{place}: {first}");
    }
    lines.extend(failure.hint.as_ref().map(|hint| format!("hint: {}", escape(hint))));
    lines
}

/// A result in lines: how grave, who says it, what.
pub(super) fn result_lines(result: &StepResult) -> Vec<String> {
    let severity = match result.severity {
        ResultSeverity::Normal => "normal ",
        ResultSeverity::Warning => "warning",
    };
    let step = result.step.as_ref().map_or_else(String::new, |step| format!("step \"{}\": ", escape(step)));
    let mut lines = escape_lines(&result.message);
    match lines.first_mut() {
        Some(first) => *first = format!("{severity}  {step}{first}"),
        None => lines.push(format!("{severity}  {step}{}", escape(&result.reason))),
    }
    lines
}
