//! The plan as a comment on a pull request: totals, a table of claims, then trees with fields folded away.
//!
//! Everything from the input stands in code spans, code blocks or escaped HTML, so that it can neither format, link nor
//! mention anybody. The whole stays within [`MARKDOWN_LIMIT`], and says what was left out for that.

use std::fmt::Write as _;

use super::fields;
use super::guardrails;
use super::text::{failure_lines, is_in_title, marker, remarks, result_lines, sentences, title};
use super::value::{escape, escape_lines};
use crate::model::{Action, ClaimPlan, Node, Note, Plan, Role, Summary, UnknownField};

/// The most characters that GitHub takes in one comment; counted here in bytes, which are never fewer.
pub const MARKDOWN_LIMIT: usize = 65_536;

/// Kept free for the sentence that says what was left out.
const RESERVE: usize = 400;
/// The table of claims takes no more than this.
const TABLE_LIMIT: usize = MARKDOWN_LIMIT / 4;
/// Objects of one claim's tree.
const TREE_LINES: usize = 120;
/// Lines of messages of one claim.
const MESSAGE_LINES: usize = 40;
/// Resources with more fields than this start folded.
const OPEN_FIELDS: usize = 12;
/// Characters of one line in a block.
const LINE: usize = 400;
/// Characters of one value.
const VALUE: usize = 120;

/// The plan in GitHub's Markdown.
pub fn markdown(plan: &Plan) -> String {
    let mut comment = Comment { out: String::new(), claims_left_out: 0, objects_left_out: 0 };
    comment.totals(&plan.summary);
    let (changed, unchanged): (Vec<_>, Vec<_>) = plan.claims.iter().partition(|claim| is_worth_a_section(claim));
    comment.table(&changed, &unchanged);
    for claim in changed {
        comment.section(claim);
    }
    comment.finish()
}

fn is_worth_a_section(claim: &ClaimPlan) -> bool {
    claim.tree.has_changes()
        || claim.tree.has_verdicts()
        || claim.failure.is_some()
        || !claim.results.is_empty()
        || !claim.warnings.is_empty()
}

struct Comment {
    out: String,
    claims_left_out: usize,
    objects_left_out: usize,
}

impl Comment {
    fn add(&mut self, piece: &str) -> bool {
        let fits = self.out.len() + piece.len() <= MARKDOWN_LIMIT - RESERVE;
        if fits {
            self.out.push_str(piece);
        }
        fits
    }

    fn totals(&mut self, summary: &Summary) {
        let Summary { add, change, replace, destroy, unchanged, blocked, unknown, .. } = summary;
        let _ = write!(
            self.out,
            "### Plan: {}\n\n\
             | add | change | replace | destroy | unchanged | blocked | unknown |\n\
             |---:|---:|---:|---:|---:|---:|---:|\n\
             | {add} | {change} | {replace} | {destroy} | {unchanged} | {blocked} | {unknown} |\n",
            counts(summary)
        );
    }

    fn table(&mut self, changed: &[&ClaimPlan], unchanged: &[&ClaimPlan]) {
        if changed.len() + unchanged.len() < 2 {
            return;
        }
        self.out.push_str("\n| claim | kind | composition | plan |\n|---|---|---|---|\n");
        let mut left_out = 0;
        for claim in changed.iter().chain(unchanged) {
            let row = format!(
                "| {} | {} | {} | {} |\n",
                cell(&name_of(claim)),
                cell(&claim.given.object.kind.kind),
                cell(&claim.composition),
                status(claim)
            );
            if self.out.len() + row.len() > TABLE_LIMIT {
                left_out += 1;
            } else {
                self.out.push_str(&row);
            }
        }
        if left_out > 0 {
            let _ = writeln!(self.out, "\nand {left_out} more claims.");
        }
    }

    fn section(&mut self, claim: &ClaimPlan) {
        let mut nodes = Vec::new();
        flatten(&claim.tree, 0, &mut nodes);
        let namespace = &claim.given.object.namespace;
        if !self.add(&heading(claim, &nodes)) {
            self.claims_left_out += 1;
            return;
        }
        self.add(&guardrails_of(claim));
        self.add(&messages(claim));
        for (_, node) in nodes {
            if (has_details(node)) && !self.add(&details(node, namespace)) {
                self.objects_left_out += 1;
            }
        }
    }

    fn finish(mut self) -> String {
        if self.claims_left_out + self.objects_left_out > 0 {
            let _ = write!(
                self.out,
                "\n> Left out to stay within {MARKDOWN_LIMIT} characters: {} claims, and the fields of {} objects. \
                 The plan as text or JSON has them all.\n",
                self.claims_left_out, self.objects_left_out
            );
        }
        self.out
    }
}

fn counts(summary: &Summary) -> String {
    let Summary { add, change, replace, destroy, .. } = summary;
    let denied = match summary.guardrails.denied {
        0 => String::new(),
        denied => format!(", {denied} denied"),
    };
    format!("{add} to add, {change} to change, {replace} to replace, {destroy} to destroy{denied}")
}

fn status(claim: &ClaimPlan) -> String {
    let mut parts = Vec::new();
    if claim.failure.is_some() {
        parts.push("**failed**".to_owned());
    }
    if claim.paused {
        parts.push("paused".to_owned());
    }
    let Summary { blocked, unknown, .. } = claim.summary;
    let is_judged = claim.summary.guardrails.denied > 0;
    parts.push(if claim.summary.has_changes() || is_judged { counts(&claim.summary) } else { "unchanged".to_owned() });
    if blocked > 0 {
        parts.push(format!("{blocked} blocked"));
    }
    if unknown > 0 {
        parts.push(format!("{unknown} unknown"));
    }
    parts.join(", ")
}

fn name_of(claim: &ClaimPlan) -> String {
    let object = &claim.given.object;
    if object.namespace.is_empty() { object.name.clone() } else { format!("{}/{}", object.namespace, object.name) }
}

/// The tree in order, each node with its depth; a claim and its XR are on one level.
fn flatten<'a>(node: &'a Node, depth: usize, nodes: &mut Vec<(usize, &'a Node)>) {
    nodes.push((depth, node));
    let below = if node.role == Role::Claim { depth } else { depth + 1 };
    for child in &node.children {
        flatten(child, below, nodes);
    }
}

fn heading(claim: &ClaimPlan, nodes: &[(usize, &Node)]) -> String {
    let kind = &claim.given.object.kind;
    let mut text = format!("\n#### {} ({})\n\n", span(&name_of(claim)), span(&kind.to_string()));
    if !claim.composition.is_empty() {
        let _ = write!(text, "Composition {}: {}\n\n", span(&claim.composition), prose(&claim.composition_reason));
    }
    if claim.paused {
        text.push_str("Paused: nothing below takes effect until `crossplane.io/paused` is removed.\n\n");
    }
    let mut lines: Vec<String> = nodes
        .iter()
        .take(TREE_LINES)
        .map(|(depth, node)| {
            let title = title(node, &claim.given.object.namespace);
            let remarks = remarks(node).map_or_else(String::new, |remarks| format!("   {remarks}"));
            // The sign comes first, so that GitHub colours the line.
            format!("{:<3} {:indent$}{title}{remarks}", marker(node.action), "", indent = depth * 2)
        })
        .collect();
    if nodes.len() > TREE_LINES {
        lines.push(format!("    … {} more objects", nodes.len() - TREE_LINES));
    }
    text.push_str(&block("diff", &lines));
    text
}

/// What guardrails say, as a table: what is refused has to be seen without unfolding anything.
fn guardrails_of(claim: &ClaimPlan) -> String {
    let findings = guardrails::of_tree(&claim.tree);
    if findings.is_empty() {
        return String::new();
    }
    let mut text = "\n**Guardrails**\n\n| action | constraint | what it says |\n|---|---|---|\n".to_owned();
    for finding in findings.iter().take(MESSAGE_LINES) {
        let lines = std::iter::once(guardrails::sentence(finding)).chain(guardrails::below(finding));
        let says: Vec<String> = lines.map(|line| cell(&line)).collect();
        let (action, name) = (cell(guardrails::word(&finding.action)), cell(&finding.constraint.name));
        let _ = writeln!(text, "| {action} | {name} | {} |", says.join("<br>"));
    }
    let more = findings.len().saturating_sub(MESSAGE_LINES);
    if more > 0 {
        let _ = writeln!(text, "\nand {more} more.");
    }
    text
}

fn messages(claim: &ClaimPlan) -> String {
    let mut lines = Vec::new();
    lines.extend(claim.failure.iter().flat_map(failure_lines).map(|line| format!("failed   {line}")));
    lines.extend(claim.results.iter().flat_map(result_lines));
    lines
        .extend(claim.warnings.iter().flat_map(|warning| escape_lines(warning)).map(|line| format!("warning  {line}")));
    lines.extend(claim.unknowns.iter().map(|UnknownField { field, reason }| {
        let field = if field.is_empty() { String::new() } else { format!("{}: ", escape(field)) };
        format!("unknown  {field}{}", escape(reason))
    }));
    if lines.is_empty() {
        return String::new();
    }
    let more = lines.len().saturating_sub(MESSAGE_LINES);
    lines.truncate(MESSAGE_LINES);
    if more > 0 {
        lines.push(format!("… {more} more"));
    }
    format!("\n{}", block("text", &lines))
}

fn has_details(node: &Node) -> bool {
    let is_shown = |change: &crate::model::Change| is_shown(change, node);
    node.action != Action::NoOp && node.changes.iter().any(is_shown) || !sentences(node).is_empty()
}

fn is_shown(change: &crate::model::Change, node: &Node) -> bool {
    !change.notes.contains(&Note::Status) && !is_in_title(change, node)
}

fn details(node: &Node, namespace: &str) -> String {
    let changes: Vec<_> = node.changes.iter().filter(|change| is_shown(change, node)).collect();
    let is_new = node.is_new();
    let mut lines = sentences(node);
    let width = changes.iter().map(|change| change.path.chars().count()).max().unwrap_or(0).min(60);
    for change in &changes {
        let line = fields::line(change, node, is_new, VALUE);
        let origin = line.origin.map_or_else(String::new, |origin| format!("   {origin}"));
        lines.push(format!("{:width$}   {}{origin}", line.path, line.value));
    }
    let open = if changes.len() <= OPEN_FIELDS && node.action != Action::Create { " open" } else { "" };
    let summary = html(&format!("{} {}", marker(node.action), title(node, namespace)));
    let count = match changes.len() {
        1 => "1 field".to_owned(),
        count => format!("{count} fields"),
    };
    format!(
        "\n<details{open}><summary><code>{summary}</code> {count}</summary>\n\n{}\n</details>\n",
        block("text", &lines)
    )
}

/// A code block whose fence is longer than any run of backticks in it.
fn block(language: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| shorten(line.trim_end())).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// A code span whose ticks are longer than any run of backticks in it.
fn span(text: &str) -> String {
    let text = shorten(&escape(text));
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A code span in a table, where a bar would end the cell even inside of code.
fn cell(text: &str) -> String {
    span(text).replace('|', "\\|")
}

/// A sentence as it is where nothing in it can be taken for markup or a mention, else as code.
fn prose(text: &str) -> String {
    let is_harmless = |character: char| character.is_ascii_alphanumeric() || " ,.:;()'\"{}=/-".contains(character);
    if text.chars().all(is_harmless) && !text.contains("//") { shorten(text) } else { span(text) }
}

fn html(text: &str) -> String {
    let mut safe = String::new();
    for character in shorten(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= LINE {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LINE - 1).collect();
    short.push('…');
    short
}
