//! How long each constraint takes.
//!
//! Owns the clock that the policies do not have. Each thread measures what it decides by itself; evaluations that nobody asked
//! to be measured, such as those of the audit, are not.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use plat_policy::{ConstraintName, Observer};

/// How often each constraint was evaluated, and how long that took.
pub type Times = BTreeMap<ConstraintName, (u64, Duration)>;

#[derive(Debug, Default)]
struct Running {
    begun: Option<Instant>,
    times: Times,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// What is told of evaluations.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch;

impl Observer for Stopwatch {
    fn begin(&self, _constraint: &ConstraintName) {
        RUNNING.with_borrow_mut(|running| {
            if let Some(running) = running {
                running.begun = Some(Instant::now());
            }
        });
    }

    fn end(&self, constraint: &ConstraintName) {
        RUNNING.with_borrow_mut(|running| {
            let Some(Running { begun, times }) = running else { return };
            let Some(begun) = begun.take() else { return };
            match times.get_mut(constraint) {
                Some((count, time)) => {
                    *count += 1;
                    *time += begun.elapsed();
                }
                None => drop(times.insert(constraint.clone(), (1, begun.elapsed()))),
            }
        });
    }
}

/// Measures what is evaluated on this thread meanwhile.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Times) {
    // What a panic left behind is thrown away by this.
    RUNNING.set(Some(Running::default()));
    let result = work();
    let times = RUNNING.take().map(|running| running.times).unwrap_or_default();
    (result, times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_evaluated_meanwhile_and_nothing_else() {
        let name = |name: &str| ConstraintName { kind: "Owned".into(), name: name.into() };
        let evaluate = |constraint: &ConstraintName| {
            Stopwatch.begin(constraint);
            Stopwatch.end(constraint);
        };
        evaluate(&name("before"));
        let ((), times) = measure(|| [name("a"), name("b"), name("a")].iter().for_each(evaluate));
        evaluate(&name("after"));
        let counts: Vec<_> = times.iter().map(|(constraint, (count, _))| (constraint.name.as_str(), *count)).collect();
        assert_eq!(counts, [("a", 2), ("b", 1)]);
        assert!(measure(|| ()).1.is_empty());
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let constraint = ConstraintName { kind: "Owned".into(), name: "a".into() };
        let panicked = std::panic::catch_unwind(|| {
            measure(|| {
                Stopwatch.begin(&constraint);
                panic!("in the middle of an evaluation");
            })
        });
        assert!(panicked.is_err());
        let other = ConstraintName { kind: "Owned".into(), name: "b".into() };
        let ((), times) = measure(|| Stopwatch.end(&other));
        assert!(times.is_empty());
    }
}
