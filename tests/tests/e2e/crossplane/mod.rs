//! plat beside the real Crossplane.
//!
//! Owns what is compared, and how: the same manifests once by Crossplane and once by plat, and objects of one engine in the
//! hands of the other.

mod compare;
mod engines;
mod handover;
mod running;
mod side_by_side;
mod snapshot;
mod stories;
