//! What Backstage does to an entity before it judges it: placeholders are put in, lists of references are sorted.
//!
//! Owns `$text`, `$json` and `$yaml`. Reading what they name is the shell's: it hands in a [`Reader`].

use plat_resource::javascript::{Map, Value};
use plat_resource::yaml;

use crate::shape::Step;

/// Reads what placeholders name.
pub trait Reader {
    /// The text of `target`, a path relative to the file of the entity or a URL; an error says why there is none.
    fn read(&self, target: &str) -> Result<String, String>;
}

/// Nothing can be read: placeholders are faults.
#[derive(Debug, Clone, Copy)]
pub struct NothingToRead;

impl Reader for NothingToRead {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("files are not read here".to_owned())
    }
}

/// A placeholder that cannot be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadPlaceholder {
    pub(crate) way: Vec<Step>,
    pub(crate) error: String,
}

/// The lists that Backstage sorts.
const SORTED: [&str; 7] =
    ["providesApis", "consumesApis", "dependsOn", "dependencyOf", "memberOf", "children", "members"];

/// Puts in placeholders and sorts lists.
pub(crate) fn prepare(entity: &Value, reader: &dyn Reader) -> Result<Value, BadPlaceholder> {
    let mut entity = fill(entity, reader, &mut Vec::new())?;
    if let Some(spec) = entity.as_map_mut().and_then(|entity| entity.get_mut("spec")).and_then(Value::as_map_mut) {
        for name in SORTED {
            if let Some(Value::List(items)) = spec.get_mut(name)
                && items.iter().all(|item| matches!(item, Value::Text(_)))
            {
                items.sort_by_cached_key(|item| item.as_str().map(|text| text.encode_utf16().collect::<Vec<_>>()));
            }
        }
    }
    Ok(entity)
}

fn fill(value: &Value, reader: &dyn Reader, way: &mut Vec<Step>) -> Result<Value, BadPlaceholder> {
    match value {
        Value::List(items) => {
            let mut filled = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                filled.push(below(Step::Index(index), item, reader, way)?);
            }
            Ok(Value::List(filled))
        }
        Value::Map(map) if map.keys().any(|key| key.starts_with('$')) => match only(map) {
            Some((key @ ("$text" | "$json" | "$yaml"), target)) => resolve(key, target, reader).map_err(|error| {
                BadPlaceholder { way: way.iter().cloned().chain([Step::Key(key.to_owned())]).collect(), error }
            }),
            // More keys, or a resolver that nobody has: left as it is, and not looked into.
            _ => Ok(value.clone()),
        },
        Value::Map(map) => {
            let mut filled = Map::new();
            for (key, value) in map.iter() {
                filled.insert(key, below(Step::Key(key.to_owned()), value, reader, way)?);
            }
            Ok(Value::Map(filled))
        }
        value => Ok(value.clone()),
    }
}

fn below(step: Step, value: &Value, reader: &dyn Reader, way: &mut Vec<Step>) -> Result<Value, BadPlaceholder> {
    way.push(step);
    let filled = fill(value, reader, way);
    way.pop();
    filled
}

fn only(map: &Map) -> Option<(&str, &Value)> {
    map.iter().next().filter(|_| map.len() == 1)
}

fn resolve(key: &str, target: &Value, reader: &dyn Reader) -> Result<Value, String> {
    let Some(target) = target.as_str() else {
        return Err(format!(
            "Placeholder {key} expected a string value parameter, in the form of an absolute URL or a relative path"
        ));
    };
    let text =
        reader.read(target).map_err(|cause| format!("Placeholder {key} could not read location {target}, {cause}"))?;
    match key {
        "$text" => Ok(text.into()),
        "$json" => Value::from_json(&text)
            .map_err(|cause| format!("Placeholder {key} failed to parse JSON data at {target}, {cause}")),
        _ => one_document(key, target, &text),
    }
}

fn one_document(key: &str, target: &str, text: &str) -> Result<Value, String> {
    let (mut documents, findings) = yaml::parse_core(target, text.as_bytes());
    if let Some(finding) = findings.first() {
        let cause = finding.causes.join(", ");
        return Err(format!("Placeholder {key} found an error in the data at {target}, {cause}"));
    }
    match (documents.pop(), documents.len()) {
        (Some(document), 0) => Ok(document.value),
        (last, before) => {
            let found = before + usize::from(last.is_some());
            Err(format!("Placeholder {key} expected to find exactly one document of data at {target}, found {found}"))
        }
    }
}
