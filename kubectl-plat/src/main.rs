//! The `kubectl plat` plugin. Everything is in the modules; this file only starts them.

mod arguments;
mod commands;
mod engine;
mod error;
mod exit;
mod load;
mod parallel;
mod ui;

fn main() -> std::process::ExitCode {
    commands::main()
}
