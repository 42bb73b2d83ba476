//! Moving one chunk from disk to disk, so that no death in between costs anything.
//!
//! The copy grows under a name that is no chunk's (`.elkfs_move_ID` in the target's root) while the chunk is in use. Then,
//! with the chunk held: if it was changed meanwhile the copy is thrown away; otherwise the copy is durable, gets its
//! name, that name becomes durable, and the old file is deleted. Dying before the copy has its name leaves a file that
//! the next start removes; dying after that leaves two equal files, of which the next start puts one aside.

use crate::Store;
use crate::aside::Why;
use crate::chunk::{Chunk, ChunkFile, ChunkState};
use crate::disk::{Disk, chunk_path};
use crate::fault::Fault;
use crate::file::{Purpose, sync_data, trim_zeros};
use crate::format::{NEW_HEADER, block_at, encode_head, encode_table};
use crate::stats::Access;
use crate::sys::{before_name_change, ftruncate, pwrite_all};
use rustix::fs::{AtFlags, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use types::{BLOCK_SIZE, ChunkId};

const PREFIX: &str = ".elkfs_move_";

/// Why a chunk did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotMoved {
    /// It is being used or was changed, or cannot be opened now; another time.
    Busy,
    /// It is damaged.
    Source(Fault),
    /// The target failed.
    Target(Fault),
}

fn temporary(id: ChunkId) -> String {
    format!("{PREFIX}{:016X}", id.0)
}

/// Removes copies that were not finished.
pub(crate) fn forget_unfinished(disk: &Disk) -> io::Result<()> {
    for entry in rustix::fs::Dir::read_from(&disk.root)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str()
            && name.starts_with(PREFIX)
        {
            disk.unlink(name)?;
        }
    }
    Ok(())
}

/// Of a chunk whose copy is being made: enough to see that it was changed.
#[derive(PartialEq, Eq)]
struct Seen {
    version: u32,
    blocks: u16,
    written: u64,
    file: *const File,
}

impl Seen {
    fn of(state: &ChunkState) -> Option<Seen> {
        let file = state.file.as_deref()?;
        let written = file.sync.written.load(Ordering::Acquire);
        let (version, blocks) = (state.version.0, state.block_count());
        Some(Seen { version, blocks, written, file: Arc::as_ptr(&file.fd) })
    }
}

impl Store {
    /// Moves a chunk to `target`. Returns the bytes copied.
    pub(crate) fn move_chunk(&self, chunk: &Arc<Chunk>, target: &Arc<Disk>) -> Result<u64, NotMoved> {
        {
            let mut state = chunk.try_write().ok_or(NotMoved::Busy)?;
            if state.gone || Arc::ptr_eq(&state.disk, target) {
                return Err(NotMoved::Busy);
            }
            self.ensure_open(chunk, &mut state).map_err(|fault| match fault {
                Fault::Refused(_) => NotMoved::Busy,
                fault => NotMoved::Source(fault),
            })?;
            // Keeps the file open as a handle does.
            chunk.sessions.fetch_add(1, Ordering::AcqRel);
        }
        let result = self.copy_and_switch(chunk, target);
        chunk.sessions.fetch_sub(1, Ordering::AcqRel);
        if result.is_err() {
            let _ = rustix::fs::unlinkat(&target.root, temporary(chunk.id), AtFlags::empty());
        }
        if let Err(NotMoved::Source(fault)) = result
            && let Some(disk) = chunk.glance(|state| state.disk.clone())
        {
            self.fault_shared(chunk.id, &disk, fault);
        }
        if let Err(NotMoved::Target(fault)) = result
            && !matches!(fault, Fault::Refused(_))
        {
            self.disk_fault(chunk.id, target, fault);
        }
        result
    }

    fn copy_and_switch(&self, chunk: &Arc<Chunk>, target: &Arc<Disk>) -> Result<u64, NotMoved> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW;
        let on_target = |errno, doing| NotMoved::Target(Fault::of(errno, doing));
        let file = target
            .open_at(&temporary(chunk.id), flags)
            .map_err(|e| on_target(e, "create a file to move to"))?;
        let seen = chunk.read().ok().and_then(|state| Seen::of(&state)).ok_or(NotMoved::Busy)?;
        for block in 0..seen.blocks {
            if self.stopping() || self.moves.job.is_paused() {
                return Err(NotMoved::Busy);
            }
            self.copy_block(chunk, block, &seen, target, &file)?;
        }
        // Most of the waiting happens before anyone has to wait for us.
        ftruncate(&file, block_at(NEW_HEADER, seen.blocks)).map_err(|e| on_target(e, "extend a file"))?;
        sync_data(target, &file).map_err(|e| on_target(e, "sync"))?;

        let mut state = chunk.write().map_err(|_| NotMoved::Busy)?;
        // A disk that is given up from here on finds the chunk held, and takes it for its own when it is free.
        if Seen::of(&state) != Some(seen) || !target.takes_part_in_moves() {
            return Err(NotMoved::Busy);
        }
        self.switch(&mut state, target, file)?;
        Ok(u64::from(state.block_count()) * u64::from(BLOCK_SIZE))
    }

    /// Copies one block, checking it.
    fn copy_block(
        &self,
        chunk: &Chunk,
        block: u16,
        seen: &Seen,
        target: &Disk,
        file: &File,
    ) -> Result<(), NotMoved> {
        let mut bytes = vec![0; BLOCK_SIZE as usize];
        {
            let state = chunk.read().map_err(|_| NotMoved::Busy)?;
            if Seen::of(&state).as_ref() != Some(seen) {
                return Err(NotMoved::Busy);
            }
            let _permit = state.disk.gate.enter().map_err(|_| NotMoved::Busy)?;
            state.read_block(block, &mut bytes, Purpose::Upkeep).map_err(NotMoved::Source)?;
        }
        let _permit = target.gate.enter().map_err(|_| NotMoved::Busy)?;
        let start = Instant::now();
        // Zeros are holes anyway: the file is new.
        let (part, skipped) = trim_zeros(&bytes);
        pwrite_all(file, part, block_at(NEW_HEADER, block) + skipped as u64)
            .map_err(|e| NotMoved::Target(Fault::of(e, "write a block")))?;
        target.stats.count(Access::UpkeepWrite(BLOCK_SIZE), start);
        self.moves.job.did(0, BLOCK_SIZE.into());
        Ok(())
    }

    /// The chunk is held and its data is in `file`: makes that the chunk.
    fn switch(&self, state: &mut ChunkState, target: &Arc<Disk>, file: File) -> Result<(), NotMoved> {
        let failed = |errno, doing| NotMoved::Target(Fault::of(errno, doing));
        let Some(old) = state.file.as_deref() else { return Err(NotMoved::Busy) };
        let crc = old.crc;
        let mut start = encode_head(state.id, state.version).to_vec();
        start.resize(usize::from(NEW_HEADER), 0);
        start.extend_from_slice(&encode_table(&crc));
        pwrite_all(&file, &start, 0).map_err(|e| failed(e, "write the header"))?;
        sync_data(target, &file).map_err(|e| failed(e, "sync"))?;

        let folder = target.add_chunk(self.tunables().folder_spread);
        let (from, to) = (state.path(), chunk_path(folder, state.id, state.version));
        before_name_change();
        let named = rustix::fs::renameat_with(
            &target.root,
            temporary(state.id),
            &target.root,
            &to,
            RenameFlags::NOREPLACE,
        );
        if let Err(errno) = named.and_then(|()| target.sync_folder(folder)) {
            target.uncount_chunk(folder);
            // With the name, if it has it: two names for one chunk must not stay.
            let _ = rustix::fs::unlinkat(&target.root, &to, AtFlags::empty());
            return Err(failed(errno, "name the moved file"));
        }
        // Both files are whole and equal now; from here on the new one counts.
        let source = state.disk.clone();
        let file = ChunkFile { fd: Arc::new(file), crc, stale_tail: false, sync: Arc::default() };
        state.settle(target.clone(), folder, NEW_HEADER, Box::new(file));
        let gone = match source.unlink(&from) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(_) => {
                let chunk = (state.id, state.version);
                source.put_aside(&from, Why::Second, chunk, crate::store::unix_time())
            }
        };
        if let Err(errno) = gone {
            self.disk_fault(state.id, &source, Fault::of(errno, "delete the file that was moved"));
        }
        Ok(())
    }
}
