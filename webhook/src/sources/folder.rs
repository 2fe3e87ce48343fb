//! Platform and policies from folders, read again when their contents change.
//!
//! Owns the walk and the polling. Contents are compared, never times and never by a file watch: mounted ConfigMaps swap
//! symbolic links, which watches miss.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plat_admission::kinds::Part;
use plat_admission::last_good::Unit;
use plat_resource::yaml;
use tracing::warn;

use super::feeds::{Feeds, State};

/// Policies from folders
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Policies from folders")]
pub struct FolderArguments {
    /// Folder with templates, constraints and mutators; may be given more than once
    #[arg(long, value_name = "FOLDER")]
    pub policies_dir: Vec<PathBuf>,
    /// Folder with XRDs, Compositions and Functions; may be given more than once
    #[arg(long, value_name = "FOLDER")]
    pub platform_dir: Vec<PathBuf>,
    /// How often folders are looked at
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = crate::args::seconds)]
    pub folder_interval: Duration,
}

impl FolderArguments {
    /// The folders, each a feed of its own.
    pub fn folders(&self) -> Vec<Folder> {
        let policies = self.policies_dir.iter().map(|path| Folder::new(path, Part::Policies));
        let platform = self.platform_dir.iter().map(|path| Folder::new(path, Part::Platform));
        policies.chain(platform).collect()
    }
}

/// One folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    part: Part,
    feed: String,
    seen: Option<BTreeMap<PathBuf, Vec<u8>>>,
}

/// Links that lead back up are not followed forever.
const MAX_DEPTH: usize = 32;

impl Folder {
    /// A folder that was not read yet.
    pub fn new(path: &Path, part: Part) -> Self {
        Self { path: path.to_owned(), part, feed: format!("folder {}", path.display()), seen: None }
    }

    /// Makes the feed known.
    pub fn announce(&self, feeds: &Feeds) {
        feeds.expect(&self.feed, self.part);
    }

    /// Reads the folder every `interval`, for ever.
    pub async fn follow(mut self, feeds: Arc<Feeds>, interval: Duration) {
        loop {
            let shared = Arc::clone(&feeds);
            let read = tokio::task::spawn_blocking(move || {
                self.read(&shared);
                self
            });
            let Ok(folder) = read.await else { return };
            self = folder;
            tokio::time::sleep(interval).await;
        }
    }

    /// Reads the folder once.
    pub fn read(&mut self, feeds: &Feeds) {
        let mut files = BTreeMap::new();
        if let Err(error) = collect(&self.path, MAX_DEPTH, &mut files) {
            warn!(folder = %self.path.display(), %error, "the folder cannot be read");
            feeds.fail(&self.feed, format!("{}: {error}", self.path.display()));
            return;
        }
        if self.seen.as_ref() == Some(&files) {
            // It may have been unreadable in between.
            return feeds.replace(&self.feed, feeds.units_of(&self.feed), State::Followed);
        }
        let units = files.iter().map(|(path, bytes)| self.unit(path, bytes));
        feeds.replace(&self.feed, units, State::Followed);
        self.seen = Some(files);
    }

    fn unit(&self, path: &Path, bytes: &[u8]) -> Unit {
        let name = path.display().to_string();
        let (documents, findings) = yaml::parse(&name, bytes);
        let unreadable = findings.into_iter().filter(plat_resource::Diagnostic::is_error).collect();
        // Suites and the objects they test stand beside policies; they are no policies.
        let is_part = |document: &plat_resource::Document| {
            let kind = plat_resource::GroupVersionKind::of(&document.value);
            let row = plat_admission::kinds::find(&kind);
            row.is_some_and(|row| row.part == self.part) || (row.is_none() && self.part == Part::Platform)
        };
        Unit { name, documents: documents.into_iter().filter(is_part).collect(), unreadable }
    }
}

/// Every YAML and JSON file below `folder`, with its contents.
fn collect(folder: &Path, depth: usize, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            // `..data` of a mounted ConfigMap is where its visible links lead.
            continue;
        }
        let metadata = std::fs::metadata(&path)?;
        if metadata.is_dir() && depth > 0 {
            collect(&path, depth - 1, files)?;
        } else if metadata.is_file() && is_yaml(&path) {
            let bytes = std::fs::read(&path)?;
            files.insert(path, bytes);
        }
    }
    Ok(())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].contains(&&*extension.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: a}\n";

    #[test]
    fn a_folder_is_read_again_when_its_contents_change() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        write("below/a.yaml", TEMPLATE);
        write("ignored.txt", "x");
        write("suite.yaml", "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n");
        let feeds = Feeds::default();
        let mut source = Folder::new(folder.path(), Part::Policies);
        source.announce(&feeds);
        source.read(&feeds);
        let documents = || feeds.units(Part::Policies).iter().map(|unit| unit.documents.len()).sum::<usize>();
        assert_eq!((feeds.take_changed().len(), documents()), (1, 1));
        source.read(&feeds);
        assert!(feeds.take_changed().is_empty());
        write("below/a.yaml", &format!("{TEMPLATE}---\n{}", TEMPLATE.replace("name: a", "name: b")));
        source.read(&feeds);
        assert_eq!((feeds.take_changed().len(), documents()), (1, 2));
    }

    #[test]
    fn a_broken_file_is_reported_at_its_place_and_a_missing_folder_keeps_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policies");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("a.yaml"), "a: [").unwrap();
        let feeds = Feeds::default();
        let mut source = Folder::new(&path, Part::Policies);
        source.announce(&feeds);
        source.read(&feeds);
        let units = feeds.units(Part::Policies);
        assert!(units[0].unreadable[0].location.as_ref().unwrap().file.ends_with("a.yaml"));
        std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        source.read(&feeds);
        assert!(matches!(&feeds.states()[0].1, State::Lost(_)), "{:?}", feeds.states());
        assert_eq!(feeds.units(Part::Policies).len(), 1);
        std::fs::rename(folder.path().join("elsewhere"), &path).unwrap();
        source.read(&feeds);
        assert_eq!(feeds.states()[0].1, State::Followed);
    }
}
