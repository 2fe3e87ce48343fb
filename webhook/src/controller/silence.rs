//! A function that does not answer holds up one worker, and not all.
//!
//! Owns whether a function is worth waiting for: once it let a call run out of time, it is asked by one caller at a time until
//! it answers. All others know the answer already.

use std::sync::{Mutex, PoisonError};

/// What is known of one function, where it is now.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Answers,
    /// It did not, and nobody asks now.
    Silent,
    /// It did not, and somebody asks again.
    Asked,
}

impl Silence {
    /// Whether it may be asked now; who may has to say what came of it.
    pub(super) fn may_ask(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Answers => true,
            State::Silent => {
                *state = State::Asked;
                true
            }
            State::Asked => false,
        }
    }

    /// It was asked, and answered in time, or not.
    pub(super) fn heard(&self, in_time: bool) {
        let state = if in_time { State::Answers } else { State::Silent };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_function_is_asked_by_one_at_a_time_until_it_answers() {
        let silence = Silence::default();
        assert!(silence.may_ask() && silence.may_ask(), "all ask one that answers");
        silence.heard(false);
        silence.heard(false);
        assert!(silence.may_ask() && !silence.may_ask());
        silence.heard(false);
        assert!(silence.may_ask() && !silence.may_ask());
        silence.heard(true);
        assert!(silence.may_ask() && silence.may_ask());
    }
}
