//! Where platform and policies come from.
//!
//! Owns the feeds (folders, kinds of the cluster) and when a new snapshot is made of them. What a snapshot means is
//! `plat-admission`'s matter.

mod cluster;
mod feeds;
mod folder;
mod rebuild;

pub use cluster::{Cluster, ClusterArguments, TemplateStatus};
pub(crate) use cluster::{configuration, follow, words};
pub use feeds::{Feeds, State};
pub use folder::{Folder, FolderArguments};
pub use rebuild::Rebuild;
pub(crate) use rebuild::templates;
