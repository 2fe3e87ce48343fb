//! Roadie's actions on files and values: `roadiehq:utils:fs:*` and `roadiehq:utils:serialize:json`.

use super::glob::any_fits;
use super::workspace::safe;
use super::{Done, Entry, Workspace, is_on, text};
use crate::data::Data;
use crate::template::replaced;

/// Carries one of them out; none where it is none, or needs YAML.
pub(super) fn act(action: &str, input: &Data, workspace: &mut Workspace) -> Option<Result<Done, String>> {
    Some(match action {
        "roadiehq:utils:fs:write" => write(input, workspace),
        "roadiehq:utils:fs:append" => append(input, workspace),
        "roadiehq:utils:fs:replace" => replace(input, workspace),
        "roadiehq:utils:fs:parse" => match input.get("parser").and_then(Data::as_str) {
            None | Some("" | "json") => parse(input, workspace),
            Some(_) => return None,
        },
        "roadiehq:utils:serialize:json" => Ok(serialize(input)),
        _ => return None,
    })
}

fn written(path: &str) -> Done {
    Done { log: Vec::new(), outputs: vec![("path".to_owned(), Data::from(path))] }
}

fn write(input: &Data, workspace: &mut Workspace) -> Result<Done, String> {
    let path = safe("", text(input, "path")?)?;
    let content = text(input, "content")?;
    let formatted = is_on(input, "preserveFormatting").then(|| serde_json::from_str::<Data>(content).ok()).flatten();
    let content = formatted.map_or_else(|| content.to_owned(), |data| data.to_pretty_json());
    put(workspace, &path, content.into_bytes())?;
    Ok(written(&path))
}

fn append(input: &Data, workspace: &mut Workspace) -> Result<Done, String> {
    let path = safe("", text(input, "path")?)?;
    let mut content = match workspace.get(&path) {
        None => Vec::new(),
        Some(_) => workspace.read(&path)?.to_vec(),
    };
    content.extend_from_slice(text(input, "content")?.as_bytes());
    put(workspace, &path, content)?;
    Ok(written(&path))
}

/// A file keeps its mode.
fn put(workspace: &mut Workspace, path: &str, content: Vec<u8>) -> Result<(), String> {
    match workspace.get(path) {
        Some(Entry::File { mode, .. }) => {
            let mode = *mode;
            workspace.add(path, Entry::File { content, mode })
        }
        _ => workspace.add_file(path, content),
    }
}

fn parse(input: &Data, workspace: &Workspace) -> Result<Done, String> {
    let path = text(input, "path")?;
    let content = String::from_utf8_lossy(workspace.read(path)?).into_owned();
    let content = if is_on(input, "parser") {
        serde_json::from_str(&content).map_err(|error| format!("{path}: {error}"))?
    } else {
        Data::String(content)
    };
    Ok(Done { log: Vec::new(), outputs: vec![("content".to_owned(), content)] })
}

fn replace(input: &Data, workspace: &mut Workspace) -> Result<Done, String> {
    let files = input.get("files").and_then(Data::as_array).ok_or("files must be an Array")?;
    for file in files {
        let given = |name: &str| file.get(name).and_then(Data::as_str).filter(|text| !text.is_empty());
        let Some(pattern) = given("file") else { return Err("Path to file needs to be defined".to_owned()) };
        let (Some(find), Some(with)) = (given("find"), given("replaceWith")) else {
            return Err("each file must have a find and replaceWith property".to_owned());
        };
        let pattern = safe("", pattern)?;
        let is_hidden = |path: &str| path.split('/').any(|part| part.starts_with('.'));
        let shows_hidden = is_on(file, "includeDotFiles") || is_hidden(&pattern);
        let fits = |(path, entry): &(&str, &Entry)| {
            matches!(entry, Entry::File { .. })
                && any_fits(std::slice::from_ref(&pattern), path)
                && (shows_hidden || !is_hidden(path))
        };
        let found: Vec<String> = workspace.entries().filter(fits).map(|(path, _)| path.to_owned()).collect();
        for path in found {
            let content = String::from_utf8_lossy(workspace.read(&path)?).into_owned();
            let output = replaced(&content, find, with, is_on(file, "matchRegex"))?;
            put(workspace, &path, output.into_bytes())?;
        }
    }
    Ok(Done::default())
}

fn serialize(input: &Data) -> Done {
    let space = match input.get("space") {
        Some(Data::String(space)) => space.chars().take(10).collect(),
        Some(Data::Number(count)) => " ".repeat(crate::template::number::to_count(*count).min(10)),
        _ => String::new(),
    };
    let names = input.get("replacer").and_then(Data::as_array).filter(|names| !names.is_empty());
    let data = input.get("data").map(|data| match names {
        Some(names) => only(data, names),
        None => data.clone(),
    });
    let serialized = data.map(|data| Data::String(crate::template::json::of_data(&data, &space)));
    Done { log: Vec::new(), outputs: serialized.map(|text| ("serialized".to_owned(), text)).into_iter().collect() }
}

/// Only fields of some names, in their order.
fn only(data: &Data, names: &[Data]) -> Data {
    match data {
        Data::Object(_) => {
            let fields = names.iter().filter_map(Data::as_str);
            Data::object(fields.filter_map(|name| Some((name.to_owned(), only(data.get(name)?, names)))))
        }
        Data::Array(items) => Data::Array(items.iter().map(|item| only(item, names)).collect()),
        other => other.clone(),
    }
}
