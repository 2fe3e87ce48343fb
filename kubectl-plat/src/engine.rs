//! Wires what was loaded to the engine: functions that run somewhere, the expansion of each claim.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use plat_cluster::{ClientOptions, FunctionClients, Target};
use plat_expand::function::{FunctionError, FunctionRunner, ResourceSelector, RunFunctionRequest, RunFunctionResponse};
use plat_expand::{Engine, Expansion, Observed, Options};
use plat_platform::{Mode, Platform};
use plat_resource::{Diagnostic, Document, FieldPath, GroupVersionKind, Location, Value, suggest};

use crate::arguments::{EngineArgs, InputArgs};
use crate::load::{self, Depth, Files, Live};
use crate::parallel;

/// Says how `crossplane render` runs a Function; `Development` means that it runs already.
const RUNTIME: &str = "render.crossplane.io/runtime";
/// Says where it runs.
const RUNTIME_TARGET: &str = "render.crossplane.io/runtime-development-target";
/// Where a function in development listens unless it is told otherwise.
const DEFAULT_TARGET: &str = "localhost:9443";

/// Everything a run reads.
pub(crate) struct Input {
    /// The platform.
    pub(crate) platform: Platform,
    /// The claims and XRs.
    pub(crate) documents: Vec<Document>,
    live: Live,
    /// What was looked for elsewhere already.
    asked: Vec<ResourceSelector>,
}

/// What expanding claims and XRs would like to know.
pub(crate) struct LookedFor {
    /// What functions asked for.
    pub(crate) selectors: Vec<ResourceSelector>,
    /// The kinds that are composed.
    pub(crate) kinds: BTreeSet<GroupVersionKind>,
}

impl Input {
    /// Reads all files that the arguments name. What is wrong with them goes to `findings`.
    pub(crate) fn read(arguments: &InputArgs, files: &mut Files, findings: &mut Vec<Diagnostic>) -> Self {
        let depth = if arguments.recursive { Depth::Recursive } else { Depth::Flat };
        let given = files.read("-f", &arguments.filename, depth, findings);
        let platform = files.read("--platform", &arguments.platform.platform, Depth::Recursive, findings);
        let observed = files.read("--observed", &arguments.observed, Depth::Recursive, findings);
        let platform = load::platform(&platform, findings);
        let documents = load::documents(&given, findings);
        let documents = load::subjects(documents, &platform, arguments.namespace.as_deref(), findings);
        Self::of(platform, documents, Live::new(load::documents(&observed, findings)))
    }

    /// What was read elsewhere.
    pub(crate) fn of(platform: Platform, documents: Vec<Document>, live: Live) -> Self {
        Self { platform, documents, live, asked: Vec::new() }
    }

    /// What is live.
    pub(crate) fn live_objects(&self) -> &[Value] {
        &self.live.everything().resources
    }

    /// Puts XRs where they come to stand when they are applied: cluster-scoped ones lose their namespace, the others get
    /// `namespace`. `crossplane composition render` does neither.
    pub(crate) fn into_applied(mut self, namespace: &str) -> Self {
        for document in &mut self.documents {
            let kind = GroupVersionKind::of(&document.value);
            let Some(metadata) = document.value.get_mut("metadata").and_then(Value::as_object_mut) else { continue };
            match self.platform.is_namespaced(&kind) {
                Some(false) => drop(metadata.remove("namespace")),
                Some(true) => drop(metadata.entry("namespace").or_insert_with(|| namespace.into())),
                None => {}
            }
        }
        self
    }

    fn engine<'a>(
        &'a self,
        arguments: &EngineArgs,
        functions: &'a Functions,
        findings: &mut Vec<Diagnostic>,
    ) -> Engine<'a> {
        let options = Options {
            compatibility: arguments.compatibility.into(),
            skip_unavailable_functions: arguments.skip_unavailable_functions,
            only_one: self.documents.len() == 1,
        };
        let context = load::context(&arguments.context_values, &arguments.context_files, findings);
        Engine::new(&self.platform, self.live.everything(), options, functions).with_context(context.into())
    }

    /// What an expansion would like to know besides what is here. What is wrong is told when it counts.
    pub(crate) fn looked_for(&self, arguments: &EngineArgs) -> LookedFor {
        let functions = Functions::new(&self.platform, &arguments.function, &mut Vec::new());
        let engine = self.engine(arguments, &functions, &mut Vec::new());
        let expand = || {
            |document: &Document| {
                let mut kinds = BTreeSet::new();
                if let Ok(expansion) = engine.expand(document) {
                    add_kinds(&expansion, &mut kinds);
                }
                kinds
            }
        };
        let mut kinds = BTreeSet::new();
        parallel::in_order(&self.documents, expand, |found| kinds.extend(found));
        LookedFor { selectors: engine.asked(), kinds }
    }

    /// Those that were not asked about before; they count as asked from now on. What the platform has is no question.
    pub(crate) fn not_yet_asked(&mut self, selectors: Vec<ResourceSelector>) -> Vec<ResourceSelector> {
        let is_new = |selector: &ResourceSelector| {
            let kind = GroupVersionKind::new(&selector.api_version, &selector.kind);
            plat_platform::what_is(&kind).is_none() && !self.asked.contains(selector)
        };
        let new: Vec<ResourceSelector> = selectors.into_iter().filter(is_new).collect();
        self.asked.extend(new.iter().cloned());
        new
    }

    /// More is live.
    pub(crate) fn add_live(&mut self, objects: Vec<Value>) {
        self.live = std::mem::take(&mut self.live).and(objects);
    }

    /// Expands every claim and XR, and does to each what the workers that `worker` makes do with it and with what is live
    /// of the claim and XR themselves; several at once, the answers in the order given. What is wrong with the platform
    /// or cannot be expanded goes to `findings`.
    pub(crate) fn expand<T: Send, W: FnMut(&Document, &Observed, Expansion) -> T>(
        &self,
        arguments: &EngineArgs,
        findings: &mut Vec<Diagnostic>,
        worker: impl Fn() -> W + Sync,
    ) -> Vec<T> {
        let functions = Functions::new(&self.platform, &arguments.function, findings);
        let engine = self.engine(arguments, &functions, findings);
        // What is wrong in a cluster is told of the claims that it concerns.
        findings.extend(engine.check().into_iter().filter(is_of_file));
        let known: HashSet<Location> = findings.iter().filter_map(|finding| finding.location.clone()).collect();
        let expand = || {
            let mut work = worker();
            let engine = &engine;
            move |document: &Document| {
                engine.expand(document).map(|expansion| {
                    let warnings = expansion.warnings.clone();
                    let observed = self.live.of(&expansion);
                    (warnings, work(document, &observed, expansion))
                })
            }
        };
        let mut answers = Vec::with_capacity(self.documents.len());
        parallel::in_order(&self.documents, expand, |expanded| match expanded {
            // A mistake in a Composition is told once, not again for each claim that meets it.
            Err(found) => findings.extend(
                found
                    .into_iter()
                    .filter(|finding| finding.location.as_ref().is_none_or(|location| !known.contains(location))),
            ),
            Ok((warnings, answer)) => {
                findings.extend(warnings);
                answers.push(answer);
            }
        });
        answers
    }
}

fn is_of_file(finding: &Diagnostic) -> bool {
    finding.location.as_ref().is_some_and(|place| place.position.is_some())
}

fn add_kinds(expansion: &Expansion, kinds: &mut BTreeSet<GroupVersionKind>) {
    for composed in &expansion.composed {
        kinds.insert(GroupVersionKind::of(&composed.object));
        if let Some(nested) = &composed.nested {
            add_kinds(nested, kinds);
        }
    }
}

/// The functions that run somewhere. Connects when the first of them is called.
pub(crate) struct Functions {
    targets: BTreeMap<String, String>,
    /// Those that the user named: they run there even where plat has them natively.
    named: HashSet<String>,
    clients: OnceLock<Result<FunctionClients, String>>,
}

impl Functions {
    fn new(platform: &Platform, flags: &[(String, Target)], findings: &mut Vec<Diagnostic>) -> Self {
        let mut targets = BTreeMap::new();
        for function in platform.functions() {
            let annotation = |key: &str| function.annotations.get(key).map(String::as_str);
            let in_development = (annotation(RUNTIME) == Some("Development")).then_some(DEFAULT_TARGET);
            let Some(text) = annotation(RUNTIME_TARGET).or(in_development) else { continue };
            match text.parse::<Target>() {
                Ok(_) => drop(targets.insert(function.name.clone(), text.to_owned())),
                Err(error) => {
                    let path = FieldPath::default().key("metadata").key("annotations").key(RUNTIME_TARGET);
                    findings.push(
                        Diagnostic::error(format!("Function {} cannot be called", function.name))
                            .at(function.document.locate(&path))
                            .field(path.to_string())
                            .because(error.to_string()),
                    );
                }
            }
        }
        warn_of_unused(platform, flags, findings);
        targets.extend(flags.iter().map(|(name, target)| (name.clone(), target.to_string())));
        let named = flags.iter().map(|(name, _)| name.clone()).collect();
        Self { named, ..Self::at(targets) }
    }

    /// Functions at targets, used for those that plat does not have.
    pub(crate) fn at(targets: BTreeMap<String, String>) -> Self {
        Self { targets, named: HashSet::new(), clients: OnceLock::new() }
    }

    fn clients(&self) -> &Result<FunctionClients, String> {
        self.clients.get_or_init(|| {
            let targets = self.targets.iter().map(|(name, target)| (name.as_str(), target.as_str()));
            FunctionClients::new(targets, ClientOptions::default()).map_err(|error| error.to_string())
        })
    }
}

/// A slip in a name would go unnoticed otherwise.
fn warn_of_unused(platform: &Platform, flags: &[(String, Target)], findings: &mut Vec<Diagnostic>) {
    let steps = platform.compositions().flat_map(|composition| match &composition.mode {
        Mode::Pipeline(steps) => steps.as_slice(),
        Mode::Resources { .. } => &[],
    });
    let called: BTreeSet<&str> = steps.map(|step| step.function.as_str()).collect();
    for (name, _) in flags.iter().filter(|(name, _)| !called.contains(name.as_str())) {
        let finding = Diagnostic::warning(format!("--function {name} is not used: no Composition calls it"));
        findings.push(finding.maybe_hint(suggest::did_you_mean(name, called.iter().copied())));
    }
}

impl FunctionRunner for Functions {
    fn replaces_native(&self, function: &str) -> bool {
        self.named.contains(function)
    }

    fn run(&self, function: &str, request: &RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let Some(target) = self.targets.get(function) else {
            return Err(FunctionError::Unavailable { function: function.to_owned() });
        };
        match self.clients() {
            Ok(clients) => clients.run(function, request),
            Err(reason) => Err(FunctionError::Failed {
                function: function.to_owned(),
                target: target.clone(),
                reason: reason.clone(),
            }),
        }
    }
}
