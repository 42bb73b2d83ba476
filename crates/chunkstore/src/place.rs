//! Which disk gets a new chunk (`spec/wire-chunkserver.md` 4.7, end).

use crate::Store;
use crate::disk::{Disk, DiskState};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use types::Status;

/// Weighted round-robin by size: each disk saves up its share, the richest pays for a whole chunk.
#[derive(Default)]
pub(crate) struct Placer {
    credit: HashMap<PathBuf, f64>,
}

impl Placer {
    fn choose(&mut self, candidates: &[(Arc<Disk>, u64)]) -> Option<Arc<Disk>> {
        let sum: f64 = candidates.iter().map(|(_, total)| *total as f64).sum();
        for (disk, total) in candidates {
            let share = if sum > 0.0 { *total as f64 / sum } else { 1.0 };
            // Bounded: a disk that was full for long must not get everything afterwards.
            let credit = self.credit.entry(disk.path.clone()).or_default();
            *credit = (*credit + share).min(2.0);
        }
        let credit = |disk: &Disk| self.credit.get(&disk.path).copied().unwrap_or(0.0);
        let best = candidates.iter().max_by(|a, b| credit(&a.0).total_cmp(&credit(&b.0)))?.0.clone();
        *self.credit.entry(best.path.clone()).or_default() -= 1.0;
        Some(best)
    }
}

impl Store {
    /// A disk for a new chunk. NOSPACE if there is none.
    pub(crate) fn choose_disk(&self) -> Result<Arc<Disk>, Status> {
        let mut usable = Vec::new();
        for disk in self.disks.read().iter() {
            if disk.state() != DiskState::Working || disk.is_removal() || disk.drain.load(Ordering::Relaxed) {
                continue;
            }
            let space = *disk.space.lock();
            if space.avail > 0 {
                usable.push((disk.clone(), space));
            }
        }
        // More than 99.9 % full: only if there is nothing better.
        let roomy = |space: &crate::space::Space| space.avail > space.total / 1000;
        let any_roomy = usable.iter().any(|(_, space)| roomy(space));
        let candidates: Vec<_> = usable
            .into_iter()
            .filter(|(_, space)| !any_roomy || roomy(space))
            .map(|(disk, space)| (disk, space.total))
            .collect();
        self.placer.lock().choose(&candidates).ok_or(Status::NOSPACE)
    }
}
