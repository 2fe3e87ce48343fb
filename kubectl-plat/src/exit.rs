//! The exit codes, which are a contract with scripts. Owns their numbers and their words in `--help`.

use std::process::ExitCode;

/// How a run of plat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what it was asked.
    Done,
    /// The input or the platform is in error.
    Error,
    /// Done, and there are changes; only with `--detailed-exitcode`.
    Changes,
    /// A guardrail denies it.
    Denied,
    /// The command line is not understood.
    Usage,
    /// plat itself is at fault.
    Internal,
    /// The pipeline stopped; only for `internal render`, whose caller knows this number.
    Fatal,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Denied | Self::Fatal => 3,
            Self::Usage => 64,
            Self::Internal => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// The exit codes as every `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    1  an error in the input or the platform
    2  done, and there are changes (only with --detailed-exitcode)
    3  denied by a guardrail
   64  the command line is not understood
   70  a mistake in plat itself
  130  stopped by Ctrl-C";
