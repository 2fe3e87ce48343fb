//! Files and folders in memory.
//!
//! Owns safe paths: nothing is read or written outside, whatever a path says.

use std::collections::BTreeMap;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A folder.
    Folder,
    /// A file.
    File {
        /// Its bytes.
        content: Vec<u8>,
        /// Its mode, as on a Unix file system.
        mode: u32,
    },
    /// A link to another path.
    Link(String),
}

/// A folder's contents: all below it, by paths with slashes and without a leading one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workspace(BTreeMap<String, Entry>);

const OUTSIDE: &str = "Relative path is not allowed to refer to a directory outside its parent";
/// The mode of files that nobody gave another.
const PLAIN: u32 = 0o100_644;

/// A path without `.` and `..`, if it stays inside; the folder itself is empty.
pub(super) fn safe(base: &str, path: &str) -> Result<String, String> {
    // Absolute paths, of Windows too, lead out.
    if path.starts_with('/')
        || path.starts_with('\\')
        || path.get(1..3).is_some_and(|colon| colon == ":\\" || colon == ":/")
    {
        return Err(OUTSIDE.to_owned());
    }
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    let least = parts.len();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.len() <= least => return Err(OUTSIDE.to_owned()),
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

impl Workspace {
    /// All entries by path.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// What is at a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(path)
    }

    /// Adds a file of the usual mode.
    pub fn add_file(&mut self, path: &str, content: impl Into<Vec<u8>>) -> Result<(), String> {
        self.add(path, Entry::File { content: content.into(), mode: PLAIN })
    }

    /// Adds something, and the folders it is in.
    pub fn add(&mut self, path: &str, entry: Entry) -> Result<(), String> {
        let path = safe("", path)?;
        if path.is_empty() {
            return if entry == Entry::Folder { Ok(()) } else { Err(format!("{path}: is a folder")) };
        }
        let mut above = parent(&path);
        while let Some(folder) = above {
            match self.0.get(folder) {
                None => {
                    self.0.insert(folder.to_owned(), Entry::Folder);
                }
                Some(Entry::Folder) => {}
                // Writing through a link could lead anywhere.
                Some(Entry::File { .. } | Entry::Link(_)) => return Err(format!("{folder}: is not a folder")),
            }
            above = parent(folder);
        }
        match (self.0.get(&path), &entry) {
            (Some(Entry::Folder), Entry::Folder) => return Ok(()),
            (Some(Entry::Folder), _) => return Err(format!("{path}: is a folder")),
            (Some(_), Entry::Folder) => return Err(format!("{path}: is not a folder")),
            _ => {}
        }
        self.0.insert(path, entry);
        Ok(())
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Result<&[u8], String> {
        match self.0.get(&safe("", path)?) {
            Some(Entry::File { content, .. }) => Ok(content),
            Some(_) => Err(format!("{path}: is not a file")),
            None => Err(format!("{path}: no such file")),
        }
    }

    /// Everything below a path, as a workspace of its own.
    pub fn part(&self, path: &str) -> Result<Self, String> {
        let path = safe("", path)?;
        if path.is_empty() {
            return Ok(self.clone());
        }
        if self.0.get(&path) != Some(&Entry::Folder) {
            return Err(format!("{path}: no such folder"));
        }
        Ok(Self(self.below(&path).map(|(below, entry)| (below.to_owned(), entry.clone())).collect()))
    }

    /// What is below a folder, by its path from there.
    pub(super) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.entries().filter_map(move |(path, entry)| {
            let rest = if folder.is_empty() { path } else { path.strip_prefix(folder)?.strip_prefix('/')? };
            Some((rest, entry))
        })
    }

    pub(super) fn remove(&mut self, path: &str) {
        let inside = format!("{path}/");
        self.0.retain(|other, _| other != path && !other.starts_with(&inside));
    }

    /// Moves a file, or a folder with all in it.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), String> {
        let Some(entry) = self.0.get(from).cloned() else { return Err(format!("{from}: no such file")) };
        if to == from || to.starts_with(&format!("{from}/")) {
            return Err(format!("{from}: cannot be moved into itself"));
        }
        let inside: Vec<(String, Entry)> =
            self.below(from).map(|(path, entry)| (format!("{to}/{path}"), entry.clone())).collect();
        self.add(to, entry)?;
        for (path, entry) in inside {
            self.add(&path, entry)?;
        }
        self.remove(from);
        Ok(())
    }
}

/// Refuses a link that leads out.
pub(super) fn check_link(path: &str, target: &str) -> Result<(), String> {
    if target.starts_with('/') {
        return Err(OUTSIDE.to_owned());
    }
    let whole = format!("{}/{target}", parent(path).unwrap_or_default());
    safe("", whole.trim_start_matches('/')).map(|_| ())
}
