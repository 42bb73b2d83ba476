//! What the master must hear about, kept until it can be told (`spec/wire-chunkserver.md` 3.3).

use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use types::ChunkId;

/// Requests for ids we do not have come from anyone, so what they leave behind is bounded; a master that is never
/// told of one such id learns it with the next.
const MAX_LOST: usize = 1 << 20;

/// Called, from any thread, when there is something to report where there was nothing.
pub type OnReport = Box<dyn Fn() + Send + Sync>;

/// Collected reports. A chunk is in each set at most once, so the sets are bounded by the number of chunks.
pub(crate) struct Reports {
    queue: Mutex<Queue>,
    /// The list of all chunks was sent, or begun to be, to some master; before that its parts need not be told.
    listed: AtomicBool,
    on_report: OnReport,
}

#[derive(Default)]
struct Queue {
    errors: u32,
    damaged: BTreeSet<ChunkId>,
    lost: BTreeSet<ChunkId>,
    /// True: the copy replaces one the master knows, which is to be called lost first.
    new: BTreeMap<ChunkId, bool>,
}

/// Reports taken from the queue, in the order in which they are to be sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) errors: u32,
    pub(crate) damaged: Vec<ChunkId>,
    pub(crate) lost: Vec<ChunkId>,
    pub(crate) new: Vec<(ChunkId, bool)>,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.errors == 0 && self.damaged.is_empty() && self.lost.is_empty() && self.new.is_empty()
    }
}

impl Reports {
    pub(crate) fn new(on_report: OnReport) -> Self {
        Reports { queue: Mutex::default(), listed: AtomicBool::new(false), on_report }
    }

    fn change(&self, change: impl FnOnce(&mut Queue)) {
        let first = {
            let mut queue = self.queue.lock();
            let empty = queue.is_empty();
            change(&mut queue);
            empty
        };
        // Later ones are taken together with the first.
        if first {
            (self.on_report)();
        }
    }

    /// A disk answered with an error.
    pub(crate) fn error(&self) {
        self.change(|q| q.errors = q.errors.saturating_add(1));
    }

    pub(crate) fn damaged(&self, id: ChunkId) {
        self.change(|q| {
            q.damaged.insert(id);
        });
    }

    pub(crate) fn lost(&self, id: ChunkId) {
        self.change(|q| {
            q.new.remove(&id);
            if q.lost.len() < MAX_LOST {
                q.lost.insert(id);
            }
        });
    }

    /// A copy was found by a scan, or the removal mark of its disk changed.
    pub(crate) fn new_chunk(&self, id: ChunkId, replaces: bool) {
        if !self.listed.load(Ordering::Acquire) {
            return;
        }
        self.change(|q| {
            let replaced = q.new.entry(id).or_default();
            *replaced |= replaces;
        });
    }

    /// A chunk that somebody holds just now is told another time, without ringing for it at once.
    pub(crate) fn later(&self, id: ChunkId, replaces: bool) {
        *self.queue.lock().new.entry(id).or_default() |= replaces;
    }

    /// The whole list is about to be sent, so what it says need not be said again.
    pub(crate) fn start_list(&self) {
        let mut q = self.queue.lock();
        self.listed.store(true, Ordering::Release);
        q.lost.clear();
        q.new.clear();
    }

    /// At most `limit` of each kind.
    pub(crate) fn take(&self, limit: usize) -> Taken {
        let mut q = self.queue.lock();
        Taken {
            errors: std::mem::take(&mut q.errors),
            damaged: std::iter::from_fn(|| q.damaged.pop_first()).take(limit).collect(),
            lost: std::iter::from_fn(|| q.lost.pop_first()).take(limit).collect(),
            new: std::iter::from_fn(|| q.new.pop_first()).take(limit).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_once_and_no_more_than_asked() {
        let reports = Reports::new(Box::new(|| ()));
        reports.new_chunk(ChunkId(7), false);
        reports.start_list();
        for id in [3, 1, 3, 2] {
            reports.lost(ChunkId(id));
            reports.damaged(ChunkId(id));
        }
        reports.error();
        reports.new_chunk(ChunkId(9), false);
        reports.new_chunk(ChunkId(9), true);
        reports.new_chunk(ChunkId(8), false);
        reports.lost(ChunkId(8));
        let first = reports.take(2);
        assert_eq!((first.errors, first.lost, first.damaged.len()), (1, vec![ChunkId(1), ChunkId(2)], 2));
        assert_eq!(first.new, [(ChunkId(9), true)]);
        let second = reports.take(9);
        assert_eq!((second.errors, second.lost), (0, vec![ChunkId(3), ChunkId(8)]));
        assert_eq!(reports.take(9), Taken::default());
    }
}
