//! `kubectl plat version`: which plat this is, and whose behaviour it was measured against.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use plat_resource::{Value, yaml};
use serde_json::json;

use super::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// The programs whose behaviour plat was measured against.
const BASELINE: [(&str, &str); 4] = [
    ("crossplane", "2.4.0"),
    ("function-patch-and-transform", "0.10.7"),
    ("function-auto-ready", "0.6.0"),
    ("function-environment-configs", "main of 2026-08"),
];

/// Print plat's version and the versions it behaves as
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Examples:
  kubectl plat version
  kubectl plat version -o json
")]
pub(super) struct VersionArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    output: VersionFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum VersionFormat {
    #[default]
    Text,
    Json,
    Yaml,
}

pub(super) fn run(ui: &Ui, arguments: &VersionArgs) -> Result<Exit, CommandError> {
    ui.answer(match arguments.output {
        VersionFormat::Text => text(),
        VersionFormat::Json => format!("{:#}\n", value()),
        VersionFormat::Yaml => yaml::to_string(&value()),
    })?;
    Ok(Exit::Done)
}

fn value() -> Value {
    let baseline: serde_json::Map<_, _> =
        BASELINE.iter().map(|(name, version)| ((*name).to_owned(), json!(version))).collect();
    json!({"version": env!("CARGO_PKG_VERSION"), "behavesAs": baseline})
}

fn text() -> String {
    let mut text = format!("plat {}\nbehaves as:\n", env!("CARGO_PKG_VERSION"));
    for (name, version) in BASELINE {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<29} {version}");
    }
    text
}
