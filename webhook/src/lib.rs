//! The admission webhook, the shell around `plat-admission`, and beside it the [`controller`], the shell around
//! `plat-reconcile`.
//!
//! Owns the server (TLS, HTTP, limits, health, metrics, its end) and, behind [`decision::Admission`], where policies come from.
//! What a request means is decided in the pure crates.

pub mod args;
pub mod attempts;
pub mod audit;
pub mod body;
pub mod controller;
pub mod decide;
pub mod decision;
pub mod drain;
pub mod evaluate;
pub mod health;
pub mod listener;
pub mod logging;
pub mod metrics;
pub mod review;
pub mod routes;
pub mod run;
pub mod snapshots;
pub mod sources;
pub mod stopwatch;
pub mod tls;
pub mod wiring;

#[cfg(test)]
mod tests;
