//! What function-patch-and-transform refuses before it patches anything: the first fault only, in its words.

use plat_resource::FieldPath;

use super::input::{
    Combine, ConnectionDetail, Convert, Environment, Match, MatchCondition, Math, Patch, PatchSet, ReadinessCheck,
    Resources, StringTransform, Template, Transform, indexed,
};
use super::once::Expression;
use crate::go::quote;

/// One fault. `field` is the path as the real function prints it (it leaves `patchSets[i]` out), `place` where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ValidationError {
    field: String,
    message: String,
    /// Where in the input.
    pub place: FieldPath,
}

type Checked = Result<(), ValidationError>;

fn required(field: &str, detail: impl Into<String>) -> ValidationError {
    fault(field, format!("Required value: {}", detail.into()))
}

fn invalid(field: &str, value: &str, detail: &str) -> ValidationError {
    fault(field, format!("Invalid value: {}: {detail}", quote::string(value, false)))
}

fn fault(field: &str, message: String) -> ValidationError {
    // Go names two policy fields otherwise than users write them.
    let written = field.replace("toFieldPathPolicy", "toFieldPath").replace("fromFieldPathPolicy", "fromFieldPath");
    let place = FieldPath::parse(&written).unwrap_or_default();
    ValidationError { field: field.to_owned(), message, place }
}

impl ValidationError {
    fn under(mut self, field: &str) -> Self {
        self.field = format!("{field}.{}", self.field);
        self.placed(&FieldPath::parse(field).unwrap_or_default())
    }

    fn placed(mut self, parent: &FieldPath) -> Self {
        self.place = parent.concat(&self.place);
        self
    }
}

/// Checks a whole input.
pub fn resources(input: &Resources) -> Checked {
    for (index, set) in input.patch_sets.iter().enumerate() {
        patch_set(set).map_err(|fault| fault.placed(&indexed(&FieldPath::default().key("patchSets"), index)))?;
    }
    if input.resources.is_empty() && input.environment.as_ref().is_none_or(|found| found.patches.is_empty()) {
        return Err(required("resources", "resources or environment patches are required"));
    }
    for (index, found) in input.resources.iter().enumerate() {
        template(found).map_err(|fault| fault.under(&format!("resources[{index}]")))?;
    }
    input.environment.as_ref().map_or(Ok(()), environment).map_err(|fault| fault.under("environment"))
}

fn template(template: &Template) -> Checked {
    if template.name.is_empty() {
        return Err(required("name", "name is required"));
    }
    each("patches", &template.patches, patch)?;
    each("connectionDetails", &template.connection_details, connection_detail)?;
    each("readinessChecks", &template.readiness_checks, readiness_check)
}

fn patch_set(set: &PatchSet) -> Checked {
    if set.name.is_empty() {
        return Err(required("name", "name is required"));
    }
    each("patches", &set.patches, patch)
}

fn environment(environment: &Environment) -> Checked {
    for (index, found) in environment.patches.iter().enumerate() {
        match found.kind() {
            "FromCompositeFieldPath"
            | "ToCompositeFieldPath"
            | "CombineFromComposite"
            | "CombineToComposite"
            | "FromEnvironmentFieldPath"
            | "ToEnvironmentFieldPath" => {}
            other => {
                let field = format!("patches[{index}][type]");
                return Err(invalid(&field, other, "invalid environment patch type"));
            }
        }
        patch(found).map_err(|fault| fault.under(&format!("patches[{index}]")))?;
    }
    Ok(())
}

fn each<T>(list: &str, items: &[T], check: impl Fn(&T) -> Checked) -> Checked {
    for (index, item) in items.iter().enumerate() {
        check(item).map_err(|fault| fault.under(&format!("{list}[{index}]")))?;
    }
    Ok(())
}

/// Checks one patch. A combine patch is not looked at beyond its variables, as upstream.
pub fn patch(patch: &Patch) -> Checked {
    let kind = patch.kind();
    match kind {
        "FromCompositeFieldPath" | "ToCompositeFieldPath" | "FromEnvironmentFieldPath" | "ToEnvironmentFieldPath" => {
            if patch.from().is_empty() {
                return Err(required("fromFieldPath", format!("fromFieldPath must be set for patch type {kind}")));
            }
        }
        "PatchSet" => {
            if patch.patch_set_name.as_deref().unwrap_or("").is_empty() {
                return Err(required("patchSetName", format!("patchSetName must be set for patch type {kind}")));
            }
        }
        "CombineFromComposite" | "CombineToComposite" | "CombineFromEnvironment" | "CombineToEnvironment" => {
            let Some(found) = &patch.combine else {
                return Err(required("combine", format!("combine must be set for patch type {kind}")));
            };
            if patch.to().is_empty() {
                return Err(required("toFieldPath", format!("toFieldPath must be set for patch type {kind}")));
            }
            return combine(found).map_err(|fault| fault.under("combine"));
        }
        other => return Err(invalid("type", other, "unknown patch type")),
    }
    each("transforms", &patch.transforms, transform)?;
    if patch.has_policy() { policy(patch) } else { Ok(()) }
}

fn policy(patch: &Patch) -> Checked {
    match patch.to_policy() {
        "Replace"
        | "MergeObjects"
        | "MergeObjectsAppendArrays"
        | "ForceMergeObjects"
        | "ForceMergeObjectsAppendArrays"
        | "MergeObject"
        | "AppendArray" => {}
        other => return Err(invalid("policy.toFieldPathPolicy", other, "unknown toFieldPathPolicy")),
    }
    match patch.from_policy() {
        "Required" | "Optional" => Ok(()),
        other => Err(invalid("policy.fromFieldPathPolicy", other, "unknown fromFieldPathPolicy")),
    }
}

fn combine(combine: &Combine) -> Checked {
    match combine.strategy.as_str() {
        "string" if combine.string.is_none() => {
            return Err(required("string", "string must be set for combine strategy string"));
        }
        "string" => {}
        "" => return Err(required("strategy", "a combine strategy must be provided")),
        other => return Err(invalid("strategy", other, "unknown strategy type")),
    }
    if combine.variables.is_empty() {
        return Err(required("variables", "at least one variable must be provided"));
    }
    each("variables", &combine.variables, |variable| {
        if variable.from_field_path.is_empty() {
            return Err(required("fromFieldPath", "fromFieldPath must be set for each combine variable"));
        }
        Ok(())
    })
}

/// Checks one transform.
pub fn transform(transform: &Transform) -> Checked {
    let missing = |kind: &str| required(kind, format!("given transform type {kind} requires configuration"));
    match transform.kind.as_str() {
        "math" => math(transform.math.as_ref().ok_or_else(|| missing("math"))?).map_err(|fault| fault.under("math")),
        "map" => match &transform.map {
            None => Err(missing("map")),
            Some(pairs) if pairs.is_empty() => {
                Err(required("map.pairs", "at least one pair must be specified if a map transform is specified"))
            }
            Some(_) => Ok(()),
        },
        "match" => {
            matching(transform.matching.as_ref().ok_or_else(|| missing("match"))?).map_err(|fault| fault.under("match"))
        }
        "string" => {
            string(transform.string.as_ref().ok_or_else(|| missing("string"))?).map_err(|fault| fault.under("string"))
        }
        "convert" => convert(transform.convert.as_ref().ok_or_else(|| missing("convert"))?)
            .map_err(|fault| fault.under("convert")),
        other => Err(invalid("type", other, "unknown transform type")),
    }
}

/// Checks a math transform; it is checked again before it runs.
pub fn math(math: &Math) -> Checked {
    let needs = |field: &str, found: Option<i64>, name: &str| match found {
        Some(_) => Ok(()),
        None => Err(required(field, format!("must specify a value if a {name} math transform is specified"))),
    };
    match math.kind.as_str() {
        "" => Err(required("type", "math transform type is required")),
        "Multiply" => needs("multiply", math.multiply, "multiply"),
        "ClampMin" => needs("clampMin", math.clamp_min, "clamp min"),
        "ClampMax" => needs("clampMax", math.clamp_max, "clamp max"),
        other => Err(invalid("type", other, "unknown math transform type")),
    }
}

fn matching(matching: &Match) -> Checked {
    if matching.patterns.is_empty() {
        return Err(required("patterns", "at least one pattern must be specified if a match transform is specified"));
    }
    each("patterns", &matching.patterns, |pattern| match pattern.kind.as_str() {
        "literal" | "" if pattern.literal.is_none() => {
            Err(required("literal", "literal pattern type requires a literal"))
        }
        "literal" | "" => Ok(()),
        "regexp" => match &pattern.regexp {
            None => Err(required("regexp", "regexp pattern type requires a regexp")),
            Some(expression) => compiles("regexp", expression),
        },
        other => Err(invalid("type", other, "unknown pattern type")),
    })
}

fn compiles(field: &str, expression: &Expression) -> Checked {
    expression.regex().map(|_| ()).map_err(|_| invalid(field, expression.text(), "invalid regexp"))
}

fn string(string: &StringTransform) -> Checked {
    match string.kind.as_str() {
        "" => Err(required("type", "string transform type is required")),
        "Format" if string.fmt.is_none() => Err(required("fmt", "format transform requires a format")),
        "Convert" if string.convert.is_none() => {
            Err(required("convert", "convert transform requires a conversion type"))
        }
        "TrimPrefix" | "TrimSuffix" if string.trim.is_none() => {
            Err(required("trim", "trim transform requires a trim value"))
        }
        "Regexp" => match &string.regexp {
            None => Err(required("regexp", "regexp transform requires a regexp")),
            Some(found) if found.matching.text().is_empty() => {
                Err(required("regexp.match", "regexp transform requires a match"))
            }
            Some(found) => compiles("regexp.match", &found.matching),
        },
        "Join" if string.join.is_none() => Err(required("join", "join transform requires a join")),
        "Format" | "Convert" | "TrimPrefix" | "TrimSuffix" | "Join" => Ok(()),
        "Replace" => match &string.replace {
            None => Err(required("replace", "replace transform requires a replace")),
            Some(found) if found.search.is_empty() => {
                Err(required("replace.search", "replace transform requires a search"))
            }
            Some(_) => Ok(()),
        },
        other => Err(invalid("type", other, "unknown string transform type")),
    }
}

/// Checks a convert transform; it is checked again before it runs.
pub fn convert(convert: &Convert) -> Checked {
    match convert.format.as_deref() {
        None | Some("none" | "quantity" | "json") => {}
        Some(other) => return Err(invalid("format", other, "invalid format")),
    }
    match convert.to_type.as_str() {
        "string" | "bool" | "int" | "int64" | "float64" | "object" | "array" => Ok(()),
        other => Err(invalid("toType", other, "invalid type")),
    }
}

/// Checks one readiness check; it is checked again before it runs.
pub fn readiness_check(check: &ReadinessCheck) -> Checked {
    match check.kind.as_str() {
        "None" => return Ok(()),
        "MatchCondition" => {
            return check
                .match_condition
                .as_ref()
                .map_or(Ok(()), condition)
                .map_err(|found| found.under("matchCondition"));
        }
        "MatchString" if check.match_string.is_none() => {
            return Err(required("matchString", "cannot be nil for type MatchString"));
        }
        "MatchInteger" if check.match_integer.is_none() => {
            return Err(required("matchInteger", "cannot be nil for type MatchInteger"));
        }
        "MatchString" | "MatchInteger" | "NonEmpty" | "MatchTrue" | "MatchFalse" => {}
        other => return Err(invalid("type", other, "unknown readiness check type")),
    }
    if check.field_path.is_none() { Err(required("fieldPath", "cannot be empty")) } else { Ok(()) }
}

fn condition(condition: &MatchCondition) -> Checked {
    if condition.kind.is_empty() {
        return Err(required("type", "cannot be empty for type MatchCondition"));
    }
    if condition.status.is_empty() {
        return Err(required("status", "cannot be empty for type MatchCondition"));
    }
    Ok(())
}

fn connection_detail(detail: &ConnectionDetail) -> Checked {
    match detail.kind.as_str() {
        "" => return Err(required("type", "connection detail type is required")),
        "FromConnectionSecretKey" | "FromFieldPath" | "FromValue" => {}
        other => return Err(invalid("type", other, "unknown connection detail type")),
    }
    if detail.name.is_empty() {
        return Err(required("name", "name is required"));
    }
    let needs = |field: &str, found: &Option<String>, detail: &str| match found {
        Some(_) => Ok(()),
        None => Err(required(field, detail)),
    };
    match detail.kind.as_str() {
        "FromValue" => needs("value", &detail.value, "value connection detail requires a value"),
        "FromFieldPath" => {
            needs("fromFieldPath", &detail.from_field_path, "from field path connection detail requires a field path")
        }
        _ => needs(
            "fromConnectionSecretKey",
            &detail.from_connection_secret_key,
            "from connection secret key connection detail requires a key",
        ),
    }
}
