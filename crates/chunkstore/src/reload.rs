//! A new list of folders while the store runs (`spec/wire-chunkserver.md` 4.8, "Reload").

use crate::disk::{Disk, DiskState};
use crate::{DiskSpec, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Store {
    /// Takes folders that are new, gives back those that are not named any more, and obeys what has changed for the
    /// others. A damaged folder that is still named is scanned anew. A folder that cannot be used is logged and left
    /// out; the others still count. `Err` tells how many those were.
    pub fn reload_disks(self: &Arc<Self>, specs: &[DiskSpec]) -> Result<(), usize> {
        let before = self.disks.read().clone();
        let (mut disks, mut fresh, mut unused) = (Vec::new(), Vec::new(), Vec::new());
        for spec in specs {
            let old = before.iter().find(|disk| disk.path == spec.path);
            if let Some(old) = old.filter(|disk| disk.state() != DiskState::Damaged) {
                self.obey(old, spec);
                disks.push(old.clone());
                continue;
            }
            match self.take_folder(spec, old.map(|disk| &**disk)) {
                Ok(disk) => {
                    fresh.push(disk.clone());
                    disks.push(disk);
                }
                Err(error) => {
                    tracing::error!("{error}");
                    unused.push(spec.path.clone());
                    disks.extend(old.cloned());
                }
            }
        }
        let failed = unused.len();
        *self.disks.write() = disks.clone();
        *self.unused.lock() = unused;
        for disk in before.iter().filter(|old| !specs.iter().any(|spec| spec.path == old.path)) {
            self.release(disk);
        }
        for disk in fresh {
            if let Err(error) = self.spawn_disk(disk) {
                tracing::error!("{error}");
            }
        }
        if failed == 0 { Ok(()) } else { Err(failed) }
    }

    /// The folders as they are in use, as if they had just been read.
    pub fn disk_specs(&self) -> Vec<DiskSpec> {
        let flag = |flag: &std::sync::atomic::AtomicBool| flag.load(Ordering::Relaxed);
        let spec = |disk: &Arc<Disk>| DiskSpec {
            path: disk.path.clone(),
            removal: disk.is_removal(),
            drain: flag(&disk.drain),
            fill: flag(&disk.fill),
            may_resize: flag(&disk.may_resize),
            limit: *disk.limit.lock(),
            line: 0,
        };
        self.disks.read().iter().map(spec).collect()
    }

    fn obey(&self, disk: &Arc<Disk>, spec: &DiskSpec) {
        *disk.limit.lock() = spec.limit;
        disk.may_resize.store(spec.may_resize, Ordering::Relaxed);
        disk.drain.store(spec.drain, Ordering::Relaxed);
        disk.fill.store(spec.fill, Ordering::Relaxed);
        disk.changed.store(true, Ordering::Relaxed);
        if disk.removal.swap(spec.removal, Ordering::AcqRel) != spec.removal {
            let mark = if spec.removal { "marked for removal" } else { "not marked for removal any more" };
            tracing::info!("{} is {mark}", disk.path.display());
            for chunk in self.chunks.all() {
                // What somebody holds is told as well; saying too much does no harm.
                if chunk.glance(|state| Arc::ptr_eq(&state.disk, disk)).unwrap_or(true) {
                    self.reports.new_chunk(chunk.id, false);
                }
            }
        }
    }

    fn release(&self, disk: &Arc<Disk>) {
        let healthy = disk.state() == DiskState::Working;
        if disk.give_up() {
            tracing::info!("{} is not used any more; its chunks are reported lost", disk.path.display());
            let list = if healthy { self.list_of(disk) } else { None };
            self.drop_disk(disk);
            disk.forget_intents();
            if let Some(list) = list {
                self.write_list(disk, list);
            }
        }
    }
}
