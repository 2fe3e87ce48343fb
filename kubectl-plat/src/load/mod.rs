//! Reading what the user named on the command line: the only place that opens files and reads stdin for input.
//!
//! Owns which files are read and what each of their objects is for. What an object means is for the other rooms; every
//! finding is collected, so that one run reports all of them.

mod context;
mod files;
mod live;
mod subjects;
mod tests;

use plat_platform::Platform;
use plat_resource::{Diagnostic, Document, yaml};

pub(crate) use context::context;
pub(crate) use files::{Depth, File, Files, Origin};
pub(crate) use live::Live;
pub(crate) use subjects::{DEFAULT_NAMESPACE, subjects, subjects_in};
pub(crate) use tests::{named_by_suite, tests};

/// A file that names none of these cannot be part of a platform; it may be a chart's template, or anything else.
const MARKS: [&[u8]; 2] = [b"crossplane.io", b"CustomResourceDefinition"];

/// So many files are named where files are left out.
const SHOWN_FILES: usize = 3;

/// Reads the platform from files and folders.
pub(crate) fn platform(files: &[File], findings: &mut Vec<Diagnostic>) -> Platform {
    let (platform, found) = Platform::load(platform_documents(files, findings));
    findings.extend(found);
    platform
}

/// Reads what may be parts of a platform.
pub(crate) fn platform_documents(files: &[File], findings: &mut Vec<Diagnostic>) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut unrelated = Vec::new();
    for file in files {
        let (read, found) = yaml::parse(&file.name, &file.bytes);
        documents.extend(read);
        if !found.is_empty() && is_unrelated(file) {
            unrelated.push(file.name.as_str());
        } else {
            findings.extend(found);
        }
    }
    if !unrelated.is_empty() {
        findings.push(left_out(&unrelated));
    }
    documents
}

fn left_out(files: &[&str]) -> Diagnostic {
    let shown: Vec<&str> = files.iter().take(SHOWN_FILES).copied().collect();
    let more = match files.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Diagnostic::warning(format!("left out what cannot be read and names no platform kind: {}{more}", shown.join(", ")))
}

/// Reads every object of `files`, whatever it is.
pub(crate) fn documents(files: &[File], findings: &mut Vec<Diagnostic>) -> Vec<Document> {
    let mut documents = Vec::new();
    for file in files {
        let (read, found) = yaml::parse(&file.name, &file.bytes);
        if read.is_empty() && found.is_empty() && file.origin == Origin::Named {
            findings.push(empty(file));
        }
        documents.extend(read);
        findings.extend(found);
    }
    documents
}

fn empty(file: &File) -> Diagnostic {
    let size = match file.bytes.len() {
        0 => "it is empty".to_owned(),
        _ => "it has no object, only blanks and comments".to_owned(),
    };
    Diagnostic::error(format!("{} cannot be used", file.name)).because(size)
}

fn is_unrelated(file: &File) -> bool {
    file.origin == Origin::Found
        && !MARKS.iter().any(|mark| file.bytes.windows(mark.len()).any(|window| window == *mark))
}
