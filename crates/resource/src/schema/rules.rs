//! `x-kubernetes-validations`: rules as authors wrote them.

use serde_json::{Map, Value};

use super::SchemaError;
use super::node::Node;
use super::place::Place;

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) source: String,
    pub(super) message: Option<String>,
}

impl Rule {
    /// What the rule demands, in its author's words where there are some.
    pub(super) fn said(&self) -> &str {
        self.message.as_deref().unwrap_or(&self.source).trim()
    }
}

/// Reads the rules of one schema.
pub(super) fn read(
    keywords: &Map<String, Value>,
    _node: &Node,
    _place: &Place<'_>,
    _errors: &mut Vec<SchemaError>,
) -> Vec<Rule> {
    let text = |rule: &Value, key: &str| rule.get(key).and_then(Value::as_str).map(str::to_owned);
    let rules = keywords.get("x-kubernetes-validations").and_then(Value::as_array);
    rules
        .into_iter()
        .flatten()
        .map(|rule| Rule { source: text(rule, "rule").unwrap_or_default(), message: text(rule, "message") })
        .collect()
}
