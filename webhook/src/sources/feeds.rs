//! What all sources say now, by feed.
//!
//! Owns the units of each feed and whether it has been read to its end once. A feed that cannot be read any more keeps what
//! it said last.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plat_admission::kinds::Part;
use plat_admission::last_good::Unit;
use plat_resource::GroupVersionKind;
use tokio::sync::Notify;

/// How far a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not been read to its end yet, and why not, where that is known.
    Waiting(String),
    /// It was read to its end, and is followed.
    Followed,
    /// The cluster does not have the kind.
    Absent,
    /// It was read once and cannot be now; what it said last is in use.
    Lost(String),
}

impl State {
    /// Whether what the feed says can be relied on.
    pub fn is_read(&self) -> bool {
        !matches!(self, Self::Waiting(_))
    }
}

#[derive(Debug)]
struct Feed {
    part: Part,
    state: State,
    units: BTreeMap<String, Unit>,
}

#[derive(Debug, Default)]
struct Inner {
    feeds: BTreeMap<String, Feed>,
    changed: Vec<Part>,
    follows_inventory: bool,
}

/// All feeds.
#[derive(Debug, Default)]
pub struct Feeds {
    inner: Mutex<Inner>,
    notify: Notify,
}

impl Feeds {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a feed known that must be read before anything is judged.
    pub fn expect(&self, feed: &str, part: Part) {
        let state = State::Waiting("not read yet".to_owned());
        let made = || Feed { part, state, units: BTreeMap::new() };
        self.lock().feeds.entry(feed.to_owned()).or_insert_with(made);
    }

    /// Says that the kinds to be synced are followed, each as the feed [`inventory_feed`] names.
    pub fn follow_inventory(&self) {
        self.lock().follows_inventory = true;
    }

    /// The feeds of these kinds that are not read yet. None where nobody follows kinds to be synced.
    pub fn unread_inventory(&self, kinds: &[GroupVersionKind]) -> Vec<String> {
        let inner = self.lock();
        let is_read = |name: &String| inner.feeds.get(name).is_some_and(|feed| feed.state.is_read());
        let feeds = kinds.iter().filter(|_| inner.follows_inventory).map(inventory_feed);
        feeds.filter(|name| !is_read(name)).collect()
    }

    /// Takes a feed out, with all it said.
    pub fn forget(&self, feed: &str) {
        let mut inner = self.lock();
        if let Some(feed) = inner.feeds.remove(feed) {
            inner.changed.push(feed.part);
            drop(inner);
            self.notify.notify_one();
        }
    }

    /// The feed was read to its end, and this is all it says.
    pub fn replace(&self, feed: &str, units: impl IntoIterator<Item = Unit>, state: State) {
        let units: BTreeMap<String, Unit> = units.into_iter().map(|unit| (unit.name.clone(), unit)).collect();
        self.change(feed, |feed| {
            let differs = !feed.state.is_read() || !same(&feed.units, &units);
            feed.units = units;
            feed.state = state;
            differs
        });
    }

    /// The feed was read to its end; what it says went elsewhere and is no unit of platform or policies.
    pub fn mark(&self, feed: &str, state: State) {
        self.change(feed, |feed| {
            feed.state = state;
            false
        });
    }

    /// One unit of the feed is new or different.
    pub fn put(&self, feed: &str, unit: Unit) {
        self.change(feed, |feed| {
            let differs = feed.units.get(&unit.name).is_none_or(|old| !says_the_same(old, &unit));
            feed.units.insert(unit.name.clone(), unit);
            differs
        });
    }

    /// One unit of the feed is gone.
    pub fn remove(&self, feed: &str, unit: &str) {
        self.change(feed, |feed| feed.units.remove(unit).is_some());
    }

    /// The feed cannot be read.
    pub fn fail(&self, feed: &str, reason: String) {
        self.change(feed, |feed| {
            feed.state = if feed.state.is_read() { State::Lost(reason) } else { State::Waiting(reason) };
            false
        });
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Feed) -> bool) {
        let mut inner = self.lock();
        let Some(feed) = inner.feeds.get_mut(name) else { return };
        let part = feed.part;
        if change(feed) {
            inner.changed.push(part);
            drop(inner);
            self.notify.notify_one();
        }
    }

    /// Waits until something is different.
    pub async fn changed(&self) {
        self.notify.notified().await;
    }

    /// The parts that are different since this was asked last.
    pub fn take_changed(&self) -> Vec<Part> {
        let mut changed = std::mem::take(&mut self.lock().changed);
        changed.sort_by_key(|part| *part as u8);
        changed.dedup();
        changed
    }

    /// All units of a part.
    pub fn units(&self, part: Part) -> Vec<Unit> {
        let inner = self.lock();
        let feeds = inner.feeds.values().filter(|feed| feed.part == part);
        feeds.flat_map(|feed| feed.units.values().cloned()).collect()
    }

    /// All units of one feed.
    pub fn units_of(&self, feed: &str) -> Vec<Unit> {
        self.lock().feeds.get(feed).map(|feed| feed.units.values().cloned().collect()).unwrap_or_default()
    }

    /// How far each feed is, by name.
    pub fn states(&self) -> Vec<(String, State)> {
        self.lock().feeds.iter().map(|(name, feed)| (name.clone(), feed.state.clone())).collect()
    }
}

/// The feed of a kind that is synced into the inventory.
pub(super) fn inventory_feed(kind: &GroupVersionKind) -> String {
    format!("inventory {kind}")
}

fn same(old: &BTreeMap<String, Unit>, new: &BTreeMap<String, Unit>) -> bool {
    old.len() == new.len() && new.iter().all(|(name, unit)| old.get(name).is_some_and(|old| says_the_same(old, unit)))
}

fn says_the_same(old: &Unit, new: &Unit) -> bool {
    let values = |unit: &Unit| unit.documents.iter().map(|document| document.value.clone()).collect::<Vec<_>>();
    old.unreadable == new.unreadable && values(old) == values(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plat_resource::Document;
    use serde_json::json;

    fn unit(name: &str, value: i64) -> Unit {
        let documents = vec![Document::synthetic(json!({"value": value}), name)];
        Unit { name: name.to_owned(), documents, unreadable: Vec::new() }
    }

    #[test]
    fn only_what_is_different_counts_as_a_change() {
        let feeds = Feeds::default();
        feeds.expect("a", Part::Policies);
        assert!(!feeds.states()[0].1.is_read());
        feeds.replace("a", [unit("x", 1)], State::Followed);
        assert_eq!(feeds.take_changed(), [Part::Policies]);
        feeds.replace("a", [unit("x", 1)], State::Followed);
        feeds.put("a", unit("x", 1));
        feeds.remove("a", "y");
        assert!(feeds.take_changed().is_empty());
        feeds.put("a", unit("x", 2));
        feeds.put("a", unit("y", 2));
        assert_eq!((feeds.take_changed(), feeds.units(Part::Policies).len()), (vec![Part::Policies], 2));
    }

    #[test]
    fn an_empty_feed_is_a_change_the_first_time() {
        let feeds = Feeds::default();
        feeds.expect("a", Part::Platform);
        feeds.replace("a", [], State::Absent);
        assert_eq!(feeds.take_changed(), [Part::Platform]);
    }

    #[test]
    fn a_feed_that_is_lost_keeps_what_it_said() {
        let feeds = Feeds::default();
        feeds.expect("a", Part::Policies);
        feeds.fail("a", "no".to_owned());
        assert_eq!(feeds.states()[0].1, State::Waiting("no".to_owned()));
        feeds.replace("a", [unit("x", 1)], State::Followed);
        feeds.fail("a", "gone".to_owned());
        assert_eq!(feeds.states()[0].1, State::Lost("gone".to_owned()));
        assert_eq!(feeds.units(Part::Policies).len(), 1);
        feeds.forget("a");
        assert!(feeds.units(Part::Policies).is_empty());
    }
}
