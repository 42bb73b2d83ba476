//! An open chunk, as sessions use it.

use crate::chunk::Chunk;
use crate::counters::bump;
use crate::fault::Fault;
use crate::fds::sync_parts;
use crate::file::{Piece, Purpose};
use crate::{Durability, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use types::{BLOCK_SIZE, BLOCKS_PER_CHUNK, ChunkId, ChunkVersion, Status};

/// Keeps a chunk's file open. Several handles of one chunk may exist; each block read or written is atomic.
pub struct Handle {
    store: Arc<Store>,
    chunk: Arc<Chunk>,
}

impl Store {
    /// Opens a chunk. `version` 0 is any.
    ///
    /// NOCHUNK if there is none or its file is missing, WRONGVERSION, NOTDONE if it is locked for too long or we are
    /// out of file descriptors, IO if the file cannot be read.
    pub fn open(self: &Arc<Self>, id: ChunkId, version: ChunkVersion) -> Result<Handle, Status> {
        self.open_chunk(self.find(id)?, version)
    }

    /// As [`Store::open`], for a chunk that was found; does not count as use of it.
    pub(crate) fn open_chunk(
        self: &Arc<Self>,
        chunk: Arc<Chunk>,
        version: ChunkVersion,
    ) -> Result<Handle, Status> {
        {
            let state = chunk.read()?;
            state.check_version(version)?;
            if state.file.is_some() {
                chunk.sessions.fetch_add(1, Ordering::AcqRel);
                drop(state);
                return Ok(Handle { store: self.clone(), chunk });
            }
        }
        let mut state = chunk.write()?;
        state.check_version(version)?;
        if let Err(fault) = self.ensure_open(&chunk, &mut state) {
            return Err(self.fault(chunk.id, &mut state, fault));
        }
        chunk.sessions.fetch_add(1, Ordering::AcqRel);
        drop(state);
        Ok(Handle { store: self.clone(), chunk })
    }
}

impl Handle {
    /// Which chunk it is.
    pub fn id(&self) -> ChunkId {
        self.chunk.id
    }

    /// Reads block `block` (0 to 1023) whole into `buf` of 64 KiB and checks it; its checksum is returned. A block
    /// behind the end is zeros.
    ///
    /// CRC if it does not fit its checksum, IO if the disk fails, NOCHUNK if the chunk was deleted meanwhile, NOTDONE
    /// if chunk or disk are busy for too long, BNUMTOOBIG.
    pub fn read_block(&self, block: u16, buf: &mut [u8]) -> Result<u32, Status> {
        if block >= BLOCKS_PER_CHUNK {
            return Err(Status::BNUMTOOBIG);
        }
        if buf.len() != BLOCK_SIZE as usize {
            return Err(Status::WRONGSIZE);
        }
        self.touch();
        self.read(block, buf, Purpose::Request)
    }

    /// As [`Handle::read_block`], for work that nobody waits for: it does not count as use of the chunk.
    pub(crate) fn test_block(&self, block: u16, buf: &mut [u8]) -> Result<u32, Status> {
        self.read(block, buf, Purpose::Upkeep)
    }

    fn read(&self, block: u16, buf: &mut [u8], purpose: Purpose) -> Result<u32, Status> {
        let state = self.chunk.read()?;
        let permit = state.disk.gate.enter()?;
        if purpose == Purpose::Request {
            bump(&state.disk.requests);
        }
        let result = state.read_block(block, buf, purpose);
        drop(permit);
        let fault = match result {
            Ok(crc) => return Ok(crc),
            Err(fault) => fault,
        };
        let disk = state.disk.clone();
        drop(state);
        Err(self.store.fault_shared(self.chunk.id, &disk, fault))
    }

    /// Writes `data` at `offset` into block `block`; `crc` is the checksum of `data` and is compared first. The data
    /// is in the file afterwards; [`Handle::sync`] makes it durable.
    ///
    /// CRC if `data` does not fit `crc` (nothing was written) or the rest of the block does not fit its stored
    /// checksum; WRONGSIZE, WRONGOFFSET, BNUMTOOBIG; NOSPACE (the chunk is as before); others as
    /// [`Handle::read_block`].
    pub fn write(&self, block: u16, offset: u16, data: &[u8], crc: u32) -> Result<(), Status> {
        if block >= BLOCKS_PER_CHUNK {
            return Err(Status::BNUMTOOBIG);
        }
        if data.len() > BLOCK_SIZE as usize {
            return Err(Status::WRONGSIZE);
        }
        if usize::from(offset) + data.len() > BLOCK_SIZE as usize {
            return Err(Status::WRONGOFFSET);
        }
        if crc32fast::hash(data) != crc {
            return Err(Status::CRC);
        }
        if data.is_empty() {
            return Ok(());
        }
        let sparsify = self.store.tunables().sparsify;
        let mut state = self.chunk.write()?;
        if state.disk.read_only {
            return Err(Status::EROFS);
        }
        let disk = state.disk.clone();
        let permit = disk.gate.enter()?;
        bump(&disk.requests);
        let result =
            state.write_piece(Piece { block, offset: offset.into(), data, crc, slot: permit.slot }, sparsify);
        drop(permit);
        self.touch();
        result.map_err(|fault| self.store.fault(self.chunk.id, &mut state, fault))
    }

    /// Makes everything written so far durable, by whomever it was written; does nothing where the configuration
    /// says that the kernel decides.
    pub fn sync(&self) -> Result<(), Status> {
        if self.store.tunables().durability == Durability::Never {
            return Ok(());
        }
        self.sync_always()
    }

    /// As [`Handle::sync`], whatever the configuration says.
    pub fn sync_always(&self) -> Result<(), Status> {
        let (disk, folder, fd, sync) = {
            let state = self.chunk.read()?;
            let Some(file) = state.file.as_deref() else { return Err(Status::NOTOPENED) };
            if file.sync.is_clean() {
                return Ok(());
            }
            (state.disk.clone(), state.folder, file.fd.clone(), file.sync.clone())
        };
        let permit = disk.gate.enter()?;
        let result = sync_parts(&disk, folder, &fd, &sync);
        drop(permit);
        result.map_err(|fault: Fault| self.store.fault_shared(self.chunk.id, &disk, fault))
    }

    /// Blocks in the file, 0 to 1024.
    pub fn blocks(&self) -> Result<u16, Status> {
        Ok(self.chunk.read()?.block_count())
    }

    /// The version it has now.
    pub fn version(&self) -> Result<ChunkVersion, Status> {
        Ok(self.chunk.read()?.version)
    }

    /// The stored checksums, as in the file.
    pub fn checksums(&self) -> Result<[u32; BLOCKS_PER_CHUNK as usize], Status> {
        self.chunk.read()?.file.as_deref().map(|file| file.crc).ok_or(Status::NOTOPENED)
    }

    /// Drops the file's pages from memory.
    pub(crate) fn forget_pages(&self) {
        if let Ok(state) = self.chunk.read()
            && let Some(file) = state.file.as_deref()
        {
            let _ = rustix::fs::fadvise(&*file.fd, 0, None, rustix::fs::Advice::DontNeed);
        }
    }

    fn touch(&self) {
        self.chunk.last_used.store(self.store.uptime(), Ordering::Relaxed);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.chunk.sessions.fetch_sub(1, Ordering::AcqRel);
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({:016X})", self.chunk.id)
    }
}
