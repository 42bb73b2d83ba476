//! A write that cannot be kept is reported: by close(2) or fsync(2), never by nobody.

use anyhow::{Result, ensure};
use harness::{Cluster, ClusterSpec, checked};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;

/// Takes the error of close(2), which `drop` would swallow.
fn close(file: File) -> Result<(), Errno> {
    let copy = file.as_fd().try_clone_to_owned().map_err(|_| Errno::MFILE)?;
    drop(file);
    // The mount's answer to each close is the same, so the copy's fsync shows what the close was told.
    rustix::fs::fsync(copy)
}

fn quota(spec: &ClusterSpec) -> Result<()> {
    let cluster = Cluster::start(spec)?;
    let dir = cluster.mount_point(0).join("limited");
    fs::create_dir(&dir)?;
    checked(cluster.command("mfssetquota").args(["-L", "1Mi"]).arg(&dir))?;
    let mut file = File::create(dir.join("fits"))?;
    file.write_all(&vec![1; 500_000])?;
    ensure!(close(file).is_ok());
    let mut file = File::create(dir.join("too-big"))?;
    // The write itself may be too early to know.
    let written = file.write_all(&vec![2; 4_000_000]);
    let closed = close(file);
    ensure!(written.is_err() || closed == Err(Errno::DQUOT), "wrote {written:?}, closed {closed:?}");
    ensure!(fs::read(dir.join("fits"))? == vec![1; 500_000]);
    Ok(())
}

#[test]
fn stock_servers() {
    quota(&crate::on_stock(1)).unwrap();
}
