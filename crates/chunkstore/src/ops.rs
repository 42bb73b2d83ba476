//! What the master orders (`spec/wire-chunkserver.md` 3.4 and 4.4).

use crate::aside::Why;
use crate::chunk::{Chunk, ChunkFile, ChunkState, SyncState};
use crate::counters::bump;
use crate::disk::{DiskState, chunk_path};
use crate::fault::Fault;
use crate::fds::sync_file;
use crate::file::Purpose;
use crate::format::{EMPTY_TABLE, HEAD_SIZE, NEW_HEADER, VERSION_AT, encode_head, encode_table};
use crate::store::unix_time;
use crate::sys::pwrite_all;
use crate::{Durability, Store};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use types::{BLOCK_SIZE, CHUNK_SIZE, ChunkId, ChunkVersion, Status};

impl Store {
    /// Makes an empty chunk. CHUNKEXIST, NOSPACE, IO. It becomes durable with its first synced write.
    pub fn create(&self, id: ChunkId, version: ChunkVersion) -> Result<(), Status> {
        self.create_with(id, version, |_| Ok(())).inspect(|()| bump(&self.orders.creates))
    }

    /// Makes a chunk and lets `fill` work on it before anyone else can see it; if that fails there is no chunk.
    pub(crate) fn create_with(
        &self,
        id: ChunkId,
        version: ChunkVersion,
        fill: impl FnOnce(&mut ChunkState) -> Result<(), Fault>,
    ) -> Result<(), Status> {
        if self.chunks.contains(id) {
            return Err(Status::CHUNKEXIST);
        }
        let disk = self.choose_disk()?;
        let folder = disk.add_chunk(self.tunables().folder_spread);
        let chunk = Chunk::new(id, version, disk.clone(), folder);
        chunk.last_used.store(self.uptime(), Ordering::Relaxed);
        let mut state = chunk.force_write();
        if self.chunks.insert(&chunk).is_err() {
            state.leave();
            return Err(Status::CHUNKEXIST);
        }
        // Given up since it was chosen: whoever did that may not have seen this chunk.
        if disk.state() == DiskState::Damaged {
            self.drop_chunk(&chunk, &mut state);
            return Err(Status::NOTDONE);
        }
        let made = self.make_room().and_then(|()| self.make_file(&chunk, &mut state));
        let result = made.and_then(|()| fill(&mut state));
        if let Err(fault) = result {
            // A failed destination says nothing about a chunk that anyone relies on, only about the disk.
            if !matches!(fault, Fault::Refused(_)) {
                self.disk_fault(id, &disk, fault);
            }
            if state.file.is_some() {
                let _ = disk.unlink(&state.path());
            }
            self.drop_chunk(&chunk, &mut state);
            return Err(fault.status());
        }
        Ok(())
    }

    fn make_file(&self, chunk: &Arc<Chunk>, state: &mut ChunkState) -> Result<(), Fault> {
        let path = state.path();
        let disk = state.disk.clone();
        let permit = disk.gate.enter().map_err(Fault::Refused)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let fd = disk.open_at(&path, flags).map_err(|e| match e {
            Errno::EXIST => Fault::Refused(Status::CHUNKEXIST),
            e => Fault::of(e, "create the file"),
        })?;
        let mut start = Vec::with_capacity(usize::from(NEW_HEADER) + 4096);
        start.extend_from_slice(&encode_head(chunk.id, state.version));
        start.resize(usize::from(NEW_HEADER), 0);
        start.extend_from_slice(&encode_table(&EMPTY_TABLE));
        let written = pwrite_all(&fd, &start, 0);
        drop(permit);
        if let Err(e) = written {
            let _ = disk.unlink(&path);
            return Err(Fault::of(e, "write the header"));
        }
        let sync = SyncState { name_pending: AtomicBool::new(true), ..SyncState::default() };
        sync.wrote();
        let file = ChunkFile { fd: Arc::new(fd), crc: EMPTY_TABLE, stale_tail: false, sync: Arc::new(sync) };
        self.keep_open(chunk, state, Box::new(file), NEW_HEADER, 0);
        Ok(())
    }

    /// Takes a chunk out of the registry; the caller has dealt with its file.
    pub(crate) fn drop_chunk(&self, chunk: &Arc<Chunk>, state: &mut ChunkState) {
        if state.leave() {
            self.open_files.closed();
        }
        self.chunks.remove(chunk);
    }

    /// Deletes a chunk; `version` 0 is any. NOCHUNK, WRONGVERSION, IO. A missing file is as good as deleted.
    pub fn delete(&self, id: ChunkId, version: ChunkVersion) -> Result<(), Status> {
        let chunk = self.find(id)?;
        let mut state = chunk.write()?;
        state.check_version(version)?;
        let disk = state.disk.clone();
        let permit = disk.gate.enter()?;
        // A damaged copy may hold what no good one does; it is not gone at once.
        let path = state.path();
        let result = match chunk.damaged.load(Ordering::Relaxed) {
            true => match disk.put_aside(&path, Why::Damaged, (id, state.version), unix_time()) {
                Err(Errno::NOSPC | Errno::DQUOT) => disk.unlink(&path),
                result => result,
            },
            false => disk.unlink(&path),
        };
        drop(permit);
        match result {
            Ok(()) | Err(Errno::NOENT) => {
                bump(&self.orders.deletes);
                self.drop_chunk(&chunk, &mut state);
                Ok(())
            }
            Err(e) => Err(self.fault(id, &mut state, Fault::Disk(e, "delete the file"))),
        }
    }

    /// Changes a chunk under its lock, with its file open, and makes the change durable.
    fn change(
        &self,
        id: ChunkId,
        version: ChunkVersion,
        change: impl FnOnce(&mut ChunkState, u32) -> Result<(), Fault>,
    ) -> Result<(), Status> {
        let chunk = self.find(id)?;
        let mut state = chunk.write()?;
        state.check_version(version)?;
        if state.disk.read_only {
            return Err(Status::EROFS);
        }
        let result = self.ensure_open(&chunk, &mut state).and_then(|()| {
            let disk = state.disk.clone();
            let permit = disk.gate.enter().map_err(Fault::Refused)?;
            change(&mut state, permit.slot)?;
            self.settle_order(&state)
        });
        result.map_err(|fault| self.fault(id, &mut state, fault))
    }

    fn settle_order(&self, state: &ChunkState) -> Result<(), Fault> {
        if self.tunables().durability == Durability::SessionEnd { sync_file(state) } else { Ok(()) }
    }

    /// Gives a chunk a new version (not 0). EINVAL, NOCHUNK, WRONGVERSION, IO.
    pub fn set_version(&self, id: ChunkId, new: ChunkVersion, old: ChunkVersion) -> Result<(), Status> {
        if new.0 == 0 {
            return Err(Status::EINVAL);
        }
        self.change(id, old, |state, _| state.rename(new)).inspect(|()| bump(&self.orders.versions))
    }

    /// Gives a chunk a new version (not 0; may be the old one) and cuts or extends it to `length` bytes (64 MiB at
    /// most, larger is EINVAL).
    pub fn truncate(
        &self,
        id: ChunkId,
        length: u32,
        new: ChunkVersion,
        old: ChunkVersion,
    ) -> Result<(), Status> {
        if new.0 == 0 || u64::from(length) > CHUNK_SIZE {
            return Err(Status::EINVAL);
        }
        self.change(id, old, |state, slot| {
            state.rename(new)?;
            state.cut(length, slot)
        })
        .inspect(|()| bump(&self.orders.truncates))
    }

    /// Copies a chunk to a new id. `old_version` 0 is EINVAL; `new_version` 0 is the old one.
    pub fn duplicate(
        &self,
        new: ChunkId,
        new_version: ChunkVersion,
        old: ChunkId,
        old_version: ChunkVersion,
    ) -> Result<(), Status> {
        self.copy(new, new_version, old, old_version, None).inspect(|()| bump(&self.orders.duplicates))
    }

    /// As [`Store::duplicate`], with the copy cut or extended to `length` bytes (64 MiB at most, larger is EINVAL).
    pub fn duptrunc(
        &self,
        new: ChunkId,
        new_version: ChunkVersion,
        old: ChunkId,
        old_version: ChunkVersion,
        length: u32,
    ) -> Result<(), Status> {
        if u64::from(length) > CHUNK_SIZE {
            return Err(Status::EINVAL);
        }
        self.copy(new, new_version, old, old_version, Some(length)).inspect(|()| bump(&self.orders.duptruncs))
    }

    fn copy(
        &self,
        new: ChunkId,
        new_version: ChunkVersion,
        old: ChunkId,
        old_version: ChunkVersion,
        length: Option<u32>,
    ) -> Result<(), Status> {
        if old_version.0 == 0 {
            return Err(Status::EINVAL);
        }
        if new == old {
            return Err(Status::CHUNKEXIST);
        }
        let new_version = if new_version.0 == 0 { old_version } else { new_version };
        let source = self.find(old)?;
        // Opening needs the source alone; copying shares it with readers.
        {
            let mut state = source.write()?;
            state.check_version(old_version)?;
            if let Err(fault) = self.ensure_open(&source, &mut state) {
                return Err(self.fault(old, &mut state, fault));
            }
            source.sessions.fetch_add(1, Ordering::AcqRel);
        }
        let mut source_fault = None;
        let result = source.read().and_then(|from| {
            from.check_version(old_version)?;
            // Unfinished as long as its version is 0, so that a crash leaves nothing that could be taken for a copy.
            self.create_with(new, ChunkVersion(0), |to| {
                let wanted = length.map(|bytes| bytes.div_ceil(BLOCK_SIZE) as u16);
                copy_blocks(&from, to, wanted.unwrap_or(u16::MAX)).map_err(|fault| match fault {
                    CopyFault::Source(fault) => {
                        source_fault = Some((from.disk.clone(), fault));
                        Fault::Refused(fault.status())
                    }
                    CopyFault::Target(fault) => fault,
                })?;
                let disk = to.disk.clone();
                let permit = disk.gate.enter().map_err(Fault::Refused)?;
                if let Some(length) = length {
                    to.cut(length, permit.slot)?;
                }
                to.rename(new_version)?;
                self.settle_order(to)
            })
        });
        source.sessions.fetch_sub(1, Ordering::AcqRel);
        if let Some((disk, fault)) = source_fault {
            self.fault_shared(old, &disk, fault);
        }
        result
    }

    /// Reads the whole chunk and compares its checksums. `version` 0 is any. CRC, IO, NOCHUNK, WRONGVERSION.
    pub fn test(self: &Arc<Self>, id: ChunkId, version: ChunkVersion) -> Result<(), Status> {
        bump(&self.orders.tests);
        self.test_chunk(self.find(id)?, version)
    }

    /// As [`Store::test`], for a chunk that was found.
    pub(crate) fn test_chunk(
        self: &Arc<Self>,
        chunk: Arc<Chunk>,
        version: ChunkVersion,
    ) -> Result<(), Status> {
        let handle = self.open_chunk(chunk, version)?;
        let mut buf = vec![0; BLOCK_SIZE as usize];
        for block in 0..handle.blocks()? {
            handle.test_block(block, &mut buf)?;
        }
        Ok(())
    }
}

enum CopyFault {
    Source(Fault),
    Target(Fault),
}

/// Copies at most `most` blocks with their checksums. Each is checked, so that damage is found where it is.
fn copy_blocks(from: &ChunkState, to: &mut ChunkState, most: u16) -> Result<(), CopyFault> {
    let mut buf = vec![0; BLOCK_SIZE as usize];
    let (source, target) = (from.disk.clone(), to.disk.clone());
    for block in 0..from.block_count().min(most) {
        let crc = {
            let _permit = source.gate.enter().map_err(|s| CopyFault::Source(Fault::Refused(s)))?;
            from.read_block(block, &mut buf, Purpose::Upkeep).map_err(CopyFault::Source)?
        };
        let permit = target.gate.enter().map_err(|s| CopyFault::Target(Fault::Refused(s)))?;
        let piece = crate::file::Piece { block, offset: 0, data: &buf, crc, slot: permit.slot };
        to.write_piece(piece, true).map_err(CopyFault::Target)?;
    }
    Ok(())
}

impl ChunkState {
    /// Renames first, then writes the header: the name is the truth (4.3).
    fn rename(&mut self, new: ChunkVersion) -> Result<(), Fault> {
        if new == self.version {
            return Ok(());
        }
        let Some(file) = self.file.as_deref() else { return Err(Fault::Refused(Status::NOTOPENED)) };
        let (old_path, new_path) = (self.path(), chunk_path(self.folder, self.id, new));
        self.disk.rename(&old_path, &new_path).map_err(|e| Fault::of(e, "rename the file"))?;
        file.sync.name_pending.store(true, Ordering::Release);
        if let Err(e) = pwrite_all(&file.fd, &new.0.to_be_bytes(), VERSION_AT) {
            let _ = self.disk.rename(&new_path, &old_path);
            return Err(Fault::of(e, "write the header"));
        }
        file.sync.wrote();
        self.version = new;
        Ok(())
    }

    /// Cuts or extends the data to `length` bytes; what follows in the last block becomes zeros.
    fn cut(&mut self, length: u32, slot: u32) -> Result<(), Fault> {
        let blocks = length.div_ceil(BLOCK_SIZE) as u16;
        let keep = (length % BLOCK_SIZE) as usize;
        if blocks <= self.block_count() && keep > 0 {
            self.zero_tail(blocks - 1, keep, slot)?;
        }
        if blocks != self.block_count() {
            self.set_length(blocks)?;
        }
        Ok(())
    }
}

const _: () = assert!(HEAD_SIZE <= NEW_HEADER as usize);
