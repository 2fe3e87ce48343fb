//! Why a command did not do what it was asked. Owns the kinds of failure; the words are the diagnostics', printing is
//! [`crate::ui`]'s.

use std::io;

use plat_resource::Diagnostic;

use crate::exit::Exit;

/// What kind of failure; decides the exit code.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The input or the platform is in error.
    Input,
    /// The command line is not understood, as clap says it.
    Usage(Box<clap::Error>),
    /// Whoever read our output went away. Nothing to say, and nobody to say it to.
    ClosedPipe,
}

/// A command's failure: findings, and what was not done because of them.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What kind.
    pub(crate) kind: Kind,
    /// Every finding of the run, in the order met.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Ends the last line: `2 errors; nothing was planned`.
    pub(crate) outcome: &'static str,
}

impl CommandError {
    /// The input or the platform is in error.
    pub(crate) fn input(diagnostics: Vec<Diagnostic>, outcome: &'static str) -> Self {
        Self { kind: Kind::Input, diagnostics, outcome }
    }

    /// A flag's value is not understood, in a way that clap cannot see.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        let error = clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{message}\n"));
        Self { kind: Kind::Usage(Box::new(error)), diagnostics: Vec::new(), outcome: "" }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match &self.kind {
            Kind::Input => Exit::Error,
            Kind::Usage(error) if error.use_stderr() => Exit::Usage,
            Kind::Usage(_) | Kind::ClosedPipe => Exit::Done,
        }
    }
}

impl From<clap::Error> for CommandError {
    fn from(error: clap::Error) -> Self {
        Self { kind: Kind::Usage(Box::new(error)), diagnostics: Vec::new(), outcome: "" }
    }
}

impl From<io::Error> for CommandError {
    /// Writing the answer failed.
    fn from(error: io::Error) -> Self {
        let kind = if error.kind() == io::ErrorKind::BrokenPipe { Kind::ClosedPipe } else { Kind::Input };
        let diagnostic = Diagnostic::error("the answer cannot be written").because(error.to_string());
        Self { kind, diagnostics: vec![diagnostic], outcome: "the answer is not complete" }
    }
}
