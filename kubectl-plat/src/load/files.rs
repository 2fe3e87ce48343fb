//! Paths to bytes: files, folders, globs and stdin, each read once.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use plat_resource::{Diagnostic, suggest};

/// What stdin is called in findings.
const STDIN: &str = "<stdin>";

/// The endings that make a file of a folder a manifest, as kubectl has them.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// How far into folders to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Only the files that stand directly in the folder.
    Flat,
    /// Folders in folders too, except hidden ones.
    Recursive,
}

/// How a file came to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The user named it.
    Named,
    /// It stands in a folder or matches a pattern that the user named.
    Found,
}

/// One file, read.
#[derive(Debug)]
pub(crate) struct File {
    /// As the user would name it.
    pub(crate) name: String,
    /// What it says.
    pub(crate) bytes: Vec<u8>,
    /// How it came to be read.
    pub(crate) origin: Origin,
}

impl File {
    /// Whether the file stands in a folder called `samples` below `path`: that is what suites of policies judge, not a
    /// policy.
    pub(crate) fn is_sample_below(&self, path: &str) -> bool {
        let below = Path::new(&self.name).strip_prefix(path).unwrap_or(Path::new(""));
        let folders = below.parent().into_iter().flat_map(Path::components);
        self.origin == Origin::Found && folders.into_iter().any(|folder| folder.as_os_str() == "samples")
    }
}

/// Reads files for one command.
#[derive(Debug, Default)]
pub(crate) struct Files {
    stdin_of: Option<&'static str>,
}

/// One flag's run over its paths.
struct Search<'a> {
    flag: &'static str,
    depth: Depth,
    files: Vec<File>,
    seen: BTreeSet<PathBuf>,
    findings: &'a mut Vec<Diagnostic>,
}

impl Files {
    /// Reads everything that `paths` of `flag` name, in the order given; in folders by name.
    pub(crate) fn read(
        &mut self,
        flag: &'static str,
        paths: &[String],
        depth: Depth,
        findings: &mut Vec<Diagnostic>,
    ) -> Vec<File> {
        let mut search = Search { flag, depth, files: Vec::new(), seen: BTreeSet::new(), findings };
        for path in paths {
            if path == "-" {
                match self.stdin_of.replace(flag) {
                    None => search.stdin(),
                    Some(taken) => search.fail("-", format!("stdin was already read for {taken}"), None),
                }
            } else {
                search.path(path);
            }
        }
        search.files
    }
}

impl Search<'_> {
    fn stdin(&mut self) {
        let mut bytes = Vec::new();
        match io::stdin().lock().read_to_end(&mut bytes) {
            Ok(_) => self.files.push(File { name: STDIN.to_owned(), bytes, origin: Origin::Named }),
            Err(error) => self.fail("-", reason(&error), None),
        }
    }

    fn path(&mut self, given: &str) {
        let path = Path::new(given);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.named_folder(path),
            Ok(_) => self.file(path, Origin::Named),
            Err(_) if is_pattern(given) => self.pattern(given),
            Err(_) if given.contains("://") => {
                let hint = format!("plat reads files only: curl -sL {given} | kubectl plat ... {} -", self.flag);
                self.fail(given, "it is a URL".to_owned(), Some(hint));
            }
            Err(error) => self.fail(given, reason(&error), neighbour(path)),
        }
    }

    fn pattern(&mut self, pattern: &str) {
        let paths = match glob::glob(pattern) {
            Ok(paths) => paths,
            Err(error) => return self.fail(pattern, format!("the pattern is not understood: {}", error.msg), None),
        };
        let mut matches = 0;
        for entry in paths {
            matches += 1;
            match entry {
                Ok(path) if path.is_dir() => self.folder(&path),
                Ok(path) => self.file(&path, Origin::Found),
                Err(error) => self.fail(&error.path().display().to_string(), reason(error.error()), None),
            }
        }
        if matches == 0 {
            self.fail(pattern, "no file matches the pattern".to_owned(), None);
        }
    }

    fn named_folder(&mut self, folder: &Path) {
        let (files, findings) = (self.files.len(), self.findings.len());
        self.folder(folder);
        // A folder that names only files which another path named before is not empty.
        let has_manifests = self.files.len() > files
            || list(folder).is_ok_and(|entries| entries.iter().any(|entry| is_manifest(entry)));
        if has_manifests || self.findings.len() > findings {
            return;
        }
        let deeper =
            self.depth == Depth::Flat && list(folder).is_ok_and(|entries| entries.iter().any(|path| path.is_dir()));
        let hint = deeper.then(|| "-R reads the folders in it too".to_owned());
        self.fail(&folder.display().to_string(), "the folder has no .yaml, .yml or .json file".to_owned(), hint);
    }

    fn folder(&mut self, folder: &Path) {
        let entries = match list(folder) {
            Ok(entries) => entries,
            Err(error) => return self.fail(&folder.display().to_string(), reason(&error), None),
        };
        for entry in entries {
            // A link to a folder is not followed: it may lead back here.
            if entry.is_dir() && !entry.is_symlink() && !is_hidden(&entry) && self.depth == Depth::Recursive {
                self.folder(&entry);
            } else if is_manifest(&entry) {
                self.file(&entry, Origin::Found);
            }
        }
    }

    fn file(&mut self, path: &Path, origin: Origin) {
        // The same file named twice, or named and found, is one file.
        if fs::canonicalize(path).is_ok_and(|real| !self.seen.insert(real)) {
            return;
        }
        let name = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => self.files.push(File { name, bytes, origin }),
            Err(error) => self.fail(&name, reason(&error), None),
        }
    }

    fn fail(&mut self, path: &str, cause: String, hint: Option<String>) {
        let message = format!("{} {path} cannot be read", self.flag);
        self.findings.push(Diagnostic::error(message).because(cause).maybe_hint(hint));
    }
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    !path.is_dir() && ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Why in words, without the number of the system's error.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// "Did you mean" for a path whose last part is not there.
pub(super) fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = list(folder).ok()?;
    let names: Vec<&str> = entries.iter().filter_map(|entry| entry.file_name()?.to_str()).collect();
    let closest = suggest::closest(wanted, names)?;
    Some(format!("did you mean {}?", path.with_file_name(closest).display()))
}
