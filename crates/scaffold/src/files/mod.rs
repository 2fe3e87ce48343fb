//! Actions on files, as functions over a workspace in memory.
//!
//! Owns what `fetch:*`, `workspace:template*`, `fs:*`, `debug:log` and Roadie's `fs:*` do to a workspace. Where skeletons come from, and where the
//! workspace goes, is the shell's.

mod basic;
mod binary;
mod glob;
mod roadie;
mod skeleton;
mod workspace;

pub use self::workspace::{Entry, Workspace};

use crate::capabilities::Capabilities;
use crate::data::Data;

/// What an action has done besides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// What it says.
    pub log: Vec<String>,
    /// Its outputs by name.
    pub outputs: Vec<(String, Data)>,
}

/// Where skeletons come from.
pub trait Sources {
    /// The files of a folder, by the address that a template gives.
    fn folder(&self, address: &str) -> Result<Workspace, String>;
    /// One file.
    fn file(&self, address: &str) -> Result<Vec<u8>, String>;
}

/// An action's surroundings.
pub struct Surroundings<'a> {
    /// Where skeletons come from.
    pub sources: &'a dyn Sources,
    /// What skeletons may use.
    pub capabilities: &'a Capabilities,
}

/// Carries an action out on a workspace; none where it is not one of these.
pub fn act(
    action: &str,
    input: &Data,
    workspace: &mut Workspace,
    surroundings: &Surroundings<'_>,
) -> Option<Result<Done, String>> {
    Some(match action {
        "fetch:plain" => basic::fetch(input, workspace, surroundings.sources),
        "fetch:plain:file" => basic::fetch_file(input, workspace, surroundings.sources),
        "fetch:template" => surroundings
            .sources
            .folder(address(input))
            .and_then(|skeleton| skeleton::write(&skeleton, input, workspace, surroundings.capabilities)),
        "workspace:template" => text(input, "sourcePath")
            .and_then(|source| workspace.part(source))
            .and_then(|skeleton| skeleton::write(&skeleton, input, workspace, surroundings.capabilities)),
        "fetch:template:file" => surroundings
            .sources
            .file(address(input))
            .and_then(|content| skeleton::write_file(&content, input, workspace, surroundings.capabilities)),
        "workspace:template:file" => text(input, "sourcePath")
            .and_then(|source| workspace.read(source).map(<[u8]>::to_vec))
            .and_then(|content| skeleton::write_file(&content, input, workspace, surroundings.capabilities)),
        "fs:delete" => basic::delete(input, workspace),
        "fs:rename" => basic::rename(input, workspace),
        "fs:readdir" => basic::read_folders(input, workspace),
        "debug:log" => Ok(basic::log(input, workspace)),
        _ => return roadie::act(action, input, workspace),
    })
}

fn text<'a>(input: &'a Data, name: &str) -> Result<&'a str, String> {
    input.get(name).and_then(Data::as_str).ok_or_else(|| format!("{name} must be a string"))
}

fn address(input: &Data) -> &str {
    input.get("url").and_then(Data::as_str).unwrap_or(".")
}

fn is_on(input: &Data, name: &str) -> bool {
    input.get(name).is_some_and(Data::is_truthy)
}
