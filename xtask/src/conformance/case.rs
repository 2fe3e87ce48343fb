//! One case: its files, and plat's answer to them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use plat_expand::function::{FunctionRunner, NoFunctions};
use plat_expand::native::CompiledInputs;
use plat_expand::render::{self, Renderer, Subject};
use plat_expand::store::Store;
use plat_expand::{Compatibility, conditions, engine, names};
use plat_platform::{Mode, Platform, Role};
use plat_resource::yaml::{self, DuplicateKeys};
use plat_resource::{Document, GroupVersionKind, Value, object};
use serde_json::json;

/// Which Composition of a case is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `composition.yaml`.
    Converted,
    /// `composition.original.yaml`.
    Original,
}

impl Form {
    /// The forms that a folder has.
    pub(crate) fn of(folder: &Path) -> Vec<Self> {
        if folder.join("composition.original.yaml").is_file() {
            vec![Self::Converted, Self::Original]
        } else {
            vec![Self::Converted]
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Converted => "composition.yaml",
            Self::Original => "composition.original.yaml",
        }
    }

    /// What to add to the name of the case.
    pub(crate) fn suffix(self) -> &'static str {
        if self == Self::Original { " (original)" } else { "" }
    }
}

/// The files of a case.
pub(crate) struct Case {
    pub(crate) form: Form,
    unreadable: Option<String>,
    platform: Vec<Document>,
    composite: Value,
    composition: String,
    required: Vec<Value>,
    observed: Vec<Value>,
    /// What the real program printed, or its refusal.
    pub(crate) expected: Result<Vec<Value>, String>,
}

/// Plat's answer.
pub(crate) enum Answer {
    /// XR, composed resources, Results, Context.
    Rendered(Vec<Value>),
    /// A refusal.
    Refused(String),
    /// A function that plat does not have.
    Unsupported(String),
}

impl Case {
    /// Reads a case.
    pub(crate) fn read(folder: &Path, form: Form) -> anyhow::Result<Self> {
        let mut platform = documents(&folder.join("definition.yaml"))?;
        let (composition, unreadable) = match documents(&folder.join(form.file())) {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let name = composition.first().map(|document| object::name(&document.value).to_owned()).unwrap_or_default();
        platform.extend(composition);
        let composite = documents(&folder.join("xr.yaml"))?.into_iter().next().context("xr.yaml is empty")?.value;
        let refusal = folder.join("expected.error.txt");
        let expected = if refusal.is_file() {
            Err(std::fs::read_to_string(refusal)?)
        } else {
            Ok(values(&folder.join("expected.yaml"))?)
        };
        Ok(Self {
            form,
            unreadable,
            platform,
            composite,
            composition: name,
            required: optional(&folder.join("extra.yaml"))?,
            observed: optional(&folder.join("observed.yaml"))?,
            expected,
        })
    }

    /// Renders the case as `crossplane composition render -x -r -c --xrd definition.yaml` would.
    pub(crate) fn render(&self, runner: Option<&dyn FunctionRunner>) -> Answer {
        if let Some(reason) = &self.unreadable {
            return Answer::Refused(reason.clone());
        }
        let (platform, _) = Platform::load(self.platform.clone());
        let Some(composition) = platform.composition(&self.composition) else {
            return Answer::Refused(format!("Composition {} cannot be read", self.composition));
        };
        let kind = GroupVersionKind::of(&self.composite);
        if composition.composite_type != kind {
            return Answer::Refused(format!("composition's compositeTypeRef does not match {kind}"));
        }
        let mut composite = self.composite.clone();
        let found = platform.kind(&kind);
        let legacy = found.is_some_and(|found| found.definition.is_legacy());
        if let Some(found) = found
            && let Some(schema) = found.definition.schema(Role::Composite, &kind.version)
        {
            engine::apply_defaults(&schema, found.definition, &mut composite);
        }
        let uid = match object::uid(&composite) {
            "" => names::offline_uid(&kind, object::namespace(&composite), object::name(&composite)),
            uid => uid.to_owned(),
        };
        let faults = render::check_observed(&composite, &uid, &self.observed);
        if !faults.is_empty() {
            return Answer::Refused(format!("invalid observed resources: {}", faults.join("\n")));
        }
        let live: Vec<&Value> = self.required.iter().chain(&self.observed).collect();
        let store = Store::of_platform(&platform, live);
        let reconciler = Renderer {
            platform: &platform,
            runner: runner.unwrap_or(&NoFunctions),
            compiled: &CompiledInputs::default(),
            compatibility: Compatibility::V2,
            skip_unavailable: false,
        };
        let rendered = reconciler.render(Subject {
            composite: &composite,
            legacy,
            composition,
            observed: &self.observed,
            connection_details: &BTreeMap::new(),
            store: &store,
            context: &json!({}),
        });
        match rendered.expansion.fatal {
            Some(failure) if failure.message.contains("is not native to plat") => Answer::Unsupported(failure.message),
            Some(failure) => Answer::Refused(format!("cannot compose resources: {}", failure.message)),
            None => Answer::Rendered(printed(rendered.expansion, matches!(composition.mode, Mode::Resources { .. }))),
        }
    }
}

/// The documents that the real program prints.
fn printed(expansion: plat_expand::Expansion, resources_mode: bool) -> Vec<Value> {
    let mut documents = vec![expansion.composite];
    documents.extend(expansion.composed.into_iter().map(|composed| composed.object));
    documents.iter_mut().for_each(conditions::as_printed);
    documents.extend(expansion.results.iter().map(|result| {
        let message = match &result.step {
            Some(step) if !result.message.starts_with("Pipeline step") => {
                format!("Pipeline step \"{step}\": {}", result.message)
            }
            _ => result.message.clone(),
        };
        json!({
            "apiVersion": "render.crossplane.io/v1beta1", "kind": "Result", "message": message,
            "reason": result.reason, "severity": result.severity,
        })
    }));
    if !resources_mode {
        documents.push(json!({
            "apiVersion": "render.crossplane.io/v1beta1", "kind": "Context", "fields": expansion.context,
        }));
    }
    documents
}

/// The real programs read files with the lenient reader: of a key given twice, the last one counts.
fn documents(path: &Path) -> anyhow::Result<Vec<Document>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (documents, faults) = yaml::parse_with(&path.display().to_string(), &bytes, DuplicateKeys::TakeLast);
    match faults.iter().find(|fault| fault.is_error()) {
        Some(fault) => anyhow::bail!("{fault}"),
        None => Ok(documents),
    }
}

fn values(path: &Path) -> anyhow::Result<Vec<Value>> {
    Ok(documents(path)?.into_iter().map(|document| document.value).collect())
}

fn optional(path: &Path) -> anyhow::Result<Vec<Value>> {
    if path.is_file() { values(path) } else { Ok(Vec::new()) }
}
