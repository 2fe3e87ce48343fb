//! Skeletons: `fetch:template` and its kin.
//!
//! Names and texts are templates; what is no text, and links, are copied. A name that renders to nothing, or to an empty part,
//! leaves its file out.

use super::glob::any_fits;
use super::workspace::{check_link, safe};
use super::{Done, Entry, Workspace, binary, is_on, text};
use crate::capabilities::Capabilities;
use crate::data::Data;
use crate::template::{Options, Prepared, Renderer};

/// What the input of an action says about rendering.
struct Settings {
    target: String,
    /// What is only copied.
    copied: Vec<String>,
    /// Only files with this ending are rendered, and lose it.
    extension: Option<String>,
    replaces: bool,
}

pub(super) fn write(
    skeleton: &Workspace,
    input: &Data,
    workspace: &mut Workspace,
    capabilities: &Capabilities,
) -> Result<Done, String> {
    let settings = settings(input, skeleton)?;
    let renderer = renderer(input, capabilities);
    let values = context(input, &renderer)?;
    let count = skeleton.entries().count();
    let mut log = vec![
        "Listing files and directories in template".to_owned(),
        format!("Processing {count} template files/directories with input values"),
    ];
    let render = |text: &str| renderer.render(text, &values).map_err(|error| error.message);
    // Folders before what is deeper, as the real handler finds them.
    let mut entries: Vec<(&str, &Entry)> = skeleton.entries().collect();
    entries.sort_by_key(|(path, _)| path.matches('/').count());
    for (path, entry) in entries {
        let location = if *entry == Entry::Folder { format!("{path}/") } else { path.to_owned() };
        let (is_template, name) = match &settings.extension {
            Some(extension) => match location
                .strip_suffix(extension.as_str())
                .filter(|name| has_name(name) && extension.rfind('.') == Some(0))
            {
                Some(name) => (true, name),
                None => (false, location.as_str()),
            },
            None => (!any_fits(&settings.copied, path), location.as_str()),
        };
        let name = render(name)?;
        if name.is_empty() || name.starts_with('/') || name.contains("//") {
            continue;
        }
        let output = safe(&settings.target, &name)?;
        if workspace.get(&output).is_some() && !settings.replaces {
            continue;
        }
        if !is_template && settings.extension.is_none() {
            log.push(format!("Copying file/directory {location} without processing."));
        }
        log.push(match entry {
            Entry::Folder => format!("Writing directory {location} to template output path."),
            Entry::File { content, mode } if !binary::is_binary(content) => {
                format!("Writing file {location} to template output path with mode {mode}.")
            }
            _ => format!("Copying file binary or symbolic link at {location}, to template output path."),
        });
        write_entry(
            (path, entry),
            (&output, workspace),
            |text| {
                if is_template { render(text) } else { Ok(text.to_owned()) }
            },
        )?;
    }
    log.push(format!("Template result written to {}", settings.target));
    Ok(Done { log, outputs: Vec::new() })
}

fn write_entry(
    (path, entry): (&str, &Entry),
    (output, workspace): (&str, &mut Workspace),
    render: impl Fn(&str) -> Result<String, String>,
) -> Result<(), String> {
    match entry {
        Entry::Folder => workspace.add(output, Entry::Folder),
        Entry::Link(target) => {
            check_link(path, target)?;
            workspace.add(output, entry.clone())
        }
        Entry::File { content, .. } if binary::is_binary(content) => workspace.add(output, entry.clone()),
        Entry::File { content, mode } => {
            let text = render(&String::from_utf8_lossy(content))?;
            workspace.add(output, Entry::File { content: text.into_bytes(), mode: *mode })
        }
    }
}

/// A name that is only an ending has none.
fn has_name(path: &str) -> bool {
    !path.is_empty() && !path.ends_with('/')
}

pub(super) fn write_file(
    content: &[u8],
    input: &Data,
    workspace: &mut Workspace,
    capabilities: &Capabilities,
) -> Result<Done, String> {
    let given = text(input, "targetPath")?;
    let target = safe("", given)?;
    if workspace.get(&target).is_some() && !is_on(input, "replace") {
        let log = vec![format!("File {given} already exists in workspace, not replacing.")];
        return Ok(Done { log, outputs: Vec::new() });
    }
    let renderer = renderer(input, capabilities);
    let values = context(input, &renderer)?;
    let output = renderer.render(&String::from_utf8_lossy(content), &values).map_err(|error| error.message)?;
    workspace.add_file(&target, output)?;
    let log = vec![
        "Processing template file with input values".to_owned(),
        format!("Template file has been written to {target}"),
    ];
    Ok(Done { log, outputs: Vec::new() })
}

fn settings(input: &Data, skeleton: &Workspace) -> Result<Settings, String> {
    let target = safe("", input.get("targetPath").and_then(Data::as_str).unwrap_or("./"))?;
    let copied = match input.get("copyWithoutTemplating") {
        Some(Data::Array(patterns)) => {
            Some(patterns.iter().filter_map(Data::as_str).map(|pattern| whole_folder(pattern, skeleton)).collect())
        }
        Some(other) if other.is_truthy() => {
            return Err("Fetch action input copyWithoutTemplating must be an Array".to_owned());
        }
        _ => None,
    };
    let extension = match input.get("templateFileExtension") {
        Some(Data::String(extension)) if !extension.is_empty() => Some(extension.clone()),
        Some(Data::Bool(true)) => Some(".njk".to_owned()),
        _ => None,
    };
    if extension.is_some() && (copied.is_some() || is_on(input, "cookiecutterCompat")) {
        return Err(
            "Fetch action input extension incompatible with copyWithoutTemplating and cookiecutterCompat".to_owned()
        );
    }
    // The real handler looks at the last ending of a name alone.
    let dotted = |extension: String| if extension.starts_with('.') { extension } else { format!(".{extension}") };
    Ok(Settings {
        target,
        copied: copied.unwrap_or_default(),
        extension: extension.map(dotted),
        replaces: is_on(input, "replace"),
    })
}

/// A folder's name stands for all that is in it. A leading `./` is dropped, but of plain names, which it keeps from fitting.
fn whole_folder(pattern: &str, skeleton: &Workspace) -> String {
    let bare = pattern.strip_prefix("./").unwrap_or(pattern);
    let name = bare.trim_end_matches('/');
    if skeleton.get(name) == Some(&Entry::Folder) {
        return format!("{name}/**");
    }
    if bare.contains(['*', '?', '[', '{', '(']) { bare.to_owned() } else { pattern.to_owned() }
}

fn renderer<'a>(input: &Data, capabilities: &'a Capabilities) -> Renderer<'a> {
    let options = Options {
        allow_regex_execution: true,
        cookiecutter_compat: is_on(input, "cookiecutterCompat"),
        trim_blocks: is_on(input, "trimBlocks"),
        lstrip_blocks: is_on(input, "lstripBlocks"),
        seed: 0,
    };
    Renderer::new(options, capabilities)
}

fn context(input: &Data, renderer: &Renderer<'_>) -> Result<Prepared, String> {
    let name = if is_on(input, "cookiecutterCompat") { "cookiecutter" } else { "values" };
    let values = input.get("values").map(|values| (name, values.clone()));
    renderer.prepare(Data::object(values)).map_err(|error| error.message)
}
