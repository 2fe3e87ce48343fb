//! The rules of the house, checked on the repository itself.
//!
//! Owns what a compiler or clippy does not say: purity of the engine's crates, sizes, orphans, and what tracked files may
//! not mention. Each test names all that breaks its rule.

mod manifests;
mod policies;
mod purity;
mod sources;
mod tree;
