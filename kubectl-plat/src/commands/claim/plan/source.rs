//! Where a plan's input comes from: files alone, or the cluster with files in the place of what it has.

use std::collections::BTreeSet;

use plat_cluster::api_server::{ClusterError, Request};
use plat_expand::function::ResourceSelector;
use plat_platform::{Composition, Platform};
use plat_resource::{Diagnostic, Document, GroupVersionKind, ObjectKey, Value, object};

use super::PlanArgs;
use crate::cluster::{Cluster, Parts, all, live_of, named, overlaid, required};
use crate::engine::Input;
use crate::load::{self, Depth, Files, Live};
use crate::policies::{self, Policies};

/// How often functions may ask for more.
const ROUNDS: usize = 6;
const CRDS: &str = "apiextensions.k8s.io/v1";

/// Everything a plan is made of.
pub(super) struct Source {
    /// The platform, the claims, what is live of them.
    pub(super) input: Input,
    /// The guardrails.
    pub(super) policies: Policies,
    /// The cluster, where one is asked.
    pub(super) cluster: Option<Cluster>,
}

/// Reads everything. What is wrong goes to `findings`.
pub(super) fn read(arguments: &PlanArgs, findings: &mut Vec<Diagnostic>) -> Option<Source> {
    let mut files = Files::default();
    if !arguments.asks_cluster() {
        if arguments.subjects.filename.is_empty() {
            let hint = "without a cluster, claims come from files: -f FILE; --live asks the cluster too";
            findings.push(Diagnostic::error("there is nothing to plan").because("-f names no file").hint(hint));
            return None;
        }
        let mut input = Input::read(&arguments.files(), &mut files, findings).into_applied(load::DEFAULT_NAMESPACE);
        let policies = Policies::read(&arguments.guardrails, input.live_objects(), &mut files, findings);
        policies.mutate(&mut input.documents, findings);
        return Some(Source { input, policies, cluster: None });
    }
    if arguments.subjects.names_nothing() {
        findings.push(nothing_named());
        return None;
    }
    let cluster = Cluster::connect(&arguments.asked.cluster).map_err(|finding| findings.push(finding)).ok()?;
    let parts = cluster.parts(findings);
    if findings.iter().any(Diagnostic::is_error) {
        return None;
    }
    let reader = Reader { arguments, cluster: &cluster };
    let (input, policies) = reader.read(parts, &mut files, findings)?;
    findings.extend(cluster.hidden());
    Some(Source { input, policies, cluster: Some(cluster) })
}

fn nothing_named() -> Diagnostic {
    Diagnostic::error("there is nothing to plan")
        .because("no claim is named")
        .hint("give a file with -f, name a claim as KIND/NAME, choose some with -l, or all with -A")
}

struct Reader<'a> {
    arguments: &'a PlanArgs,
    cluster: &'a Cluster,
}

impl Reader<'_> {
    fn read(&self, parts: Parts, files: &mut Files, findings: &mut Vec<Diagnostic>) -> Option<(Input, Policies)> {
        let given = files.read("--platform", &self.arguments.platform, Depth::Recursive, findings);
        let given = load::platform_documents(&given, findings);
        let mut documents = overlaid(parts.platform, given);
        let platform = load_platform(&documents, findings);
        let subjects = self.subjects(&platform, files, findings)?;
        let observed = files.read("--observed", &self.arguments.observed, Depth::Recursive, findings);
        let observed = load::documents(&observed, findings);
        let failed = |error: ClusterError| error.diagnostic();
        let keys = subjects.iter().map(|document| ObjectKey::of(&document.value));
        let mut live = live_of(self.cluster, &platform, keys).map_err(|error| findings.push(failed(error))).ok()?;
        live.extend(observed.into_iter().map(|document| document.value));
        live.extend(self.credentials(&platform).map_err(|error| findings.push(failed(error))).ok()?);
        let live = Live::default().and(live);
        let policies = self.policies(parts.policies, &subjects, &live, files, findings)?;
        let namespace = self.arguments.subjects.namespace.as_deref().unwrap_or(self.cluster.namespace());
        let mut input = Input::of(platform, subjects, live).into_applied(namespace);
        policies.mutate(&mut input.documents, findings);
        for _ in 0..ROUNDS {
            let looked = input.looked_for(&self.arguments.engine);
            let known = documents.len();
            documents.extend(self.crds(&input, &looked.kinds));
            let more = self.asked(&mut input, looked.selectors).map_err(|error| findings.push(failed(error))).ok()?;
            if documents.len() > known {
                input.platform = Platform::load(documents.clone()).0;
            }
            if !more {
                break;
            }
        }
        Some((input, policies))
    }

    /// The claims and XRs: from files, or by their names.
    fn subjects(
        &self,
        platform: &Platform,
        files: &mut Files,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Document>> {
        let own = self.arguments.subjects.namespace.as_deref();
        let namespace = own.unwrap_or(self.cluster.namespace());
        let depth = if self.arguments.subjects.recursive { Depth::Recursive } else { Depth::Flat };
        let given = files.read("-f", &self.arguments.subjects.filename, depth, findings);
        let given = load::documents(&given, findings);
        let mut subjects = Vec::new();
        if !self.arguments.subjects.filename.is_empty() {
            subjects = load::subjects_in(given, platform, own, namespace, findings);
        }
        if !self.arguments.subjects.names.is_empty() {
            match named(self.cluster, platform, &self.arguments.subjects.names, namespace) {
                Ok(found) => subjects.extend(found),
                Err(found) => findings.extend(found),
            }
        }
        if self.arguments.subjects.all_namespaces || self.arguments.subjects.selector.is_some() {
            let namespace = Some(namespace).filter(|_| !self.arguments.subjects.all_namespaces);
            match all(self.cluster, platform, namespace, self.arguments.subjects.selector.as_deref()) {
                Ok(found) => subjects.extend(found),
                Err(error) => findings.push(error.diagnostic()),
            }
        }
        (!findings.iter().any(Diagnostic::is_error)).then_some(subjects)
    }

    /// Secrets that functions are called with; the pipeline says it where one is missing.
    fn credentials(&self, platform: &Platform) -> Result<Vec<Value>, ClusterError> {
        let keys: BTreeSet<ObjectKey> = platform.compositions().flat_map(Composition::credentials).collect();
        self.cluster.read(&keys.into_iter().collect::<Vec<_>>())
    }

    /// The CRDs of composed kinds, which have their defaults and lists. Without them the API server's word counts.
    fn crds(&self, input: &Input, kinds: &BTreeSet<GroupVersionKind>) -> Vec<Document> {
        let unknown = kinds.iter().filter(|kind| {
            kind.group.contains('.') && input.platform.crd(kind).is_none() && input.platform.kind(kind).is_none()
        });
        let named = unknown.filter_map(|kind| {
            let served = self.cluster.served(kind).ok()??;
            let name = format!("{}.{}", served.plural, kind.group);
            let kind = GroupVersionKind::new(CRDS, "CustomResourceDefinition");
            Some(ObjectKey { kind, namespace: String::new(), name })
        });
        let paths = named.filter_map(|key| self.cluster.path(&key).ok()?);
        let requests: Vec<Request> = paths.map(|path| Request::get(&path, "a CustomResourceDefinition")).collect();
        let found = self.cluster.send_all(&requests, &mut |_| {}).into_iter().flatten();
        found.map(|crd| Document::synthetic(crd.clone(), &format!("CRD/{}", object::name(&crd)))).collect()
    }

    /// Brings what functions ask for; whether there was anything.
    fn asked(&self, input: &mut Input, selectors: Vec<ResourceSelector>) -> Result<bool, ClusterError> {
        let new = input.not_yet_asked(selectors);
        if new.is_empty() {
            return Ok(false);
        }
        let found = required(self.cluster, &new)?;
        input.add_live(found);
        Ok(true)
    }

    fn policies(
        &self,
        cluster: Vec<Document>,
        subjects: &[Document],
        live: &Live,
        files: &mut Files,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Policies> {
        let given = policies::documents(&self.arguments.guardrails.policies, files, findings).documents;
        let documents = overlaid(cluster, given);
        let inventory = files.read("--inventory", &self.arguments.guardrails.inventory, Depth::Recursive, findings);
        let mut objects: Vec<Value> =
            load::documents(&inventory, findings).into_iter().map(|document| document.value).collect();
        let set = policies::compiled(&self.arguments.guardrails, &documents, findings);
        if !documents.is_empty() {
            let read = self.inventory(set.config().synced_kinds(), subjects, live);
            objects.extend(read.map_err(|error| findings.push(error.diagnostic())).ok()?);
        }
        Some(Policies::of(&self.arguments.guardrails, set, &objects))
    }

    /// Namespaces, and what the policies look up.
    fn inventory(
        &self,
        kinds: &[GroupVersionKind],
        subjects: &[Document],
        live: &Live,
    ) -> Result<Vec<Value>, ClusterError> {
        let namespace = GroupVersionKind::new("v1", "Namespace");
        let mut found = Vec::new();
        match self.cluster.list(&namespace, None, None) {
            Ok(all) => found.extend(all),
            Err(error) if error.is_forbidden() => {
                let objects = subjects.iter().map(|document| &document.value).chain(&live.everything().resources);
                let names: BTreeSet<&str> = objects.map(object::namespace).filter(|name| !name.is_empty()).collect();
                let key =
                    |name: &str| ObjectKey { kind: namespace.clone(), namespace: String::new(), name: name.to_owned() };
                found.extend(self.cluster.read(&names.into_iter().map(key).collect::<Vec<_>>())?);
            }
            Err(error) => return Err(error),
        }
        for kind in kinds.iter().filter(|kind| **kind != namespace) {
            match self.cluster.list(kind, None, None) {
                Ok(objects) => found.extend(objects),
                Err(error) => drop(self.cluster.or_hidden(Err(error))?),
            }
        }
        Ok(found)
    }
}

/// The platform. What is wrong in the cluster is its platform team's to mend, and keeps no one from planning.
fn load_platform(documents: &[Document], findings: &mut Vec<Diagnostic>) -> Platform {
    let (platform, found) = Platform::load(documents.to_vec());
    findings.extend(found.into_iter().map(|finding| {
        let is_of_file = finding.location.as_ref().is_some_and(|place| place.position.is_some());
        if is_of_file { finding } else { finding.into_warning() }
    }));
    platform
}
