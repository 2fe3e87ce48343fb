//! Regular expressions, as Go's RE2 reads them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::Regex;

use plat_resource::go_regex;

use super::arguments::{argument, integer, text};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("regex.is_valid", 1, |_, values| match argument(values, 0)? {
        Value::String(pattern) => Ok(Value::Bool(compiled(pattern).is_ok())),
        _ => Ok(Value::Bool(false)),
    }),
    ("regex.match", 2, matches),
    ("re_match", 2, matches),
    ("regex.split", 2, split),
    ("regex.find_n", 3, find_n),
    ("regex.find_all_string_submatch_n", 3, find_submatches),
    ("regex.replace", 3, replace),
    ("regex.template_match", 4, template_match),
];

/// How many patterns are kept.
const KEPT: usize = 500;

static COMPILED: LazyLock<Mutex<BTreeMap<Arc<str>, Arc<Regex>>>> = LazyLock::new(Mutex::default);

/// A pattern, compiled once.
pub(super) fn compiled(pattern: &Arc<str>) -> Result<Arc<Regex>, Problem> {
    let lock = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get(pattern) {
        return Ok(Arc::clone(found));
    }
    let regex = Arc::new(go_regex::compile(pattern).map_err(|_| Problem::Undefined)?);
    let mut kept = lock();
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(Arc::clone(pattern), Arc::clone(&regex));
    Ok(regex)
}

fn matches(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (pattern, text) = (text(values, 0)?, text(values, 1)?);
    budget.bytes(text.len())?;
    Ok(Value::Bool(compiled(pattern)?.is_match(text)))
}

fn split(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (pattern, text) = (text(values, 0)?, text(values, 1)?);
    let regex = compiled(pattern)?;
    budget.items(text.len() + 1)?;
    // Of an empty text, nothing is left by nothing, and the text by anything else.
    if text.is_empty() {
        return Ok(Value::array(if pattern.is_empty() { vec![] } else { vec![Value::from("")] }));
    }
    // Go gives no empty piece before or after an empty match at either end.
    let mut pieces = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(text) {
        end = found.start();
        if found.end() != 0 {
            pieces.push(Value::from(&text[begin..end]));
        }
        begin = found.end();
    }
    if end != text.len() || pieces.is_empty() {
        pieces.push(Value::from(&text[begin..]));
    }
    Ok(Value::array(pieces))
}

fn limit(values: &[Value]) -> Result<usize, Problem> {
    Ok(usize::try_from(integer(values, 2)?).unwrap_or(usize::MAX))
}

fn find_n(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (pattern, text) = (text(values, 0)?, text(values, 1)?);
    let regex = compiled(pattern)?;
    budget.items(text.len() + 1)?;
    Ok(Value::array(regex.find_iter(text).take(limit(values)?).map(|found| Value::from(found.as_str())).collect()))
}

fn find_submatches(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (pattern, text) = (text(values, 0)?, text(values, 1)?);
    let regex = compiled(pattern)?;
    budget.items((text.len() + 1).saturating_mul(regex.captures_len()))?;
    let groups = |found: regex::Captures<'_>| {
        Value::array(found.iter().map(|group| Value::from(group.map_or("", |group| group.as_str()))).collect())
    };
    Ok(Value::array(regex.captures_iter(text).take(limit(values)?).map(groups).collect()))
}

fn replace(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (given, pattern, template) = (text(values, 0)?, text(values, 1)?, text(values, 2)?);
    let regex = compiled(pattern)?;
    let places = regex.find_iter(given).count();
    let longest = given.len().saturating_add(template.len());
    budget.bytes(given.len().saturating_add(places.saturating_mul(longest)))?;
    Ok(Value::from(regex.replace_all(given, &**template).as_ref()))
}

/// A text with patterns between delimiters.
fn template_match(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (template, matched) = (text(values, 0)?, text(values, 1)?);
    let delimiter = |index| match text(values, index)?.as_bytes() {
        [byte] => Ok(char::from(*byte)),
        _ => Err(Problem::Undefined),
    };
    let (begin, end) = (delimiter(2)?, delimiter(3)?);
    budget.bytes(template.len().saturating_mul(4).saturating_add(matched.len()))?;
    let (mut out, mut depth, mut start) = (String::from("^"), 0_usize, 0);
    for (at, character) in template.char_indices() {
        if character == begin {
            depth += 1;
            if depth == 1 {
                out.push_str(&::regex::escape(&template[start..at]));
                start = at + 1;
            }
        } else if character == end {
            depth = depth.checked_sub(1).ok_or(Problem::Undefined)?;
            if depth == 0 {
                let pattern: Arc<str> = format!("^{}$", &template[start..at]).into();
                compiled(&pattern)?;
                out.push_str(&format!("({})", &template[start..at]));
                start = at + 1;
            }
        }
    }
    if depth != 0 {
        return Err(Problem::Undefined);
    }
    out.push_str(&::regex::escape(&template[start..]));
    out.push('$');
    Ok(Value::Bool(compiled(&out.into())?.is_match(matched)))
}
