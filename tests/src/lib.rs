//! The harness of the end-to-end tests: real programs, built where they are missing, and a real control plane made of them.
//!
//! Owns building Go programs at pinned versions, starting a control plane, and Crossplane beside one, and always stopping
//! them. Knows nothing of plat: the tests do, and so may `xtask`, which builds programs ahead of the tests to show progress
//! and measures them.

pub mod control_plane;
pub mod crossplane;
pub mod programs;
mod supervisor;

pub use control_plane::{ControlPlane, Options};
pub use crossplane::Crossplane;
pub use programs::Program;
pub use supervisor::Supervisor;

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
