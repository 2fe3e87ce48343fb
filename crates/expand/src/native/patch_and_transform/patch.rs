//! Applying one patch from one object to another.

use plat_resource::{FieldPath, FieldPathError, Value, merge, merge::MergeOptions};

use super::input::Patch;
use super::transform;
use crate::budget::Budget;
use crate::budget::MAX_TEXT_BYTES;
use crate::go::{format, json};

/// Why a patch was not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchError {
    /// In the real function's words.
    pub message: String,
    /// Whether this is the class of errors that an Optional patch skips.
    pub not_found: bool,
}

impl From<FieldPathError> for PatchError {
    fn from(error: FieldPathError) -> Self {
        Self { not_found: error.is_not_found(), message: error.to_string() }
    }
}

impl From<String> for PatchError {
    fn from(message: String) -> Self {
        Self { message, not_found: false }
    }
}

impl PatchError {
    fn wrap(self, context: &str) -> Self {
        Self { message: format!("{context}: {}", self.message), ..self }
    }
}

/// An object that patches write to.
#[derive(Debug)]
pub struct Target {
    /// The object.
    pub object: Value,
    /// Whether its integral floats are integers already, so that only what is written has to be looked at.
    is_normal: bool,
}

impl Target {
    /// An object with numbers of any kind.
    pub fn new(object: Value) -> Self {
        Self { object, is_normal: false }
    }

    /// An object without integral floats.
    pub fn normal(object: Value) -> Self {
        Self { object, is_normal: true }
    }

    /// The real function puts the patched object back through JSON: that wants a kind, and makes integral floats
    /// integers. What is written to it must be without them.
    fn put_back(&mut self) -> Result<(), PatchError> {
        if !self.is_normal {
            json::normalize(&mut self.object);
            self.is_normal = true;
        }
        match self.object.get("kind") {
            Some(Value::String(kind)) if !kind.is_empty() => Ok(()),
            _ => Err(format!("Object 'Kind' is missing in '{}'", json::marshal(&self.object)).into()),
        }
    }
}

/// Applies `patch` from `from` to `to` as far as `budget` lets it, and returns the paths written.
pub fn apply(patch: &Patch, from: &Value, to: &mut Target, budget: &mut Budget) -> Result<Vec<FieldPath>, PatchError> {
    if patch.kind().starts_with("Combine") { combine(patch, from, to, budget) } else { copy(patch, from, to, budget) }
}

fn copy(patch: &Patch, from: &Value, to: &mut Target, budget: &mut Budget) -> Result<Vec<FieldPath>, PatchError> {
    let input = patch.from_path()?.get(from)?.clone();
    let mut value = transform::resolve_all(&patch.transforms, input)?;
    // The real function sends the value through JSON, so that integral floats are integers again.
    json::normalize(&mut value);
    let options = merge_options(patch)?;
    if patch.to().contains("[*]") {
        return write_to_each(patch, &value, to, options, budget);
    }
    budget.take(&value, 1)?;
    write(patch, value, to, options).map_err(|error| error.wrap("cannot patch to object"))
}

fn combine(patch: &Patch, from: &Value, to: &mut Target, budget: &mut Budget) -> Result<Vec<FieldPath>, PatchError> {
    let combine = patch.combine.as_ref().ok_or_else(|| "combine is not set".to_owned())?;
    let variables = combine
        .variables
        .iter()
        .map(|variable| Ok(variable.path()?.get(from)?))
        .collect::<Result<Vec<_>, PatchError>>()?;
    let combined = match (combine.strategy.as_str(), &combine.string) {
        ("string", Some(string)) => {
            Value::String(format::sprintf(&string.fmt, &variables, MAX_TEXT_BYTES).map_err(|error| error.to_string())?)
        }
        ("string", None) => return Err("given combine strategy string requires configuration".to_owned().into()),
        (other, _) => return Err(format!("combine strategy {other} is not supported").into()),
    };
    let mut value = transform::resolve_all(&patch.transforms, combined)?;
    json::normalize(&mut value);
    budget.take(&value, 1)?;
    write(patch, value, to, merge_options(patch)?).map_err(|error| error.wrap("cannot patch to object"))
}

fn merge_options(patch: &Patch) -> Result<Option<MergeOptions>, PatchError> {
    let (keep_map_values, append_arrays) = match patch.to_policy() {
        "Replace" => return Ok(None),
        "MergeObjects" | "MergeObject" => (true, false),
        "MergeObjectsAppendArrays" => (true, true),
        "ForceMergeObjects" => (false, false),
        "ForceMergeObjectsAppendArrays" | "AppendArray" => (false, true),
        other => return Err(format!("invalid patch policy {other}").into()),
    };
    Ok(Some(MergeOptions { keep_map_values, append_arrays }))
}

fn write(
    patch: &Patch,
    value: Value,
    to: &mut Target,
    options: Option<MergeOptions>,
) -> Result<Vec<FieldPath>, PatchError> {
    let place = patch.to_path()?;
    write_at(place, value, &mut to.object, options)?;
    to.put_back()?;
    Ok(vec![place.clone()])
}

fn write_at(path: &FieldPath, value: Value, to: &mut Value, options: Option<MergeOptions>) -> Result<(), PatchError> {
    let Some(options) = options else { return Ok(path.set(to, value)?) };
    let present = match path.get(to) {
        Ok(present) => Some(present),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    let merged = merge::merge(present, &value, options).map_err(|error| error.to_string())?;
    Ok(path.set(to, merged)?)
}

fn write_to_each(
    patch: &Patch,
    value: &Value,
    to: &mut Target,
    options: Option<MergeOptions>,
    budget: &mut Budget,
) -> Result<Vec<FieldPath>, PatchError> {
    let parsed = patch.to_path()?;
    let paths = parsed.expand(&to.object).map_err(|error| {
        PatchError::from(error).wrap(&format!("cannot expand wildcards for segments: \"{parsed}\""))
    })?;
    if paths.is_empty() {
        return Err(format!("cannot expand ToFieldPath {}", patch.to()).into());
    }
    budget.take(value, paths.len())?;
    for path in &paths {
        write_at(path, value.clone(), &mut to.object, options)?;
    }
    to.put_back()?;
    Ok(paths)
}
