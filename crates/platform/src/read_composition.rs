//! Reads Compositions, CompositionRevisions and Functions, with every mistake at its place.

use std::collections::HashSet;
use std::sync::Arc;

use plat_resource::{Diagnostic, Document, GroupVersionKind, Value, object};

use crate::composition::{
    Composition, Credential, Function, Mode, Requirement, RequirementMatch, Requirements, Revision, SecretReference,
    Step,
};
use crate::cursor::{Cursor, Findings};

/// Name of the Composition of a revision.
pub(crate) const LABEL_COMPOSITION_NAME: &str = "crossplane.io/composition-name";
/// The most steps that a pipeline may have.
const MAX_STEPS: usize = 99;

const SPEC_FIELDS: &[&str] = &[
    "compositeTypeRef",
    "mode",
    "pipeline",
    "writeConnectionSecretsToNamespace",
    // Crossplane 1.x:
    "patchSets",
    "resources",
    "environment",
    "publishConnectionDetailsWithStoreConfigRef",
];
const STEP_FIELDS: &[&str] = &["step", "functionRef", "input", "credentials", "requirements"];

#[derive(Clone, Copy)]
enum ModeName {
    Pipeline,
    Resources,
}

/// Reads one Composition; `None` where it cannot be used at all.
pub(crate) fn read_composition(document: &Arc<Document>, diagnostics: &mut Vec<Diagnostic>) -> Option<Composition> {
    let name = object::name(&document.value);
    let mut findings = Findings::new(format!("Composition {name}"), diagnostics);
    read(name, document, SPEC_FIELDS, &mut findings)
}

/// Reads one CompositionRevision.
pub(crate) fn read_revision(document: &Arc<Document>, diagnostics: &mut Vec<Diagnostic>) -> Option<Revision> {
    let name = object::name(&document.value);
    let mut findings = Findings::new(format!("CompositionRevision {name}"), diagnostics);
    let root = Cursor::root(document);
    let owner = object::label(&document.value, LABEL_COMPOSITION_NAME)
        .or_else(|| object::string_at(object::controller(&document.value)?, &["name"]));
    let Some(owner) = owner else {
        findings.error(&root, format!("the label {LABEL_COMPOSITION_NAME} is missing, so its Composition is unknown"));
        return None;
    };
    let fields: Vec<&str> = SPEC_FIELDS.iter().copied().chain(["revision"]).collect();
    let composition = read(owner, document, &fields, &mut findings)?;
    let spec = root.get("spec")?;
    let Some(revision) = spec.value().get("revision").and_then(Value::as_i64) else {
        findings.error(&spec, "revision must be a whole number");
        return None;
    };
    Some(Revision { name: name.to_owned(), revision, labels: composition.labels.clone(), composition })
}

/// Reads one Function.
pub(crate) fn read_function(document: &Arc<Document>) -> Function {
    let root = Cursor::root(document);
    Function {
        name: object::name(&document.value).to_owned(),
        annotations: root.get("metadata").map(|metadata| metadata.text_map("annotations")).unwrap_or_default(),
        package: object::string_at(&document.value, &["spec", "package"]).map(str::to_owned),
        document: Arc::clone(document),
    }
}

fn read(name: &str, document: &Arc<Document>, fields: &[&str], findings: &mut Findings<'_>) -> Option<Composition> {
    let root = Cursor::root(document);
    let spec = findings.object(&root, "spec")?;
    findings.unknown_fields(&spec, fields);
    let composite_type = read_composite_type(&spec, findings);
    let mode = read_mode(&spec, findings);
    let metadata = root.get("metadata");
    let map = |key| metadata.as_ref().map(|metadata| metadata.text_map(key)).unwrap_or_default();
    Some(Composition {
        name: name.to_owned(),
        labels: map("labels"),
        annotations: map("annotations"),
        composite_type: composite_type?,
        mode: mode?,
        write_connection_secrets_to_namespace: findings
            .optional_text(&spec, "writeConnectionSecretsToNamespace")
            .map(str::to_owned),
        document: Arc::clone(document),
    })
}

fn read_composite_type(spec: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<GroupVersionKind> {
    let reference = findings.object(spec, "compositeTypeRef")?;
    findings.unknown_fields(&reference, &["apiVersion", "kind"]);
    let api_version = findings.required_text(&reference, "apiVersion");
    let kind = findings.required_text(&reference, "kind");
    Some(GroupVersionKind::new(api_version?, kind?))
}

fn read_mode(spec: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Mode> {
    let known = [("Pipeline", ModeName::Pipeline), ("Resources", ModeName::Resources)];
    let mode = match spec.get("mode") {
        // Crossplane 1.x took a missing mode as Resources, 2.x takes it as Pipeline: what is given tells.
        None if spec.get("resources").is_some() && spec.get("pipeline").is_none() => ModeName::Resources,
        None => ModeName::Pipeline,
        Some(_) => findings.choice(spec, "mode", &known)?,
    };
    match mode {
        ModeName::Pipeline => read_pipeline(spec, findings).map(Mode::Pipeline),
        ModeName::Resources => {
            ignored(spec, "pipeline", "Resources", findings);
            let part = |key| spec.get(key).map(|cursor| cursor.value().clone()).unwrap_or_default();
            findings.optional_list(spec, "patchSets");
            findings.optional_list(spec, "resources");
            findings.optional_object(spec, "environment");
            Some(Mode::Resources {
                patch_sets: part("patchSets"),
                resources: part("resources"),
                environment: part("environment"),
            })
        }
    }
}

fn ignored(spec: &Cursor<'_>, key: &str, mode: &str, findings: &mut Findings<'_>) {
    let Some(at) = spec.get(key) else { return };
    let other = if mode == "Pipeline" { "Resources" } else { "Pipeline" };
    findings.warning(&at, format!("{key} is ignored in mode {mode}")).hint =
        Some(format!("remove it, or write mode: {other}"));
}

fn read_pipeline(spec: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Vec<Step>> {
    for key in ["resources", "patchSets", "environment"] {
        ignored(spec, key, "Pipeline", findings);
    }
    if spec.get("pipeline").is_none() {
        findings.error(spec, "pipeline is required in mode Pipeline and is missing").hint =
            Some("add spec.pipeline with at least one step".to_owned());
    }
    let list = findings.optional_list(spec, "pipeline")?;
    let items = list.items();
    if items.is_empty() {
        findings.error(&list, "a pipeline needs at least one step");
    }
    if items.len() > MAX_STEPS {
        findings.error(&list, format!("has {} steps, a pipeline may have {MAX_STEPS}", items.len()));
    }
    let mut seen = HashSet::new();
    let mut steps = Vec::with_capacity(items.len());
    for (index, cursor) in items.iter().enumerate() {
        let Some(step) = read_step(index, cursor, findings) else { continue };
        if !seen.insert(step.name.clone()) {
            let at = cursor.get("step").unwrap_or_else(|| cursor.clone());
            findings.error(&at, format!("step name {:?} is used twice", step.name)).hint =
                Some("give each step its own name".to_owned());
        }
        steps.push(step);
    }
    (steps.len() == items.len()).then_some(steps)
}

fn read_step(index: usize, cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Step> {
    if !cursor.value().is_object() {
        findings.error(cursor, "a step must be an object");
        return None;
    }
    findings.unknown_fields(cursor, STEP_FIELDS);
    let name = findings.required_text(cursor, "step");
    let reference = findings.object(cursor, "functionRef");
    let function = reference.and_then(|reference| findings.required_text(&reference, "name"));
    let input = findings.optional_object(cursor, "input");
    let credentials = findings.optional_list(cursor, "credentials");
    let credentials = credentials.iter().flat_map(Cursor::items);
    let credentials = credentials.filter_map(|cursor| read_credential(&cursor, findings)).collect();
    let requirements = findings.optional_object(cursor, "requirements");
    let requirements = requirements.map(|cursor| read_requirements(&cursor, findings)).unwrap_or_default();
    Some(Step {
        index,
        name: name?.to_owned(),
        function: function?.to_owned(),
        input: input.map(|input| input.value().clone()),
        credentials,
        requirements,
    })
}

fn read_credential(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Credential> {
    findings.unknown_fields(cursor, &["name", "source", "secretRef"]);
    let name = findings.required_text(cursor, "name");
    let is_secret = findings.choice(cursor, "source", &[("Secret", true), ("None", false)]);
    if cursor.get("source").is_none() {
        findings.required_text(cursor, "source");
    }
    let secret = match is_secret {
        Some(true) => {
            let reference = findings.object(cursor, "secretRef");
            reference.and_then(|reference| {
                let namespace = findings.required_text(&reference, "namespace");
                let name = findings.required_text(&reference, "name");
                Some(SecretReference { namespace: namespace?.to_owned(), name: name?.to_owned() })
            })
        }
        _ => None,
    };
    Some(Credential { name: name?.to_owned(), secret })
}

fn read_requirements(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Requirements {
    findings.unknown_fields(cursor, &["requiredResources", "requiredSchemas"]);
    let resources = findings.optional_list(cursor, "requiredResources");
    let schemas = findings.optional_list(cursor, "requiredSchemas");
    let resources = resources.iter().flat_map(Cursor::items);
    let resources = resources.filter_map(|cursor| read_required_resource(&cursor, findings)).collect();
    let schemas = schemas.iter().flat_map(Cursor::items);
    let schemas = schemas.filter_map(|cursor| {
        findings.unknown_fields(&cursor, &["requirementName", "apiVersion", "kind"]);
        read_requirement_kind(&cursor, findings)
    });
    Requirements { resources, schemas: schemas.collect() }
}

fn read_requirement_kind(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<(String, GroupVersionKind)> {
    let name = findings.required_text(cursor, "requirementName");
    let api_version = findings.required_text(cursor, "apiVersion");
    let kind = findings.required_text(cursor, "kind");
    Some((name?.to_owned(), GroupVersionKind::new(api_version?, kind?)))
}

fn read_required_resource(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Requirement> {
    let fields = ["requirementName", "apiVersion", "kind", "namespace", "name", "matchLabels"];
    findings.unknown_fields(cursor, &fields);
    let (requirement, kind) = read_requirement_kind(cursor, findings)?;
    if cursor.get("name").is_some() && cursor.get("matchLabels").is_some() {
        findings.error(cursor, "name and matchLabels are mutually exclusive");
    }
    let matches = match findings.optional_text(cursor, "name") {
        Some(name) if cursor.get("matchLabels").is_none() => RequirementMatch::Name(name.to_owned()),
        _ => RequirementMatch::Labels(cursor.text_map("matchLabels")),
    };
    let namespace = findings.optional_text(cursor, "namespace").map(str::to_owned);
    Some(Requirement { name: requirement, kind, namespace, matches })
}
