//! Decisions on admission requests.
