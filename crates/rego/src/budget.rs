//! What one evaluation may spend: steps, which stand for time, and bytes.
//!
//! Steps are counted instead of time, so that the same input always gets the same answer, on any machine and under any
//! load.

use std::time::Duration;

use crate::{EvalError, Limits};

/// Steps that a slow machine does in a millisecond.
const STEPS_PER_MILLISECOND: u64 = 10_000;
/// Bytes that builtins handle in the time of one step.
const BYTES_PER_STEP: usize = 64;

/// The steps that a slow machine does in some time.
pub fn steps(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).saturating_mul(STEPS_PER_MILLISECOND)
}

/// What is left.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    steps: u64,
    bytes: usize,
    limits: Limits,
    /// Nanoseconds since the epoch.
    pub(crate) now: Option<i64>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        let now = limits.now.and_then(|now| i64::try_from(now.as_nanos()).ok());
        Self { steps: steps(limits.time), bytes: limits.memory, limits, now }
    }

    /// Takes one step.
    pub(crate) fn step(&mut self) -> Result<(), EvalError> {
        self.steps(1)
    }

    pub(crate) fn steps(&mut self, count: u64) -> Result<(), EvalError> {
        match self.steps.checked_sub(count) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(EvalError::Time(self.limits.time)),
        }
    }

    /// Takes memory, before it is used; what was given back is not counted.
    pub(crate) fn bytes(&mut self, bytes: usize) -> Result<(), EvalError> {
        self.steps(u64::try_from(bytes / BYTES_PER_STEP).unwrap_or(u64::MAX))?;
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(EvalError::Size(format!("more than {} MiB of memory", self.limits.memory >> 20))),
        }
    }

    /// Takes the memory of a list.
    pub(crate) fn items(&mut self, count: usize) -> Result<(), EvalError> {
        self.bytes(count.saturating_mul(32))
    }

    /// The steps that were taken; those that were refused are not among them.
    pub(crate) fn spent(&self) -> u64 {
        steps(self.limits.time) - self.steps
    }

    /// What may still be used.
    pub(crate) fn bytes_left(&self) -> usize {
        self.bytes
    }
}
