//! What the store tells the master and operators about itself.

use crate::disk::{DiskState, shown_path};
use crate::stats::DiskStats;
use crate::{Job, JobInfo, Store};
use std::sync::atomic::Ordering;
use types::{ChunkId, ChunkVersion};

/// The most chunks one report carries (`spec/wire-chunkserver.md` 3.3).
const MAX_REPORT: usize = 24_999;

/// Bytes and chunks on disks that are in use, and on those marked for removal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpaceTotals {
    /// Bytes used.
    pub used: u64,
    /// Bytes in all.
    pub total: u64,
    /// Chunks.
    pub chunks: u32,
    /// Bytes used on disks marked for removal.
    pub td_used: u64,
    /// Bytes in all on disks marked for removal.
    pub td_total: u64,
    /// Chunks on disks marked for removal.
    pub td_chunks: u32,
}

/// One disk, for operators.
#[derive(Debug, Clone)]
pub struct DiskInfo {
    /// The folder, with a `/` at the end.
    pub path: String,
    /// Marked for removal.
    pub removal: bool,
    /// State; `None` for a configured folder that is not in use.
    pub state: Option<DiskState>,
    /// Percent of the scan that is done.
    pub scan_percent: u8,
    /// Chunk and time (seconds since 1970) of the last error.
    pub last_error: Option<(ChunkId, u32)>,
    /// Bytes used.
    pub used: u64,
    /// Bytes in all.
    pub total: u64,
    /// Chunks.
    pub chunks: u32,
    /// Those of them whose number of blocks is known.
    pub known_chunks: u64,
    /// Last minute, hour and day.
    pub recent: [DiskStats; 3],
    /// Since start.
    pub since_start: DiskStats,
}

/// What is to be told to the master, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReportBatch {
    /// Disk errors; one ERROR_OCCURRED each.
    pub errors: u32,
    /// CHUNK_DAMAGED.
    pub damaged: Vec<ChunkId>,
    /// CHUNK_LOST.
    pub lost: Vec<ChunkId>,
    /// CHUNK_NEW, with the removal mark.
    pub new: Vec<(ChunkId, ChunkVersion, bool)>,
}

impl ReportBatch {
    /// True if there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == ReportBatch::default()
    }
}

impl Store {
    /// Sums over all disks in use.
    pub fn space(&self) -> SpaceTotals {
        let mut sum = SpaceTotals::default();
        for disk in self.disks.read().iter() {
            let (state, chunks) = (disk.state(), disk.chunks.load(Ordering::Relaxed));
            if state == DiskState::Damaged {
                continue;
            }
            let space = if state == DiskState::Working { *disk.space.lock() } else { Default::default() };
            if disk.is_removal() {
                sum.td_used += space.used();
                sum.td_total += space.total;
                sum.td_chunks += chunks;
            } else {
                sum.used += space.used();
                sum.total += space.total;
                sum.chunks += chunks;
            }
        }
        sum
    }

    /// Requests that are inside a disk or wait in front of one.
    pub fn waiting_requests(&self) -> u32 {
        self.disks.read().iter().map(|disk| disk.gate.load()).sum()
    }

    /// The jobs of all disks and of the store.
    pub fn jobs(&self) -> Vec<JobInfo> {
        let mut all = Vec::new();
        for disk in self.disks.read().iter() {
            let shown = shown_path(&disk.path);
            let scan = format!("{} %", disk.progress.load(Ordering::Relaxed));
            all.push(disk.scan.info(Some(shown.clone()), scan));
            all.push(disk.scrub.info(Some(shown), String::new()));
        }
        all.push(self.moves.job.info(None, String::new()));
        self.cleanup.set_left(self.disks.read().iter().map(|disk| disk.aside.count() as u64).sum());
        all.push(self.cleanup.info(None, "copies put aside".into()));
        all
    }

    /// Pauses or resumes the jobs called `name`, on one disk (its path, with or without a `/` at the end) or on all.
    /// Returns how many there are.
    pub fn pause_jobs(&self, name: &str, disk: Option<&str>, paused: bool) -> usize {
        let named = |job: &Job| job.name() == name;
        let mut count = 0;
        let mut set = |job: &Job| {
            if named(job) {
                job.set_paused(paused);
                count += 1;
            }
        };
        let wanted = |path| {
            disk.is_none_or(|wanted| wanted.trim_end_matches('/') == shown_path(path).trim_end_matches('/'))
        };
        for disk in self.disks.read().iter().filter(|disk| wanted(&disk.path)) {
            set(&disk.scan);
            set(&disk.scrub);
        }
        if disk.is_none() {
            set(&self.moves.job);
            set(&self.cleanup);
        }
        count
    }

    /// All configured disks, in the order of `mfshdd.cfg`.
    pub fn disks(&self) -> Vec<DiskInfo> {
        let mut all: Vec<_> = self
            .disks
            .read()
            .iter()
            .map(|disk| {
                let space = *disk.space.lock();
                DiskInfo {
                    path: shown_path(&disk.path),
                    removal: disk.is_removal(),
                    state: Some(disk.state()),
                    scan_percent: disk.progress.load(Ordering::Relaxed),
                    last_error: disk.last_error().map(|e| (e.chunk, e.unix_time)),
                    used: space.used(),
                    total: space.total,
                    chunks: disk.chunks.load(Ordering::Relaxed),
                    known_chunks: disk.known.chunks.load(Ordering::Relaxed),
                    recent: disk.stats.recent(),
                    since_start: disk.stats.total(),
                }
            })
            .collect();
        all.extend(self.unused.lock().iter().map(|path| DiskInfo {
            path: shown_path(path),
            removal: false,
            state: None,
            scan_percent: 0,
            last_error: None,
            used: 0,
            total: 0,
            chunks: 0,
            known_chunks: 0,
            recent: Default::default(),
            since_start: DiskStats::default(),
        }));
        all
    }

    /// Takes what is to be told to the master. An id that is here again is not called lost, because a copy that
    /// arrived meanwhile would be forgotten (`spec/wire-chunkserver.md` 7, 22).
    pub fn take_reports(&self) -> ReportBatch {
        let taken = self.reports.take(MAX_REPORT);
        let mut batch =
            ReportBatch { errors: taken.errors, damaged: taken.damaged, ..ReportBatch::default() };
        batch.lost.extend(taken.lost.into_iter().filter(|id| !self.chunks.contains(*id)));
        for (id, replaces) in taken.new {
            let Some(chunk) = self.chunks.get(id) else { continue };
            let found = chunk.glance(|s| (!s.gone).then(|| (s.version, s.disk.is_removal())));
            let Some(found) = found else {
                self.reports.later(id, replaces);
                continue;
            };
            let Some((version, removal)) = found else { continue };
            if replaces {
                batch.lost.push(id);
            }
            batch.new.push((id, version, removal));
        }
        batch
    }
}
