//! What all evaluations for one request may take together.
//!
//! Owns the count and the words of its end. One evaluation has bounds of its own (`Options::limits`, the costs of CEL); those
//! say nothing of how many constraints and composed resources there are. Steps are counted and not time, so that the same
//! request is answered the same on any machine; a clock, which only a shell has, is the last resort.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Steps of finding out whether one constraint matches one object.
const MATCH: u64 = 20;

/// The budget of one request. What has begun is finished within its own bounds: every verdict is a whole one.
pub struct Budget<'a> {
    time: Option<Duration>,
    left: AtomicU64,
    is_over: Option<&'a (dyn Fn() -> bool + Sync)>,
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Budget").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a> Budget<'a> {
    /// As much as there is to do.
    pub fn unlimited() -> Self {
        Self { time: None, left: AtomicU64::new(u64::MAX), is_over: None }
    }

    /// The steps that a slow machine does in `time`.
    pub fn of(time: Duration) -> Self {
        Self { time: Some(time), left: AtomicU64::new(plat_rego::steps(time)), is_over: None }
    }

    /// Ends also when `is_over` says so.
    #[must_use]
    pub fn until(self, is_over: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { is_over: Some(is_over), ..self }
    }

    /// Whether steps or time are used up.
    pub fn is_used_up(&self) -> bool {
        self.reason().is_some()
    }

    /// Takes steps that were done.
    pub(crate) fn take(&self, steps: u64) {
        if self.time.is_some() {
            let less = |left: u64| Some(left.saturating_sub(steps));
            // It cannot fail: there is always a next value.
            let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    /// Takes what it is to find out whether a constraint matches.
    pub(crate) fn take_match(&self) {
        self.take(MATCH);
    }

    /// Why nothing more is evaluated; nothing while there is something left.
    pub(crate) fn reason(&self) -> Option<String> {
        if self.left.load(Ordering::Relaxed) == 0 {
            let milliseconds = self.time.unwrap_or_default().as_millis();
            return Some(format!(
                "not evaluated: the request's budget of {milliseconds} ms, counted in steps, is used up"
            ));
        }
        self.is_over.is_some_and(|is_over| is_over()).then(|| "not evaluated: the request's time is over".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn steps_run_out_and_say_of_how_many() {
        let budget = Budget::of(Duration::from_millis(2));
        budget.take(19_999);
        assert!(!budget.is_used_up());
        budget.take(u64::MAX);
        let reason = "not evaluated: the request's budget of 2 ms, counted in steps, is used up";
        assert_eq!(budget.reason().as_deref(), Some(reason));
    }

    #[test]
    fn without_bounds_nothing_runs_out() {
        let budget = Budget::unlimited();
        budget.take(u64::MAX);
        budget.take(u64::MAX);
        assert!(!budget.is_used_up());
    }

    #[test]
    fn time_is_over_when_the_shell_says_so() {
        let over = AtomicBool::new(false);
        let is_over = || over.load(Ordering::Relaxed);
        let budget = Budget::of(Duration::from_secs(1)).until(&is_over);
        assert!(!budget.is_used_up());
        over.store(true, Ordering::Relaxed);
        assert_eq!(budget.reason().as_deref(), Some("not evaluated: the request's time is over"));
    }
}
