//! CustomResourceDefinitions: those given as documents, and those that an XRD makes.

mod fields;
mod given;
mod keywords;
mod machinery;
mod made;
mod refused;

pub(crate) use given::read_crd;
pub use given::{Crd, CrdVersion};
pub(crate) use keywords::report_keywords;
pub use made::with_api_server_defaults;
pub(crate) use refused::check_parts;
