//! Regular expressions as JavaScript has them, without its `u` flag: over UTF-16 code units, with back references and lookaround.
//!
//! Owns a matcher that takes back its choices in a bounded number of steps: those who write templates write these, too.

mod class;
mod compile;
mod parse;
mod run;
mod substitute;

pub(crate) use self::substitute::{expand, replace, split};

use self::compile::Program;
use super::error::{Failure, Outcome};
use super::value::Regex;

/// The steps that one operation may take.
const MAX_STEPS: usize = 10_000_000;

/// One compiled expression.
pub(crate) struct Pattern {
    program: Program,
    global: bool,
    sticky: bool,
}

/// Where a match and its groups begin and end.
pub(crate) struct Match {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The groups from the first; none where one took no part.
    pub(crate) groups: Vec<Option<(usize, usize)>>,
}

/// What is left of the steps.
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(MAX_STEPS)
    }

    fn step(&mut self) -> Outcome<()> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => return Err(Failure::new("The regular expression takes too many steps")),
        }
        Ok(())
    }
}

impl Pattern {
    /// Reads an expression; none where it is none.
    pub(crate) fn parse(source: &[u16], flags: &str) -> Option<Self> {
        let parsed = parse::parse(source)?;
        let program = compile::compile(&parsed, flags.contains('i'), flags.contains('m'));
        Some(Self { program, global: flags.contains('g'), sticky: flags.contains('y') })
    }

    pub(crate) fn of(regex: &Regex) -> Outcome<Self> {
        Self::parse(regex.source.units(), &regex.flags).ok_or_else(|| Failure::new("Invalid regular expression"))
    }

    /// `exec`: the next match, and where the one after it is to be looked for.
    pub(crate) fn exec(&self, text: &[u16], from: usize, budget: &mut Budget) -> Outcome<(Option<Match>, usize)> {
        let remembers = self.global || self.sticky;
        let mut index = if remembers { from } else { 0 };
        while index <= text.len() {
            if let Some(found) = run::run(&self.program, text, index, budget)? {
                let next = if remembers { found.end } else { from };
                return Ok((Some(found), next));
            }
            if self.sticky {
                break;
            }
            index += 1;
        }
        Ok((None, if remembers { 0 } else { from }))
    }

    /// `test`, with the place that a global or sticky expression remembers.
    pub(crate) fn test(&self, text: &[u16], from: usize) -> Outcome<(bool, usize)> {
        let (found, next) = self.exec(text, from, &mut Budget::new())?;
        Ok((found.is_some(), next))
    }
}
