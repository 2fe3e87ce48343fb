//! Copying, deleting, moving and listing.

use super::glob::any_fits;
use super::workspace::{check_link, safe};
use super::{Done, Entry, Sources, Workspace, address, is_on, text};
use crate::data::Data;

pub(super) fn fetch(input: &Data, workspace: &mut Workspace, sources: &dyn Sources) -> Result<Done, String> {
    let target = safe("", input.get("targetPath").and_then(Data::as_str).unwrap_or("./"))?;
    let source = sources.folder(address(input))?;
    for (path, entry) in source.entries() {
        if let Entry::Link(link) = entry {
            check_link(path, link)?;
        }
        workspace.add(&safe(&target, path)?, entry.clone())?;
    }
    Ok(Done { log: vec!["Fetching plain content from remote URL".to_owned()], outputs: Vec::new() })
}

pub(super) fn fetch_file(input: &Data, workspace: &mut Workspace, sources: &dyn Sources) -> Result<Done, String> {
    let target = safe("", text(input, "targetPath")?)?;
    workspace.add_file(&target, sources.file(address(input))?)?;
    Ok(Done { log: vec!["Fetching plain content from remote URL".to_owned()], outputs: Vec::new() })
}

/// Deletes files; folders that they leave empty stay.
pub(super) fn delete(input: &Data, workspace: &mut Workspace) -> Result<Done, String> {
    let mut done = Done::default();
    for pattern in list(input, "files")? {
        let pattern = safe("", pattern.as_str().unwrap_or_default())?;
        let pattern = match workspace.get(&pattern) {
            Some(Entry::Folder) => format!("{pattern}/**"),
            _ if pattern.is_empty() => "**".to_owned(),
            _ => pattern,
        };
        let fits =
            |(path, entry): &(&str, &Entry)| **entry != Entry::Folder && any_fits(std::slice::from_ref(&pattern), path);
        let found: Vec<String> = workspace.entries().filter(fits).map(|(path, _)| path.to_owned()).collect();
        for path in found {
            workspace.remove(&path);
            done.log.push(format!("File {path} deleted successfully"));
        }
    }
    Ok(done)
}

pub(super) fn rename(input: &Data, workspace: &mut Workspace) -> Result<Done, String> {
    let mut done = Done::default();
    for file in list(input, "files")? {
        let name = |name: &str| file.get(name).and_then(Data::as_str).filter(|name| !name.is_empty());
        let (Some(from), Some(to)) = (name("from"), name("to")) else {
            return Err("each file must have a from and to property".to_owned());
        };
        let (from, to) = (safe("", from)?, safe("", to)?);
        if workspace.get(&to).is_some() {
            if !is_on(file, "overwrite") {
                return Err("dest already exists.".to_owned());
            }
            workspace.remove(&to);
        }
        workspace.rename(&from, &to)?;
        done.log.push(format!("File {from} renamed to {to} successfully"));
    }
    Ok(done)
}

pub(super) fn read_folders(input: &Data, workspace: &Workspace) -> Result<Done, String> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for path in list(input, "paths")? {
        let folder = safe("", path.as_str().unwrap_or_default())?;
        if !folder.is_empty() && workspace.get(&folder) != Some(&Entry::Folder) {
            return Err(format!("{folder}: no such folder"));
        }
        for (below, entry) in workspace.below(&folder) {
            if below.contains('/') && !is_on(input, "recursive") {
                continue;
            }
            let path = if folder.is_empty() { below.to_owned() } else { format!("{folder}/{below}") };
            let name = path.rsplit('/').next().unwrap_or_default();
            let element = Data::object([
                ("name", Data::from(name)),
                ("path", Data::from(path.as_str())),
                ("fullPath", Data::from(path.as_str())),
            ]);
            if *entry == Entry::Folder { folders.push(element) } else { files.push(element) }
        }
    }
    let outputs = vec![("files".to_owned(), Data::Array(files)), ("folders".to_owned(), Data::Array(folders))];
    Ok(Done { log: Vec::new(), outputs })
}

pub(super) fn log(input: &Data, workspace: &Workspace) -> Done {
    let mut log = vec![input.to_pretty_json()];
    if let Some(Data::String(message)) = input.get("message")
        && !message.is_empty()
    {
        log.push(message.clone());
    }
    if is_on(input, "listWorkspace") {
        let with_contents = input.get("listWorkspace").and_then(Data::as_str) == Some("with-contents");
        let lines = workspace.entries().filter_map(|(path, entry)| match entry {
            Entry::File { content, .. } if with_contents => {
                Some(format!(" - {path}:\n\n  {}", String::from_utf8_lossy(content)))
            }
            Entry::Folder => None,
            _ => Some(format!("  - {path}")),
        });
        log.push(format!("Workspace:\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    Done { log, outputs: Vec::new() }
}

fn list<'a>(input: &'a Data, name: &str) -> Result<&'a [Data], String> {
    input.get(name).and_then(Data::as_array).ok_or_else(|| format!("{name} must be an Array"))
}
