//! One large file, of many chunks, by its checksum.

use crate::setups;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, big_file, checked, full, sha256};
use std::process::Command;

fn large_file(spec: &ClusterSpec) -> Result<()> {
    let bytes = if full() { 2 << 30 } else { 300 << 20 };
    let mut cluster = Cluster::start(spec)?;
    let source = cluster.scratch()?.join("big");
    big_file(&source, bytes, 7)?;
    let want = sha256(&source)?;
    let copy = cluster.mount_point(0).join("big");
    checked(Command::new("cp").arg(&source).arg(&copy)).context("copy")?;
    ensure!(sha256(&copy)? == want, "another checksum just after the copy");
    cluster.stop_all().context("stop")?;
    cluster.start_all().context("start again")?;
    ensure!(sha256(&copy)? == want, "another checksum after all was stopped and started");
    cluster.stop_all()
}

#[test]
fn stock() {
    large_file(&setups::stock()).unwrap();
}

#[test]
fn ours() {
    large_file(&setups::ours()).unwrap();
}
