//! Reading what is stored.

use super::ahead::{Found, Pattern};
use crate::core::{Core, decode};
use crate::cs::{FetchError, fetch};
use crate::file::{File, Place, moment};
use crate::sync::lock;
use crate::write::{Attempts, Flush, covers, overlay};
use crate::{Error, Result};
use proto::client_master::{FuseReadChunk, FuseReadChunkReply, Location};
use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use types::{CHUNK_SIZE, ChunkIndex, Status};

/// A chunk that others keep changing is read again this often before its bytes are taken as they are.
const MAX_REREADS: u32 = 3;
/// Pause after a chunkserver says it has too much to do.
const OVERLOADED: Duration = Duration::from_millis(300);

impl Core {
    /// Fills `dest` from `offset` of the file; returns how many bytes there are up to its end.
    pub(crate) fn read(
        self: &Arc<Self>,
        file: &Arc<File>,
        pattern: &Mutex<Pattern>,
        offset: u64,
        dest: &mut [u8],
    ) -> Result<usize> {
        let inner = lock(&file.inner);
        let length = inner.length;
        let len = dest.len().min(usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX));
        let dest = &mut dest[..len];
        let waiting = inner.dirty.overlapping(offset, len);
        drop(inner);
        if len == 0 {
            return Ok(0);
        }
        if !covers(&waiting, offset, len) {
            self.read_ahead(file, pattern, offset, len, length);
            self.read_stored(file, offset, dest)?;
        }
        overlay(&waiting, offset, dest);
        Ok(len)
    }

    /// Starts read-ahead behind a read, if the pattern says so.
    fn read_ahead(
        self: &Arc<Self>,
        file: &Arc<File>,
        pattern: &Mutex<Pattern>,
        offset: u64,
        len: usize,
        length: u64,
    ) {
        let unit = self.options.read_ahead_length as u64;
        let trigger = self.options.read_ahead_trigger;
        let depth = lock(pattern).read(offset, len as u64, unit, trigger);
        let from = offset + len as u64;
        let to = (from + depth).min(length);
        if depth == 0 || from >= to {
            return;
        }
        let mut inner = lock(&file.inner);
        if !inner.dirty.overlapping(from, (to - from) as usize).is_empty() {
            return;
        }
        let planned = inner.ahead.plan(from, to, unit, self.ahead_budget.room());
        self.ahead_budget.take(planned.iter().map(|p| p.len).sum());
        self.ahead_budget.give_back(inner.ahead.take_freed());
        drop(inner);
        for segment in planned {
            let (core, file) = (self.clone(), file.clone());
            self.readers.spawn(move || {
                let mut data = core.buffers.take(segment.len);
                let result = core.fetch_range(&file, segment.start, &mut data);
                let mut inner = lock(&file.inner);
                inner.ahead.arrived(segment, result.is_ok().then_some(data));
                file.wake(inner);
            });
        }
    }

    fn read_stored(self: &Arc<Self>, file: &Arc<File>, offset: u64, dest: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < dest.len() {
            let at = offset + done as u64;
            let mut inner = lock(&file.inner);
            match inner.ahead.find(at) {
                Found::Ready(data, skip) => {
                    let n = (data.len() - skip).min(dest.len() - done);
                    inner.ahead.taken(at, n);
                    let freed = inner.ahead.take_freed();
                    drop(inner);
                    self.ahead_budget.give_back(freed);
                    dest[done..done + n].copy_from_slice(&data[skip..skip + n]);
                    if let Ok(data) = Arc::try_unwrap(data) {
                        self.buffers.put(data);
                    }
                    done += n;
                }
                Found::Coming => drop(file.wait(inner, None)),
                Found::NothingUntil(next) => {
                    drop(inner);
                    let n = (dest.len() - done).min(usize::try_from(next - at).unwrap_or(usize::MAX));
                    self.fetch_range(file, at, &mut dest[done..done + n])?;
                    done += n;
                }
            }
        }
        Ok(())
    }

    fn fetch_range(self: &Arc<Self>, file: &Arc<File>, offset: u64, dest: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < dest.len() {
            let at = offset + done as u64;
            let (index, within) = (ChunkIndex((at / CHUNK_SIZE) as u32), at % CHUNK_SIZE);
            let n = (dest.len() - done).min((CHUNK_SIZE - within) as usize);
            self.fetch_chunk(file, index, within as u32, &mut dest[done..done + n])?;
            done += n;
        }
        Ok(())
    }

    fn fetch_chunk(
        self: &Arc<Self>,
        file: &Arc<File>,
        index: ChunkIndex,
        offset: u32,
        dest: &mut [u8],
    ) -> Result<()> {
        let mut attempts = Attempts::new(self, format!("read inode {} chunk {}", file.inode, index));
        let mut bad: Vec<SocketAddrV4> = Vec::new();
        let (mut done, mut rereads) = (0, 0);
        loop {
            let place = self.find_place(file, index, &mut attempts)?;
            if place.chunk.0 == 0 {
                dest[done..].fill(0);
                return Ok(());
            }
            let Some(server) = self.choose(&place, &bad) else {
                lock(&file.inner).forget_place(index);
                if place.copies.is_empty() {
                    attempts.failed(&"no copies in reach", Error::NXIO)?;
                } else {
                    bad.clear();
                    attempts.failed(&"no copy can be read", Error::IO)?;
                }
                continue;
            };
            match self.fetch_from(&place, server, offset, dest, &mut done, attempts.failures) {
                Ok(()) if rereads < MAX_REREADS && lock(&file.inner).place(index) != Some(&place) => {
                    // It changed while it was read: what came first may be old, what came last new.
                    (done, rereads) = (0, rereads + 1);
                }
                Ok(()) => return Ok(()),
                Err(FetchError::Status(Status::NOTDONE)) => self.sleep(OVERLOADED)?,
                Err(error) => {
                    tracing::debug!(%error, %server, chunk = format_args!("{:X}", place.chunk), "read failed");
                    bad.push(server);
                    lock(&file.inner).forget_place(index);
                }
            }
        }
    }

    /// One server's turn; `done` counts verified bytes.
    fn fetch_from(
        &self,
        place: &Place,
        server: SocketAddrV4,
        offset: u32,
        dest: &mut [u8],
        done: &mut usize,
        failures: u32,
    ) -> std::result::Result<(), FetchError> {
        let _busy = self.pool.occupy(server);
        let mut conn = self.pool.get(server, failures)?;
        loop {
            let from = offset + *done as u32;
            match fetch(&mut conn, place.chunk, place.version, from, &mut dest[*done..]) {
                Ok(()) => {
                    *done = dest.len();
                    self.pool.put(conn);
                    return Ok(());
                }
                // It may have died of old age in the pool.
                Err((0, FetchError::Io(_))) if conn.reused => conn = self.pool.connect(server, failures)?,
                Err((n, error)) => {
                    *done += n;
                    if let FetchError::Status(_) = error {
                        self.pool.put(conn);
                    }
                    return Err(error);
                }
            }
        }
    }

    /// The best server that has not failed us: by preferred labels, then by what we ask of it already; the master's
    /// order decides among equals.
    fn choose(&self, place: &Place, bad: &[SocketAddrV4]) -> Option<SocketAddrV4> {
        let copies = place.copies.iter().filter(|copy| !bad.contains(&copy.addr));
        let rank = |copy: &&Location| (self.options.preference(copy.labels), self.pool.load(copy.addr));
        copies.min_by_key(rank).map(|copy| copy.addr)
    }

    /// Where the chunk is, from memory or from the master.
    fn find_place(
        self: &Arc<Self>,
        file: &Arc<File>,
        index: ChunkIndex,
        attempts: &mut Attempts<'_>,
    ) -> Result<Place> {
        loop {
            let inner = lock(&file.inner);
            if let Some(place) = inner.place(index) {
                return Ok(place.clone());
            }
            let (ours, epoch, asked) = (inner.dirty.is_dirty_chunk(index), inner.places_epoch, moment());
            drop(inner);
            if ours {
                // The master would let us wait for our own lock. A write error is for those who write.
                let _ = self.flush(file, Flush::Chunk(index));
                if lock(&file.inner).place(index).is_some() {
                    continue;
                }
            }
            let inode = file.inode;
            let body = self.link.call(|msgid| FuseReadChunk { msgid, inode, index, flags: Some(0) })?;
            match decode::<FuseReadChunkReply<'_>>(&body)?.reply.into_result() {
                Err(status) => attempts.refused(status)?,
                Ok((_, reply)) => {
                    let place = Place::from(&reply.place);
                    let mut inner = lock(&file.inner);
                    inner.learn_length(reply.file_length, asked);
                    inner.learn_place(index, place.clone(), epoch);
                    return Ok(place);
                }
            }
        }
    }
}
