//! Software Templates from XRDs, as TeraSky's kubernetes-ingestor makes them.
//!
//! Owns which XRDs get templates and the template around its pages and steps.

use plat_resource::javascript::{Map, Value};

use super::form::Fault;
use super::settings::Settings;
use super::{pages, steps};

/// An XRD and what clusters know of it.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'a> {
    /// The XRD.
    pub xrd: &'a Value,
    /// The clusters that have it; the first is told as its origin.
    pub clusters: &'a [String],
    /// The names of the Compositions for it.
    pub compositions: &'a [String],
}

/// The longest name that an entity may have.
pub(crate) const MAX_NAME: usize = 63;

impl Definition<'_> {
    fn scope(&self) -> Option<&str> {
        self.xrd.text_at(&["spec", "scope"]).filter(|scope| !scope.is_empty())
    }

    /// Whether XRs are used without claims.
    pub(crate) fn is_modern(&self) -> bool {
        matches!(self.scope(), Some("Cluster" | "Namespaced"))
    }

    /// Whether what users write has a namespace.
    pub(crate) fn has_namespace(&self) -> bool {
        matches!(self.scope(), None | Some("Namespaced" | "LegacyCluster"))
    }

    /// The kind that users write.
    pub(crate) fn kind(&self) -> String {
        text_of(self.xrd.at(&["spec", self.names(), "kind"]))
    }

    fn names(&self) -> &'static str {
        match self.scope() {
            None | Some("LegacyCluster") => "claimNames",
            Some(_) => "names",
        }
    }

    /// One of the names of what users write; an XRD without claims falls back to its own name.
    pub(crate) fn name(&self, which: &str) -> String {
        let named = self.xrd.at(&["spec", self.names(), which]);
        if self.names() == "claimNames" {
            return text_of(named);
        }
        text_of(named.filter(|name| name.is_truthy()).or_else(|| self.xrd.at(&["metadata", "name"])))
    }

    /// An annotation of the ingestor.
    pub(crate) fn annotation(&self, prefix: &str, name: &str) -> Option<&str> {
        self.xrd.text_at(&["metadata", "annotations", &format!("{prefix}/{name}")])
    }

    /// The path that manifests go to, with its names in braces, where there is a sound one.
    pub(crate) fn path_template(&self, prefix: &str) -> Option<String> {
        let path = plat_resource::javascript::trim(self.annotation(prefix, "target-path")?);
        let is_sound = !path.is_empty() && !path.split('/').any(|part| part == "." || part == "..");
        is_sound.then(|| path.to_owned())
    }

    /// Whether the ingestor would make templates of it: it must be asked for, established, and have what users write.
    pub fn is_ingested(&self, settings: &Settings) -> bool {
        let annotated = |name: &str| self.annotation(settings.prefix(), name).is_some_and(|value| !value.is_empty());
        let is_v2 = self.xrd.text_at(&["apiVersion"]) == Some("apiextensions.crossplane.io/v2");
        let has_claim = self.xrd.at(&["spec", "claimNames", "kind"]).is_some_and(Value::is_truthy);
        let needs_claim = !is_v2 || self.scope() == Some("LegacyCluster");
        let established = ["kind", "apiVersion"].iter().all(|key| {
            let way = ["status", "controllers", "compositeResourceType", key];
            self.xrd.at(&way).is_some_and(Value::is_truthy)
        });
        !annotated("exclude-from-catalog")
            && (settings.ingest_all_definitions || annotated("add-to-catalog"))
            && (!needs_claim || has_claim)
            && established
    }
}

/// What a template string makes of a value.
pub(crate) fn text_of(value: Option<&Value>) -> String {
    value.map_or_else(|| "undefined".to_owned(), Value::to_text)
}

/// The templates of all versions. Those whose name would be too long are left out.
pub fn templates(definition: &Definition<'_>, settings: &Settings) -> Result<Vec<Value>, String> {
    let has = |key: &str| definition.xrd.get(key).is_some_and(Value::is_truthy);
    let versions = definition.xrd.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    if !has("metadata") || !has("spec") {
        return Ok(Vec::new());
    }
    let mut templates = Vec::new();
    for version in versions {
        let template = template(definition, version, settings)?;
        let name = template.text_at(&["metadata", "name"]).unwrap_or_default();
        if plat_resource::javascript::length(name) <= MAX_NAME {
            templates.push(template);
        }
    }
    Ok(templates)
}

fn template(definition: &Definition<'_>, version: &Value, settings: &Settings) -> Result<Value, Fault> {
    let name = text_of(definition.xrd.at(&["metadata", "name"]));
    let pages = pages::of(definition, version, settings)?;
    let steps = steps::of(definition, version, settings)?;
    let link = |title: &str| Map::from_iter([("title", title)]);
    let mut download = link("Download YAML Manifest");
    download.insert("url", "data:application/yaml;base64,${{ steps.generateManifest.output.manifestEncoded }}");
    let mut request = link("Open Pull Request");
    request.insert("if", "${{ parameters.pushToGit }}");
    request.insert("url", pull_request_url(settings));
    Ok([
        ("apiVersion", Value::from("scaffolder.backstage.io/v1beta3")),
        ("kind", "Template".into()),
        ("metadata", metadata(definition, &name, &text_of(version.get("name")), settings)),
        (
            "spec",
            Value::from([
                ("type", Value::from(name)),
                ("parameters", Value::List(pages)),
                ("steps", Value::List(steps)),
                ("output", Value::from([("links", Value::from(vec![download, request]))])),
            ]),
        ),
    ]
    .into())
}

fn metadata(definition: &Definition<'_>, name: &str, version: &str, settings: &Settings) -> Value {
    let kind = |names: &str| definition.xrd.at(&["spec", names, "kind"]);
    let title = text_of(kind("claimNames").filter(|kind| kind.is_truthy()).or_else(|| kind("names")));
    let tags = definition.clusters.iter().map(|cluster| format!("cluster:{}", settings.cluster(cluster)));
    let tags: Vec<String> = ["crossplane".to_owned()].into_iter().chain(tags).collect();
    let origin = format!("cluster origin: {}", definition.clusters.first().map_or("undefined", String::as_str));
    let mut annotations = Map::new();
    annotations.insert("backstage.io/managed-by-location", origin.as_str());
    annotations.insert("backstage.io/managed-by-origin-location", origin);
    let prefix = settings.prefix();
    if !definition.is_modern() {
        annotations.insert(format!("{prefix}/crossplane-claim"), "true");
    }
    let is_v2 = definition.scope().is_some();
    annotations.insert(format!("{prefix}/crossplane-version"), if is_v2 { "v2" } else { "v1" });
    annotations.insert(format!("{prefix}/crossplane-scope"), definition.scope().unwrap_or("Cluster"));
    [
        ("name", Value::from(format!("{name}-{version}"))),
        ("title", title.into()),
        ("description", format!("A template to create a {name} instance").into()),
        ("labels", Value::from([("forEntity", "system"), ("source", "crossplane")])),
        ("tags", tags.into()),
        ("annotations", annotations.into()),
    ]
    .into()
}

fn pull_request_url(settings: &Settings) -> String {
    let output = match settings.target().as_deref() {
        Some("gitlab") => "mergeRequestUrl",
        Some("bitbucket" | "bitbucketcloud") => "pullRequestUrl",
        _ => "remoteUrl",
    };
    format!("${{{{ steps[\"create-pull-request\"].output.{output} }}}}")
}
