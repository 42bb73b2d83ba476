//! `kill -9` of the master under load: mounts wait, the master comes back from image and changelog, work goes on, and
//! nothing that had been acknowledged is missing.

use crate::setups;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Recorder, Tree, TreeSize, compare_trees};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const WORKERS: usize = 3;
const KILLS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);

fn kill_master(spec: &ClusterSpec) -> Result<()> {
    // In memory: nothing here tests the disk, and a stock recovery that syncs every line takes minutes on a slow one.
    let mut cluster = Cluster::start(&ClusterSpec { tmpfs: true, ..spec.clone() })?;
    let mount = cluster.mount_point(0);
    let tree = cluster.scratch()?.join("tree");
    Tree::generate(&tree, TreeSize { files: 2000, big_bytes: 70 << 20 }, 3)?;
    let recorder = Recorder::start(Path::new(env!("CARGO_BIN_EXE_harness")), &mount, WORKERS)?;
    let copy = mount.join("tree");
    let mut cp = Command::new("cp").arg("-a").arg(&tree).arg(&copy).stdin(Stdio::null()).spawn()?;

    for kill in 0..KILLS {
        recorder.wait_progress(200, PATIENCE).with_context(|| format!("before kill {kill}"))?;
        cluster.master().kill()?;
        // The outage is part of the test, not a wait: workers are caught by it in whatever they do.
        sleep(Duration::from_millis(1500));
        cluster.start_master(true)?;
    }
    recorder.wait_progress(200, PATIENCE).context("after the last kill")?;
    let record = recorder.finish()?;
    let failures: Vec<_> = record.failures().collect();
    // An operation in flight may have taken effect before the kill; when the mount repeats it, the master says so.
    let repeated = |text: &&str| text.contains("(os error 17)") || text.contains("(os error 2)");
    ensure!(failures.iter().all(repeated), "errors reached the application: {failures:#?}");
    ensure!(failures.len() <= WORKERS * KILLS, "more failures than operations in flight: {failures:#?}");
    let status = cp.wait()?;
    ensure!(status.success(), "cp: {status}");

    record.verify(&mount).context("in the mount that was there")?;
    compare_trees(&tree, &copy)?;
    cluster.stop_all()?;
    cluster.start_all()?;
    record.verify(&mount).context("after all was stopped and started")?;
    compare_trees(&tree, &copy)?;
    eprintln!("{} operations acknowledged, {} in flight failed", record.acknowledged(), failures.len());
    cluster.stop_all()
}

#[test]
fn stock() {
    // By default a stock master acknowledges what is not on disk yet; this is its mode that does not.
    let master_cfg = vec!["CHANGELOG_SAVE_MODE = 2".into()];
    kill_master(&ClusterSpec { master_cfg, ..setups::stock() }).unwrap();
}

#[test]
fn ours() {
    kill_master(&setups::ours()).unwrap();
}
