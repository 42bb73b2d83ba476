//! The mount on real servers: what one mount alone and two mounts together must do. Needs what the end-to-end tests
//! of the crate `harness` need; `./test` sees to it.

mod appends;
mod attributes;
mod coherence;
mod command;
mod errors;
mod lock_torture;
mod locks;
mod outages;
mod posix;
mod trash;

use harness::{ClusterSpec, Make};

/// Stock servers and our mounts.
fn on_stock(mounts: usize) -> ClusterSpec {
    ClusterSpec { mounts: vec![Make::Ours; mounts], tmpfs: true, ..ClusterSpec::all(Make::Stock, 2) }
}

/// Our servers and our mounts.
fn on_ours(mounts: usize) -> ClusterSpec {
    ClusterSpec { mounts: vec![Make::Ours; mounts], tmpfs: true, ..ClusterSpec::all(Make::Ours, 2) }
}
