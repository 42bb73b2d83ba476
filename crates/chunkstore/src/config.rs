//! What a store is told at start and at a reload.

use crate::{DiskSpec, OnReport};
use std::time::Duration;

/// When data counts as written (`docs/decisions/2026-11-25-chunk-durability.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Before the last acknowledgement of a write session, before the answer to an order that changes a chunk, and
    /// before a replica is announced. Our default.
    SessionEnd,
    /// Whenever the kernel likes: stock's default (`HDD_FSYNC_BEFORE_CLOSE = 0`).
    Never,
}

/// Settings that can change while the store runs. Each names its `mfschunkserver.cfg` option.
#[derive(Debug, Clone)]
pub struct Tunables {
    /// HDD_LEAVE_SPACE_DEFAULT, bytes.
    pub leave_space: u64,
    /// HDD_FSYNC_BEFORE_CLOSE.
    pub durability: Durability,
    /// HDD_SPARSIFY_ON_WRITE.
    pub sparsify: bool,
    /// HDD_RR_CHUNK_COUNT, 1 to 100,000.
    pub folder_spread: u32,
    /// HDD_KEEP_DUPLICATES_HOURS.
    pub keep_duplicates: Duration,
    /// HDD_KEEP_DAMAGED_HOURS: how long damaged copies that the master has replaced stay aside.
    pub keep_damaged: Duration,
    /// HDD_REBALANCE_UTILIZATION: percent of the time that slow moves between disks take, 0 to 100; 0 is off.
    pub move_percent: u32,
    /// HDD_HIGH_SPEED_REBALANCE_LIMIT: moves to one disk at once, 0 to 10; 0 means slow moves.
    pub fast_moves: u32,
    /// HDD_ERROR_TOLERANCE_COUNT, 1 to 10.
    pub error_count: u32,
    /// HDD_ERROR_TOLERANCE_PERIOD, 10 s to a day.
    pub error_period: Duration,
    /// HDD_TEST_SPEED, bytes per second and disk; 0 is off.
    pub test_speed: u64,
    /// HDD_TEST_PASS_DAYS: in this time every chunk is tested once; `None` leaves it to `test_speed`, as stock does.
    pub test_pass: Option<Duration>,
    /// HDD_MIN_TEST_INTERVAL: the least time between the starts of two passes. Without `test_pass`, a chunk used
    /// within this time is not tested.
    pub min_test_interval: Duration,
    /// HDD_FADVISE_MIN_TIME; `None` is never.
    pub fadvise_min_time: Option<Duration>,
}

impl Default for Tunables {
    /// Stock's defaults, except for durability.
    fn default() -> Self {
        Tunables {
            leave_space: 256 << 20,
            durability: Durability::SessionEnd,
            sparsify: true,
            folder_spread: 10_000,
            keep_duplicates: Duration::from_secs(168 * 3600),
            keep_damaged: Duration::from_secs(72 * 3600),
            move_percent: 20,
            fast_moves: 0,
            error_count: 2,
            error_period: Duration::from_secs(600),
            test_speed: 1 << 20,
            test_pass: Some(Duration::from_secs(14 * 86_400)),
            min_test_interval: Duration::from_secs(86_400),
            fadvise_min_time: Some(Duration::from_secs(86_400)),
        }
    }
}

/// What a store needs to start.
pub struct StoreConfig {
    /// The folders, from [`crate::parse_hdd_cfg`].
    pub disks: Vec<DiskSpec>,
    /// ALLOW_STARTING_WITH_INVALID_DISKS: folders that cannot be used are left out instead of failing the start.
    pub allow_invalid_disks: bool,
    /// The instance we belong to, if we know it (`chunkserverid.mfs`).
    pub metaid: Option<u64>,
    /// How many requests may be inside one disk at once.
    pub disk_threads: u32,
    /// How many chunk files may be open.
    pub max_open: usize,
    /// Settings that a reload may change.
    pub tunables: Tunables,
    /// Called when there is something to report to the master.
    pub on_report: OnReport,
}
