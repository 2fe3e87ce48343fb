//! What a claim or XR means: claim → XR → composed resources, their readiness, conditions and origins.
//!
//! One engine for the plugin, the webhook and the controller. Pure: Functions that are not native are reached through the
//! [`function::FunctionRunner`] port, everything live comes in as [`Observed`].

pub mod budget;
pub mod claim;
pub mod compose;
pub mod conditions;
pub mod engine;
pub mod function;
pub mod go;
pub mod model;
pub mod names;
pub mod native;
pub mod pipeline;
pub mod render;
pub mod resources_mode;
pub mod store;

pub use engine::{Engine, Options};
pub use model::*;
