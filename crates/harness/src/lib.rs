//! Development only: clusters of real processes, stock and ours in any mixture, for end-to-end tests and comparisons.
//!
//! Everything a cluster needs is made at its start and removed at its end: a network namespace with one address per
//! role (stock MooseFS refuses 127.x), directories, configuration files, processes and mounts. What a crashed run
//! left behind is removed by the next one.

mod acknowledged;
mod chunk_files;
mod cluster;
pub mod compare;
mod config;
mod daemon;
mod figures;
mod kinds;
mod monitor;
mod mounts;
mod namespace;
mod process;
mod recorder;
mod rereader;
mod rundir;
mod tree;
mod volume;
mod wait;

pub use acknowledged::Client;
pub use chunk_files::{ChunkFile, Copies, Part, survey};
pub use cluster::Cluster;
pub use daemon::Daemon;
pub use figures::{FiguresArgs, figures};
pub use kinds::{ClusterSpec, Make, Role, our_binary};
pub use monitor::{Matrix, ServerLine};
pub use recorder::{Record, Recorder, record};
pub use rereader::{Rereader, check_known, known_file, reread};
pub use rundir::clean_leftovers;
pub use tree::{
    Entry, Random, Tree, TreeSize, big_file, checked, compare_trees, copy_tree, full, manifest, sha256,
};
pub use volume::Volume;
pub use wait::{until, until_some};
