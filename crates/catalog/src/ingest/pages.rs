//! The pages of a form that makes a claim or an XR: its metadata, its spec, Crossplane's settings, where it goes.
//!
//! Owns the pages beside the spec's own (`form`), as the ingestor makes them.

use plat_resource::javascript::{Map, Value};

use super::form::{self, Fault};
use super::settings::Settings;
use super::template::Definition;

/// All pages, for one version of the definition.
pub(crate) fn of(definition: &Definition<'_>, version: &Value, settings: &Settings) -> Result<Vec<Value>, Fault> {
    let spec = match version.at(&["schema", "openAPIV3Schema", "properties", "spec"]).filter(|spec| spec.is_truthy()) {
        Some(spec) => form::of_spec(spec, settings.defaults_to_placeholders)?,
        None => form::Form { properties: Map::new(), dependencies: Map::new() },
    };
    let spec = Value::from([
        ("title", Value::from("Resource Spec")),
        ("properties", spec.properties.into()),
        ("dependencies", spec.dependencies.into()),
        ("type", "object".into()),
    ]);
    Ok(vec![metadata(definition), spec, crossplane(definition), creation(definition, settings)])
}

/// A value written as JSON in this file; the tests read every one.
fn literal(json: &str) -> Value {
    Value::from_json(json).unwrap_or_default()
}

fn set(value: &mut Value, way: &[&str], key: &str, what: impl Into<Value>) {
    let below = way.iter().try_fold(value, |value, key| value.as_map_mut()?.get_mut(key));
    if let Some(map) = below.and_then(Value::as_map_mut) {
        map.insert(key, what);
    }
}

fn metadata(definition: &Definition<'_>) -> Value {
    let name = |title: &str, description: &str| {
        let mut field = literal(
            r#"{"title": "", "description": "", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63, "type": "string"}"#,
        );
        set(&mut field, &[], "title", title);
        set(&mut field, &[], "description", description);
        field
    };
    let mut page = literal(
        r#"{"title": "Resource Metadata", "required": ["xrName", "owner"], "properties": {}, "type": "object"}"#,
    );
    set(&mut page, &["properties"], "xrName", name("Name", "The name of the resource"));
    if definition.has_namespace() {
        set(&mut page, &[], "required", vec!["xrName", "owner", "xrNamespace"]);
        let namespace = name("Namespace", "The namespace in which to create the resource");
        set(&mut page, &["properties"], "xrNamespace", namespace);
    }
    let owner = literal(
        r#"{"title": "Owner", "description": "The owner of the resource", "type": "string", "ui:field": "OwnerPicker",
            "ui:options": {"catalogFilter": {"kind": "Group"}}}"#,
    );
    set(&mut page, &["properties"], "owner", owner);
    page
}

fn crossplane(definition: &Definition<'_>) -> Value {
    let strategies = literal(
        r#"{"title": "Composition Selection Strategy", "description": "How the composition should be selected.",
            "enum": ["runtime", "label-selector"], "default": "runtime", "type": "string"}"#,
    );
    let mut page = literal(r#"{"title": "Crossplane Settings", "properties": {}, "type": "object"}"#);
    let policy =
        literal(r#"{"title": "Composition Update Policy", "enum": ["Automatic", "Manual"], "type": "string"}"#);
    let mut strategies = strategies;
    if !definition.compositions.is_empty() {
        set(&mut strategies, &[], "enum", vec!["runtime", "direct-reference", "label-selector"]);
    }
    let dependencies = selection(definition);
    if definition.is_modern() {
        let settings = Value::from([
            ("title", Value::from("Crossplane Configuration")),
            ("type", "object".into()),
            ("properties", [("compositionUpdatePolicy", policy), ("compositionSelectionStrategy", strategies)].into()),
            ("dependencies", dependencies),
        ]);
        set(&mut page, &["properties"], "crossplane", settings);
        return page;
    }
    let mut properties = literal(
        r#"{"writeConnectionSecretToRef": {"title": "Crossplane Configuration Details",
              "properties": {"name": {"title": "Connection Secret Name", "type": "string"}}, "type": "object"},
            "compositeDeletePolicy": {"title": "Composite Delete Policy", "default": "Background",
              "enum": ["Background", "Foreground"], "type": "string"}}"#,
    );
    set(&mut properties, &[], "compositionUpdatePolicy", policy);
    set(&mut properties, &[], "compositionSelectionStrategy", strategies);
    Value::from([
        ("title", Value::from("Crossplane Settings")),
        ("properties", properties),
        ("dependencies", dependencies),
        ("type", "object".into()),
    ])
}

/// What each way to choose a Composition asks for.
fn selection(definition: &Definition<'_>) -> Value {
    let mut ways = vec![literal(r#"{"properties": {"compositionSelectionStrategy": {"enum": ["runtime"]}}}"#)];
    if !definition.compositions.is_empty() {
        let mut way = literal(
            r#"{"properties": {"compositionSelectionStrategy": {"enum": ["direct-reference"]},
                "compositionRef": {"title": "Composition Reference", "properties":
                  {"name": {"type": "string", "title": "Select A Composition By Name"}}, "required": ["name"], "type": "object"}}}"#,
        );
        let name = ["properties", "compositionRef", "properties", "name"];
        set(&mut way, &name, "enum", definition.compositions.to_vec());
        let default = definition.xrd.at(&["spec", "defaultCompositionRef", "name"]).filter(|name| name.is_truthy());
        if let Some(default) = default {
            set(&mut way, &name, "default", default.clone());
        }
        ways.push(way);
    }
    ways.push(literal(
        r#"{"properties": {"compositionSelectionStrategy": {"enum": ["label-selector"]},
            "compositionSelector": {"title": "Composition Selector", "properties": {"matchLabels":
              {"title": "Match Labels", "additionalProperties": {"type": "string"}, "type": "object"}},
              "required": ["matchLabels"], "type": "object"}}}"#,
    ));
    [("compositionSelectionStrategy", Value::from([("oneOf", Value::List(ways))]))].into()
}

fn creation(definition: &Definition<'_>, settings: &Settings) -> Value {
    let has_path = definition.path_template(settings.prefix()).is_some();
    let mut page = literal(
        r#"{"title": "Creation Settings", "properties": {"pushToGit":
            {"title": "Push Manifest to GitOps Repository", "type": "boolean", "default": true}}, "dependencies": {"pushToGit":
            {"oneOf": [{"properties": {"pushToGit": {"enum": [false]}}}]}}}"#,
    );
    let mut pushed = literal(r#"{"properties": {"pushToGit": {"enum": [true]}}}"#);
    if settings.allow_repo_selection {
        let mut prefix = literal(
            r#"{"type": "string", "description": "Prefix for the PR branch name (e.g. \"feature/\"). Include the trailing slash."}"#,
        );
        set(&mut prefix, &[], "default", settings.branch_prefix());
        set(&mut page, &["properties"], "branchPrefix", prefix);
        set(&mut pushed, &["properties"], "repoUrl", repository(settings));
        let branch = literal(r#"{"type": "string", "description": "Target Branch for the PR", "default": "main"}"#);
        set(&mut pushed, &["properties"], "targetBranch", branch);
    } else if settings.request_credentials {
        let mut repository = repository(settings);
        if let Some(url) = settings.repo_url.as_deref().filter(|url| !url.is_empty()) {
            set(&mut repository, &[], "default", url);
        }
        set(&mut pushed, &["properties"], "repoUrl", repository);
    }
    if !has_path {
        set(&mut pushed, &["properties"], "manifestLayout", literal(LAYOUT));
        set(&mut pushed, &[], "dependencies", layouts(definition, settings));
    }
    let never = literal(r#"{"properties": {"pushToGit": {"enum": [false]}}}"#);
    set(&mut page, &["dependencies", "pushToGit"], "oneOf", vec![never, pushed]);
    page
}

const LAYOUT: &str = r#"{"type": "string", "description": "Layout of the manifest", "default": "cluster-scoped",
    "ui:help": "Choose how the manifest should be generated in the repo.\n* Cluster-scoped - a manifest is created for each selected cluster under the root directory of the clusters name\n* namespace-scoped - a manifest is created for the resource under the root directory with the namespace name\n* custom - a manifest is created under the specified base path",
    "enum": ["cluster-scoped", "namespace-scoped", "custom"]}"#;

fn repository(settings: &Settings) -> Value {
    let hosts = match (&settings.allowed_targets, settings.target().as_deref()) {
        (Some(targets), _) => targets.clone(),
        (None, Some("github")) => vec!["github.com".to_owned()],
        (None, Some("gitlab")) => vec!["gitlab.com".to_owned()],
        (None, Some("bitbucket")) => vec!["only-bitbucket-server-is-allowed".to_owned()],
        (None, Some("bitbucketcloud")) => vec!["bitbucket.org".to_owned()],
        (None, _) => Vec::new(),
    };
    let mut field = literal(
        r#"{"content": {"type": "string"}, "description": "Name of repository", "ui:field": "RepoUrlPicker", "ui:options": {}}"#,
    );
    set(&mut field, &["ui:options"], "allowedHosts", hosts);
    if settings.request_credentials {
        let credentials = literal(r#"{"secretsKey": "USER_OAUTH_TOKEN"}"#);
        set(&mut field, &["ui:options"], "requestUserCredentials", credentials);
    }
    field
}

/// What each layout asks for.
fn layouts(definition: &Definition<'_>, settings: &Settings) -> Value {
    let mut by_cluster = literal(
        r#"{"properties": {"manifestLayout": {"enum": ["cluster-scoped"]}, "clusters": {"title": "Target Clusters",
            "description": "The target clusters to apply the resource to", "type": "array", "minItems": 1,
            "items": {"enum": [], "type": "string"}, "uniqueItems": true, "ui:widget": "checkboxes"}}, "required": ["clusters"]}"#,
    );
    let clusters: Vec<String> = definition.clusters.iter().map(|cluster| settings.cluster(cluster)).collect();
    set(&mut by_cluster, &["properties", "clusters", "items"], "enum", clusters);
    let custom = literal(
        r#"{"properties": {"manifestLayout": {"enum": ["custom"]}, "basePath": {"type": "string",
            "description": "Base path in GitOps repository to push the manifest to"}}, "required": ["basePath"]}"#,
    );
    let by_namespace = literal(r#"{"properties": {"manifestLayout": {"enum": ["namespace-scoped"]}}}"#);
    [("manifestLayout", Value::from([("oneOf", Value::List(vec![by_cluster, custom, by_namespace]))]))].into()
}
