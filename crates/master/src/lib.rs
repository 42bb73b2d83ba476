//! The master: one loop that owns all metadata.
//!
//! An event comes in, a plan is made, the resulting operation is applied and appended to the changelog; the answer
//! leaves when its line is durable. Everything slow (fsync, images) happens on other threads and comes back as an
//! event.

mod charts;
mod client;
mod config;
mod core;
mod cs;
mod data_cache;
pub mod exports;
mod file_loop;
pub mod journal;
mod lock_queues;
mod metaloggers;
mod random;
pub mod topology;

pub use core::PROGRAM;
pub use recovery::{self, images, storage};
