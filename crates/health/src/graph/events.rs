//! Events about an object.

use std::collections::BTreeMap;

use plat_resource::{Value, object, time};

use super::Node;
use crate::fields::{number, text};

/// How many events of one object are kept.
const KEPT: usize = 3;

/// One event, from either API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When it happened last, in seconds since 1970.
    pub at: Option<i64>,
    /// Whether it is a warning.
    pub is_warning: bool,
    /// Why, in a word.
    pub reason: String,
    /// What, in a sentence.
    pub message: String,
    /// How often.
    pub count: i64,
}

/// All events, by the UID of what they are about, or else kind, namespace and name.
pub(super) struct Events<'a> {
    by_uid: BTreeMap<&'a str, Vec<&'a Value>>,
    by_name: BTreeMap<[&'a str; 3], Vec<&'a Value>>,
}

impl<'a> Events<'a> {
    pub(super) fn new(events: &'a [Value]) -> Self {
        let mut found = Self { by_uid: BTreeMap::new(), by_name: BTreeMap::new() };
        for event in events {
            let about = ["involvedObject", "regarding"].iter().find_map(|field| event.get(*field));
            let Some(about) = about else { continue };
            match text(about, &["uid"]) {
                "" => {
                    let name = ["kind", "namespace", "name"].map(|field| text(about, &[field]));
                    found.by_name.entry(name).or_default().push(event);
                }
                uid => found.by_uid.entry(uid).or_default().push(event),
            }
        }
        found
    }

    /// The last events about `object`, newest first.
    pub(super) fn about(&self, object: &Value) -> Vec<Happening> {
        let name = [text(object, &["kind"]), object::namespace(object), object::name(object)];
        let lists = [self.by_uid.get(object::uid(object)), self.by_name.get(&name)];
        let mut found: Vec<Happening> = lists.into_iter().flatten().flatten().map(|event| read(event)).collect();
        found.sort_by_key(|it| std::cmp::Reverse(it.at));
        found.truncate(KEPT);
        found
    }
}

fn read(event: &Value) -> Happening {
    let times = [
        &["series", "lastObservedTime"][..],
        &["lastTimestamp"],
        &["deprecatedLastTimestamp"],
        &["eventTime"],
        &["metadata", "creationTimestamp"],
    ];
    let counts = [&["series", "count"][..], &["count"], &["deprecatedCount"]];
    Happening {
        at: times.iter().find_map(|path| time::parse(text(event, path))).map(|(seconds, _)| seconds),
        is_warning: text(event, &["type"]) == "Warning",
        reason: text(event, &["reason"]).to_owned(),
        message: [text(event, &["message"]), text(event, &["note"])].concat().trim().to_owned(),
        count: counts.iter().map(|path| number(event, path)).find(|count| *count > 0).unwrap_or(1),
    }
}

/// Events of what is well are of no use to anybody.
pub(super) fn keep_of_the_unwell(node: &mut Node) {
    if node.is_well() {
        node.events.clear();
    }
    node.children.iter_mut().for_each(keep_of_the_unwell);
}
