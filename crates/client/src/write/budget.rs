//! Bounds on memory: what waits to be written, what was read ahead.

use crate::sync::{lock, wait_for};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// See the module.
pub(crate) struct Budget {
    limit: usize,
    used: Mutex<usize>,
    freed: Condvar,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Budget { limit, used: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until the bound is kept. `hurry` is called, now and then, while it is not.
    pub(crate) fn wait_for_room(&self, mut hurry: impl FnMut()) {
        let mut used = lock(&self.used);
        while *used >= self.limit {
            drop(used);
            hurry();
            used = lock(&self.used);
            if *used >= self.limit {
                used = wait_for(&self.freed, used, Duration::from_millis(100));
            }
        }
    }

    /// True when more than half is in use.
    pub(crate) fn is_tight(&self) -> bool {
        *lock(&self.used) > self.limit / 2
    }

    /// Bytes that are free.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(*lock(&self.used))
    }

    pub(crate) fn take(&self, bytes: usize) {
        *lock(&self.used) += bytes;
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        let mut used = lock(&self.used);
        let was_full = *used >= self.limit;
        *used = used.saturating_sub(bytes);
        if was_full && *used < self.limit {
            self.freed.notify_all();
        }
    }
}
