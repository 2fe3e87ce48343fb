//! The same work on many things, on all cores, with results in the order of the things.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// As much as the main thread usually has: objects may nest deep.
const STACK_BYTES: usize = 8 << 20;

/// Does to each item what a worker made by `worker` does, and hands the results to `take`, in order. Each thread has a
/// worker of its own.
pub(crate) fn in_order<I: Sync, T: Send, W: FnMut(&I) -> T>(
    items: &[I],
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(T),
) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(items.len());
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::sync_channel(threads * 4);
    let serve = |sender: mpsc::SyncSender<(usize, T)>| {
        let mut work = worker();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            if sender.send((index, work(item))).is_err() {
                return;
            }
        }
    };
    let mut expected = 0;
    if threads > 1 {
        thread::scope(|scope| {
            let start = |_| {
                let sender = sender.clone();
                let serve = &serve;
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, move || serve(sender)).ok()
            };
            let running: Vec<_> = (0..threads).filter_map(start).collect();
            // The loop ends when the last worker has dropped its sender.
            drop(sender);
            let mut early = BTreeMap::new();
            for (index, result) in results {
                early.insert(index, result);
                while let Some(result) = early.remove(&expected) {
                    take(result);
                    expected += 1;
                }
            }
            for thread in running {
                if let Err(payload) = thread.join() {
                    panic::resume_unwind(payload);
                }
            }
        });
    }
    // One item needs no thread, and a system may refuse to start any.
    let mut work = worker();
    items.iter().skip(expected).for_each(|item| take(work(item)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let items: Vec<u32> = (0..1000).collect();
        let mut found = Vec::new();
        let worker = || |item: &u32| (0..(item * 7919) % 1000).fold(*item, |sum, _| std::hint::black_box(sum));
        in_order(&items, worker, |result| found.push(result));
        assert_eq!(found, items);
    }

    #[test]
    fn nothing_and_one_thing_are_done_too() {
        for items in [&[][..], &[5][..]] {
            let mut found = Vec::new();
            in_order(items, || |item: &i32| item * 2, |result| found.push(result));
            assert_eq!(found, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "seven")]
    fn a_panic_is_not_lost() {
        let items: Vec<u32> = (0..20).collect();
        in_order(&items, || |item: &u32| assert!(*item != 7, "seven"), |()| {});
    }
}
