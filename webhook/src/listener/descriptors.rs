//! File descriptors: each connection needs one.
//!
//! Owns raising the process's own limit as far as the system lets it, and how many connections that allows.

use tracing::warn;

/// What else needs descriptors: listeners, certificate and policy files, the API server, logs.
const RESERVED: u64 = 64;

/// As many of `wanted` connections as there are descriptors for.
pub fn affordable(wanted: usize) -> usize {
    let Some(limit) = raise() else { return wanted };
    let room = usize::try_from(limit.saturating_sub(RESERVED)).unwrap_or(usize::MAX).max(1);
    if room < wanted {
        warn!(
            wanted,
            descriptors = limit,
            connections = room,
            "fewer connections than asked for: too few file descriptors"
        );
    }
    wanted.min(room)
}

/// The limit after raising it; absent where there is none.
#[cfg(unix)]
fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_ok() {
        limit.maximum
    } else {
        limit.current
    }
}

#[cfg(not(unix))]
fn raise() -> Option<u64> {
    None
}
