//! Gatekeeper's Config and SyncSet: which objects go into the inventory, and which namespaces are left alone.

use plat_resource::{Document, FieldPath, GroupVersionKind, Segment, Value, object};
use serde_json::json;

use crate::matcher::Wildcard;
use crate::report::Report;

/// The API group of Config.
pub(crate) const GROUP: &str = "config.gatekeeper.sh";
/// The API group of SyncSet.
pub(crate) const SYNC_GROUP: &str = "syncset.gatekeeper.sh";
/// The annotation of a template that says which objects it needs.
const REQUIRES: &str = "metadata.gatekeeper.sh/requires-sync-data";
/// The only Config that Gatekeeper reads.
const NAME: &str = "config";

/// The parts of Gatekeeper that a namespace may be exempt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// The audit.
    Audit,
    /// The inventory.
    Sync,
    /// Validation at admission.
    Webhook,
    /// Mutation at admission.
    Mutation,
}

impl Process {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Audit, "audit"),
        (Self::Sync, "sync"),
        (Self::Webhook, "webhook"),
        (Self::Mutation, "mutation-webhook"),
    ];
}

/// What Configs and SyncSets say together.
#[derive(Debug, Clone, Default)]
pub struct Config {
    sync: Vec<GroupVersionKind>,
    exemptions: Vec<(Process, Wildcard)>,
}

impl Config {
    /// The kinds that go into the inventory, each once, in order.
    pub fn synced_kinds(&self) -> &[GroupVersionKind] {
        &self.sync
    }

    /// Whether the object's namespace (a Namespace's own name) is exempt from the process.
    pub fn exempts(&self, process: Process, object: &Value) -> bool {
        let kind = GroupVersionKind::of(object);
        let is_namespace = kind.group.is_empty() && kind.kind == "Namespace";
        let name = if is_namespace { object::name(object) } else { object::namespace(object) };
        self.exempts_namespace(process, name)
    }

    /// Whether a namespace is exempt from the process; the empty name is that of the cluster.
    pub fn exempts_namespace(&self, process: Process, name: &str) -> bool {
        self.exemptions.iter().any(|(exempt, wildcard)| *exempt == process && wildcard.matches(name))
    }

    /// The exempt namespaces of a process, as they are written.
    pub fn exemptions(&self, process: Process) -> impl Iterator<Item = &Wildcard> {
        self.exemptions.iter().filter(move |(exempt, _)| *exempt == process).map(|(_, wildcard)| wildcard)
    }

    pub(crate) fn read_config(&mut self, document: &Document, report: &mut Report<'_>) {
        if object::name(&document.value) != NAME {
            let finding =
                report.warning(&field(&["metadata", "name"]), "Gatekeeper reads the Config of the name config only");
            finding.hint = Some("name it config".to_owned());
            return;
        }
        let spec = document.value.get("spec").unwrap_or(&Value::Null);
        self.add_kinds(object::value_at(spec, &["sync", "syncOnly"]));
        for (index, entry) in spec.get("match").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let index = Segment::Index(u32::try_from(index).unwrap_or(u32::MAX));
            self.read_exemption(entry, &field(&["spec", "match"]).join(index), report);
        }
    }

    fn read_exemption(&mut self, entry: &Value, path: &FieldPath, report: &mut Report<'_>) {
        let texts =
            |name: &str| entry.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for process in texts("processes") {
            let processes: Vec<_> =
                Process::ALL.iter().filter(|(_, name)| process == "*" || process == *name).collect();
            if processes.is_empty() {
                let known = Process::ALL.map(|(_, name)| name);
                let finding = report.warning(&path.key("processes"), format!("there is no process {process:?}"));
                finding.hint = plat_resource::suggest::did_you_mean(process, known);
            }
            for (process, _) in processes {
                self.exemptions.extend(texts("excludedNamespaces").map(|name| (*process, Wildcard::new(name))));
            }
        }
    }

    pub(crate) fn read_sync_set(&mut self, document: &Document) {
        self.add_kinds(object::value_at(&document.value, &["spec", "gvks"]));
    }

    fn add_kinds(&mut self, list: Option<&Value>) {
        let text = |entry: &Value, key: &str| object::string_at(entry, &[key]).unwrap_or_default().to_owned();
        let kinds = list.and_then(Value::as_array).into_iter().flatten();
        self.sync.extend(kinds.map(|entry| GroupVersionKind {
            group: text(entry, "group"),
            version: text(entry, "version"),
            kind: text(entry, "kind"),
        }));
        self.sync.sort();
        self.sync.dedup();
    }
}

fn field(keys: &[&str]) -> FieldPath {
    FieldPath::new(keys.iter().map(|key| Segment::Field((*key).to_owned())).collect())
}

/// What a template says it needs in the inventory: each member is met where one of its kinds is synced.
pub(crate) fn requirements(template: &Value) -> Result<Vec<Vec<GroupVersionKind>>, String> {
    let Some(text) = object::annotation(template, REQUIRES) else { return Ok(Vec::new()) };
    let text = text.trim().trim_matches('"');
    let read: Value = serde_json::from_str(text).map_err(|error| format!("{REQUIRES} is not JSON: {error}"))?;
    let empty = json!([]);
    let texts = |clause: &Value, field: &str| -> Vec<String> {
        let list = clause.get(field).unwrap_or(&empty).as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kinds = |clause: &Value| {
        let mut kinds = Vec::new();
        for group in texts(clause, "groups") {
            for version in texts(clause, "versions") {
                for kind in texts(clause, "kinds") {
                    kinds.push(GroupVersionKind { group: group.clone(), version: version.clone(), kind });
                }
            }
        }
        kinds
    };
    let requirements = read.as_array().ok_or_else(|| format!("{REQUIRES} is not a list"))?;
    Ok(requirements.iter().map(|clauses| clauses.as_array().into_iter().flatten().flat_map(kinds).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(spec: &Value) -> (Config, Vec<plat_resource::Diagnostic>) {
        let value = json!({"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config", "metadata": {"name": "config"}, "spec": spec});
        let document = Document::synthetic(value, "test");
        let mut report = Report::new(&document, "Config config".to_owned());
        let mut config = Config::default();
        config.read_config(&document, &mut report);
        (config, report.into_findings())
    }

    #[test]
    fn exemptions_are_by_process_and_know_globs() {
        let (config, findings) = config(&json!({"match": [
            {"excludedNamespaces": ["kube-*"], "processes": ["*"]},
            {"excludedNamespaces": ["sandbox"], "processes": ["audit", "webhok"]},
        ]}));
        assert_eq!(findings.len(), 1);
        assert!(config.exempts_namespace(Process::Webhook, "kube-system"));
        assert!(!config.exempts_namespace(Process::Webhook, "sandbox"));
        assert!(config.exempts_namespace(Process::Audit, "sandbox"));
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}});
        assert!(config.exempts(Process::Mutation, &namespace));
        assert!(
            !config.exempts(Process::Mutation, &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}))
        );
    }

    #[test]
    fn synced_kinds_are_told_once() {
        let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
        let (config, _) = config(&json!({"sync": {"syncOnly": [kind, kind]}}));
        assert_eq!(config.synced_kinds(), [GroupVersionKind::new("v1", "Pod")]);
    }

    #[test]
    fn what_a_template_requires_is_read_from_its_annotation() {
        let text = r#""[[{"groups": ["extensions", "networking.k8s.io"], "versions": ["v1"], "kinds": ["Ingress"]}]]""#;
        let template = json!({"metadata": {"annotations": {REQUIRES: text}}});
        let kind = |group: &str| GroupVersionKind {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: "Ingress".to_owned(),
        };
        assert_eq!(requirements(&template), Ok(vec![vec![kind("extensions"), kind("networking.k8s.io")]]));
        assert!(requirements(&json!({"metadata": {"annotations": {REQUIRES: "x"}}})).is_err());
    }
}
