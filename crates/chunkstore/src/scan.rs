//! Finding the chunks on a disk at start (`spec/wire-chunkserver.md` 4.2 and 4.6).

use crate::chunk::Chunk;
use crate::disk::{Disk, DiskState, folder_name};
use crate::format::{parse_file_name, shape};
use crate::{SpaceLimit, Store};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use types::{ChunkId, ChunkVersion};

/// Older or equal copies of chunks that another disk has too, with the time of their discovery.
pub(crate) type Duplicates = VecDeque<(Instant, Arc<Disk>, u8, ChunkId, ChunkVersion)>;

impl Store {
    /// Lists one disk's chunks and registers them.
    pub(crate) fn scan_disk(&self, disk: &Arc<Disk>) {
        let start = Instant::now();
        if let Err(error) = self.scan_folders(disk) {
            self.give_up_disk(disk, &format!("scan failed: {error}"));
            return;
        }
        self.finish_intents(disk);
        disk.scan_done();
        let count = disk.chunks.load(Ordering::Relaxed);
        tracing::info!("{}: {count} chunks found in {:.1?}", disk.path.display(), start.elapsed());
    }

    fn scan_folders(&self, disk: &Arc<Disk>) -> io::Result<()> {
        if !disk.is_removal() {
            make_folders(disk)?;
            adopt_old_folders(disk)?;
        }
        // Stock's index of the disk would be wrong after our first write.
        if !disk.read_only {
            match disk.unlink(".chunkdb") {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for folder in 0..=255u8 {
            for (id, version) in list_folder(disk, &folder_name(folder))? {
                self.register_found(disk, folder, id, version);
            }
            if self.stopping() || disk.state() == DiskState::Damaged {
                return Ok(());
            }
            disk.progress.store((u32::from(folder) * 100 / 256) as u8, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Puts blocks right that were being written when we died.
    fn finish_intents(&self, disk: &Arc<Disk>) {
        for intent in std::mem::take(&mut *disk.left_intents.lock()) {
            let Some(chunk) = self.chunks.get(intent.chunk) else { continue };
            let mut state = chunk.force_write();
            if state.gone || !Arc::ptr_eq(&state.disk, disk) {
                continue;
            }
            let result = self.ensure_open(&chunk, &mut state).and_then(|()| state.finish_intent(&intent));
            match result {
                Ok(false) => {}
                Ok(true) => tracing::warn!(
                    "chunk {:016X}: block {} was being written when the chunkserver ended; what is there counts",
                    intent.chunk,
                    intent.block
                ),
                Err(fault) => {
                    self.fault(intent.chunk, &mut state, fault);
                }
            }
        }
    }

    fn register_found(&self, disk: &Arc<Disk>, folder: u8, id: ChunkId, version: ChunkVersion) {
        let chunk = Chunk::new(id, version, disk.clone(), folder);
        {
            let mut state = chunk.force_write();
            // The number of blocks matters at once only where it limits the space.
            if matches!(*disk.limit.lock(), SpaceLimit::AtMost(_)) {
                let blocks = file_shape(disk, &state.path()).map(|(_, blocks)| blocks);
                state.set_blocks(blocks);
            }
        }
        disk.count_chunk(folder);
        let Err(there) = self.chunks.insert(&chunk) else {
            self.reports.new_chunk(id, false);
            return;
        };
        // Two disks have the chunk: the newer one counts, and the older is kept for a while.
        let mut old = there.force_write();
        let replace = !old.gone
            && version > old.version
            && there.sessions.load(Ordering::Acquire) == 0
            && old.file.is_none();
        let same_file = Arc::ptr_eq(&old.disk, disk) && old.folder == folder && old.version == version;
        let loser = if replace {
            let loser = (Instant::now(), old.disk.clone(), old.folder, id, old.version);
            self.drop_chunk(&there, &mut old);
            loser
        } else {
            chunk.force_write().leave();
            (Instant::now(), disk.clone(), folder, id, version)
        };
        drop(old);
        if replace {
            if self.chunks.insert(&chunk).is_ok() {
                self.reports.new_chunk(id, true);
            } else {
                chunk.force_write().leave();
            }
        }
        if same_file {
            // Made after the scan began and then listed by it.
            return;
        }
        let (_, other, _, _, older) = &loser;
        tracing::warn!("chunk {id:016X} has a second copy, version {older}, on {}", other.path.display());
        self.duplicates.lock().push_back(loser);
    }

    /// Deletes second copies that were kept long enough, if the copy in use is good.
    pub(crate) fn delete_duplicates(self: &Arc<Self>) {
        let keep = self.tunables().keep_duplicates;
        loop {
            let mut queue = self.duplicates.lock();
            if queue.front().is_none_or(|(found, ..)| found.elapsed() < keep) {
                return;
            }
            let Some((_, disk, folder, id, version)) = queue.pop_front() else { return };
            drop(queue);
            // A version that came into use since is not a second copy.
            let in_use = self.chunks.get(id).is_some_and(|chunk| {
                chunk.peek(|s| Arc::ptr_eq(&s.disk, &disk) && s.folder == folder && s.version == version)
            });
            if in_use || disk.read_only || self.test(id, ChunkVersion(0)).is_err() {
                continue;
            }
            let path = crate::disk::chunk_path(folder, id, version);
            match disk.unlink(&path) {
                Ok(()) => tracing::info!("second copy {}/{path} deleted", disk.path.display()),
                Err(error) => {
                    tracing::warn!("cannot delete second copy {}/{path}: {error}", disk.path.display())
                }
            }
        }
    }
}

fn make_folders(disk: &Disk) -> io::Result<()> {
    for folder in 0..=255u8 {
        match rustix::fs::mkdirat(&disk.root, folder_name(folder).as_str(), Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Folders `0` to `F` of old versions: their chunks move to the folder named by the id's last byte.
fn adopt_old_folders(disk: &Disk) -> io::Result<()> {
    for digit in b"0123456789ABCDEF" {
        let old = char::from(*digit).to_string();
        for (id, version) in list_folder(disk, &old)? {
            let from = format!("{old}/{}", crate::format::file_name(id, version));
            let to = crate::disk::chunk_path(id.0 as u8, id, version);
            // Never onto a file that is there.
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            if let Err(error) = rustix::fs::renameat_with(&disk.root, &from, &disk.root, &to, flags) {
                tracing::error!("{}: cannot move {from} to {to}: {error}", disk.path.display());
            }
        }
        // Stays as long as anything is in it.
        let _ = rustix::fs::unlinkat(&disk.root, old.as_str(), AtFlags::REMOVEDIR);
    }
    Ok(())
}

/// The chunks in a sub-folder; none if it does not exist.
fn list_folder(disk: &Disk, name: &str) -> io::Result<Vec<(ChunkId, ChunkVersion)>> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let folder = match rustix::fs::openat(&disk.root, name, flags, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for entry in rustix::fs::Dir::read_from(&folder)? {
        found.extend(parse_file_name(entry?.file_name().to_bytes()));
    }
    Ok(found)
}

fn file_shape(disk: &Disk, path: &str) -> Option<(u16, u16)> {
    let stat = rustix::fs::statat(&disk.root, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    shape(u64::try_from(stat.st_size).ok()?)
}
