//! What a disk did in the last minute, hour and day, and since start (`spec/wire-chunkserver.md` 5.3, STAT).

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Sums and maxima of one span of time. Times in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskStats {
    /// Data bytes read.
    pub bytes_read: u64,
    /// Data bytes written.
    pub bytes_written: u64,
    /// Time spent reading.
    pub usec_read: u64,
    /// Time spent writing.
    pub usec_write: u64,
    /// Time spent in fsync.
    pub usec_fsync: u64,
    /// Reads.
    pub reads: u32,
    /// Writes.
    pub writes: u32,
    /// Fsyncs.
    pub fsyncs: u32,
    /// The longest read.
    pub usec_read_max: u32,
    /// The longest write.
    pub usec_write_max: u32,
    /// The longest fsync.
    pub usec_fsync_max: u32,
}

impl DiskStats {
    fn add(&mut self, other: &DiskStats) {
        self.bytes_read += other.bytes_read;
        self.bytes_written += other.bytes_written;
        self.usec_read += other.usec_read;
        self.usec_write += other.usec_write;
        self.usec_fsync += other.usec_fsync;
        self.reads = self.reads.saturating_add(other.reads);
        self.writes = self.writes.saturating_add(other.writes);
        self.fsyncs = self.fsyncs.saturating_add(other.fsyncs);
        self.usec_read_max = self.usec_read_max.max(other.usec_read_max);
        self.usec_write_max = self.usec_write_max.max(other.usec_write_max);
        self.usec_fsync_max = self.usec_fsync_max.max(other.usec_fsync_max);
    }
}

/// What a measured access was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Bytes read.
    Read(u32),
    /// Bytes written.
    Write(u32),
    Fsync,
    /// Bytes read that nobody asked for: headers, tests, copies. Not part of a disk's statistics, as in stock.
    UpkeepRead(u32),
    /// Bytes written likewise.
    UpkeepWrite(u32),
}

/// Sums over all disks since start, also those that are gone.
#[derive(Default)]
pub(crate) struct IoTotals {
    pub(crate) bytes_read: AtomicU64,
    pub(crate) bytes_written: AtomicU64,
    pub(crate) reads: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) read_ns: AtomicU64,
    /// Writing and fsync.
    pub(crate) write_ns: AtomicU64,
    pub(crate) upkeep_bytes_read: AtomicU64,
    pub(crate) upkeep_bytes_written: AtomicU64,
    pub(crate) upkeep_reads: AtomicU64,
    pub(crate) upkeep_writes: AtomicU64,
}

impl IoTotals {
    fn count(&self, access: Access, ns: u64) {
        let add = |counter: &AtomicU64, n: u64| {
            counter.fetch_add(n, Ordering::Relaxed);
        };
        let op = |ops, bytes, n: u32| {
            add(ops, 1);
            add(bytes, n.into());
        };
        match access {
            Access::Read(n) => op(&self.reads, &self.bytes_read, n),
            Access::Write(n) => op(&self.writes, &self.bytes_written, n),
            Access::UpkeepRead(n) => op(&self.upkeep_reads, &self.upkeep_bytes_read, n),
            Access::UpkeepWrite(n) => op(&self.upkeep_writes, &self.upkeep_bytes_written, n),
            Access::Fsync => {}
        }
        match access {
            Access::Read(_) => add(&self.read_ns, ns),
            Access::Write(_) | Access::Fsync => add(&self.write_ns, ns),
            Access::UpkeepRead(_) | Access::UpkeepWrite(_) => {}
        }
    }
}

/// Counters of one disk: the running minute, the minutes of the last hour, the hours of the last day, everything.
pub(crate) struct Counters {
    rings: Mutex<Rings>,
    totals: Arc<IoTotals>,
}

struct Rings {
    now: DiskStats,
    total: DiskStats,
    minutes: [DiskStats; 60],
    hours: [DiskStats; 24],
    /// Minutes since start whose ring entries are complete.
    minute: u64,
}

impl Default for Rings {
    fn default() -> Self {
        let none = DiskStats::default();
        Rings { now: none, total: none, minutes: [none; 60], hours: [none; 24], minute: 0 }
    }
}

impl Counters {
    /// New ones, which also count into `totals`.
    pub(crate) fn new(totals: Arc<IoTotals>) -> Counters {
        Counters { rings: Mutex::default(), totals }
    }

    /// Counts an access that began at `start`.
    pub(crate) fn count(&self, access: Access, start: Instant) {
        let time = start.elapsed();
        self.totals.count(access, time.as_nanos() as u64);
        let usec = time.as_micros();
        let mut one = DiskStats::default();
        let (sum, max) = (usec as u64, u32::try_from(usec).unwrap_or(u32::MAX));
        match access {
            Access::Read(bytes) => {
                (one.bytes_read, one.reads, one.usec_read, one.usec_read_max) = (bytes.into(), 1, sum, max)
            }
            Access::Write(bytes) => {
                (one.bytes_written, one.writes, one.usec_write, one.usec_write_max) =
                    (bytes.into(), 1, sum, max)
            }
            Access::Fsync => (one.fsyncs, one.usec_fsync, one.usec_fsync_max) = (1, sum, max),
            Access::UpkeepRead(_) | Access::UpkeepWrite(_) => return,
        }
        self.rings.lock().now.add(&one);
    }

    /// Closes minutes that are over; `uptime` is the time since the counters began.
    pub(crate) fn tick(&self, uptime: Duration) {
        let mut rings = self.rings.lock();
        let minute = uptime.as_secs() / 60;
        // A process that slept for days has nothing to say about them.
        for _ in 0..(minute - rings.minute.min(minute)).min(60 * 24) {
            let now = std::mem::take(&mut rings.now);
            let at = rings.minute;
            rings.minutes[(at % 60) as usize] = now;
            let hour = (at / 60 % 24) as usize;
            if at.is_multiple_of(60) {
                rings.hours[hour] = DiskStats::default();
            }
            rings.hours[hour].add(&now);
            rings.total.add(&now);
            rings.minute += 1;
        }
        rings.minute = minute;
    }

    /// Last minute, last hour, last day.
    pub(crate) fn recent(&self) -> [DiskStats; 3] {
        let rings = self.rings.lock();
        let last = rings.minutes[(rings.minute.wrapping_sub(1) % 60) as usize];
        [last, sum(&rings.minutes), sum(&rings.hours)]
    }

    /// Since start.
    pub(crate) fn total(&self) -> DiskStats {
        let rings = self.rings.lock();
        sum(&[rings.total, rings.now])
    }
}

fn sum(all: &[DiskStats]) -> DiskStats {
    all.iter().fold(DiskStats::default(), |mut sum, one| {
        sum.add(one);
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_move_into_hours() {
        let counters = Counters::new(Arc::default());
        for minute in 1..=61 {
            counters.count(Access::Write(10), Instant::now());
            counters.tick(Duration::from_secs(60 * minute));
        }
        counters.count(Access::Read(5), Instant::now());
        let [minute, hour, day] = counters.recent();
        assert_eq!((minute.writes, hour.bytes_written, day.writes), (1, 600, 61));
        assert_eq!((counters.total().writes, counters.total().bytes_read), (61, 5));
        counters.tick(Duration::from_secs(60 * 60 * 24 * 100));
        assert_eq!(counters.recent()[2].writes, 0);
    }
}
