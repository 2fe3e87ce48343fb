//! Saying what is wrong with a claim, an XR or a Composition: place, field, cause, hint.

use plat_platform::{KindRef, Role};
use plat_resource::schema::Violation;
use plat_resource::{Diagnostic, Document, FieldPath, Value, names as names_rules, object, suggest};

use super::wrong_type;
use crate::model::Failure;

/// The object in words: `SQLInstance team-a/orders-db`.
pub(super) fn subject(value: &Value) -> String {
    let kind = object::string_at(value, &["kind"]).unwrap_or("object");
    match (object::namespace(value), object::name(value)) {
        ("", name) => format!("{kind} {name}"),
        (namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}

pub(super) fn invalid(document: &Document) -> Diagnostic {
    Diagnostic::error(format!("{} is not valid", subject(&document.value)))
}

pub(super) fn check_name(document: &Document, found: KindRef<'_>) -> Vec<Diagnostic> {
    let path = FieldPath::default().key("metadata").key("name");
    let name = object::name(&document.value);
    let field = |cause: String| invalid(document).at(document.locate(&path)).field("metadata.name").because(cause);
    if name.is_empty() {
        return vec![field("Required value: a claim or XR needs a name".to_owned())];
    }
    let mut faults: Vec<Diagnostic> = names_rules::is_dns1123_subdomain(name).into_iter().map(field).collect();
    // An XR may leave its namespace out, as it may before the real render; whoever applies it puts it somewhere.
    let namespaced = found.role == Role::Claim;
    let namespace = object::namespace(&document.value);
    let place = FieldPath::default().key("metadata").key("namespace");
    if namespaced && namespace.is_empty() {
        let kind = &found.definition.names_of(found.role).map(|names| names.kind.clone()).unwrap_or_default();
        faults.push(
            invalid(document)
                .at(document.locate(&place))
                .field("metadata.namespace")
                .because(format!("Required value: {kind} lives in a namespace"))
                .hint("write metadata.namespace, or give one with -n"),
        );
    }
    faults
}

pub(super) fn unknown_field(
    document: &Document,
    path: &FieldPath,
    schema: &plat_resource::schema::Schema,
) -> Diagnostic {
    let parent = FieldPath::new(path.segments().split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default());
    let siblings = schema.explain(&parent).map(|found| found.fields).unwrap_or_default();
    let word = match path.segments().last() {
        Some(plat_resource::Segment::Field(word)) => word.as_str(),
        _ => "",
    };
    let hint = suggest::did_you_mean(word, siblings.iter().map(|field| field.name.as_str()));
    invalid(document)
        .at(document.locate_key(path))
        .field(path.to_string())
        .because("unknown field")
        .maybe_hint(hint.or_else(|| Some("kubectl plat claim explain KIND lists the fields".to_owned())))
}

/// One fault that the schema found.
pub(super) fn violated(document: &Document, violation: &Violation, given: &Value) -> Diagnostic {
    let field = violation.field.to_string();
    let text = violation.message.as_str();
    let (cause, hint) = wrong_type::words(violation, given)
        .unwrap_or_else(|| (text.strip_prefix(&format!("{field}: ")).unwrap_or(text).to_owned(), None));
    invalid(document).at(document.locate(&violation.field)).field(field).because(cause).maybe_hint(hint)
}

pub(super) fn failed(given: &Value, composition: &Document, failure: &Failure) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(format!("{} cannot be planned", subject(given)));
    if let Some(path) = &failure.path {
        diagnostic = diagnostic.at(composition.locate(path)).field(path.to_string());
    }
    diagnostic
        .because(format!("cannot compose resources: {}", failure.message))
        .maybe_hint(failure.hint.clone().or_else(|| hint_for(&failure.message)))
}

/// A slip in the name of a patch set.
pub(super) fn patch_set_hint(input: Option<&Value>, message: &str) -> Option<String> {
    let (_, name) = message.split_once("cannot find PatchSet by name ")?;
    let sets = input?.get("patchSets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = sets.iter().filter_map(|set| object::string_at(set, &["name"])).collect();
    suggest::did_you_mean(name, names.iter().copied()).or_else(|| match names.as_slice() {
        [] => Some("the input has no patchSets".to_owned()),
        names => Some(format!("one of {}", names.join(", "))),
    })
}

/// What to do about the refusals that people meet most.
pub(super) fn hint_for(message: &str) -> Option<String> {
    let quoted = |start: &str| message.split(start).nth(1).and_then(|rest| rest.split('"').next());
    let choices: &[&str] = if message.contains("unknown transform type") {
        &["map", "match", "math", "string", "convert"]
    } else if message.contains("unknown patch type") {
        &[
            "FromCompositeFieldPath",
            "ToCompositeFieldPath",
            "CombineFromComposite",
            "CombineToComposite",
            "PatchSet",
            "FromEnvironmentFieldPath",
            "ToEnvironmentFieldPath",
            "CombineFromEnvironment",
            "CombineToEnvironment",
        ]
    } else if message.contains("toFieldPathPolicy") {
        &["Replace", "MergeObjects", "MergeObjectsAppendArrays", "ForceMergeObjects", "ForceMergeObjectsAppendArrays"]
    } else if message.contains("fromFieldPathPolicy") {
        &["Optional", "Required"]
    } else if message.contains("unknown readiness check type") {
        &["NonEmpty", "MatchString", "MatchInteger", "MatchTrue", "MatchFalse", "MatchCondition", "None"]
    } else if message.contains("unknown string transform type") {
        &["Format", "Convert", "TrimPrefix", "TrimSuffix", "Regexp", "Join", "Replace"]
    } else {
        return None;
    };
    let word = quoted("Invalid value: \"").unwrap_or("");
    suggest::did_you_mean(word, choices.iter().copied()).or_else(|| Some(format!("one of {}", choices.join(", "))))
}
