//! Which chunk files are open. They stay open for a while, because opening means reading header and checksums.

use crate::chunk::{Chunk, ChunkFile, ChunkState, SyncState};
use crate::fault::Fault;
use crate::file::{HEADER_AND_TABLE, pread_all, sync_data};
use crate::format::{HEAD_SIZE, TABLE_SIZE, VERSION_AT, decode_head, decode_table, shape};
use crate::sys::pwrite_all;
use crate::{Durability, Store};
use parking_lot::Mutex;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use types::{ChunkId, Status, ZERO_BLOCK_CRC};

/// How long an unused file stays open.
const KEEP_OPEN: Duration = Duration::from_secs(5);
/// How often unused files are looked for.
const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// How many open files are looked at to find one that can be closed for a new one.
const LOOK_AT: usize = 64;

/// The open files, oldest first.
pub(crate) struct OpenFiles {
    max: usize,
    count: AtomicUsize,
    queue: Mutex<VecDeque<Arc<Chunk>>>,
}

impl OpenFiles {
    pub(crate) fn new(max: usize) -> Self {
        OpenFiles { max, count: AtomicUsize::new(0), queue: Mutex::default() }
    }

    /// One file was closed by leaving the store.
    pub(crate) fn closed(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Store {
    /// Opens the chunk's file unless it is open.
    pub(crate) fn ensure_open(&self, chunk: &Arc<Chunk>, state: &mut ChunkState) -> Result<(), Fault> {
        if state.file.is_some() {
            return Ok(());
        }
        self.make_room()?;
        let permit = state.disk.gate.enter().map_err(Fault::Refused)?;
        let (file, header, blocks) = open_file(chunk.id, state)?;
        drop(permit);
        self.keep_open(chunk, state, file, header, blocks);
        Ok(())
    }

    /// Takes charge of a file that was just opened or made.
    pub(crate) fn keep_open(
        &self,
        chunk: &Arc<Chunk>,
        state: &mut ChunkState,
        file: Box<ChunkFile>,
        header: u16,
        blocks: u16,
    ) {
        state.header = header;
        state.set_blocks(Some(blocks));
        state.file = Some(file);
        self.open_files.count.fetch_add(1, Ordering::Relaxed);
        self.open_files.queue.lock().push_back(chunk.clone());
    }

    /// Sees to it that one more file may be open.
    pub(crate) fn make_room(&self) -> Result<(), Fault> {
        for _ in 0..LOOK_AT {
            if self.open_files.count.load(Ordering::Relaxed) < self.open_files.max {
                return Ok(());
            }
            let Some(chunk) = self.open_files.queue.lock().pop_front() else { break };
            self.close_if_idle(chunk, Duration::ZERO);
        }
        tracing::warn!("all {} chunk files that may be open are in use", self.open_files.max);
        Err(Fault::Refused(Status::NOTDONE))
    }

    /// Closes files nobody has used for `idle`.
    pub(crate) fn close_idle(&self, idle: Duration) {
        let mut left = self.open_files.queue.lock().len();
        while left > 0 {
            left -= 1;
            let Some(chunk) = self.open_files.queue.lock().pop_front() else { break };
            self.close_if_idle(chunk, idle);
        }
    }

    /// Closes a chunk taken from the queue, or puts it back.
    fn close_if_idle(&self, chunk: Arc<Chunk>, idle: Duration) {
        let idle_secs = self.uptime().saturating_sub(chunk.last_used.load(Ordering::Relaxed));
        let ripe = Duration::from_secs(idle_secs.into()) >= idle;
        if ripe && let Some(mut state) = chunk.try_write() {
            if state.file.is_none() {
                return;
            }
            if chunk.sessions.load(Ordering::Acquire) == 0 {
                self.settle(chunk.id, &mut state);
                state.file = None;
                self.open_files.closed();
                return;
            }
        }
        self.open_files.queue.lock().push_back(chunk);
    }

    /// Makes durable what a session that broke off has left. A failure is reported as any other.
    fn settle(&self, id: ChunkId, state: &mut ChunkState) {
        if self.tunables().durability == Durability::SessionEnd
            && let Some(file) = state.file.as_deref()
            && !file.sync.is_clean()
        {
            let result = sync_file(state);
            if let Err(fault) = result {
                self.fault(id, state, fault);
            }
        }
    }

    pub(crate) fn sweep_until_stop(self: &Arc<Self>) {
        while self.pause(SWEEP_EVERY) {
            self.close_idle(KEEP_OPEN);
            self.drop_strays();
            self.clean_aside(crate::store::unix_time());
        }
    }
}

/// Makes an open chunk durable: its data, and its name if that is new.
pub(crate) fn sync_file(state: &ChunkState) -> Result<(), Fault> {
    let Some(file) = state.file.as_deref() else { return Ok(()) };
    sync_parts(&state.disk, state.folder, &file.fd, &file.sync)
}

/// As [`sync_file`] for who does not hold the chunk.
pub(crate) fn sync_parts(
    disk: &crate::disk::Disk,
    folder: u8,
    fd: &std::fs::File,
    sync: &SyncState,
) -> Result<(), Fault> {
    let upto = sync.written.load(Ordering::Acquire);
    if sync.synced.load(Ordering::Acquire) < upto {
        sync_data(disk, fd).map_err(|e| Fault::of(e, "sync"))?;
        sync.synced.fetch_max(upto, Ordering::AcqRel);
    }
    if sync.name_pending.load(Ordering::Acquire) {
        disk.sync_folder(folder).map_err(|e| Fault::of(e, "sync a folder"))?;
        sync.name_pending.store(false, Ordering::Release);
    }
    Ok(())
}

/// Opens a chunk's file and checks that it is what its name says.
fn open_file(id: ChunkId, state: &ChunkState) -> Result<(Box<ChunkFile>, u16, u16), Fault> {
    let flags = if state.disk.read_only { OFlags::RDONLY } else { OFlags::RDWR };
    // NONBLOCK: a FIFO in place of a chunk must not hold us for ever.
    let fd =
        state.disk.open_at(&state.path(), flags | OFlags::NOFOLLOW | OFlags::NONBLOCK).map_err(
            |e| match e {
                Errno::NOENT | Errno::LOOP | Errno::ISDIR | Errno::NXIO => Fault::NoFile(e, "open the file"),
                e => Fault::of(e, "open the file"),
            },
        )?;
    let stat = rustix::fs::fstat(&fd).map_err(|e| Fault::of(e, "look at the file"))?;
    if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::RegularFile {
        return Err(Fault::NoFile(Errno::INVAL, "use what is not a regular file"));
    }
    let (header, blocks) =
        shape(stat.st_size as u64).ok_or(Fault::NoFile(Errno::INVAL, "use a file of this size"))?;
    let mut bytes = [0; HEADER_AND_TABLE];
    let bytes = &mut bytes[..usize::from(header) + TABLE_SIZE];
    pread_all(&fd, bytes, 0).map_err(|e| Fault::of(e, "read the header"))?;
    let head: &[u8; HEAD_SIZE] = bytes.first_chunk().expect("a header is longer than its head");
    let (found_id, found_version) =
        decode_head(head).ok_or(Fault::Malformed("the header has no signature"))?;
    if found_id != id {
        return Err(Fault::Malformed("the header names another chunk"));
    }
    if found_version != state.version {
        // A crash between renaming the file and writing its header; the name is the truth.
        tracing::warn!("chunk {id:016X}: header has version {found_version}, name {}", state.version);
        if !state.disk.read_only {
            pwrite_all(&fd, &state.version.0.to_be_bytes(), VERSION_AT)
                .map_err(|e| Fault::of(e, "write the header"))?;
        }
    }
    let table: &[u8; TABLE_SIZE] =
        bytes[usize::from(header)..].first_chunk().expect("the table is behind the header");
    let mut crc = decode_table(table);
    let tail = &mut crc[usize::from(blocks)..];
    let stale_tail = tail.iter().any(|entry| *entry != ZERO_BLOCK_CRC);
    tail.fill(ZERO_BLOCK_CRC);
    let file = ChunkFile { fd: Arc::new(fd), crc, stale_tail, sync: Arc::default() };
    Ok((Box::new(file), header, blocks))
}
