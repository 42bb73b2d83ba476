//! Who writes what when: writers for chunks, flushes, retries.

use super::session::{Failure, stream};
use crate::core::{Core, decode};
use crate::error::io_errno;
use crate::file::{File, Place};
use crate::link::monotonic_ms;
use crate::sync::lock;
use crate::{Error, Result};
use proto::client_master::{
    FuseWriteChunk, FuseWriteChunkEnd, FuseWriteChunkEndReply, FuseWriteChunkReply, WriteEnd,
};
use std::sync::Arc;
use std::time::Duration;
use types::{ChunkId, ChunkIndex, Status};

const CONTINUE_OP: u8 = 0x02;
const USE_RESERVE: u8 = 0x04;

/// What a flush is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Everything.
    All,
    /// One chunk, because a reader wants it from the master.
    Chunk(ChunkIndex),
}

/// A lock on a chunk that the master gave us.
struct Lock {
    chunk: ChunkId,
    /// The file's length when it was given, then the end of what was written if that is more.
    length: u64,
}

/// Attempts of one read or write, and the pauses between them.
pub(crate) struct Attempts<'a> {
    core: &'a Core,
    what: String,
    started_ms: u64,
    pub(crate) failures: u32,
    waits: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(core: &'a Core, what: String) -> Self {
        Attempts { core, what, started_ms: monotonic_ms(), failures: 0, waits: 0 }
    }

    /// A failure: pauses, unless it was the last attempt.
    pub(crate) fn failed(&mut self, why: &dyn std::fmt::Display, last_error: Error) -> Result<()> {
        self.failures += 1;
        let options = &self.core.options;
        if self.failures >= options.log_retry {
            tracing::warn!("{}: {why} (attempt {})", self.what, self.failures);
        }
        if self.failures >= options.io_retries || self.is_late() {
            tracing::error!("{}: {why}; given up after {} attempts", self.what, self.failures);
            return Err(last_error);
        }
        let n = u64::from(self.failures);
        self.core.sleep(Duration::from_millis(if n < 30 { 1 + (n - 1) * 300 } else { 10_000 }))
    }

    /// Locked or busy for now: pauses, without counting.
    pub(crate) fn later(&mut self) -> Result<()> {
        self.waits += 1;
        if self.is_late() {
            return Err(Error::IO);
        }
        self.core.sleep(Duration::from_millis(match self.waits {
            ..=3 => 1,
            4..=7 => 100,
            _ => 500,
        }))
    }

    /// Success: the next failure is the first again.
    pub(crate) fn progress(&mut self) {
        (self.failures, self.waits, self.started_ms) = (0, 0, monotonic_ms());
    }

    fn is_late(&self) -> bool {
        let limit_s = u64::from(self.core.options.io_timeout_s);
        limit_s > 0 && monotonic_ms() - self.started_ms > limit_s * 1000
    }

    /// What to do about a status of READ_CHUNK or WRITE_CHUNK.
    pub(crate) fn refused(&mut self, status: Status) -> Result<()> {
        let options = &self.core.options;
        match status {
            Status::LOCKED | Status::EAGAIN | Status::CHUNKBUSY => self.later(),
            Status::ENOENT
            | Status::EPERM
            | Status::NOCHUNK
            | Status::INDEXTOOBIG
            | Status::QUOTA
            | Status::IO
            | Status::EROFS => Err(io_errno(status)),
            Status::NOSPACE if options.error_on_no_space => Err(io_errno(status)),
            Status::CHUNKLOST if options.error_on_lost_chunk => Err(io_errno(status)),
            _ => self.failed(&status, io_errno(status)),
        }
    }
}

impl Core {
    /// Takes bytes to be written behind the caller's back.
    pub(crate) fn write(self: &Arc<Self>, file: &Arc<File>, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64).filter(|&end| end <= types::MAX_FILE_SIZE);
        let end = end.ok_or(Error::FBIG)?;
        self.budget.wait_for_room(|| self.start_writers(u64::MAX));
        let now = monotonic_ms();
        let mut starting = Vec::new();
        let mut inner = lock(&file.inner);
        if let Some(error) = inner.error {
            return Err(error);
        }
        inner.ahead.invalidate(offset, bytes.len() as u64);
        let (grown, touched) = inner.dirty.write(offset, bytes, now);
        inner.set_length_at_least(end);
        let mut wake = false;
        for index in touched {
            let queue = inner.dirty.chunk(index);
            if !queue.is_ready(0) {
                continue;
            }
            wake |= queue.active;
            if !queue.active {
                queue.active = true;
                starting.push(index);
            }
        }
        // Before anybody else can see the pieces, and give them back.
        self.budget.take(grown);
        if wake {
            file.wake(inner);
        } else {
            drop(inner);
        }
        for index in starting {
            self.spawn_writer(file.clone(), index);
        }
        Ok(())
    }

    /// Starts writers for all pieces begun before `born_before_ms`.
    pub(crate) fn start_writers(self: &Arc<Self>, born_before_ms: u64) {
        for file in self.local.files.all() {
            let mut inner = lock(&file.inner);
            let indices = inner.dirty.idle_ready(born_before_ms);
            for &index in &indices {
                inner.dirty.chunk(index).active = true;
            }
            drop(inner);
            for index in indices {
                self.spawn_writer(file.clone(), index);
            }
        }
    }

    /// The chunk's queue must have been marked active.
    fn spawn_writer(self: &Arc<Self>, file: Arc<File>, index: ChunkIndex) {
        let core = self.clone();
        self.writers.spawn(move || core.write_chunk(&file, index));
    }

    /// Waits until everything is on the chunkservers; then reports, and keeps, the file's write error.
    pub(crate) fn flush(self: &Arc<Self>, file: &Arc<File>, what: Flush) -> Result<()> {
        let mut inner = lock(&file.inner);
        if inner.dirty.is_clean() {
            return inner.error.map_or(Ok(()), Err);
        }
        inner.flushers += 1;
        file.wake(inner);
        inner = lock(&file.inner);
        loop {
            let waiting = match what {
                Flush::All => !inner.dirty.is_clean(),
                Flush::Chunk(index) => inner.dirty.is_dirty_chunk(index),
            };
            if !waiting {
                break;
            }
            // Idle chunks: the first is written on this thread, which saves a switch, the others beside it.
            let idle: Vec<_> = inner.dirty.idle_ready(u64::MAX);
            for &index in &idle {
                inner.dirty.chunk(index).active = true;
            }
            let Some((&own, others)) = idle.split_first() else {
                inner = file.wait(inner, None);
                continue;
            };
            drop(inner);
            for &index in others {
                self.spawn_writer(file.clone(), index);
            }
            self.write_chunk(file, own);
            inner = lock(&file.inner);
        }
        inner.flushers -= 1;
        inner.error.map_or(Ok(()), Err)
    }

    /// The writer of one chunk, until nothing of it is ready.
    fn write_chunk(self: &Arc<Self>, file: &Arc<File>, index: ChunkIndex) {
        let mut attempts = Attempts::new(self, format!("write inode {} chunk {}", file.inode, index));
        let mut held = None;
        loop {
            if let Err(error) = self.write_session(file, index, &mut attempts, &mut held) {
                if let Some(held) = held.take() {
                    // The write has failed already; this is only to free the chunk for others.
                    let _ = self.end_write(file, index, &held);
                }
                return self.give_up(file, index, error);
            }
            let mut inner = lock(&file.inner);
            let hurry = inner.flushers > 0;
            let queue = inner.dirty.chunk(index);
            if !queue.is_ready(if hurry { u64::MAX } else { 0 }) {
                queue.active = false;
                inner.dirty.tidy(index);
                inner.length_is_ours();
                file.wake(inner);
                return;
            }
        }
    }

    /// From asking the master to telling it the end, repeated until it succeeds or is hopeless.
    fn write_session(
        self: &Arc<Self>,
        file: &Arc<File>,
        index: ChunkIndex,
        attempts: &mut Attempts<'_>,
        held: &mut Option<Lock>,
    ) -> Result<()> {
        let mut fresh = false;
        loop {
            let (length, place) = self.ask_to_write(file, index, attempts, held.is_some())?;
            let before = held.as_ref().map_or(0, |held| held.length);
            let held_now = held.insert(Lock { chunk: place.chunk, length: length.max(before) });
            match stream(self, file, index, &place, attempts.failures, fresh, &mut held_now.length) {
                Ok(()) => {
                    attempts.progress();
                    let done = held.take().expect("set above");
                    return self.end_write(file, index, &done);
                }
                Err(Failure { stale: true, .. }) => fresh = true,
                Err(failure) => {
                    fresh = false;
                    if failure.progress {
                        attempts.progress();
                    }
                    let error =
                        if failure.status == Some(Status::NOSPACE) { Error::NOSPC } else { Error::IO };
                    attempts.failed(&failure.why, error)?;
                }
            }
        }
    }

    /// WRITE_CHUNK, until it is granted or hopeless.
    fn ask_to_write(
        &self,
        file: &File,
        index: ChunkIndex,
        attempts: &mut Attempts<'_>,
        mine: bool,
    ) -> Result<(u64, Place)> {
        let by_root = lock(&file.inner).by_root;
        let began = self.link.reconnects();
        loop {
            // Refused by a master that had just started: the lock of the lost answer is in our way still.
            let mine = mine || self.link.reconnects() != began;
            let flags = if mine { CONTINUE_OP } else { 0 } | if by_root { USE_RESERVE } else { 0 };
            let inode = file.inode;
            let request = |flags| move |msgid| FuseWriteChunk { msgid, inode, index, flags: Some(flags) };
            // Repeated after a lost connection, the lock in our way is most likely the one that the lost answer
            // granted; nobody would ever release it, and it lasts for 120 s.
            let body = self.link.call_or_repeat(request(flags), request(flags | CONTINUE_OP))?;
            match decode::<FuseWriteChunkReply<'_>>(&body)?.reply.into_result() {
                Err(status) => attempts.refused(status)?,
                Ok((_, reply)) => {
                    let place = Place::from(&reply.place);
                    let mut inner = lock(&file.inner);
                    inner.set_place(index, place.clone());
                    drop(inner);
                    if !place.copies.is_empty() {
                        return Ok((reply.file_length, place));
                    }
                    let held = Lock { chunk: place.chunk, length: 0 };
                    let _ = self.end_write(file, index, &held);
                    attempts.failed(&"no copies in reach", Error::NXIO)?;
                }
            }
        }
    }

    /// WRITE_CHUNK_END.
    fn end_write(&self, file: &File, index: ChunkIndex, held: &Lock) -> Result<()> {
        let end = WriteEnd::Indexed { index, length: held.length, flags: 0 };
        let (chunk, inode) = (held.chunk, file.inode);
        let body = self.link.call(|msgid| FuseWriteChunkEnd { msgid, chunk, inode, end })?;
        match decode::<FuseWriteChunkEndReply>(&body)?.status {
            Status::OK => Ok(()),
            Status::ENOENT => Err(Error::BADF),
            Status::QUOTA => Err(Error::DQUOT),
            Status::EROFS => Err(Error::ROFS),
            Status::IO => Err(Error::IO),
            _ => Err(Error::NXIO),
        }
    }

    /// The chunk cannot be written: its data is lost, and everybody who has the file open is told.
    fn give_up(&self, file: &File, index: ChunkIndex, error: Error) {
        tracing::error!(%error, "data written to inode {} is lost", file.inode);
        let mut inner = lock(&file.inner);
        inner.error.get_or_insert(error);
        let queue = inner.dirty.chunk(index);
        let bytes = queue.clear();
        queue.active = false;
        inner.dirty.tidy(index);
        file.wake(inner);
        self.budget.give_back(bytes);
    }
}
