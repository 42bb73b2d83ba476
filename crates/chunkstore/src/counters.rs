//! What the store has done since it started, as charts want it (`spec/wire-chunkserver.md` 5.4).

use crate::Store;
use std::sync::atomic::{AtomicU64, Ordering};

/// Orders carried out, those of replications included.
#[derive(Default)]
pub(crate) struct OrderCounts {
    pub(crate) creates: AtomicU64,
    pub(crate) deletes: AtomicU64,
    pub(crate) versions: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) truncates: AtomicU64,
    pub(crate) duptruncs: AtomicU64,
    pub(crate) tests: AtomicU64,
    pub(crate) slow_moves: AtomicU64,
    pub(crate) fast_moves: AtomicU64,
}

/// One more.
pub(crate) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Sums since the store started. The number in brackets is the chart series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// Bytes of headers, tests and copies read (8).
    pub upkeep_bytes_read: u64,
    /// Bytes of headers and copies written (9).
    pub upkeep_bytes_written: u64,
    /// Reads of that kind (10).
    pub upkeep_reads: u64,
    /// Writes of that kind (11).
    pub upkeep_writes: u64,
    /// Data bytes read (12).
    pub bytes_read: u64,
    /// Data bytes written (13).
    pub bytes_written: u64,
    /// Data reads (14).
    pub reads: u64,
    /// Data writes (15).
    pub writes: u64,
    /// Nanoseconds in data reads (18).
    pub read_ns: u64,
    /// Nanoseconds in data writes and fsync (19).
    pub write_ns: u64,
    /// Creations (21).
    pub creates: u64,
    /// Deletions (22).
    pub deletes: u64,
    /// Changes of version (23).
    pub versions: u64,
    /// Duplications (24).
    pub duplicates: u64,
    /// Truncations (25).
    pub truncates: u64,
    /// Duplications with truncation (26).
    pub duptruncs: u64,
    /// Tests ordered by a master (27).
    pub tests: u64,
    /// Slow moves between disks (31).
    pub slow_moves: u64,
    /// Fast moves between disks (32).
    pub fast_moves: u64,
}

impl Store {
    /// What was done since the start.
    pub fn counters(&self) -> StoreCounters {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (io, orders) = (&self.totals, &self.orders);
        StoreCounters {
            upkeep_bytes_read: get(&io.upkeep_bytes_read),
            upkeep_bytes_written: get(&io.upkeep_bytes_written),
            upkeep_reads: get(&io.upkeep_reads),
            upkeep_writes: get(&io.upkeep_writes),
            bytes_read: get(&io.bytes_read),
            bytes_written: get(&io.bytes_written),
            reads: get(&io.reads),
            writes: get(&io.writes),
            read_ns: get(&io.read_ns),
            write_ns: get(&io.write_ns),
            creates: get(&orders.creates),
            deletes: get(&orders.deletes),
            versions: get(&orders.versions),
            duplicates: get(&orders.duplicates),
            truncates: get(&orders.truncates),
            duptruncs: get(&orders.duptruncs),
            tests: get(&orders.tests),
            slow_moves: get(&orders.slow_moves),
            fast_moves: get(&orders.fast_moves),
        }
    }
}
