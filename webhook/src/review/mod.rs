//! The AdmissionReview as far as the server itself must understand it.
//!
//! Owns reading its envelope from any bytes, and the answers that the server gives by itself. What the request asks for is
//! not looked at here.

mod envelope;
mod refusal;

pub use envelope::{Envelope, Fault};
pub use refusal::Refusal;
