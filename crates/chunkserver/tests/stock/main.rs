//! Our chunkservers between a stock master, stock mounts and stock chunkservers: real files through real FUSE.
//!
//! These need root, `/dev/fuse`, Debian's `moosefs-*` packages, and a built `elkfs` or the path of another program that
//! plays `mfschunkserver` in `ELKFS_BIN` (this crate's example does).

mod deaths;
mod io;
mod rot;
mod takeover;

use anyhow::{Context, Result};
use harness::{Cluster, ClusterSpec, Make};
use std::path::Path;

/// Stock, but for these chunkservers.
fn cluster(chunkservers: &[Make]) -> Result<Cluster> {
    cluster_under(Make::Stock, chunkservers)
}

/// A stock mount, this master, and these chunkservers.
fn cluster_under(master: Make, chunkservers: &[Make]) -> Result<Cluster> {
    let spec = ClusterSpec {
        chunkservers: chunkservers.to_vec(),
        master,
        metalogger: None,
        // Replication starts at once instead of after a minute, and quickly.
        master_cfg: [
            "REPLICATIONS_DELAY_INIT = 0",
            "CHUNKS_LOOP_MIN_TIME = 1",
            "CHUNKS_LOOP_MAX_TIME = 5",
            "CHUNKS_SOFT_DEL_LIMIT = 100",
            "CHUNKS_HARD_DEL_LIMIT = 200",
        ]
        .map(String::from)
        .into(),
        ..ClusterSpec::all(Make::Stock, 0)
    };
    Cluster::start(&spec)
}

/// True for the long form of these tests (`ELKFS_E2E_FULL=1`). A stock master takes most of a minute to heal what ours
/// heals in seconds, so some tests under it run in the long form only.
fn long_form() -> bool {
    std::env::var_os("ELKFS_E2E_FULL").is_some_and(|value| value == "1")
}

/// Runs a stock tool and returns what it printed.
fn tool(cluster: &Cluster, program: &str, arguments: &[&str], path: &Path) -> Result<String> {
    let output = cluster.command(program).args(arguments).arg(path).output().context("run a tool")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    anyhow::ensure!(output.status.success(), "{program}: {text}");
    Ok(text)
}

/// `mfssetgoal -r N`.
fn set_goal(cluster: &Cluster, goal: u8, path: &Path) -> Result<()> {
    tool(cluster, "mfssetgoal", &["-r", &goal.to_string()], path).map(drop)
}

/// True if every chunk of the file has exactly `copies` good copies.
fn has_copies(cluster: &Cluster, path: &Path, copies: usize) -> Result<bool> {
    let text = tool(cluster, "mfscheckfile", &[], path)?;
    let lines: Vec<_> = text.lines().filter(|line| line.contains("chunks with")).collect();
    let wanted = format!("chunks with {copies} cop");
    Ok(!lines.is_empty() && lines.iter().all(|line| line.contains(&wanted)))
}
