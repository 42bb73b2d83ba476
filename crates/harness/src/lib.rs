//! Development only: clusters of real processes, stock and ours in any mixture, for end-to-end tests and comparisons.
//!
//! Everything a cluster needs is made at its start and removed at its end: a network namespace with one address per
//! role (stock MooseFS refuses 127.x), directories, configuration files, processes and mounts. What a crashed run
//! left behind is removed by the next one.

mod cluster;
pub mod compare;
mod config;
mod daemon;
mod kinds;
mod mounts;
mod namespace;
mod process;
mod recorder;
mod rundir;
mod server_list;
mod tree;
mod wait;

pub use cluster::Cluster;
pub use daemon::Daemon;
pub use kinds::{ClusterSpec, Make, Role, our_binary};
pub use recorder::{Record, Recorder, record};
pub use rundir::clean_leftovers;
pub use tree::{Entry, Tree, TreeSize, big_file, checked, compare_trees, copy_tree, full, manifest, sha256};
pub use wait::{until, until_some};
