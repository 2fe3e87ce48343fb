//! The Function's input: its fields, their defaults, and what makes it unreadable.
//!
//! No API server ever sees an input, so nothing but the decoder checks it: enumerations are not enforced, and the defaults
//! are those of the Function's code.

use plat_resource::{Map, Value};

use super::shape::{INPUT, check};

/// A read input.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Input {
    /// `spec.environmentConfigs`; `None` makes the Function do nothing at all.
    pub(super) sources: Option<Vec<Source>>,
    /// `spec.defaultData`.
    pub(super) default_data: Option<Map<String, Value>>,
    /// `spec.policy.resolution` is `Optional`.
    pub(super) is_resolution_optional: bool,
}

/// One of `spec.environmentConfigs`.
#[derive(Debug, PartialEq)]
pub(super) struct Source {
    kind: String,
    reference: Option<String>,
    selector: Option<Selector>,
    /// Where in the environment the data goes; empty for its root.
    pub(super) to_field_path: String,
}

/// `selector` of a source.
#[derive(Debug, PartialEq)]
pub(super) struct Selector {
    /// `Single` or `Multiple`, or whatever was written.
    pub(super) mode: String,
    /// `maxMatch`.
    pub(super) maximum: Option<u64>,
    /// `minMatch`.
    pub(super) minimum: Option<u64>,
    /// `sortByFieldPath`.
    pub(super) sort_by: String,
    /// `matchLabels`.
    pub(super) labels: Vec<LabelMatcher>,
}

/// One of `matchLabels`.
#[derive(Debug, PartialEq)]
pub(super) struct LabelMatcher {
    kind: String,
    /// Key of the label.
    pub(super) key: String,
    path: Option<String>,
    literal: Option<String>,
    /// A value that cannot be read leaves the label out.
    pub(super) is_optional: bool,
}

impl Input {
    /// Reads `value`, refusing unknown fields and wrong types as the Function SDK does.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        check(value, &INPUT).map_err(|error| {
            format!(
                "cannot get function input *v1beta1.Input from *v1.RunFunctionRequest: \
                 cannot unmarshal JSON from *structpb.Struct into *v1beta1.Input: json: cannot unmarshal {error}"
            )
        })?;
        let spec = at(value, "spec");
        Ok(Self {
            sources: at(spec, "environmentConfigs")
                .as_array()
                .map(|sources| sources.iter().map(Source::read).collect()),
            default_data: at(spec, "defaultData").as_object().cloned(),
            is_resolution_optional: at(at(spec, "policy"), "resolution") == "Optional",
        })
    }
}

impl Source {
    fn read(value: &Value) -> Self {
        let reference = at(value, "ref");
        let selector = at(value, "selector");
        Self {
            kind: text(value, "type", "Reference"),
            reference: reference.is_object().then(|| text(reference, "name", "")),
            selector: selector.is_object().then(|| Selector::read(selector)),
            to_field_path: text(value, "toFieldPath", ""),
        }
    }

    /// `Reference`, `Selector`, or whatever was written.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The name to look up. Where `ref` is missing the real Function crashes; plat says what is missing.
    pub(super) fn reference_name(&self, index: usize) -> Result<&str, String> {
        self.reference
            .as_deref()
            .ok_or_else(|| format!("environment config at index {index}: ref is required by type Reference"))
    }

    /// The selector, with the same care.
    pub(super) fn selector_of(&self, index: usize) -> Result<&Selector, String> {
        self.selector
            .as_ref()
            .ok_or_else(|| format!("environment config at index {index}: selector is required by type Selector"))
    }
}

impl Selector {
    fn read(value: &Value) -> Self {
        let labels = at(value, "matchLabels").as_array();
        Self {
            mode: text(value, "mode", "Single"),
            maximum: unsigned(at(value, "maxMatch")),
            minimum: unsigned(at(value, "minMatch")),
            sort_by: text(value, "sortByFieldPath", "metadata.name"),
            labels: labels.map(|labels| labels.iter().map(LabelMatcher::read).collect()).unwrap_or_default(),
        }
    }
}

impl LabelMatcher {
    fn read(value: &Value) -> Self {
        Self {
            kind: text(value, "type", "FromCompositeFieldPath"),
            key: text(value, "key", ""),
            path: at(value, "valueFromFieldPath").as_str().map(str::to_owned),
            literal: at(value, "value").as_str().map(str::to_owned),
            is_optional: at(value, "fromFieldPathPolicy") == "Optional",
        }
    }

    /// `Value`, `FromCompositeFieldPath`, `FromEnvironmentFieldPath`, or whatever was written.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The literal value; the real Function crashes where there is none.
    pub(super) fn literal(&self) -> Result<&str, String> {
        self.literal.as_deref().ok_or_else(|| format!("label {:?}: value is required by type {}", self.key, self.kind))
    }

    /// The path to read; the real Function crashes where there is none.
    pub(super) fn path(&self) -> Result<&str, String> {
        self.path
            .as_deref()
            .ok_or_else(|| format!("label {:?}: valueFromFieldPath is required by type {}", self.key, self.kind))
    }
}

fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

/// An empty text is no text: the Function tests for emptiness before it falls back.
fn text(value: &Value, key: &str, fallback: &str) -> String {
    match at(value, key).as_str() {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => fallback.to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number in range")]
fn unsigned(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64))
}
