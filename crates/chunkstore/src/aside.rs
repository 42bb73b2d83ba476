//! Files kept aside: copies that are not served any more but not yet given up.
//!
//! A damaged copy that the master lets us delete, and a second copy that a scan finds, may still be what somebody needs:
//! only the newest block of a damaged copy may be wrong, and a second copy may be the better one. They move to
//! `.elkfs_aside` in their disk's root, where neither we nor stock take them for chunks, and are deleted when their time is
//! over, or when the disk is full. Name: `damaged_SECONDS_chunk_ID_VERSION.mfs` or `second_…`, with the Unix time of the
//! move.

use crate::Store;
use crate::disk::{Disk, DiskState};
use crate::format::{file_name, parse_file_name};
use parking_lot::Mutex;
use rustix::fs::{Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use types::{ChunkId, ChunkVersion};

/// The folder.
pub(crate) const FOLDER: &str = ".elkfs_aside";
/// On a full disk a file is not deleted before it was aside for so long.
const LEAST: Duration = Duration::from_secs(600);

/// Why a file is aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// It was damaged, and the master ordered its deletion.
    Damaged,
    /// Another copy is in use.
    Second,
}

/// A file aside. Ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    /// Unix time.
    since: u64,
    why: Why,
    id: ChunkId,
    version: ChunkVersion,
}

impl File {
    fn name(&self) -> String {
        let why = if self.why == Why::Damaged { "damaged" } else { "second" };
        format!("{why}_{:010}_{}", self.since, file_name(self.id, self.version))
    }

    fn parse(name: &[u8]) -> Option<File> {
        let text = std::str::from_utf8(name).ok()?;
        let (why, rest) = text.split_once('_')?;
        let (since, chunk) = rest.split_once('_')?;
        let why = match why {
            "damaged" => Why::Damaged,
            "second" => Why::Second,
            _ => return None,
        };
        let (id, version) = parse_file_name(chunk.as_bytes())?;
        Some(File { since: since.parse().ok()?, why, id, version })
    }
}

/// The files aside of one disk, oldest first.
#[derive(Default)]
pub(crate) struct Aside(Mutex<BTreeSet<File>>);

impl Aside {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().len()
    }
}

impl Disk {
    /// Moves a chunk file aside; `now` is the Unix time.
    pub(crate) fn put_aside(
        &self,
        path: &str,
        why: Why,
        (id, version): (ChunkId, ChunkVersion),
        now: u64,
    ) -> Result<(), Errno> {
        match rustix::fs::mkdirat(&self.root, FOLDER, Mode::from_raw_mode(0o750)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        let mut file = File { since: now, why, id, version };
        loop {
            let to = format!("{FOLDER}/{}", file.name());
            crate::sys::before_name_change();
            match rustix::fs::renameat_with(&self.root, path, &self.root, &to, RenameFlags::NOREPLACE) {
                Ok(()) => break,
                // The same chunk twice within a second.
                Err(Errno::EXIST) => file.since += 1,
                Err(error) => return Err(error),
            }
        }
        self.aside.0.lock().insert(file);
        Ok(())
    }

    /// Finds what an earlier life has put aside.
    pub(crate) fn list_aside(&self) -> Result<(), Errno> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = match rustix::fs::openat(&self.root, FOLDER, flags, Mode::empty()) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut files = BTreeSet::new();
        for entry in rustix::fs::Dir::read_from(&folder)? {
            files.extend(File::parse(entry?.file_name().to_bytes()));
        }
        *self.aside.0.lock() = files;
        Ok(())
    }

    /// The oldest file that may go, if any may.
    fn due(&self, now: u64, keep: impl Fn(Why) -> Duration) -> Option<File> {
        let space = *self.space.lock();
        let full = space.total > 0 && space.avail == 0;
        let age = |file: &File| Duration::from_secs(now.saturating_sub(file.since));
        let over = |file: &&File| age(file) >= keep(file.why) || (full && age(file) >= LEAST);
        self.aside.0.lock().iter().find(over).copied()
    }

    fn forget_aside(&self, file: &File) {
        self.aside.0.lock().remove(file);
    }
}

impl Store {
    /// Deletes what was aside for long enough. A second copy stays as long as the one in use is not proven good.
    pub(crate) fn clean_aside(self: &Arc<Self>, now: u64) {
        let tunables = self.tunables();
        let keep = |why| if why == Why::Damaged { tunables.keep_damaged } else { tunables.keep_duplicates };
        let disks = self.disks.read().clone();
        for disk in disks.iter().filter(|d| d.state() == DiskState::Working && !d.read_only) {
            while !self.cleanup.is_paused()
                && !self.stopping()
                && let Some(file) = disk.due(now, keep)
            {
                let _running = self.cleanup.start();
                // What is left is looked at again after the next start.
                disk.forget_aside(&file);
                let proven = |id| {
                    self.chunks.get(id).is_some_and(|chunk| self.test_chunk(chunk, ChunkVersion(0)).is_ok())
                };
                if file.why == Why::Second && !proven(file.id) {
                    continue;
                }
                let path = format!("{FOLDER}/{}", file.name());
                match disk.unlink(&path) {
                    Ok(()) => tracing::info!("{}/{path} deleted", disk.path.display()),
                    Err(error) => tracing::warn!("cannot delete {}/{path}: {error}", disk.path.display()),
                }
                self.cleanup.did(1, 0);
                disk.changed.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let file = File { since: 17, why: Why::Damaged, id: ChunkId(5), version: ChunkVersion(2) };
        assert_eq!(file.name(), "damaged_0000000017_chunk_0000000000000005_00000002.mfs");
        assert_eq!(File::parse(file.name().as_bytes()), Some(file));
        for bad in ["", "second", "third_1_chunk_0000000000000005_00000002.mfs", "second_x_y"] {
            assert_eq!(File::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
