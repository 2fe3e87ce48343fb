//! The manifest of a claim or XR from the answers of a form: the action `terasky:claim-template`.
//!
//! Owns which answers become the spec, the annotations that lead back to the repository, and the paths of the files. Nothing is
//! written: files come out as values.

use plat_resource::javascript::{Map, Value};

use super::dump::dump;
use super::settings::Settings;

/// What the action writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// Paths below the workspace, and texts.
    pub files: Vec<(String, String)>,
    /// The last manifest: the action's output `manifest`.
    pub manifest: String,
}

/// Why the action fails, in its words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClaimError(String);

fn fail<T>(message: impl Into<String>) -> Result<T, ClaimError> {
    Err(ClaimError(message.into()))
}

/// What is read of the action's input.
struct Input<'a> {
    input: &'a Value,
    settings: &'a Settings,
}

/// Where a manifest goes.
struct Source {
    info: Map,
    layout: Option<String>,
    base_path: Option<String>,
    repository: Option<String>,
    branch: Option<String>,
}

/// Makes the manifests for the action's `input`, one for each cluster.
pub fn manifests(input: &Value, settings: &Settings) -> Result<Manifests, ClaimError> {
    let input = Input { input, settings };
    if input.parameter("nameParam") == Some(&Value::from("foo")) {
        return fail("myParameter cannot be 'foo'");
    }
    let spec = input.spec();
    let source = input.source();
    let mut manifests = Manifests::default();
    for cluster in input.list("clusters") {
        let path = input.path(&source, &cluster)?;
        let url = input.url(&source, &path)?;
        manifests.manifest = dump(&input.manifest(&spec, &source, &url));
        if let Some((_, text)) = manifests.files.iter_mut().find(|(other, _)| *other == path) {
            text.clone_from(&manifests.manifest);
        } else {
            manifests.files.push((path, manifests.manifest.clone()));
        }
    }
    if input.input.get("generateKustomization").is_some_and(Value::is_truthy) {
        add_kustomizations(&mut manifests.files);
    }
    Ok(manifests)
}

/// A kustomization for each folder, of the files that were written to it.
fn add_kustomizations(files: &mut Vec<(String, String)>) {
    let mut folders: Vec<(String, Vec<String>)> = Vec::new();
    for (path, _) in files.iter() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match folders.iter_mut().find(|(other, _)| other == folder) {
            Some((_, names)) if names.iter().any(|other| other == name) => {}
            Some((_, names)) => names.push(name.to_owned()),
            None => folders.push((folder.to_owned(), vec![name.to_owned()])),
        }
    }
    for (folder, names) in folders {
        let kustomization = Value::from([
            ("apiVersion", Value::from("kustomize.config.k8s.io/v1beta1")),
            ("kind", "Kustomization".into()),
            ("resources", names.into()),
        ]);
        let path =
            if folder.is_empty() { "kustomization.yaml".to_owned() } else { format!("{folder}/kustomization.yaml") };
        files.push((path, format!("---\n{}", dump(&kustomization))));
    }
}

impl Input<'_> {
    fn text(&self, key: &str) -> &str {
        self.input.text_at(&[key]).unwrap_or_default()
    }

    fn list(&self, key: &str) -> Vec<String> {
        let items = self.input.get(key).and_then(Value::as_list).unwrap_or_default();
        items.iter().map(Value::to_text).collect()
    }

    fn answer(&self, name: &str) -> Option<&Value> {
        self.input.get("parameters")?.get(name)
    }

    /// The answer that an input like `nameParam` names.
    fn parameter(&self, named_by: &str) -> Option<&Value> {
        self.answer(self.text(named_by))
    }

    fn namespace(&self) -> Option<&Value> {
        self.parameter("namespaceParam").filter(|namespace| namespace.is_truthy())
    }

    fn spec(&self) -> Map {
        let mut answers = self.input.get("parameters").and_then(Value::as_map).cloned().unwrap_or_default();
        for excluded in self.list("excludeParams").iter().filter(|name| *name != "showAdvancedSettings") {
            delete(&mut answers, excluded);
        }
        remove_everywhere(&mut answers, "showAdvancedSettings");
        // It is on where nothing is said.
        if self.input.get("removeEmptyParams").is_none_or(Value::is_truthy) {
            remove_empty(&mut answers);
        }
        let mut ordered = Map::new();
        for key in self.list("specFieldOrder") {
            if let Some(value) = answers.get(&key) {
                ordered.insert(key, value.clone());
            }
        }
        for (key, value) in answers {
            if !ordered.contains_key(&key) {
                ordered.insert(key, value);
            }
        }
        ordered
    }

    fn source(&self) -> Source {
        let chosen = |name: &str, configured: &Option<String>| {
            let answer = self.answer(name).filter(|answer| answer.is_truthy()).map(Value::to_text);
            answer.or_else(|| configured.clone())
        };
        let branch = chosen("targetBranch", &self.settings.target_branch);
        let repository = chosen("repoUrl", &self.settings.repo_url);
        let layout = self.answer("manifestLayout").cloned();
        let in_text = |value: Option<&Value>| value.map_or_else(|| "undefined".to_owned(), Value::to_text);
        let namespace = in_text(self.parameter("namespaceParam"));
        let base_path = match layout.as_ref().and_then(Value::as_str) {
            Some("custom") => self.answer("basePath").cloned(),
            Some("namespace-scoped") => Some(namespace.into()),
            _ => {
                let cluster = self.list("clusters").into_iter().next().unwrap_or_else(|| "undefined".to_owned());
                Some(format!("{cluster}/{namespace}/{}", self.text("kind")).into())
            }
        };
        let (layout, base_path) = match self.path_template() {
            Some(_) => (Some("custom".into()), Some("".into())),
            None => (layout, base_path),
        };
        let info = [
            ("pushToGit", self.answer("pushToGit").cloned()),
            ("gitBranch", branch.clone().map(Value::from)),
            ("gitRepo", repository.clone().map(Value::from)),
            ("gitLayout", layout.clone()),
            ("basePath", base_path.clone()),
        ];
        let info = info.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let as_text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        Source { info, layout: as_text(layout), base_path: as_text(base_path), repository, branch }
    }

    fn path_template(&self) -> Option<&str> {
        self.input.text_at(&["xrdPathTemplate"]).filter(|path| !path.is_empty())
    }

    fn path(&self, source: &Source, cluster: &str) -> Result<String, ClaimError> {
        let namespace = match self.namespace() {
            None => "cluster-scoped".to_owned(),
            Some(Value::Text(namespace)) => namespace.clone(),
            Some(_) => return fail("The \"path\" argument must be of type string"),
        };
        let name = self.parameter("nameParam").map_or_else(|| "undefined".to_owned(), Value::to_text);
        let (file, kind) = (format!("{name}.yaml"), self.text("kind"));
        let parts = match source.layout.as_deref() {
            Some("namespace-scoped") => vec![namespace.as_str(), kind, &file],
            Some("custom") => match &source.base_path {
                Some(base) => vec![base.as_str(), &file],
                None => return fail("The \"path\" argument must be of type string. Received undefined"),
            },
            _ => vec![cluster, &namespace, kind, &file],
        };
        join(&parts)
    }

    fn url(&self, source: &Source, path: &str) -> Result<String, ClaimError> {
        let pushed = self.answer("pushToGit").is_some_and(Value::is_truthy);
        let Some(repository) = source.repository.as_deref().filter(|repository| pushed && !repository.is_empty())
        else {
            return Ok(String::new());
        };
        let path = match self.path_template() {
            Some(template) => {
                let folder = self.resolve(template)?;
                format!("{folder}/{}", path.rsplit('/').next().unwrap_or(path))
            }
            None => path.to_owned(),
        };
        let Ok(url) = url::Url::parse(&format!("https://{repository}")) else { return fail("Invalid URL") };
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let (Some(owner), Some(repo)) = (query("owner"), query("repo")) else { return Ok(String::new()) };
        if owner.is_empty() || repo.is_empty() {
            return Ok(String::new());
        }
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let branch = source.branch.as_deref().unwrap_or("undefined");
        Ok(match self.settings.target().as_deref() {
            Some("gitlab") => format!("https://{host}/{owner}/{repo}/-/blob/{branch}/{path}"),
            Some("bitbucketcloud") => format!("https://{host}/{owner}/{repo}/src/{branch}/{path}"),
            Some("bitbucket") => format!("https://{host}/projects/{owner}/repos/{repo}/browse/{path}?at={branch}"),
            _ => format!("https://{host}/{owner}/{repo}/blob/{branch}/{path}"),
        })
    }

    /// A path of the XRD with answers put in, none of which may lead elsewhere.
    fn resolve(&self, template: &str) -> Result<String, ClaimError> {
        let is_bad = |part: &str| matches!(part, "" | "." | "..");
        let literal = template.split(['/', '\\']).find(|part| is_bad(part));
        if let Some(part) = literal {
            return fail(format!("resolvePathTemplate: invalid literal segment '{part}' in template '{template}'"));
        }
        let mut bad = None;
        let resolved = super::replace_names(template, |name| {
            let raw = self.answer(name);
            let text = raw.filter(|raw| **raw != Value::Null).map(Value::to_text).unwrap_or_default().to_lowercase();
            let part = with_dashes(plat_resource::javascript::trim(&text));
            if is_bad(&part) && bad.is_none() {
                let raw = raw.map_or_else(|| "undefined".to_owned(), Value::to_text);
                bad = Some(format!("resolvePathTemplate: invalid value for placeholder '{{{name}}}': '{raw}'"));
            }
            part
        });
        if let Some(bad) = bad {
            return fail(bad);
        }
        match resolved.split('/').find(|part| is_bad(part)) {
            Some(part) => fail(format!("resolvePathTemplate: resolved path contains invalid segment '{part}'")),
            None => Ok(resolved),
        }
    }

    fn manifest(&self, spec: &Map, source: &Source, url: &str) -> Value {
        let prefix = self.settings.prefix();
        let mut annotations = Map::new();
        annotations.insert(format!("{prefix}/source-info"), Value::Map(source.info.clone()).to_json());
        annotations.insert(format!("{prefix}/add-to-catalog"), "true");
        let given = [("owner", self.parameter("ownerParam")), ("system", self.parameter("namespaceParam"))];
        for (key, value) in given {
            if let Some(value) = value {
                annotations.insert(format!("{prefix}/{key}"), value.clone());
            }
        }
        if !url.is_empty() {
            annotations.insert(format!("{prefix}/source-file-url"), url);
        }
        let mut metadata = Map::from_iter([("annotations", annotations)]);
        let given = [("name", self.parameter("nameParam")), ("namespace", self.namespace())];
        for (key, value) in given {
            if let Some(value) = value {
                metadata.insert(key, value.clone());
            }
        }
        [
            ("apiVersion", self.input.get("apiVersion").cloned().unwrap_or_default()),
            ("kind", self.input.get("kind").cloned().unwrap_or_default()),
            ("metadata", metadata.into()),
            ("spec", spec.clone().into()),
        ]
        .into()
    }
}

/// Runs of slashes become one dash.
fn with_dashes(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '/' | '\\' if out.ends_with('\u{0}') => {}
            '/' | '\\' => out.push('\u{0}'),
            character => out.push(character),
        }
    }
    out.replace('\u{0}', "-")
}

fn delete(map: &mut Map, way: &str) {
    match way.split_once('.') {
        None => {
            map.remove(way);
        }
        Some((first, rest)) => {
            if let Some(below) = map.get_mut(first).and_then(Value::as_map_mut) {
                delete(below, rest);
            }
        }
    }
}

fn remove_everywhere(map: &mut Map, key: &str) {
    map.remove(key);
    map.iter_mut().for_each(|(_, value)| remove_below(value, key));
}

fn remove_below(value: &mut Value, key: &str) {
    match value {
        Value::Map(map) => remove_everywhere(map, key),
        Value::List(items) => items.iter_mut().for_each(|item| remove_below(item, key)),
        _ => {}
    }
}

fn remove_empty(map: &mut Map) {
    let mut empty = Vec::new();
    for (key, value) in map.iter_mut() {
        if is_empty_after(value) {
            empty.push(key.to_owned());
        }
    }
    for key in empty {
        map.remove(&key);
    }
}

/// Empties what is below `value`; tells whether nothing of it is left. What goes from a list leaves a hole, written as null.
fn is_empty_after(value: &mut Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::Map(map) => {
            remove_empty(map);
            map.is_empty()
        }
        Value::List(items) => {
            let mut left = 0;
            for item in items.iter_mut() {
                if is_empty_after(item) {
                    *item = Value::Null;
                } else {
                    left += 1;
                }
            }
            left == 0
        }
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Joins the parts of a path below the workspace, which it may not leave.
fn join(parts: &[&str]) -> Result<String, ClaimError> {
    let mut kept: Vec<&str> = Vec::new();
    for part in parts.iter().flat_map(|part| part.split('/')) {
        match part {
            ".." if kept.pop().is_none() => {
                return fail("Relative path is not allowed to refer to a directory outside its parent");
            }
            "" | "." | ".." => {}
            part => kept.push(part),
        }
    }
    Ok(kept.join("/"))
}
