//! The command line of `elkfs bench fs`.

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Measure a file system: rates of small files and metadata, then streams.
///
/// Works in a new sub-directory of DIR and removes it at the end. All data read back is checked.
#[derive(Debug, Clone, Args)]
pub struct FsArgs {
    /// Directory to measure, on any file system
    pub dir: PathBuf,

    /// Files per small-file test (empty, 4 KiB and 64 KiB each), and directories of the mkdir test
    #[arg(long, default_value_t = 2000, value_name = "N")]
    pub files: usize,

    /// Threads of the small-file tests
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub threads: usize,

    /// Files in one directory
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub files_per_dir: usize,

    /// MiB written and read by each stream test, shared by its jobs
    #[arg(long, default_value_t = 512, value_name = "MIB")]
    pub stream_mib: usize,

    /// Random 4 KiB reads, and writes, per test, shared by its jobs
    #[arg(long, default_value_t = 8192, value_name = "N")]
    pub random_ops: usize,

    /// Numbers of parallel jobs of the stream tests
    #[arg(long, value_delimiter = ',', default_value = "1,4", value_name = "N,...")]
    pub jobs: Vec<usize>,

    /// How caches are emptied before the tests called cold
    #[arg(long, value_enum, default_value_t = ColdMode::Auto)]
    pub cold: ColdMode,

    /// Leave the small-file and metadata tests out
    #[arg(long, conflicts_with = "skip_streams")]
    pub skip_small: bool,

    /// Leave the stream tests out
    #[arg(long)]
    pub skip_streams: bool,

    /// Print the result as JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// How caches are emptied before a test called cold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColdMode {
    /// `drop` where permitted, else `advise`
    Auto,
    /// Empty the kernel's page, dentry and inode caches (/proc/sys/vm/drop_caches; root, whole machine)
    Drop,
    /// posix_fadvise(DONTNEED) on each file: data only, names and attributes stay cached
    Advise,
    /// Nothing is emptied; results are those of a warm cache
    None,
}

impl FsArgs {
    /// Refuses numbers with which nothing could be measured, naming the option.
    pub fn check(&self) -> Result<()> {
        ensure!(self.files >= 1, "--files must be at least 1");
        ensure!((1..=1024).contains(&self.threads), "--threads must be 1 to 1024");
        ensure!(self.files_per_dir >= 1, "--files-per-dir must be at least 1");
        ensure!(!self.jobs.is_empty(), "--jobs must name at least one number");
        for &jobs in &self.jobs {
            ensure!((1..=256).contains(&jobs), "--jobs takes numbers from 1 to 256");
            ensure!(self.stream_mib >= jobs, "--stream-mib must be at least the number of jobs ({jobs})");
            ensure!(self.random_ops >= jobs, "--random-ops must be at least the number of jobs ({jobs})");
            let blocks = self.stream_mib / jobs * 256 * jobs;
            ensure!(
                self.random_ops <= blocks,
                "--random-ops must be at most the number of 4 KiB blocks of --stream-mib ({blocks})"
            );
        }
        Ok(())
    }
}
