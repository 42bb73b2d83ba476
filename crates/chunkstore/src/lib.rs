//! Chunk files on disks: folders, checksums, space, damage (`spec/wire-chunkserver.md` 4). Knows no network.
//!
//! A [`Store`] owns the folders named in `mfshdd.cfg`. Requests come from any number of threads; those for one chunk
//! wait for each other, those for one disk pass its gate, which bounds how many a slow disk can hold.

mod aside;
mod chunk;
mod chunkdb;
mod config;
mod counters;
mod disk;
mod disk_loop;
mod fault;
mod fds;
mod file;
mod format;
mod gate;
mod handle;
mod hddcfg;
mod info;
mod intents;
mod job;
#[cfg(test)]
mod model_test;
mod moving;
#[cfg(test)]
mod moving_test;
pub mod offline;
mod ops;
mod place;
mod rebalance;
mod registry;
mod reload;
mod reports;
mod scan;
mod scrub;
mod scrub_state;
mod size;
mod space;
mod stats;
mod store;
mod sys;

pub use config::{Durability, StoreConfig, Tunables};
pub use counters::StoreCounters;
pub use disk::DiskState;
pub use format::{file_name, parse_file_name};
pub use handle::Handle;
pub use hddcfg::{DiskSpec, HddCfgError, SpaceLimit, parse_hdd_cfg};
pub use info::{DiskInfo, ReportBatch, SpaceTotals};
pub use job::{Job, JobInfo, JobState};
pub use rebalance::MoveLoad;
pub use reports::OnReport;
pub use size::parse_size;
pub use stats::DiskStats;
pub use store::{Store, StoreError};
