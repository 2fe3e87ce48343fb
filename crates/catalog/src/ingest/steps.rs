//! The steps of a template that makes a claim or an XR.
//!
//! Owns their text, which the ingestor writes as YAML and reads again, and the steps that an XRD adds of its own.

use plat_resource::javascript::{Map, Value};
use plat_resource::yaml;

use super::form::{Fault, ordered_keys};
use super::settings::Settings;
use super::template::Definition;

/// The steps for one version of the definition.
pub(crate) fn of(definition: &Definition<'_>, version: &Value, settings: &Settings) -> Result<Vec<Value>, Fault> {
    let mut text = generate(definition, version, settings);
    if settings.target().as_deref() != Some("yaml") {
        text.push_str(&publish(settings));
    }
    let group = definition.xrd.at(&["spec", "group"]).map_or_else(|| "undefined".to_owned(), Value::to_text);
    let version_name = version.get("name").map_or_else(|| "undefined".to_owned(), Value::to_text);
    let text = text.replace("{API_VERSION}", &format!("{group}/{version_name}")).replace("{KIND}", &definition.kind());
    let mut steps = read(&text)?;
    if let Some(path) = definition.path_template(settings.prefix()) {
        aim(&mut steps, &with_expressions(&path));
    }
    let own = version.at(&["schema", "openAPIV3Schema", "properties", "steps", "default"]);
    match own.filter(|own| own.is_truthy()) {
        Some(Value::Text(own)) => steps.extend(read(own)?),
        Some(_) => return Err("input.indexOf is not a function".to_owned()),
        None => {}
    }
    Ok(steps)
}

fn generate(definition: &Definition<'_>, version: &Value, settings: &Settings) -> String {
    let path = definition.path_template(settings.prefix());
    let clusters = match path {
        Some(_) => "['temp']",
        None => {
            "${{ parameters.clusters if parameters.manifestLayout === 'cluster-scoped' and parameters.pushToGit else ['temp'] }}"
        }
    };
    let common = "'owner','pushToGit','basePath','manifestLayout','_editData','targetBranch','repoUrl','clusters','xrName','showAdvancedSettings','branchPrefix'";
    let (namespace, excluded) = if !definition.is_modern() {
        let excluded = "'owner', 'compositionSelectionStrategy','pushToGit','basePath','manifestLayout','_editData', 'targetBranch', 'repoUrl', 'clusters', 'xrName', 'xrNamespace', 'showAdvancedSettings', 'branchPrefix'";
        ("xrNamespace", excluded.to_owned())
    } else if definition.has_namespace() {
        ("xrNamespace", format!("'crossplane.compositionSelectionStrategy',{common}, 'xrNamespace'"))
    } else {
        ("\"\"", format!("'crossplane.compositionSelectionStrategy',{common}"))
    };
    let mut text = format!(
        "- id: generateManifest\n  name: Generate Kubernetes Resource Manifest\n  action: terasky:claim-template\n  input:\n    \
         parameters: ${{{{ parameters }}}}\n    nameParam: xrName\n    namespaceParam: {namespace}\n    ownerParam: owner\n    \
         excludeParams: [{excluded}]\n    apiVersion: {{API_VERSION}}\n    kind: {{KIND}}\n    clusters: {clusters}\n    \
         removeEmptyParams: true\n"
    );
    let fields = field_order(version);
    if !fields.is_empty() {
        let fields: Vec<String> = fields.iter().map(|field| format!("'{field}'")).collect();
        text.push_str(&format!("    specFieldOrder: [{}]\n", fields.join(", ")));
    }
    if let Some(path) = path {
        text.push_str(&format!("    xrdPathTemplate: '{}'\n", path.replace('\'', "''")));
    }
    if definition.annotation(settings.prefix(), "create-kustomization-file") == Some("true") {
        text.push_str("    generateKustomization: true\n");
    }
    text
}

/// The fields of the spec that are shown: ordered ones first, then by name.
fn field_order(version: &Value) -> Vec<String> {
    let properties = version.at(&["schema", "openAPIV3Schema", "properties", "spec", "properties"]);
    let Some(properties) = properties.and_then(Value::as_map) else { return Vec::new() };
    let is_shown = |value: &Value| value.get("x-ui-hidden") != Some(&Value::Bool(true));
    let shown: Map =
        properties.iter().filter(|(_, value)| is_shown(value)).map(|(key, value)| (key, value.clone())).collect();
    let ordered = ordered_keys(&shown);
    let mut others: Vec<String> =
        shown.keys().filter(|key| !ordered.iter().any(|other| other == key)).map(str::to_owned).collect();
    others.sort_by_cached_key(|key| key.encode_utf16().collect::<Vec<_>>());
    ordered.into_iter().chain(others).collect()
}

fn publish(settings: &Settings) -> String {
    let action = match settings.target().as_deref() {
        Some("gitlab") => "publish:gitlab:merge-request",
        Some("bitbucket") => "publish:bitbucketServer:pull-request",
        Some("bitbucketcloud") => "publish:bitbucketCloud:pull-request",
        _ => "publish:github:pull-request",
    };
    let given = |value: &Option<String>| value.clone().unwrap_or_else(|| "undefined".to_owned());
    let (repository, prefix, target) = if settings.allow_repo_selection {
        let [repository, prefix, target] =
            ["repoUrl", "branchPrefix", "targetBranch"].map(|name| format!("${{{{ parameters.{name} }}}}"));
        (repository, prefix, target)
    } else {
        (given(&settings.repo_url), settings.branch_prefix(), given(&settings.target_branch))
    };
    let name = "${{ parameters.xrName }}";
    let token = if settings.request_credentials { "    token: ${{ secrets.USER_OAUTH_TOKEN }}\n" } else { "" };
    format!(
        "- id: create-pull-request\n  name: create-pull-request\n  action: {action}\n  if: ${{{{ parameters.pushToGit }}}}\n  \
         input:\n    repoUrl: {repository}\n    branchName: {prefix}create-{name}-resource\n    \
         title: Create {{KIND}} Resource {name}\n    description: Create {{KIND}} Resource {name}\n    \
         targetBranchName: {target}\n{token}"
    )
}

fn read(text: &str) -> Result<Vec<Value>, Fault> {
    let (mut documents, findings) = yaml::parse_core("steps", text.as_bytes());
    if let Some(finding) = findings.first() {
        return Err(finding.causes.join(", "));
    }
    match documents.pop().map(|document| document.value) {
        Some(Value::List(steps)) if documents.is_empty() => Ok(steps),
        None => Err("undefined is not iterable".to_owned()),
        Some(_) => Err("the steps are no list".to_owned()),
    }
}

/// The first step that pushes gets the path.
fn aim(steps: &mut [Value], path: &str) {
    let inputs = steps.iter_mut().filter_map(|step| step.as_map_mut()?.get_mut("input")?.as_map_mut());
    if let Some(input) =
        inputs.into_iter().find(|input| input.contains_key("targetBranchName") || input.contains_key("branchName"))
    {
        input.insert("targetPath", path);
    }
}

/// `{name}` as an expression of the scaffolder.
fn with_expressions(path: &str) -> String {
    super::replace_names(path, |name| format!("${{{{ parameters.{name} | lower }}}}"))
}
