//! Usages, by which deletions of what they name are refused.
//!
//! Owns following them into the snapshot. They come and go with what uses something and are swapped by themselves, as
//! Namespaces are.

use std::sync::Arc;

use kube::Client;
use plat_admission::kinds::Part;
use plat_platform::USAGE_KINDS;

use super::RETRY;
use super::follow::{Happened, Wanted, follow};
use crate::snapshots::Snapshots;
use crate::sources::feeds::{Feeds, State};

/// Follows all kinds of Usages, for ever.
pub(super) fn start(client: &Client, feeds: &Arc<Feeds>, snapshots: &Arc<Snapshots>) {
    for row in USAGE_KINDS {
        let feed = format!("cluster {}.{}", row.kind, row.group);
        feeds.expect(&feed, Part::Platform);
        let wanted = Wanted {
            group: row.group.to_owned(),
            versions: vec![row.version.to_owned()],
            kind: row.kind.to_owned(),
            retry: RETRY,
        };
        let (kind, feeds, snapshots) = (row.kind(), Arc::clone(feeds), Arc::clone(snapshots));
        tokio::spawn(follow(client.clone(), wanted, move |happened| match happened {
            Happened::All(all) => {
                snapshots.set_usages(&kind, &all);
                feeds.mark(&feed, State::Followed);
            }
            Happened::Put(usage) => snapshots.put_usage(&usage),
            Happened::Gone(usage) => snapshots.remove_usage(&usage),
            Happened::Absent => {
                snapshots.set_usages(&kind, &[]);
                feeds.mark(&feed, State::Absent);
            }
            Happened::Failed(reason) => feeds.fail(&feed, reason),
        }));
    }
}
