//! The command line of `elkfs bench chunkserver`.

use clap::Args;
use std::path::PathBuf;

/// Measure chunkservers: streams through a chain, small reads and writes, restarts.
#[derive(Debug, Clone, Args)]
pub struct ChunkserverArgs {
    /// Start stock's chunkservers and ours here, one after the other, and compare them (needs root and memory)
    #[arg(long, conflicts_with = "listen")]
    pub compare: bool,

    /// Play the master at this address for chunkservers that are already there. They must hold nothing: this master
    /// knows no chunks but its own, and deletes those in the end
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// Chunkservers; all are in every write chain
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub servers: usize,

    /// Processes of the servers, if they run here, for their processor time
    #[arg(long, value_delimiter = ',', value_name = "PID,...")]
    pub pids: Vec<u32>,

    /// Connections at once
    #[arg(long, value_delimiter = ',', default_value = "1,8", value_name = "N,...")]
    pub connections: Vec<usize>,

    /// Chunks of 64 MiB for each stream test, shared by its connections (at least one each)
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub chunks: usize,

    /// Small reads of each connection
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub small_reads: u32,

    /// Sessions of one small write of each connection
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub small_writes: u32,

    /// Chunks of the server whose restarts are timed; 0 is no such test. Only with --compare
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub restart_chunks: usize,

    /// Alternate so many times and show medians
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub rounds: usize,

    /// Stock's chunkserver
    #[arg(long, default_value = "/usr/sbin/mfschunkserver", value_name = "PATH")]
    pub stock: PathBuf,

    /// JSON instead of a table
    #[arg(long)]
    pub json: bool,
}
