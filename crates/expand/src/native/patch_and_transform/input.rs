//! The input of function-patch-and-transform (`pt.fn.crossplane.io`, `Resources`), as Go reads it.
//!
//! Owns the shapes and Go's defaults. Unknown fields are refused, as function-sdk-go refuses them. Every field is
//! optional here because Go gives absent and null fields their zero value; what must be there is
//! [`super::validate`]'s matter. The input's `apiVersion` and `kind` are not looked at: upstream does not either.

use std::collections::BTreeMap;

use plat_resource::{FieldPath, FieldPathError, Segment, Value};
use serde::Deserialize;

use super::once::{Expression, OncePath};

/// The whole input.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: Option<BTreeMap<String, Value>>,
    /// Named lists of patches.
    #[serde(default, deserialize_with = "null_is_default")]
    pub patch_sets: Vec<PatchSet>,
    /// Patches between XR and environment.
    pub environment: Option<Environment>,
    /// Templates of composed resources.
    #[serde(default, deserialize_with = "null_is_default")]
    pub resources: Vec<Template>,
    /// Where connection details of a v2 XR go.
    pub write_connection_secret_to_ref: Option<WriteConnectionSecretToRef>,
}

/// A named list of patches.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchSet {
    /// Its name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// Its patches; nested sets are refused.
    #[serde(default, deserialize_with = "null_is_default")]
    pub patches: Vec<Patch>,
}

/// Patches between XR and environment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// The patches.
    #[serde(default, deserialize_with = "null_is_default")]
    pub patches: Vec<Patch>,
}

/// A template of one composed resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    /// Composition-resource name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// What to start from; without it the resource must come from an earlier step.
    pub base: Option<Value>,
    /// Patches, in order.
    #[serde(default, deserialize_with = "null_is_default")]
    pub patches: Vec<Patch>,
    /// Connection details to hand up.
    #[serde(default, deserialize_with = "null_is_default")]
    pub connection_details: Vec<ConnectionDetail>,
    /// When it counts as ready.
    #[serde(default, deserialize_with = "null_is_default")]
    pub readiness_checks: Vec<ReadinessCheck>,
}

/// One patch, of any type and place.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Patch {
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    kind: String,
    /// What to read.
    pub from_field_path: Option<String>,
    to_field_path: Option<String>,
    /// Several fields into one.
    pub combine: Option<Combine>,
    /// Transforms, in order.
    #[serde(default, deserialize_with = "null_is_default")]
    pub transforms: Vec<Transform>,
    policy: Option<Policy>,
    /// The set that a patch of type `PatchSet` stands for.
    pub patch_set_name: Option<String>,
    /// The set this patch was inlined from.
    #[serde(skip)]
    pub inlined_from: Option<String>,
    /// Where the patch stands inside the input, for messages with a place.
    #[serde(skip)]
    pub place: FieldPath,
    #[serde(skip)]
    from_path: OncePath,
    #[serde(skip)]
    to_path: OncePath,
}

impl Patch {
    /// This patch, as part of what a set of this name stands for.
    #[must_use]
    pub fn inlined(&self, set: &str) -> Self {
        Self { inlined_from: Some(set.to_owned()), ..self.clone() }
    }

    /// Its type, `FromCompositeFieldPath` where none is given.
    pub fn kind(&self) -> &str {
        if self.kind.is_empty() { "FromCompositeFieldPath" } else { &self.kind }
    }

    /// What to read, empty where nothing is given.
    pub fn from(&self) -> &str {
        self.from_field_path.as_deref().unwrap_or("")
    }

    /// [`Patch::from`], parsed.
    pub fn from_path(&self) -> Result<&FieldPath, FieldPathError> {
        self.from_path.of(self.from())
    }

    /// What to write, the field that is read where nothing is given.
    pub fn to(&self) -> &str {
        self.to_field_path.as_deref().unwrap_or(self.from())
    }

    /// [`Patch::to`], parsed.
    pub fn to_path(&self) -> Result<&FieldPath, FieldPathError> {
        self.to_path.of(self.to())
    }

    /// `policy.fromFieldPath`, `Optional` where none is given.
    pub fn from_policy(&self) -> &str {
        self.policy.as_ref().and_then(|policy| policy.from_field_path.as_deref()).unwrap_or("Optional")
    }

    /// `policy.toFieldPath`, `Replace` where none is given.
    pub fn to_policy(&self) -> &str {
        self.policy.as_ref().and_then(|policy| policy.to_field_path.as_deref()).unwrap_or("Replace")
    }

    /// True where a policy is given.
    pub fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    /// The fields it reads, as written.
    pub fn sources(&self) -> Vec<String> {
        match &self.combine {
            Some(combine) if self.kind().starts_with("Combine") => {
                combine.variables.iter().map(|variable| variable.from_field_path.clone()).collect()
            }
            _ => vec![self.from().to_owned()],
        }
    }
}

/// Policies of a patch.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy {
    from_field_path: Option<String>,
    to_field_path: Option<String>,
}

/// Several fields into one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Combine {
    /// The fields.
    #[serde(default, deserialize_with = "null_is_default")]
    pub variables: Vec<CombineVariable>,
    /// `string` is the only one.
    #[serde(default, deserialize_with = "null_is_default")]
    pub strategy: String,
    /// Its configuration.
    pub string: Option<CombineString>,
}

/// One field of a [`Combine`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CombineVariable {
    /// The field.
    #[serde(default, deserialize_with = "null_is_default")]
    pub from_field_path: String,
    #[serde(skip)]
    path: OncePath,
}

impl CombineVariable {
    /// The field, parsed.
    pub fn path(&self) -> Result<&FieldPath, FieldPathError> {
        self.path.of(&self.from_field_path)
    }
}

/// A `fmt` format over the variables.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombineString {
    /// The format.
    #[serde(default, deserialize_with = "null_is_default")]
    pub fmt: String,
}

/// One transform.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// `map`, `match`, `math`, `string` or `convert`.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// For `math`.
    pub math: Option<Math>,
    /// For `map`: input text to result.
    pub map: Option<BTreeMap<String, Value>>,
    /// For `match`.
    #[serde(rename = "match")]
    pub matching: Option<Match>,
    /// For `string`.
    pub string: Option<StringTransform>,
    /// For `convert`.
    pub convert: Option<Convert>,
}

/// A `math` transform.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Math {
    /// `Multiply`, `ClampMin` or `ClampMax`.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// Factor.
    pub multiply: Option<i64>,
    /// Lower bound.
    pub clamp_min: Option<i64>,
    /// Upper bound.
    pub clamp_max: Option<i64>,
}

/// A `match` transform.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// Patterns, in order.
    #[serde(default, deserialize_with = "null_is_default")]
    pub patterns: Vec<Pattern>,
    /// The result when nothing matches; null counts as not given.
    #[serde(default)]
    pub fallback_value: Value,
    /// `Value` or `Input`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub fallback_to: String,
}

/// One pattern of a [`Match`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// `literal` or `regexp`.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// The exact text.
    pub literal: Option<String>,
    /// The RE2 expression, unanchored.
    pub regexp: Option<Expression>,
    /// The result when it matches.
    #[serde(default)]
    pub result: Value,
}

/// A `string` transform.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StringTransform {
    /// `Format`, `Convert`, `TrimPrefix`, `TrimSuffix`, `Regexp`, `Join` or `Replace`.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// For `Format`.
    pub fmt: Option<String>,
    /// For `Convert`.
    pub convert: Option<String>,
    /// For `TrimPrefix` and `TrimSuffix`.
    pub trim: Option<String>,
    /// For `Regexp`.
    pub regexp: Option<RegexpExtract>,
    /// For `Join`.
    pub join: Option<Join>,
    /// For `Replace`.
    pub replace: Option<Replace>,
}

/// The part of a text that a regular expression finds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename = "regexp", deny_unknown_fields)]
pub struct RegexpExtract {
    /// The RE2 expression.
    #[serde(rename = "match", default, deserialize_with = "null_is_default")]
    pub matching: Expression,
    /// Capture group, the whole match where none is given.
    pub group: Option<i64>,
}

/// Elements of an array, joined.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// What goes between.
    #[serde(default, deserialize_with = "null_is_default")]
    pub separator: String,
}

/// A text replaced by another, everywhere.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// What to look for.
    #[serde(default, deserialize_with = "null_is_default")]
    pub search: String,
    /// What to put there.
    #[serde(default, deserialize_with = "null_is_default")]
    pub replace: String,
}

/// A `convert` transform.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Convert {
    /// `string`, `int`, `int64`, `bool`, `float64`, `object` or `array`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub to_type: String,
    /// `none`, `quantity` or `json`.
    pub format: Option<String>,
}

/// One connection detail of a template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionDetail {
    /// Key of the detail.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// `FromConnectionSecretKey`, `FromFieldPath` or `FromValue`.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// For `FromConnectionSecretKey`.
    pub from_connection_secret_key: Option<String>,
    /// For `FromFieldPath`.
    pub from_field_path: Option<String>,
    /// For `FromValue`.
    pub value: Option<String>,
}

/// One readiness check of a template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadinessCheck {
    /// `None`, `NonEmpty`, `MatchString`, `MatchInteger`, `MatchTrue`, `MatchFalse` or `MatchCondition`.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// The field to look at.
    pub field_path: Option<String>,
    /// For `MatchString`.
    pub match_string: Option<String>,
    /// For `MatchInteger`.
    pub match_integer: Option<i64>,
    /// For `MatchCondition`.
    pub match_condition: Option<MatchCondition>,
}

/// A condition to find.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchCondition {
    /// Condition type.
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    pub kind: String,
    /// Its status.
    #[serde(default, deserialize_with = "null_is_default")]
    pub status: String,
}

/// Where connection details of a v2 XR go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteConnectionSecretToRef {
    /// Secret name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub name: String,
    /// Secret namespace.
    #[serde(default, deserialize_with = "null_is_default")]
    pub namespace: String,
    /// Patches from the XR to `name` and `namespace`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub patches: Vec<Patch>,
}

fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Why an input could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InputError {
    /// What is wrong.
    pub reason: String,
    /// Where in the input.
    pub place: FieldPath,
}

impl Resources {
    /// Reads an input; numbers must have been through [`crate::go::json`] already.
    pub fn read(input: &Value) -> Result<Self, InputError> {
        let mut resources: Self = serde_path_to_error::deserialize(input)
            .map_err(|error| InputError { place: place_of(error.path()), reason: error.inner().to_string() })?;
        resources.note_places();
        resources.only_templates_name_sets()?;
        Ok(resources)
    }

    /// In Go, only a template's patches have the field `patchSetName`.
    fn only_templates_name_sets(&self) -> Result<(), InputError> {
        let sets = self.patch_sets.iter().flat_map(|set| &set.patches);
        let environment = self.environment.iter().flat_map(|environment| &environment.patches);
        let secret = self.write_connection_secret_to_ref.iter().flat_map(|reference| &reference.patches);
        let mut others = sets.chain(environment).chain(secret);
        match others.find(|patch| patch.patch_set_name.is_some()) {
            None => Ok(()),
            Some(patch) => Err(InputError {
                reason: "unknown field `patchSetName`".to_owned(),
                place: patch.place.key("patchSetName"),
            }),
        }
    }

    fn note_places(&mut self) {
        let root = FieldPath::default();
        for (index, set) in self.patch_sets.iter_mut().enumerate() {
            note(&mut set.patches, &indexed(&root.key("patchSets"), index).key("patches"));
        }
        for (index, template) in self.resources.iter_mut().enumerate() {
            note(&mut template.patches, &indexed(&root.key("resources"), index).key("patches"));
        }
        if let Some(environment) = &mut self.environment {
            note(&mut environment.patches, &root.key("environment").key("patches"));
        }
    }
}

fn note(patches: &mut [Patch], list: &FieldPath) {
    for (index, patch) in patches.iter_mut().enumerate() {
        patch.place = indexed(list, index);
    }
}

/// `list[index]`.
pub fn indexed(list: &FieldPath, index: usize) -> FieldPath {
    list.join(Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)))
}

fn place_of(path: &serde_path_to_error::Path) -> FieldPath {
    use serde_path_to_error::Segment as Step;
    path.iter().fold(FieldPath::default(), |place, step| match step {
        Step::Seq { index } => indexed(&place, *index),
        Step::Map { key } => place.key(key),
        Step::Enum { variant } => place.key(variant),
        Step::Unknown => place,
    })
}
