//! Servers that go away under a mount.

use anyhow::{Result, ensure};
use harness::{Cluster, ClusterSpec, big_file, sha256, until};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// umount(8) answers at once, and the process ends, while the master is dead.
fn unmount_without_master(spec: &ClusterSpec) -> Result<()> {
    let mut cluster = Cluster::start(spec)?;
    let mount = cluster.mount_point(0);
    fs::write(mount.join("file"), "content")?;
    cluster.master().kill()?;
    let started = Instant::now();
    let mut umount = Command::new("umount").arg(&mount).stdin(Stdio::null()).spawn()?;
    until("umount", Duration::from_secs(10), || Ok(umount.try_wait()?.is_some()))?;
    ensure!(umount.wait()?.success(), "umount failed");
    until("the end of the mount's process", Duration::from_secs(45), || {
        Ok(cluster.mount(0).check().is_err())
    })?;
    eprintln!("unmounted and gone after {:?}", started.elapsed());
    Ok(())
}

/// Both chunkservers die one after the other, in the middle of a write and of a read; no error, no wrong byte.
fn rolling_restart(spec: &ClusterSpec) -> Result<()> {
    let mut cluster = Cluster::start(spec)?;
    let mount = cluster.mount_point(0);
    let original = cluster.scratch()?.join("big");
    big_file(&original, 300 << 20, 5)?;
    let wanted = sha256(&original)?;
    for victim in 0..2 {
        let copy = mount.join(format!("copy-{victim}"));
        let mut cp = Command::new("cp").arg(&original).arg(&copy).spawn()?;
        until("some of the copy", Duration::from_secs(60), || {
            Ok(fs::metadata(&copy).is_ok_and(|m| m.len() > 20 << 20))
        })?;
        cluster.chunkserver(victim).kill()?;
        let status = cp.wait()?;
        ensure!(status.success(), "cp: {status}");
        cluster.start_chunkserver(victim)?;
        cluster.wait_registered()?;
        cluster.stop_mount(0)?;
        cluster.start_mount(0)?;
        ensure!(sha256(&copy)? == wanted, "after chunkserver {victim} was killed");
    }
    Ok(())
}

#[test]
fn unmount_without_stock_master() {
    unmount_without_master(&crate::on_stock(1)).unwrap();
}

#[test]
fn stock_chunkservers_die() {
    // With a third one each chunk keeps a copy to go on with.
    let spec = crate::on_stock(1);
    let chunkservers = vec![spec.chunkservers[0]; 3];
    rolling_restart(&ClusterSpec { chunkservers, ..spec }).unwrap();
}
