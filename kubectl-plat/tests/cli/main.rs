//! The plugin as its users run it: a process, with files, flags, output and an exit code.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop a test like the tests themselves do")]

mod sandbox;

mod bad_input;
mod bad_policies;
mod explain;
mod flags;
mod guardrails;
mod help;
mod input;
mod internal;
mod plan;
mod plan_live;
mod policy_explain;
mod policy_report;
mod policy_test;
mod render;
mod shell;
