//! The policies of the comparison: those that plat ships, up to a round number.
//!
//! Owns reading them and filling up: where there are fewer than asked for, copies under other names, which are as much work.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use plat_resource::{Value, yaml};

/// Templates and constraints.
#[derive(Debug)]
pub(super) struct Policies {
    pub(super) templates: Vec<Value>,
    pub(super) constraints: Vec<Value>,
}

impl Policies {
    /// So many templates with one constraint each, from the template and constraint files below a folder.
    pub(super) fn read(folder: &Path, count: usize) -> anyhow::Result<Self> {
        let mut documents = Vec::new();
        read_all(folder, &mut documents)?;
        let of_kind = |value: &&Value| value["kind"] == "ConstraintTemplate";
        let templates: Vec<_> = documents.iter().filter(of_kind).cloned().collect();
        let pairs: Vec<(Value, Value)> = templates
            .into_iter()
            .filter_map(|template| {
                let kind = &template["spec"]["crd"]["spec"]["names"]["kind"];
                let constraint = documents.iter().find(|value| value["kind"] == *kind)?.clone();
                Some((template, constraint))
            })
            .collect();
        ensure!(!pairs.is_empty(), "{} has no template with a constraint", folder.display());
        let mut policies = Self { templates: Vec::new(), constraints: Vec::new() };
        for (number, (template, constraint)) in pairs.iter().cycle().take(count).enumerate() {
            let (template, constraint) = copy(template, constraint, number / pairs.len())?;
            policies.templates.push(template);
            policies.constraints.push(constraint);
        }
        Ok(policies)
    }

    /// Writes them all into a folder, one file each.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (number, value) in self.templates.iter().chain(&self.constraints).enumerate() {
            std::fs::write(folder.join(format!("{number:03}.yaml")), yaml::to_string(value))?;
        }
        Ok(())
    }
}

/// The pair under other names; the first copy is the original.
fn copy(template: &Value, constraint: &Value, number: usize) -> anyhow::Result<(Value, Value)> {
    let (mut template, mut constraint) = (template.clone(), constraint.clone());
    if number > 0 {
        let kind = template["spec"]["crd"]["spec"]["names"]["kind"].as_str().context("a template without a kind")?;
        let kind = format!("{kind}Copy{number}");
        template["metadata"]["name"] = kind.to_lowercase().into();
        template["spec"]["crd"]["spec"]["names"]["kind"] = kind.clone().into();
        constraint["kind"] = kind.into();
    }
    Ok((template, constraint))
}

fn read_all(folder: &Path, documents: &mut Vec<Value>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            read_all(&path, documents)?;
        } else if ["template.yaml", "constraint.yaml"].contains(&name.as_str()) {
            let (found, findings) = yaml::parse(&path.display().to_string(), &std::fs::read(&path)?);
            ensure!(findings.is_empty(), "{}: {findings:?}", path.display());
            documents.extend(found.into_iter().map(|document| document.value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fills_up_with_copies_under_other_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::create_dir(&path).unwrap();
        let template =
            "kind: ConstraintTemplate\nmetadata: {name: owned}\nspec: {crd: {spec: {names: {kind: Owned}}}}\n";
        std::fs::write(path.join("template.yaml"), template).unwrap();
        std::fs::write(path.join("constraint.yaml"), "kind: Owned\nmetadata: {name: all}\n").unwrap();
        let policies = Policies::read(folder.path(), 2).unwrap();
        assert_eq!(policies.templates[1]["metadata"]["name"], json!("ownedcopy1"));
        assert_eq!(
            policies.constraints.iter().map(|it| it["kind"].clone()).collect::<Vec<_>>(),
            ["Owned", "OwnedCopy1"]
        );
        assert!(Policies::read(tempfile::tempdir().unwrap().path(), 2).is_err());
    }
}
