//! The field lines below one object: path, values, origin; shared by text and Markdown.

use std::fmt::Write as _;

use plat_expand::Origin;

use super::value::{escape, inline, inline_pair};
use crate::model::{Change, Node, Note};

/// Values never get less room than this, however long their path is.
const LEAST_VALUE: usize = 16;

/// One change, ready to be placed.
pub(super) struct FieldLine {
    pub path: String,
    pub value: String,
    /// Where the value comes from, or why it is not known.
    pub origin: Option<String>,
}

/// The line of `change` of `node` where values have `room` characters; `is_new` says that the whole object is new.
pub(super) fn line(change: &Change, node: &Node, is_new: bool, room: usize) -> FieldLine {
    let is_unknown = change.notes.contains(&Note::KnownAfterApply);
    let unknown = node.unknowns.iter().find(|unknown| is_unknown && *unknown.field == *change.path);
    FieldLine {
        path: escape(&change.path),
        value: value(change, is_new, room.max(LEAST_VALUE)),
        origin: unknown.map(|unknown| escape(&unknown.reason)).or_else(|| change.origin.as_deref().map(origin)),
    }
}

fn value(change: &Change, is_new: bool, room: usize) -> String {
    let has = |note: Note| change.notes.contains(&note);
    let half = (room.saturating_sub(3) / 2).max(LEAST_VALUE / 2);
    let mut text = match (&change.before, &change.after) {
        _ if has(Note::KnownAfterApply) => {
            let before = change.before.as_ref().map(|before| format!("{} → ", inline(before, half)));
            format!("{}(known after apply)", before.unwrap_or_default())
        }
        (Some(_), Some(_)) if has(Note::Sensitive) => "(sensitive, changed)".to_owned(),
        (None, Some(_)) if has(Note::Sensitive) => "(sensitive)".to_owned(),
        (Some(_), None) if has(Note::Sensitive) => "(sensitive) → (removed)".to_owned(),
        (Some(before), Some(after)) => {
            let (old, new) = inline_pair(before, after, half);
            if has(Note::Defaulted) { format!("{old} → (default {new})") } else { format!("{old} → {new}") }
        }
        (None, Some(after)) if has(Note::Defaulted) => format!("(default {})", inline(after, room)),
        (None, Some(after)) if is_new => inline(after, room),
        (None, Some(after)) => format!("(none) → {}", inline(after, room.saturating_sub(9))),
        (Some(before), None) => format!("{} → (removed)", inline(before, room.saturating_sub(12))),
        (None, None) => String::new(),
    };
    if has(Note::Immutable) {
        text.push_str(", immutable");
    }
    if let Some(manager) = &change.set_by {
        let _ = write!(text, " (set by {})", escape(manager));
    }
    text
}

/// `← spec.size via patch 3 of "instance", step "compose"`; patches count from 0, as in Crossplane's own messages.
pub(super) fn origin(origin: &Origin) -> String {
    let mut text = "← ".to_owned();
    if !origin.from.is_empty() {
        match origin.source.as_str() {
            "" | "composite" => {}
            "environment" => text.push_str("environment "),
            resource => {
                let _ = write!(text, "\"{}\" ", escape(resource));
            }
        }
        text.push_str(&escape(&origin.from.join(", ")));
        text.push_str(" via ");
    }
    let _ = write!(text, "patch {}", origin.patch);
    if let Some(set) = &origin.patch_set {
        let _ = write!(text, " (patch set \"{}\")", escape(set));
    }
    let _ = write!(text, " of \"{}\"", escape(&origin.resource));
    if !origin.step.is_empty() {
        let _ = write!(text, ", step \"{}\"", escape(&origin.step));
    }
    text
}
