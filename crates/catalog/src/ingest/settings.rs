//! How the ingestor is configured: `kubernetesIngestor` of Backstage's app-config.
//!
//! Owns reading it, with the plugin's defaults.

use plat_resource::javascript::Value;

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
}

/// How names of clusters become those in entities.
#[derive(Debug, Clone, Default)]
enum ClusterNames {
    #[default]
    AsTheyAre,
    Prefixes(Vec<String>),
    Explicit(Vec<(String, String)>),
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
        match &self.clusters {
            ClusterNames::AsTheyAre => name.to_owned(),
            ClusterNames::Prefixes(prefixes) => {
                prefixes.iter().find_map(|prefix| name.strip_prefix(prefix.as_str())).unwrap_or(name).to_owned()
            }
            ClusterNames::Explicit(pairs) => explicit(pairs, name).unwrap_or_else(|| name.to_owned()),
        }
    }
}

impl ClusterNames {
    fn read(mapping: Option<&Value>) -> Self {
        let Some(mapping) = mapping else { return Self::AsTheyAre };
        match mapping.text_at(&["mode"]) {
            Some("prefix-replacement") => {
                let prefix = |key: &str| mapping.text_at(&[key]).filter(|prefix| !prefix.is_empty());
                Self::Prefixes(
                    [prefix("sourcePrefix"), prefix("targetPrefix")].into_iter().flatten().map(str::to_owned).collect(),
                )
            }
            Some("explicit") => {
                let pairs = mapping
                    .get("mappings")
                    .and_then(Value::as_map)
                    .into_iter()
                    .flat_map(plat_resource::javascript::Map::iter);
                Self::Explicit(
                    pairs.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect(),
                )
            }
            _ => Self::AsTheyAre,
        }
    }
}

/// The end that both names of a mapped cluster share.
fn explicit(pairs: &[(String, String)], name: &str) -> Option<String> {
    let forward = pairs.iter().filter(|(key, _)| key == name);
    let backward = pairs.iter().filter(|(_, value)| value == name);
    forward.chain(backward).find_map(|(key, value)| shared_end(key, value))
}

/// What is left of both at the first place from which they are the same, unless that is the start.
fn shared_end(left: &str, right: &str) -> Option<String> {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let least = left.len().min(right.len());
    let place = (0..least).find(|place| left.get(*place..) == right.get(*place..))?;
    (place > 0).then(|| left.iter().skip(place).collect())
}
