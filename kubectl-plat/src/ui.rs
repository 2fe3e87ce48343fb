//! All printing. Data goes to stdout, talk to stderr; colour only where a terminal reads, and never as the only carrier.

use std::cell::Cell;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use plat_resource::Diagnostic;

use crate::error::{CommandError, Kind};

/// More errors than this are counted, not shown.
const SHOWN_ERRORS: usize = 20;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours pipes too
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where a command says things.
#[derive(Debug)]
pub(crate) struct Ui {
    color_answer: bool,
    color_talk: bool,
}

impl Ui {
    /// Decides on colour once.
    pub(crate) fn new(choice: ColorChoice) -> Self {
        let color = |is_terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if is_set("NO_COLOR") => false,
            ColorChoice::Auto => {
                is_set("CLICOLOR_FORCE") || is_terminal && env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self { color_answer: color(io::stdout().is_terminal()), color_talk: color(io::stderr().is_terminal()) }
    }

    /// Whether the answer may carry colour.
    pub(crate) fn color_answer(&self) -> bool {
        self.color_answer
    }

    /// Writes the answer to stdout, as it is.
    pub(crate) fn answer(&self, text: impl AsRef<[u8]>) -> Result<(), CommandError> {
        self.answer_in_parts(&[text])
    }

    /// Writes an answer of several parts.
    #[expect(clippy::unused_self, reason = "saying something is the matter of a Ui")]
    pub(crate) fn answer_in_parts(&self, parts: &[impl AsRef<[u8]>]) -> Result<(), CommandError> {
        let mut stdout = io::stdout().lock();
        for part in parts {
            stdout.write_all(part.as_ref())?;
        }
        stdout.flush()?;
        Ok(())
    }

    /// Progress of `total` steps on stderr, where a terminal reads it and it takes long enough to be seen.
    #[expect(clippy::unused_self, reason = "saying something is the matter of a Ui")]
    pub(crate) fn progress(&self, what: &'static str, total: usize) -> Progress {
        Progress { what, total, started: Instant::now(), is_shown: io::stderr().is_terminal(), said: Cell::new(false) }
    }

    /// Shows warnings on stderr.
    pub(crate) fn warn(&self, warnings: &[Diagnostic]) {
        for warning in warnings {
            talk(&format!("{}\n", self.paint(warning)));
        }
    }

    /// Shows why a command failed: help and version on stdout, everything else on stderr.
    pub(crate) fn failure(&self, error: &CommandError) {
        match &error.kind {
            Kind::ClosedPipe => {}
            Kind::Usage(usage) if usage.use_stderr() => talk(&self.usage(usage)),
            Kind::Usage(help) => drop(self.answer(styled(&help.render(), self.color_answer))),
            Kind::Input => talk(&self.findings(error)),
        }
    }

    fn usage(&self, error: &clap::Error) -> String {
        styled(&error.render(), self.color_talk).replace("  tip: ", "  hint: ")
    }

    fn findings(&self, error: &CommandError) -> String {
        let (errors, warnings): (Vec<_>, Vec<_>) = error.diagnostics.iter().partition(|finding| finding.is_error());
        let mut blocks: Vec<String> = warnings.iter().map(|warning| self.paint(warning)).collect();
        blocks.extend(errors.iter().take(SHOWN_ERRORS).map(|error| self.paint(error)));
        if errors.len() > SHOWN_ERRORS {
            blocks.push(format!("and {}", count(errors.len() - SHOWN_ERRORS, "more error")));
        }
        format!("{}\n{}; {}\n", blocks.join("\n\n"), count(errors.len(), "error"), error.outcome)
    }

    fn paint(&self, diagnostic: &Diagnostic) -> String {
        let text = diagnostic.to_string();
        if !self.color_talk {
            return text;
        }
        let color = if diagnostic.is_error() { AnsiColor::Red } else { AnsiColor::Yellow };
        let label = Style::new().bold().fg_color(Some(color.into()));
        match text.split_once(':') {
            Some((word, rest)) => format!("{label}{word}{label:#}:{rest}"),
            None => text,
        }
    }
}

/// How long work may take before it says how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// One line that says how far something is; it goes when this is dropped.
pub(crate) struct Progress {
    what: &'static str,
    total: usize,
    started: Instant,
    is_shown: bool,
    said: Cell<bool>,
}

impl Progress {
    /// So many steps are done.
    pub(crate) fn at(&self, done: usize) {
        if self.is_shown && self.started.elapsed() >= PATIENCE {
            talk(&format!("\r{}: {done} of {}\u{1b}[K", self.what, self.total));
            self.said.set(true);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.said.get() {
            talk("\r\u{1b}[K");
        }
    }
}

/// Says that plat itself is at fault; called from the panic hook.
pub(crate) fn internal_error(what: &str, place: &str) {
    talk(&format!(
        "error: plat stopped at a mistake of its own\n  caused by: {place}: {what}\n  \
         hint: this is a bug; report it with the command and the files that show it\n"
    ));
}

/// `1 error`, `2 errors`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn styled(text: &clap::builder::StyledStr, color: bool) -> String {
    if color { text.ansi().to_string() } else { text.to_string() }
}

/// stderr is where the last word goes: where it cannot be written there is nobody left to tell.
fn talk(text: &str) {
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Ui = Ui { color_answer: false, color_talk: false };

    #[test]
    fn errors_after_the_twentieth_are_counted() {
        let diagnostics = (1..=22).map(|number| Diagnostic::error(format!("claim {number}"))).collect();
        let text = PLAIN.findings(&CommandError::input(diagnostics, "nothing was planned"));
        assert!(text.contains("error: claim 20\n") && !text.contains("claim 21"), "{text}");
        assert!(text.ends_with("\n\nand 2 more errors\n22 errors; nothing was planned\n"), "{text}");
    }

    #[test]
    fn colour_marks_only_the_label() {
        let ui = Ui { color_answer: true, color_talk: true };
        assert_eq!(ui.paint(&Diagnostic::error("a: b")), "\u{1b}[1m\u{1b}[31merror\u{1b}[0m: a: b");
    }
}
