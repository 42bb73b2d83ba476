//! A disk marked for removal empties while clients work, the system says when it can be pulled, and then it is pulled.

use crate::chaos::{set_goal, wait_full_goal};
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, Recorder, check_known, known_file, survey, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(100);
/// What the packet says when marked disks can be removed.
const CAN_BE_REMOVED: u8 = 2;

fn drain() -> Result<()> {
    let mut cluster = Cluster::start(&ClusterSpec {
        metalogger: None,
        tmpfs: true,
        disks: 2,
        disk_bytes: Some(1 << 30),
        master_cfg: vec!["REPLICATIONS_DELAY_INIT = 0".into(), "CHUNKS_WRITE_REP_LIMIT = 5".into()],
        chunkserver_cfg: vec!["HDD_LEAVE_SPACE_DEFAULT = 1MiB".into()],
        ..ClusterSpec::all(Make::Ours, 3)
    })?;
    let dir = cluster.mount_point(0);
    set_goal(&cluster, 2, &dir)?;
    let (known, tree) = (dir.join("known"), dir.join("tree"));
    fs::create_dir(&known)?;
    fs::create_dir(&tree)?;
    for seed in 0..20 {
        known_file(&known, seed, 300_000)?;
    }
    let writer = Recorder::start(Path::new(env!("CARGO_BIN_EXE_harness")), &tree, 1)?;
    writer.wait_progress(100, PATIENCE)?;

    let disks = cluster.disks(0);
    let state = |cluster: &Cluster| -> Result<u8> {
        let list = cluster.server_list()?;
        Ok(list.iter().find(|line| line.removal_chunks > 0).map_or(0, |line| line.removal_state))
    };
    let chunks = harness::ChunkFile::list(&disks[0])?.len();
    ensure!(chunks > 3, "only {chunks} chunks on the disk");
    fs::write(cluster.hdd_cfg(0), format!("*{}\n{}\n", disks[0].display(), disks[1].display()))?;
    cluster.chunkserver(0).reload();
    until("the marked disk can be removed", PATIENCE, || {
        cluster.check()?;
        Ok(state(&cluster)? == CAN_BE_REMOVED)
    })?;
    until("the master's log says so", PATIENCE, || Ok(cluster.master().log().contains("can be removed")))?;
    writer.wait_progress(50, PATIENCE).context("before the disk is pulled")?;
    ensure!(state(&cluster)? == CAN_BE_REMOVED, "it was taken back");

    // Without a word to anybody.
    cluster.volumes(0)[0].fail()?;
    writer.wait_progress(100, PATIENCE).context("after the disk was pulled")?;
    check_known(&known).context("without the disk")?;
    let record = writer.finish()?;
    let failures: Vec<_> = record.failures().collect();
    ensure!(failures.is_empty(), "errors reached the application: {failures:#?}");
    fs::write(cluster.hdd_cfg(0), format!("{}\n", disks[1].display()))?;
    cluster.chunkserver(0).reload();
    wait_full_goal(&cluster)?;
    cluster.stop_mount(0)?;
    cluster.start_mount(0)?;
    record.verify(&tree)?;
    check_known(&known)?;

    let rest: Vec<PathBuf> =
        (0..3).flat_map(|server| cluster.disks(server)).filter(|disk| *disk != disks[0]).collect();
    cluster.stop_all()?;
    let found = survey(&rest)?;
    ensure!(found.values().all(|copies| !copies.differ), "copies differ: {found:#?}");
    ensure!(found.len() >= 20, "only {} chunks are left", found.len());
    Ok(())
}

#[test]
fn a_disk_is_drained_and_pulled() {
    drain().unwrap();
}
