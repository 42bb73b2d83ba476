//! Open files: reading and writing.

use crate::core::Core;
use crate::file::File;
use crate::link::monotonic_ms;
use crate::meta::OpenMode;
use crate::read::Pattern;
use crate::sync::{lock, wait_for};
use crate::write::Flush;
use crate::{Caller, Client, Error, Result};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use types::Inode;

/// OPENED | UPDATE | RESERVE of TRUNCATE: "where would these bytes go?" (`spec/wire-client-master.md` 3.4.3).
const RESERVE: u8 = 0x01 | 0x02 | 0x08;

/// OPENED | UPDATE: "the file is at least this long".
const UPDATE: u8 = 0x01 | 0x02;

/// An OPEN that the master has not answered yet.
#[derive(Default)]
pub(crate) struct Opening {
    outcome: Mutex<Option<Result<()>>>,
    answered: Condvar,
}

impl Opening {
    /// One that was answered before.
    pub(crate) fn done() -> Arc<Self> {
        Arc::new(Opening { outcome: Mutex::new(Some(Ok(()))), answered: Condvar::new() })
    }

    pub(crate) fn finish(&self, result: Result<()>) {
        *lock(&self.outcome) = Some(result);
        self.answered.notify_all();
    }
}

/// An open file. Dropping it closes it; what waits to be written should be flushed before, because nobody hears of
/// an error afterwards.
pub struct Handle {
    pub(crate) core: Arc<Core>,
    file: Arc<File>,
    mode: OpenMode,
    by_root: bool,
    pattern: Mutex<Pattern>,
    opening: Arc<Opening>,
    pub(crate) posix_locked: AtomicBool,
    pub(crate) flocked: AtomicBool,
    /// Only one append at a time may ask where the end is.
    appending: Mutex<()>,
    opened_ms: u64,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("inode", &self.file.inode).field("mode", &self.mode).finish()
    }
}

impl Handle {
    pub(crate) fn new(
        core: Arc<Core>,
        file: Arc<File>,
        mode: OpenMode,
        caller: &Caller,
        opening: Arc<Opening>,
    ) -> Self {
        Handle {
            core,
            file,
            mode,
            by_root: caller.uid() == 0,
            pattern: Mutex::default(),
            opening,
            posix_locked: AtomicBool::new(false),
            flocked: AtomicBool::new(false),
            appending: Mutex::new(()),
            opened_ms: monotonic_ms(),
        }
    }

    pub(crate) fn set_append(&mut self, append: bool) {
        self.mode.append = append;
    }

    /// The file.
    pub fn inode(&self) -> Inode {
        self.file.inode
    }

    /// Its length, with what waits to be written.
    pub fn length(&self) -> u64 {
        lock(&self.file.inner).length
    }

    /// How long it has been open, milliseconds.
    pub fn age_ms(&self) -> u64 {
        monotonic_ms().saturating_sub(self.opened_ms)
    }

    /// Waits for the master's answer to the open.
    pub(crate) fn wait_opened(&self) -> Result<()> {
        let mut outcome = lock(&self.opening.outcome);
        loop {
            if let Some(result) = *outcome {
                return result;
            }
            // Nobody may be reading the answer: have it read.
            drop(outcome);
            self.core.link.read_some();
            outcome = lock(&self.opening.outcome);
            if outcome.is_none() {
                outcome = wait_for(&self.opening.answered, outcome, Duration::from_millis(5));
            }
        }
    }

    /// Fails when the master has refused the open meanwhile.
    fn check_opened(&self) -> Result<()> {
        (*lock(&self.opening.outcome)).unwrap_or(Ok(()))
    }

    /// Reads up to the end of the file; returns how many bytes there were.
    pub fn read(&self, offset: u64, dest: &mut [u8]) -> Result<usize> {
        self.check_opened()?;
        let n = self.core.read(&self.file, &self.pattern, offset, dest)?;
        let now = self.core.now();
        if self.file.read_at_s.swap(now.low(), Ordering::Relaxed) != now.low() {
            self.core.times.read(self.file.inode, now);
        }
        Ok(n)
    }

    /// Takes bytes to be written; in append mode the offset does not matter. They are on the chunkservers after the
    /// next [`Handle::flush`]; an error may come only there.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.check_opened()?;
        if !self.mode.write {
            return Err(Error::BADF);
        }
        self.core.times.written(self.file.inode, self.core.now());
        self.core.lookups.forget(self.file.inode);
        if self.by_root {
            lock(&self.file.inner).by_root = true;
        }
        if self.mode.append {
            let _only_one = lock(&self.appending);
            let offset = self.end_for_append(bytes.len() as u64)?;
            return self.core.write(&self.file, offset, bytes);
        }
        self.core.write(&self.file, offset, bytes)
    }

    /// Where the master wants `len` more bytes.
    fn end_for_append(&self, len: u64) -> Result<u64> {
        let inner = lock(&self.file.inner);
        // Bytes behind the end that the master knows nothing of would be overwritten.
        let unknown = !inner.dirty.is_clean() && inner.length > inner.reserved_end;
        drop(inner);
        if unknown {
            self.core.flush(&self.file, Flush::All)?;
        }
        let client = Client::of(self.core.clone());
        let (start, _) = client.truncate_at_master(&Caller::root(), self.file.inode, RESERVE, len)?;
        let end = start.checked_add(len).ok_or(Error::FBIG)?;
        let mut inner = lock(&self.file.inner);
        inner.reserved_end = inner.reserved_end.max(end);
        Ok(start)
    }

    /// Waits until everything written to the file, through whatever handle, is on the chunkservers. Reports write
    /// errors, again and again until all handles are closed.
    pub fn flush(&self) -> Result<()> {
        if self.mode.write || !lock(&self.file.inner).dirty.is_clean() {
            return self.core.flush(&self.file, Flush::All);
        }
        self.file.check()
    }

    /// True once byte-range locks were used through this handle.
    pub fn has_posix_locks(&self) -> bool {
        self.posix_locked.load(Ordering::Relaxed)
    }

    /// Instead of a flush, where a close need not wait for the data (`mfsfsyncmintime`): the length is made known,
    /// the data follows. When memory for waiting data gets scarce this is a flush after all.
    pub fn flush_later(&self) -> Result<()> {
        self.file.check()?;
        let inner = lock(&self.file.inner);
        let (clean, length) = (inner.dirty.is_clean(), inner.length);
        drop(inner);
        if clean {
            return Ok(());
        }
        if self.core.budget.is_tight() {
            return self.flush();
        }
        let client = Client::of(self.core.clone());
        client.truncate_at_master(&Caller::root(), self.file.inode, UPDATE, length)?;
        self.core.start_writers(u64::MAX);
        Ok(())
    }

    /// As [`Handle::flush`]. A 3.0.117 chunkserver has no way to be told to sync its disk; with
    /// `HDD_FSYNC_BEFORE_CLOSE` it does so by itself.
    pub fn fsync(&self) -> Result<()> {
        self.core.flush(&self.file, Flush::All)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // After a flush there is nothing left to do here.
        if let Err(error) = self.core.flush(&self.file, Flush::All) {
            tracing::debug!(%error, inode = %self.file.inode, "closed with a write error");
        }
        self.core.local.files.close(&self.file);
        if Arc::strong_count(&self.file) <= 2 {
            let mut inner = lock(&self.file.inner);
            inner.ahead.clear();
            let freed = inner.ahead.take_freed();
            drop(inner);
            self.core.ahead_budget.give_back(freed);
        }
    }
}
