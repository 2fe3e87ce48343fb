//! Comparing plat's answer with the recorded one.

use plat_resource::{FieldPath, Segment, Value, object};

use super::case::{Answer, Case, Form};

/// How a case ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The same.
    Identical,
    /// Not the same: the first difference.
    Differs(String),
    /// Plat refused what the real program renders.
    Error(String),
    /// The case needs a function that plat does not have.
    Unsupported(String),
    /// Not the same, and rightly so: why.
    Explained(String),
}

impl Verdict {
    /// One word for the table.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Differs(_) => "differs",
            Self::Error(_) => "error",
            Self::Unsupported(_) => "unsupported",
            Self::Explained(_) => "explained",
        }
    }

    /// What there is to say.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::Identical => None,
            Self::Differs(detail) | Self::Error(detail) | Self::Unsupported(detail) | Self::Explained(detail) => {
                Some(detail)
            }
        }
    }
}

/// Compares. Without `strict`, Result and Context documents are not looked at and any refusal equals any other.
pub(crate) fn verdict(case: &Case, answer: &Answer, strict: bool) -> Verdict {
    match (&case.expected, answer) {
        (_, Answer::Unsupported(reason)) => Verdict::Unsupported(reason.clone()),
        (Err(real), Answer::Refused(ours)) if strict && case.form == Form::Converted => refusals(real, ours),
        (Err(_), Answer::Refused(_)) => Verdict::Identical,
        (Err(real), Answer::Rendered(ours)) if case.form == Form::Original && left_out(real, ours) => {
            let reason =
                "Crossplane 1.x leaves the resource out with a warning, where the pipeline it converts to stops";
            Verdict::Explained(format!("{reason}: {}", cause(real)))
        }
        (Err(real), Answer::Rendered(_)) => Verdict::Differs(format!("the real program refuses: {}", cause(real))),
        (Ok(_), Answer::Refused(ours)) => Verdict::Error(ours.clone()),
        (Ok(real), Answer::Rendered(ours)) => {
            let strict = strict && case.form == Form::Converted;
            rendered(real, ours, strict).map_or(Verdict::Identical, Verdict::Differs)
        }
    }
}

/// The part of a refusal that says what was wrong.
fn cause(text: &str) -> &str {
    let text = text.trim().trim_end_matches(": exit status 1");
    ["cannot compose resources: ", "reconcile failed: ", "crossplane: error: "]
        .iter()
        .find_map(|start| text.rsplit_once(start).map(|(_, cause)| cause))
        .unwrap_or(text)
}

/// Whether plat warned of just what the real pipeline stopped at.
fn left_out(real: &str, ours: &[Value]) -> bool {
    let Some((_, refusal)) = cause(real).split_once("returned a fatal result: ") else { return false };
    let warned = |value: &Value| {
        let message = value.get("message").and_then(Value::as_str).unwrap_or("");
        message.starts_with("cannot compose resource ") && message.ends_with(refusal)
    };
    ours.iter().any(warned)
}

/// Both refusals must name the same step, resource, patch and cause; the words around may differ.
fn refusals(real: &str, ours: &str) -> Verdict {
    let facts = |text: &str| {
        let squeezed: String = cause(text).split_whitespace().collect::<Vec<_>>().join(" ");
        squeezed
    };
    let (real, ours) = (facts(real), facts(ours));
    if real == ours { Verdict::Identical } else { Verdict::Differs(format!("refusal {ours:?}, real {real:?}")) }
}

fn rendered(real: &[Value], ours: &[Value], strict: bool) -> Option<String> {
    let resources = |all: &[Value]| all.iter().filter(|value| !is_talk(value)).cloned().collect::<Vec<_>>();
    let (real_resources, our_resources) = (resources(real), resources(ours));
    for (real, ours) in real_resources.iter().zip(&our_resources) {
        if let Some(difference) = first_difference(real, ours, &FieldPath::default()) {
            return Some(format!("{} {}: {difference}", kind(real), object::name(real)));
        }
    }
    if real_resources.len() != our_resources.len() {
        return Some(format!("{} documents, real {}", our_resources.len(), real_resources.len()));
    }
    if strict { talk(real, ours) } else { None }
}

fn kind(value: &Value) -> &str {
    value.get("kind").and_then(Value::as_str).unwrap_or("")
}

fn is_talk(value: &Value) -> bool {
    value.get("apiVersion").and_then(Value::as_str) == Some("render.crossplane.io/v1beta1")
}

/// Results as a set (the real program's order is that of a Go map), the Context as it is.
fn talk(real: &[Value], ours: &[Value]) -> Option<String> {
    let sorted = |all: &[Value], of: &str| {
        let mut texts: Vec<String> =
            all.iter().filter(|value| is_talk(value) && kind(value) == of).map(ToString::to_string).collect();
        texts.sort();
        texts
    };
    for of in ["Result", "Context"] {
        let (real, ours) = (sorted(real, of), sorted(ours, of));
        let missing = real.iter().find(|text| !ours.contains(text));
        let extra = ours.iter().find(|text| !real.contains(text));
        if let Some(text) = missing.or(extra) {
            let who = if missing.is_some() { "the real program's" } else { "plat's" };
            return Some(format!("only {who}: {text}"));
        }
    }
    None
}

/// The first place where two values differ.
fn first_difference(real: &Value, ours: &Value, at: &FieldPath) -> Option<String> {
    match (real, ours) {
        (Value::Object(left), Value::Object(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            keys.into_iter().find_map(|key| match (left.get(key), right.get(key)) {
                (Some(real), Some(ours)) => first_difference(real, ours, &at.key(key)),
                (Some(real), None) => Some(format!("{} is missing, real {real}", at.key(key))),
                (None, ours) => Some(format!("{} is {}, real nothing", at.key(key), ours.unwrap_or(&Value::Null))),
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).enumerate().find_map(|(index, (real, ours))| {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                first_difference(real, ours, &at.join(Segment::Index(index)))
            })
        }
        _ if real == ours => None,
        _ => Some(format!("{at} is {ours}, real {real}")),
    }
}
