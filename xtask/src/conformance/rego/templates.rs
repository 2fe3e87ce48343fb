//! Templates of a folder, with the constraints and objects that stand near them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plat_rego::Version;
use serde_json::{Map, Value, json};

/// One template as it is put before both engines.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// The rule that is asked for.
    pub(crate) rule: String,
    pub(crate) sources: Vec<String>,
    /// Parameters of constraints.
    pub(crate) parameters: Vec<Value>,
    /// Objects and requests to start from.
    pub(crate) objects: Vec<Value>,
    pub(crate) inventory: Value,
}

/// All Rego templates below the folders.
pub(crate) fn find(folders: &[PathBuf]) -> anyhow::Result<Vec<Template>> {
    let mut found = Vec::new();
    let mut open = folders.to_vec();
    open.sort();
    while let Some(folder) = open.pop() {
        let mut files = Vec::new();
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
        for file in files {
            for document in documents(&file)? {
                if document["kind"] == "ConstraintTemplate" {
                    found.extend(template(&document, &folder, &file)?);
                }
            }
        }
    }
    Ok(found)
}

fn documents(file: &Path) -> anyhow::Result<Vec<Value>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let (documents, _) = plat_resource::yaml::parse(&file.display().to_string(), &bytes);
    Ok(documents.into_iter().map(|document| document.value).collect())
}

fn below(folder: &Path, all: &mut Vec<Value>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, all)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            all.extend(documents(&path)?);
        }
    }
    Ok(())
}

fn template(document: &Value, folder: &Path, file: &Path) -> anyhow::Result<Option<Template>> {
    let target = &document["spec"]["targets"][0];
    let engine = target["code"].as_array().into_iter().flatten().find(|code| code["engine"] == "Rego");
    let source = engine.map_or(target, |engine| &engine["source"]);
    let Some(rego) = source["rego"].as_str() else { return Ok(None) };
    let Some(package) = rego.lines().find_map(|line| line.trim().strip_prefix("package ")) else { return Ok(None) };
    let libs = source["libs"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let kind = document["spec"]["crd"]["spec"]["names"]["kind"].as_str().unwrap_or_default();
    let mut near = Vec::new();
    below(folder, &mut near)?;
    let constraints = near.iter().filter(|object| object["kind"] == kind);
    let mut parameters: Vec<Value> = constraints.map(|constraint| constraint["spec"]["parameters"].clone()).collect();
    parameters.push(Value::Null);
    let objects: Vec<Value> = near.into_iter().filter(is_reviewed).collect();
    Ok(Some(Template {
        name: file.display().to_string(),
        version: if source["version"] == "v1" { Version::V1 } else { Version::V0 },
        rule: format!("data.{}.violation", package.trim()),
        sources: std::iter::once(rego.to_owned()).chain(libs).collect(),
        parameters,
        inventory: inventory(&objects),
        objects: if objects.is_empty() { vec![pod()] } else { objects },
    }))
}

fn is_reviewed(object: &Value) -> bool {
    let group = object["apiVersion"].as_str().unwrap_or_default();
    !group.is_empty() && !group.contains("gatekeeper.sh")
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "a", "namespace": "default", "labels": { "app": "a" }, "annotations": { "b": "c" } },
        "spec": {
            "hostNetwork": true, "volumes": [{ "name": "v", "hostPath": { "path": "/etc" } }],
            "containers": [{
                "name": "c", "image": "nginx:latest", "ports": [{ "containerPort": 80, "hostPort": 80 }],
                "resources": { "limits": { "cpu": "100m", "memory": "1Gi" } },
                "securityContext": { "privileged": true, "capabilities": { "add": ["ALL"] } },
            }],
        },
    })
}

/// Objects as Gatekeeper's sync holds them.
fn inventory(objects: &[Value]) -> Value {
    let mut root = json!({ "cluster": {}, "namespace": {} });
    for object in objects {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let name = text(&object["metadata"]["name"]);
        let place = match object["metadata"]["namespace"].as_str() {
            Some(namespace) => object_at(&mut root["namespace"], namespace),
            None => &mut root["cluster"],
        };
        let place = object_at(object_at(place, &version), &kind);
        *object_at(place, &name) = object.clone();
    }
    root
}

fn object_at<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    &mut value[key]
}
