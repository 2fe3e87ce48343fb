//! One watch for each kind, however many objects need it.
//!
//! Owns starting and stopping watches at run time, and how each of them is. What their news mean is `hearing`'s.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use plat_platform::UsageKind;
use plat_resource::{GroupVersionKind, Value, object};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::hearing::Hearing;
use crate::sources::follow::{Happened, Manner, Wanted, follow_in};

/// How long it is waited before looking again for a kind that is not there: the one of a new XRD is there within a moment.
const RETRY: Duration = Duration::from_millis(500);
/// The same for kinds that clusters have from the start, or never.
const RARE_RETRY: Duration = Duration::from_secs(10);

/// For how long nobody must want a watch without objects until it ends: longer than XRs are not looked at.
const IDLE: Duration = Duration::from_mins(15);

/// Which objects of a kind are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WatchScope {
    /// All of them.
    All,
    /// Those with this label.
    Labelled(&'static str),
}

/// How the watch of a kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchState {
    /// Its objects are not read yet.
    Starting,
    /// Its objects were read, and are followed.
    Synced,
    /// The cluster does not have the kind.
    Absent,
    /// The cluster cannot be asked, and what it said.
    Failed(String),
}

/// All watches.
pub struct Watches {
    client: Client,
    hearing: Arc<Hearing>,
    running: Mutex<HashMap<(GroupVersionKind, WatchScope), Running>>,
}

struct Running {
    task: JoinHandle<()>,
    state: Arc<Mutex<WatchState>>,
    /// When somebody last wanted it.
    wanted: Instant,
}

impl WatchScope {
    /// Whether an object is among those.
    pub fn covers(self, object: &Value) -> bool {
        match self {
            Self::All => true,
            Self::Labelled(label) => object::label(object, label).is_some(),
        }
    }
}

impl std::fmt::Debug for Watches {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Watches").field("running", &self.lock().len()).finish_non_exhaustive()
    }
}

impl Watches {
    /// No watch yet.
    pub fn new(client: Client, hearing: Arc<Hearing>) -> Self {
        Self { client, hearing, running: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(GroupVersionKind, WatchScope), Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that these objects are followed. A watch of all objects of the kind does for those with a label.
    pub fn ensure(&self, kind: &GroupVersionKind, scope: WatchScope) {
        let mut running = self.lock();
        for scope in [scope, WatchScope::All] {
            if let Some(running) = running.get_mut(&(kind.clone(), scope)) {
                running.wanted = Instant::now();
                return;
            }
        }
        self.hearing.objects.follow(kind, scope);
        if scope == WatchScope::All {
            let labelled: Vec<_> = running.keys().filter(|(each, _)| each == kind).cloned().collect();
            for narrower in labelled {
                self.end(&mut running, &narrower);
            }
        }
        debug!(%kind, ?scope, "watching");
        running.insert((kind.clone(), scope), self.start(kind, scope));
    }

    /// Ends the watches of objects with a label that nobody wanted for a while and that have no object: the kind is not composed
    /// any more. Whoever composes it again ensures it again.
    pub fn sweep(&self) {
        let mut running = self.lock();
        let is_idle = |kind: &GroupVersionKind, scope: WatchScope, running: &Running| {
            scope != WatchScope::All && running.wanted.elapsed() >= IDLE && self.hearing.objects.count(kind) == 0
        };
        let idle = running.iter().filter(|((kind, scope), running)| is_idle(kind, *scope, running));
        for each in idle.map(|(which, _)| which.clone()).collect::<Vec<_>>() {
            debug!(kind = %each.0, "not watched any more: nobody wants it");
            self.end(&mut running, &each);
        }
    }

    /// Sweeps now and then, for ever.
    pub async fn keep_swept(&self) {
        loop {
            tokio::time::sleep(IDLE).await;
            self.sweep();
        }
    }

    /// Follows the kind no more, and forgets its objects.
    pub fn stop(&self, kind: &GroupVersionKind) {
        let mut running = self.lock();
        let ended: Vec<_> = running.keys().filter(|(each, _)| each == kind).cloned().collect();
        for each in ended {
            debug!(%kind, "not watched any more");
            self.end(&mut running, &each);
        }
    }

    /// How the watch of a kind is; none where it is not followed.
    pub fn state(&self, kind: &GroupVersionKind) -> Option<WatchState> {
        let running = self.lock();
        let states = running.iter().filter(|((each, _), _)| each == kind).map(|(_, running)| running.state());
        states.min_by_key(|state| *state == WatchState::Synced)
    }

    /// How every watch is.
    pub fn states(&self) -> Vec<(GroupVersionKind, WatchState)> {
        let mut states: Vec<_> =
            self.lock().iter().map(|((kind, _), running)| (kind.clone(), running.state())).collect();
        states.sort_by(|one, other| one.0.cmp(&other.0));
        states
    }

    /// The kinds of which all objects are followed.
    pub fn whole_kinds(&self) -> Vec<GroupVersionKind> {
        let running = self.lock();
        let whole = running.keys().filter(|(_, scope)| *scope == WatchScope::All);
        whole.map(|(kind, _)| kind.clone()).collect()
    }

    fn start(&self, kind: &GroupVersionKind, scope: WatchScope) -> Running {
        let wanted = Wanted {
            group: kind.group.clone(),
            versions: vec![kind.version.clone()],
            kind: kind.kind.clone(),
            retry: if UsageKind::of(kind).is_some() { RARE_RETRY } else { RETRY },
        };
        let label = match scope {
            WatchScope::All => None,
            WatchScope::Labelled(label) => Some(label),
        };
        let manner = Manner { label, keeps_bookkeeping: true };
        let state = Arc::new(Mutex::new(WatchState::Starting));
        let (hearing, kind, told) = (Arc::clone(&self.hearing), kind.clone(), Arc::clone(&state));
        let task = tokio::spawn(follow_in(self.client.clone(), wanted, manner, move |happened| {
            let now = match &happened {
                Happened::All(_) | Happened::Put(_) | Happened::Gone(_) => WatchState::Synced,
                Happened::Absent => WatchState::Absent,
                Happened::Failed(reason) => WatchState::Failed(reason.clone()),
            };
            // A state is told only when what it says is so.
            hearing.happened(&kind, scope, happened);
            let before = std::mem::replace(&mut *told.lock().unwrap_or_else(PoisonError::into_inner), now.clone());
            if let WatchState::Failed(reason) = &now
                && before != now
            {
                warn!(%kind, "cannot be watched: {reason}");
            }
        }));
        Running { task, state, wanted: Instant::now() }
    }

    fn end(
        &self,
        running: &mut HashMap<(GroupVersionKind, WatchScope), Running>,
        which: &(GroupVersionKind, WatchScope),
    ) {
        if let Some(ended) = running.remove(which) {
            ended.task.abort();
            self.hearing.objects.unfollow(&which.0, which.1);
        }
    }
}

impl Running {
    fn state(&self) -> WatchState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        for running in self.lock().values() {
            running.task.abort();
        }
    }
}
