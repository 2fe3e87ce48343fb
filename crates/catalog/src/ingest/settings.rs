//! How the ingestor is configured: `kubernetesIngestor` of Backstage's app-config.
//!
//! Owns reading it, with the plugin's defaults.

use plat_resource::javascript::Value;

use super::cluster::Mappings;
use super::cluster_names::ClusterNames;

/// What of the ingestor's configuration matters for entities and templates.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a configuration file, each on its own")]
pub struct Settings {
    annotation_prefix: Option<String>,
    default_owner: Option<String>,
    clusters: ClusterNames,
    pub(crate) ingest_all_definitions: bool,
    pub(crate) defaults_to_placeholders: bool,
    pub(crate) target: Option<String>,
    pub(crate) allowed_targets: Option<Vec<String>>,
    pub(crate) allow_repo_selection: bool,
    pub(crate) request_credentials: bool,
    pub(crate) repo_url: Option<String>,
    pub(crate) target_branch: Option<String>,
    pub(crate) branch_prefix: Option<String>,
    pub(crate) mappings: Mappings,
    pub(crate) only_annotated: bool,
    pub(crate) excluded_namespaces: Vec<String>,
    pub(crate) inherit_owner: bool,
    pub(crate) argo: bool,
    pub(crate) apis_as_crds: bool,
    pub(crate) workloads_as_resources: bool,
    pub(crate) claims_as_resources: bool,
}

/// The prefix of annotations where none is configured.
pub const DEFAULT_PREFIX: &str = "terasky.backstage.io";

impl Settings {
    /// Reads the whole configuration (with the key `kubernetesIngestor`).
    pub fn read(config: &Value) -> Self {
        let ingestor = |way: &[&str]| config.get("kubernetesIngestor").and_then(|ingestor| ingestor.at(way));
        let text = |way: &[&str]| ingestor(way).and_then(Value::as_str).map(str::to_owned);
        let flag = |way: &[&str]| ingestor(way) == Some(&Value::Bool(true));
        let definitions = |rest: &[&'static str]| [&["crossplane", "xrds"], rest].concat();
        let publish = |rest: &[&'static str]| definitions(&[&["publishPhase"], rest].concat());
        let texts = |value: &Value| {
            value.as_list().map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        Self {
            annotation_prefix: text(&["annotationPrefix"]),
            default_owner: text(&["defaultOwner"]),
            clusters: ClusterNames::read(ingestor(&["clusterNameMapping"])),
            ingest_all_definitions: flag(&definitions(&["ingestAllXRDs"])),
            defaults_to_placeholders: flag(&definitions(&["convertDefaultValuesToPlaceholders"])),
            target: text(&publish(&["target"])),
            allowed_targets: ingestor(&publish(&["allowedTargets"])).and_then(texts),
            allow_repo_selection: flag(&publish(&["allowRepoSelection"])),
            request_credentials: flag(&publish(&["requestUserCredentialsForRepoUrl"])),
            repo_url: text(&publish(&["git", "repoUrl"])),
            target_branch: text(&publish(&["git", "targetBranch"])),
            branch_prefix: text(&publish(&["git", "branchPrefix"])),
            mappings: Mappings::read(ingestor(&["mappings"])),
            only_annotated: flag(&["components", "onlyIngestAnnotatedResources"]),
            excluded_namespaces: ingestor(&["components", "excludedNamespaces"]).and_then(texts).unwrap_or_default(),
            inherit_owner: flag(&["inheritOwnerFromNamespace"]),
            argo: ingestor(&["argoIntegration"]) != Some(&Value::Bool(false)),
            apis_as_crds: ingestor(&["ingestAPIsAsCRDs"]) != Some(&Value::Bool(false)),
            workloads_as_resources: flag(&["components", "ingestAsResources"]),
            claims_as_resources: flag(&["crossplane", "claims", "ingestAsResources"]),
        }
    }

    /// The prefix of the annotations that are read and written.
    pub fn prefix(&self) -> &str {
        self.annotation_prefix.as_deref().filter(|prefix| !prefix.is_empty()).unwrap_or(DEFAULT_PREFIX)
    }

    /// The owner of what names none.
    pub fn default_owner(&self) -> &str {
        self.default_owner.as_deref().filter(|owner| !owner.is_empty()).unwrap_or("kubernetes-auto-ingested")
    }

    /// The target of publishing, in lower case.
    pub(crate) fn target(&self) -> Option<String> {
        self.target.as_ref().map(|target| target.to_lowercase())
    }

    /// The prefix of branches, with its slash.
    pub(crate) fn branch_prefix(&self) -> String {
        match self.branch_prefix.as_deref().unwrap_or_default() {
            prefix if prefix.is_empty() || prefix.ends_with('/') => prefix.to_owned(),
            prefix => format!("{prefix}/"),
        }
    }

    /// The name of a cluster in entities.
    pub(crate) fn cluster(&self, name: &str) -> String {
        self.clusters.in_entities(name)
    }

    /// The name by which a portal's Kubernetes plugin knows a cluster.
    pub(crate) fn shown_cluster(&self, name: &str) -> String {
        self.clusters.shown(name)
    }
}
