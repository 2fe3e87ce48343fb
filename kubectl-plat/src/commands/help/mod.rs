//! `kubectl plat help`: help for any command, and the topics that belong to no single one.

use std::fmt::Write as _;

use clap::Args;
use plat_resource::suggest;

use super::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Name, one line, text.
const TOPICS: [(&str, &str, &str); 4] = [
    ("formats", "What goes in, what comes out", include_str!("formats.txt")),
    ("exit-codes", "What a script may rely on", include_str!("exit-codes.txt")),
    ("guardrails", "What may deny a plan", include_str!("guardrails.txt")),
    ("compatibility", "Whose behaviour plat has", include_str!("compatibility.txt")),
];

/// Print help for a command or a topic
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
Examples:
  kubectl plat help claim plan
  kubectl plat help topics
  kubectl plat help formats
")]
pub(super) struct HelpArgs {
    /// A command, `topics`, or a topic
    #[arg(value_name = "COMMAND or TOPIC")]
    subject: Vec<String>,
}

pub(super) fn run(ui: &Ui, arguments: &HelpArgs) -> Result<Exit, CommandError> {
    let words: Vec<&str> = arguments.subject.iter().map(String::as_str).collect();
    let text = match words.as_slice() {
        ["topics"] => topics(),
        [word] => match TOPICS.iter().find(|(name, ..)| name == word) {
            Some((.., text)) => (*text).to_owned(),
            None => command_help(ui, &words)?,
        },
        _ => command_help(ui, &words)?,
    };
    ui.answer(text)?;
    Ok(Exit::Done)
}

fn topics() -> String {
    let mut text = String::from("Topics:\n");
    for (name, about, _) in TOPICS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<14} {about}");
    }
    text.push_str("\nkubectl plat help TOPIC prints one.\n");
    text
}

fn command_help(ui: &Ui, words: &[&str]) -> Result<String, CommandError> {
    let mut root = super::command_line();
    root.build();
    let mut command = &mut root;
    for word in words {
        let known: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        command = match known.iter().any(|name| name == word).then(|| command.find_subcommand_mut(word)).flatten() {
            Some(found) => found,
            None => return Err(unknown(word, &known)),
        };
    }
    let help = command.render_help();
    Ok(if ui.color_answer() { help.ansi().to_string() } else { help.to_string() })
}

fn unknown(word: &str, known: &[String]) -> CommandError {
    let topics = TOPICS.iter().map(|(name, ..)| *name).chain(["topics"]);
    let hint = suggest::did_you_mean(word, known.iter().map(String::as_str).chain(topics))
        .unwrap_or_else(|| "kubectl plat help topics lists the topics, kubectl plat --help the commands".to_owned());
    CommandError::usage(format!("no command or topic {word:?}\n\n  hint: {hint}"))
}
