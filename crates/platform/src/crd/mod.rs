//! CustomResourceDefinitions: those given as documents, and those that an XRD makes.

mod given;

pub(crate) use given::read_crd;
pub use given::{Crd, CrdVersion};
