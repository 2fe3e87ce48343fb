//! The `kubectl plat` plugin. Everything is in the modules; this file only starts them.

mod arguments;
mod cluster;
mod commands;
mod engine;
mod error;
mod exit;
mod judged;
mod load;
mod parallel;
mod policies;
mod requests;
mod ui;
mod written;

fn main() -> std::process::ExitCode {
    commands::main()
}
