//! The thread of one disk: scan, space, scrub, and giving up.

use crate::Store;
use crate::disk::{Disk, DiskState};
use crate::scrub::Scrub;
use crate::space::{Load, Volume, space};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Space is looked at this often at least.
const REFRESH: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_secs(1);

impl Store {
    pub(crate) fn run_disk(self: &Arc<Self>, disk: &Arc<Disk>) {
        // Space first: while the scan runs the disk is not used, afterwards at once.
        self.refresh_space(disk);
        self.scan_disk(disk);
        let mut refreshed = Instant::now();
        let mut scrub = Scrub::new(disk);
        self.refresh_space(disk);
        while disk.state() == DiskState::Working {
            if (!scrub.step(self, disk) && !self.pause(TICK)) || self.stopping() {
                scrub.save(disk);
                return;
            }
            disk.stats.tick(self.started.elapsed());
            let due = refreshed.elapsed() >= REFRESH;
            if due || (refreshed.elapsed() >= TICK && disk.changed.swap(false, Ordering::Relaxed)) {
                refreshed = Instant::now();
                self.refresh_space(disk);
            }
        }
    }

    /// Computes a disk's space anew. A disk that cannot say, or whose size jumps, is given up (4.5).
    pub(crate) fn refresh_space(&self, disk: &Arc<Disk>) {
        let stat = match rustix::fs::fstatvfs(&disk.root) {
            Ok(stat) => stat,
            Err(error) => return self.give_up_disk(disk, &format!("statvfs failed: {error}")),
        };
        if !disk.is_at_its_path() {
            return self.give_up_disk(disk, "its path leads elsewhere; was it unmounted?");
        }
        let volume = Volume {
            frsize: stat.f_frsize,
            blocks: stat.f_blocks,
            bfree: stat.f_bfree,
            bavail: stat.f_bavail,
            files: stat.f_files,
            favail: stat.f_favail,
        };
        let load = Load {
            chunks: disk.chunks.load(Ordering::Relaxed).into(),
            known_chunks: disk.known.chunks.load(Ordering::Relaxed),
            known_blocks: disk.known.blocks.load(Ordering::Relaxed),
        };
        let new = space(volume, load, *disk.limit.lock(), self.tunables().leave_space);
        let old = std::mem::replace(&mut *disk.space.lock(), new);
        let jump = old.volume.abs_diff(new.volume) > old.volume / 10;
        if old.volume > 0 && jump && !disk.may_resize.load(Ordering::Relaxed) {
            self.give_up_disk(disk, "its size changed by more than 10 % (`~` in mfshdd.cfg allows that)");
            return;
        }
        let read_only = stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
        if read_only != disk.read_only {
            self.give_up_disk(disk, if read_only { "it became read-only" } else { "it became writable" });
        }
    }

    /// A disk that fails is not used any more; its chunks are reported lost. Files are left as they are.
    pub(crate) fn give_up_disk(&self, disk: &Arc<Disk>, why: &str) {
        if !disk.give_up() {
            return;
        }
        tracing::error!("{} is damaged: {why}; its chunks are reported lost", disk.path.display());
        disk.changed.store(true, Ordering::Relaxed);
        self.drop_disk(disk);
    }

    /// Reports all chunks of a disk lost and forgets them; those in use as soon as they are not.
    pub(crate) fn drop_disk(&self, disk: &Arc<Disk>) {
        for chunk in self.chunks.all() {
            // Looking must not wait for a chunk whose request hangs in the very disk that failed.
            let Some(mut state) = chunk.try_write() else {
                self.strays.lock().push(chunk.clone());
                continue;
            };
            if Arc::ptr_eq(&state.disk, disk) && !state.gone {
                self.drop_chunk(&chunk, &mut state);
                self.reports.lost(chunk.id);
            }
        }
    }

    /// Chunks that were in use when their disk was given up.
    pub(crate) fn drop_strays(&self) {
        let strays = std::mem::take(&mut *self.strays.lock());
        for chunk in strays {
            let Some(mut state) = chunk.try_write() else {
                self.strays.lock().push(chunk.clone());
                continue;
            };
            if state.disk.state() == DiskState::Damaged && !state.gone {
                self.drop_chunk(&chunk, &mut state);
                self.reports.lost(chunk.id);
            }
        }
    }
}
