//! Whether this replica may write now.
//!
//! Owns the moment up to which it may. The lease moves it on; the writer looks at it just before each write.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Between the lease and the writer.
#[derive(Debug, Default)]
pub struct Fence(Mutex<Until>);

#[derive(Debug, Clone, Copy, Default)]
enum Until {
    #[default]
    Closed,
    Moment(Instant),
    Always,
}

impl Fence {
    /// Open for ever: nobody else writes.
    pub fn open() -> Self {
        Self(Mutex::new(Until::Always))
    }

    /// Whether a write may go out now.
    pub fn is_open(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Until::Closed => false,
            Until::Moment(until) => Instant::now() < until,
            Until::Always => true,
        }
    }

    /// Opens it up to a moment.
    pub fn open_until(&self, moment: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Until::Moment(moment);
    }

    /// Closes it.
    pub fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Until::Closed;
    }
}
