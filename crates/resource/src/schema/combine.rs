//! `anyOf`, `oneOf`, `allOf` and `not`.

use serde_json::Value;

use super::node::Node;
use super::place::Place;
use super::text::quoted;
use super::validate::{Outcome, strict};

/// Validates a value against all combinations that a schema names. They hold whatever the value was before.
pub(super) fn validate(value: &Value, node: &Node, place: &Place<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    if !node.any_of.is_empty() {
        any_of(value, node, place, &mut outcome);
    }
    if !node.one_of.is_empty() {
        one_of(value, node, place, &mut outcome);
    }
    if !node.all_of.is_empty() {
        all_of(value, node, place, &mut outcome);
    }
    if let Some(child) = node.not.as_deref()
        && strict(value, None, child, place).is_valid()
    {
        outcome.add_general(place, &format!("{} must not validate the schema (not)", quoted(&place.dotted())));
    }
    outcome.matches += 1;
    outcome
}

/// The failure that passed most checks says best what is missing.
fn keep_better(best: &mut Option<Outcome>, failure: Outcome) {
    if best.as_ref().is_none_or(|best| failure.matches > best.matches) {
        *best = Some(failure);
    }
}

fn any_of(value: &Value, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let mut best = None;
    for child in &node.any_of {
        let result = strict(value, None, child, place);
        if result.is_valid() {
            return outcome.merge(result);
        }
        keep_better(&mut best, result);
    }
    outcome.add_general(place, &format!("{} must validate at least one schema (anyOf)", quoted(&place.dotted())));
    outcome.merge(best.unwrap_or_default());
}

fn one_of(value: &Value, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let mut valid = Vec::new();
    let mut best = None;
    for child in &node.one_of {
        let result = strict(value, None, child, place);
        if result.is_valid() {
            valid.push(result);
        } else if valid.is_empty() {
            keep_better(&mut best, result);
        }
    }
    let found = match valid.len() {
        1 => return valid.into_iter().for_each(|result| outcome.merge(result)),
        0 => "Found none valid".to_owned(),
        count => {
            best = None;
            format!("Found {count} valid alternatives")
        }
    };
    let path = quoted(&place.dotted());
    outcome.add_general(place, &format!("{path} must validate one and only one schema (oneOf). {found}"));
    outcome.merge(best.unwrap_or_default());
}

fn all_of(value: &Value, node: &Node, place: &Place<'_>, outcome: &mut Outcome) {
    let mut passed = 0;
    for child in &node.all_of {
        let result = strict(value, None, child, place);
        passed += usize::from(result.is_valid());
        outcome.merge(result);
    }
    if passed != node.all_of.len() {
        let all_failed = if passed == 0 { ". None validated" } else { "" };
        let path = quoted(&place.dotted());
        outcome.add_general(place, &format!("{path} must validate all the schemas (allOf){all_failed}"));
    }
}
