//! The end-to-end tests: one binary, one control plane for all of them.
#![expect(clippy::panic, reason = "a test that cannot go on says why and fails")]

mod account;
mod cases;
mod cluster;
mod controller;
mod crossplane;
mod definitions;
mod mutations;
mod plans;
mod program;
mod reconciling;
mod served;
mod verdicts;
mod webhook;
