//! The real OPA, asked for many inputs at once.

use std::process::Command;

use anyhow::{Context as _, bail};
use plat_rego::Version;
use plat_tests::programs;
use serde_json::{Value, json};

use super::Answer;
use super::templates::Template;

/// OPA's answers, in the order of the inputs. An error ends a whole query, so that its inputs are then asked in halves.
pub(crate) fn answers(template: &Template, inputs: &[Value]) -> anyhow::Result<Vec<Answer>> {
    let folder = tempfile::tempdir()?;
    for (index, source) in template.sources.iter().enumerate() {
        std::fs::write(folder.path().join(format!("m{index}.rego")), source)?;
    }
    let rule = &template.rule;
    let (head, close) = match template.version {
        Version::V0 => ("answers[i] = answer {", "}"),
        Version::V1 => ("answers[i] := answer if {", "}"),
    };
    let batch = format!(
        "package conformance_batch\n{head}\n  some i\n  one := data.inputs[i]\n  answer := {rule} with input as one\n{close}\n"
    );
    std::fs::write(folder.path().join("batch.rego"), batch)?;
    std::fs::write(folder.path().join("inventory.json"), json!({ "inventory": template.inventory }).to_string())?;
    ask(template, folder.path(), inputs)
}

fn ask(template: &Template, folder: &std::path::Path, inputs: &[Value]) -> anyhow::Result<Vec<Answer>> {
    std::fs::write(folder.join("inputs.json"), json!({ "inputs": inputs }).to_string())?;
    let mut command = Command::new(programs::OPA.build()?);
    command.args(["eval", "--format", "json", "--data"]).arg(folder).arg("data.conformance_batch.answers");
    if template.version == Version::V0 {
        command.arg("--v0-compatible");
    }
    let output = command.output().context("cannot run opa")?;
    let printed: Value = serde_json::from_slice(&output.stdout).context("opa printed no JSON")?;
    if let Some(errors) = printed.get("errors") {
        return match inputs {
            _ if errors[0]["code"].as_str().is_some_and(|code| code.starts_with("rego_")) => {
                bail!("OPA does not take {}: {errors}", template.name)
            }
            [_] => Ok(vec![Err(errors[0]["message"].as_str().unwrap_or_default().to_owned())]),
            _ => {
                let (first, second) = inputs.split_at(inputs.len() / 2);
                let mut all = ask(template, folder, first)?;
                all.extend(ask(template, folder, second)?);
                Ok(all)
            }
        };
    }
    let found = &printed["result"][0]["expressions"][0]["value"];
    Ok((0..inputs.len()).map(|index| Ok(found.get(index.to_string()).cloned())).collect())
}
