//! Drops what the kernel has cached of files that others changed.

use crate::fuse::Notifier;
use client::Listener;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use types::Inode;

/// From where, and how far (0: to the end). One range per inode, so the queue is bounded by the open files.
type Ranges = HashMap<Inode, (u64, u64)>;

/// Notifications may block on pages that wait for data from us, so a thread of its own sends them.
#[derive(Clone, Default)]
pub(crate) struct Invalidator(Arc<(Mutex<Ranges>, Condvar)>);

impl Invalidator {
    /// Starts the thread, which lives as long as the process.
    pub(crate) fn start(&self, notifier: Notifier) -> std::io::Result<()> {
        let this = self.clone();
        std::thread::Builder::new().name("invalidate".into()).spawn(move || this.run(&notifier)).map(drop)
    }

    fn ranges(&self) -> MutexGuard<'_, Ranges> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, notifier: &Notifier) {
        loop {
            let mut ranges = self.ranges();
            while ranges.is_empty() {
                ranges = self.0.1.wait(ranges).unwrap_or_else(PoisonError::into_inner);
            }
            let batch = std::mem::take(&mut *ranges);
            drop(ranges);
            for (inode, (offset, len)) in batch {
                let offset = i64::try_from(offset).unwrap_or(i64::MAX);
                let len = i64::try_from(len).unwrap_or(0);
                if let Err(error) = notifier.invalidate(inode, offset, len) {
                    tracing::debug!(%error, %inode, "cannot invalidate the kernel's cache");
                    return;
                }
            }
        }
    }
}

impl Listener for Invalidator {
    fn changed(&self, inode: Inode, offset: u64, len: u64) {
        let mut ranges = self.ranges();
        ranges
            .entry(inode)
            .and_modify(|range| {
                let end =
                    if range.1 == 0 || len == 0 { None } else { Some((range.0 + range.1).max(offset + len)) };
                range.0 = range.0.min(offset);
                range.1 = end.map_or(0, |end| end - range.0);
            })
            .or_insert((offset, len));
        self.0.1.notify_one();
    }
}
