//! A chunkserver: data port, master link, replication (`spec/wire-chunkserver.md` 1 to 3 and 5.3). Disks are
//! `chunkstore`'s.
//!
//! One thread serves a data connection; it reads a block into a buffer, passes the buffer on, and stores it. One
//! thread keeps the link to the master; what the master orders runs on a bounded pool. One ticker sends signs of
//! life in place of threads that wait for a disk.

mod charts;
mod config;
mod counters;
mod data;
mod identity;
mod jobs;
mod master;
mod pulse;
mod replicate;
mod run;
mod server;
mod throttle;

pub use config::{Config, parse_labels};
pub use counters::Counters;
pub use run::{Running, run, start};
