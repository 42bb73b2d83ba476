//! What the master tells us unasked, and what follows from it.

use crate::file::Files;
use crate::link::Unsolicited;
use crate::sync::lock;
use proto::Direction;
use proto::client_master::{FuseChunkHasChanged, MatoCl};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use types::{CHUNK_SIZE, Inode, Time};

/// Told when somebody else has changed a file, so that copies of it elsewhere (a kernel's page cache) can go.
/// Called on the thread that reads from the master: it must not block and must not use the client.
pub trait Listener: Send + Sync {
    /// The bytes from `offset` on have changed (`len` bytes; 0 for all that follow), or only the length did.
    fn changed(&self, inode: Inode, offset: u64, len: u64);
}

/// Open files, clock and listener; what the link needs to know of the rest of the client.
#[derive(Default)]
pub(crate) struct Local {
    pub(crate) files: Files,
    /// The master's clock minus ours, microseconds.
    clock_us: AtomicI64,
    listener: Mutex<Option<Box<dyn Listener>>>,
    /// The list of held inodes has to be sent soon.
    pub(crate) announce: AtomicBool,
}

impl Local {
    pub(crate) fn listen(&self, listener: Box<dyn Listener>) {
        *lock(&self.listener) = Some(listener);
    }

    /// The time as the master's clock has it.
    pub(crate) fn now(&self) -> Time {
        let us = now_us() + self.clock_us.load(Ordering::Relaxed);
        Time::new(us.div_euclid(1_000_000), us.rem_euclid(1_000_000) as u32 * 1000)
    }

    fn tell(&self, inode: Inode, offset: u64, len: u64) {
        if let Some(listener) = lock(&self.listener).as_ref() {
            listener.changed(inode, offset, len);
        }
    }

    fn chunk_changed(&self, change: &FuseChunkHasChanged) {
        let Some(file) = self.files.get(change.inode) else { return };
        let start = u64::from(change.index.0) * CHUNK_SIZE;
        let mut inner = lock(&file.inner);
        if change.truncated != 0 {
            inner.cut(change.file_length);
            inner.forget_places_from(change.index);
            drop(inner);
            self.tell(change.inode, start, 0);
        } else {
            inner.forget_place(change.index);
            inner.ahead.invalidate(start, CHUNK_SIZE);
            inner.set_length_at_least(change.file_length);
            drop(inner);
            self.tell(change.inode, start, CHUNK_SIZE);
        }
    }

    fn length_changed(&self, inode: Inode, length: u64) {
        let Some(file) = self.files.get(inode) else { return };
        let mut inner = lock(&file.inner);
        if inner.dirty.is_clean() {
            inner.cut(length);
        } else {
            inner.set_length_at_least(length);
        }
        drop(inner);
        self.tell(inode, length, 0);
    }
}

impl Unsolicited for Local {
    fn packet(&self, id: u32, body: &[u8]) {
        match MatoCl::decode(id, body) {
            Ok(MatoCl::FuseChunkHasChanged(change)) => self.chunk_changed(&change),
            Ok(MatoCl::FuseLengthHasChanged(change)) => self.length_changed(change.inode, change.file_length),
            Ok(MatoCl::FuseTimeSyncReply(time)) => {
                let theirs = i64::try_from(time.time_us).unwrap_or(i64::MAX);
                self.clock_us.store(theirs.saturating_sub(now_us()), Ordering::Relaxed);
            }
            Ok(MatoCl::FuseInvalidateChunkCache(_)) => self.connection_lost(),
            Ok(_) => tracing::debug!(id, "packet that nobody asked for"),
            Err(error) => tracing::debug!(%error, "packet that nobody asked for"),
        }
    }

    fn connection_lost(&self) {
        for file in self.files.all() {
            lock(&file.inner).forget_all_places();
        }
    }

    fn session_replaced(&self) {
        self.announce.store(true, Ordering::Relaxed);
    }
}

fn now_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX))
}
