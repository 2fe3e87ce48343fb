//! What a claim or XR means: claim → XR → composed resources, their readiness, conditions and origins.
//!
//! One engine for the plugin, the webhook and the controller. Pure: Functions that are not native are reached through the
//! [`function::FunctionRunner`] port, everything live comes in as [`Observed`].

pub mod function;
pub mod model;

pub use model::*;
