//! Finding the chunks on a disk at start (`spec/wire-chunkserver.md` 4.2 and 4.6).

use crate::aside::Why;
use crate::chunk::{Chunk, ChunkState};
use crate::chunkdb::{self, Entry};
use crate::disk::{Disk, DiskState, chunk_path, folder_name};
use crate::format::{NEW_HEADER, parse_file_name, shape};
use crate::{SpaceLimit, Store};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use types::{ChunkId, ChunkVersion};

/// How often a paused scan looks whether it may go on.
const LOOK: Duration = Duration::from_millis(200);

impl Store {
    /// Lists one disk's chunks and registers them.
    pub(crate) fn scan_disk(&self, disk: &Arc<Disk>) {
        let start = Instant::now();
        let running = disk.scan.start();
        let how = match self.find_chunks(disk) {
            Ok(how) => how,
            Err(error) => {
                self.give_up_disk(disk, &format!("scan failed: {error}"));
                return;
            }
        };
        self.finish_intents(disk);
        disk.scan.set_left(0);
        drop(running);
        disk.scan_done();
        let count = disk.chunks.load(Ordering::Relaxed);
        tracing::info!("{}: {count} chunks {how} in {:.1?}", disk.path.display(), start.elapsed());
    }

    /// From the list of the last clean stop, if there is one and nothing was changed since; by looking otherwise.
    fn find_chunks(&self, disk: &Arc<Disk>) -> io::Result<&'static str> {
        chunkdb::forget_temporary(disk);
        let known = chunkdb::consume(disk)?;
        if !disk.read_only {
            disk.list_aside()?;
            crate::moving::forget_unfinished(disk)?;
        }
        if !disk.is_removal() {
            make_folders(disk)?;
            if known.is_none() {
                adopt_old_folders(disk)?;
            }
        }
        match known {
            Some(entries) => {
                entries.iter().for_each(|entry| self.register_found(disk, entry));
                disk.scan.did(entries.len() as u64, 0);
                Ok("known")
            }
            None => self.scan_folders(disk).map(|()| "found"),
        }
    }

    fn scan_folders(&self, disk: &Arc<Disk>) -> io::Result<()> {
        for folder in 0..=255u8 {
            while disk.scan.is_paused() && self.pause(LOOK) {}
            disk.scan.set_left(256 - u64::from(folder));
            let found = list_folder(disk, &folder_name(folder))?;
            disk.scan.did(found.len() as u64, 0);
            for (id, version) in found {
                let entry = Entry { id, version, blocks: None, header: NEW_HEADER, folder };
                self.register_found(disk, &entry);
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

    fn register_found(&self, disk: &Arc<Disk>, entry: &Entry) {
        let Entry { id, version, folder, .. } = *entry;
        let chunk = Chunk::new(id, version, disk.clone(), folder);
        {
            let mut state = chunk.force_write();
            let mut blocks = entry.blocks;
            // The number of blocks matters at once only where it limits the space.
            if blocks.is_none() && matches!(*disk.limit.lock(), SpaceLimit::AtMost(_)) {
                blocks = file_shape(disk, &state.path()).map(|(_, blocks)| blocks);
            }
            state.header = entry.header;
            state.set_blocks(blocks);
        }
        disk.count_chunk(folder);
        match self.chunks.insert(&chunk) {
            Ok(()) => self.reports.new_chunk(id, false),
            Err(there) => self.second_copy(&chunk, &there),
        }
    }

    /// Two files of one chunk: the better one counts, and the other is put aside, so that it cannot count one day when
    /// it is older still.
    fn second_copy(&self, found: &Arc<Chunk>, there: &Arc<Chunk>) {
        let mut new = found.force_write();
        let mut old = there.force_write();
        let same_disk = Arc::ptr_eq(&old.disk, &new.disk);
        if old.gone || (same_disk && old.folder == new.folder && old.version == new.version) {
            // Deleted meanwhile; or made after the scan began, and then listed by it.
            new.leave();
            return;
        }
        let in_use = there.sessions.load(Ordering::Acquire) > 0 || old.file.is_some();
        if !in_use && is_better(&new, &old) {
            self.drop_chunk(there, &mut old);
            // Nobody else can have taken the id: its requests wait for `old`.
            if self.chunks.insert(found).is_ok() {
                self.reports.new_chunk(found.id, true);
            } else {
                new.leave();
            }
            set_aside(&old);
        } else {
            new.leave();
            set_aside(&new);
        }
    }
}

/// Newer; of equal versions what can be written to, then what was written to last. Two good copies of one version are
/// equal, except when a stock server was served by one and has not yet deleted the other.
fn is_better(new: &ChunkState, old: &ChunkState) -> bool {
    let rank = |state: &ChunkState| {
        let stat = rustix::fs::statat(&state.disk.root, state.path(), AtFlags::SYMLINK_NOFOLLOW);
        let written = stat.map(|stat| (stat.st_mtime, stat.st_mtime_nsec as i64)).ok();
        (state.version, !state.disk.read_only, !state.disk.is_removal(), written)
    };
    rank(new) > rank(old)
}

fn set_aside(loser: &ChunkState) {
    let (disk, path) = (&loser.disk, loser.path());
    let shown = disk.path.display();
    if disk.read_only {
        tracing::warn!("chunk {:016X} has a second copy, {shown}/{path}, on a read-only disk", loser.id);
        return;
    }
    match disk.put_aside(&path, Why::Second, (loser.id, loser.version), crate::store::unix_time()) {
        Ok(()) => tracing::warn!("chunk {:016X} has a second copy; {shown}/{path} is put aside", loser.id),
        Err(error) => tracing::error!("cannot put the second copy {shown}/{path} aside: {error}"),
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
            let to = chunk_path(id.0 as u8, id, version);
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
