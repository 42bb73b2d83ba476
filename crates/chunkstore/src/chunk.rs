//! A chunk we hold, and its open file.

use crate::disk::{Disk, chunk_path};
use crate::format::CrcTable;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use types::{ChunkId, ChunkVersion, Status};

/// How long a request waits for a chunk that another one has locked (`spec/wire-chunkserver.md` 4.4).
const PATIENCE: Duration = Duration::from_secs(10);

/// A chunk. Reading takes its lock shared, everything else exclusive, so each block write is atomic.
pub(crate) struct Chunk {
    pub(crate) id: ChunkId,
    state: RwLock<ChunkState>,
    /// How many handles there are. Grows only while `state` is locked, so an exclusive holder that sees 0 may close.
    pub(crate) sessions: AtomicU32,
    /// Seconds since the store started.
    pub(crate) last_used: AtomicU32,
    /// Reported as damaged.
    pub(crate) damaged: AtomicBool,
}

/// What of a chunk changes.
pub(crate) struct ChunkState {
    pub(crate) id: ChunkId,
    pub(crate) disk: Arc<Disk>,
    pub(crate) version: ChunkVersion,
    pub(crate) folder: u8,
    /// Deleted, or its disk was given up; handles that are left get NOCHUNK.
    pub(crate) gone: bool,
    /// Header size; known once the file was opened.
    pub(crate) header: u16,
    /// Blocks in the file; known once it was looked at.
    pub(crate) blocks: Option<u16>,
    pub(crate) file: Option<Box<ChunkFile>>,
}

/// An open chunk file with its checksums.
pub(crate) struct ChunkFile {
    /// Shared, so that a long fdatasync needs no lock.
    pub(crate) fd: Arc<File>,
    pub(crate) crc: CrcTable,
    /// The table in the file has entries behind the last block that are not those of zeros (stock leaves such).
    pub(crate) stale_tail: bool,
    pub(crate) sync: Arc<SyncState>,
}

/// Which writes are on stable storage.
#[derive(Default)]
pub(crate) struct SyncState {
    pub(crate) written: AtomicU64,
    pub(crate) synced: AtomicU64,
    /// The file's name may not be on stable storage.
    pub(crate) name_pending: AtomicBool,
}

impl SyncState {
    pub(crate) fn is_clean(&self) -> bool {
        self.synced.load(Ordering::Acquire) >= self.written.load(Ordering::Acquire)
            && !self.name_pending.load(Ordering::Acquire)
    }

    pub(crate) fn wrote(&self) {
        self.written.fetch_add(1, Ordering::AcqRel);
    }
}

impl Chunk {
    pub(crate) fn new(id: ChunkId, version: ChunkVersion, disk: Arc<Disk>, folder: u8) -> Arc<Chunk> {
        let state = ChunkState {
            id,
            disk,
            version,
            folder,
            gone: false,
            header: crate::format::NEW_HEADER,
            blocks: None,
            file: None,
        };
        Arc::new(Chunk {
            id,
            state: RwLock::new(state),
            sessions: AtomicU32::new(0),
            last_used: AtomicU32::new(0),
            damaged: AtomicBool::new(false),
        })
    }

    /// Shared. NOTDONE if another request holds the chunk too long, NOCHUNK if the chunk is gone.
    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, ChunkState>, Status> {
        let state = self.state.try_read_for(PATIENCE).ok_or(Status::NOTDONE)?;
        if state.gone { Err(Status::NOCHUNK) } else { Ok(state) }
    }

    /// Exclusive; errors as [`Chunk::read`].
    pub(crate) fn write(&self) -> Result<RwLockWriteGuard<'_, ChunkState>, Status> {
        let state = self.state.try_write_for(PATIENCE).ok_or(Status::NOTDONE)?;
        if state.gone { Err(Status::NOCHUNK) } else { Ok(state) }
    }

    /// Exclusive if nobody else has it now, in whatever state it is.
    pub(crate) fn try_write(&self) -> Option<RwLockWriteGuard<'_, ChunkState>> {
        self.state.try_write()
    }

    /// Looks, in whatever state the chunk is. `None` if somebody holds it, perhaps inside a disk that hangs.
    pub(crate) fn glance<T>(&self, look: impl FnOnce(&ChunkState) -> T) -> Option<T> {
        self.state.try_read().map(|state| look(&state))
    }

    /// Exclusive, however long it takes and in whatever state the chunk is.
    pub(crate) fn force_write(&self) -> RwLockWriteGuard<'_, ChunkState> {
        self.state.write()
    }
}

impl ChunkState {
    /// WRONGVERSION unless `version` is this one or 0.
    pub(crate) fn check_version(&self, version: ChunkVersion) -> Result<(), Status> {
        if version.0 == 0 || version == self.version { Ok(()) } else { Err(Status::WRONGVERSION) }
    }

    pub(crate) fn path(&self) -> String {
        chunk_path(self.folder, self.id, self.version)
    }

    pub(crate) fn set_blocks(&mut self, blocks: Option<u16>) {
        if self.blocks != blocks {
            self.disk.known.change(self.blocks, blocks);
            self.disk.changed.store(true, Ordering::Relaxed);
            self.blocks = blocks;
        }
    }

    /// The chunk is in another file, on another disk, from now on.
    pub(crate) fn settle(&mut self, disk: Arc<Disk>, folder: u8, header: u16, file: Box<ChunkFile>) {
        let blocks = self.blocks;
        self.set_blocks(None);
        self.disk.uncount_chunk(self.folder);
        (self.disk, self.folder, self.header, self.file) = (disk, folder, header, Some(file));
        self.set_blocks(blocks);
    }

    /// The chunk leaves the store; its file, if any is open, is closed. True if a file was open.
    pub(crate) fn leave(&mut self) -> bool {
        self.gone = true;
        self.set_blocks(None);
        self.disk.uncount_chunk(self.folder);
        self.file.take().is_some()
    }
}
