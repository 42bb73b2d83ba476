//! Appending to one file from two mounts at once: no record is lost, torn or overwritten.

use anyhow::{Result, ensure};
use harness::{Cluster, ClusterSpec};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::thread;

const RECORDS: usize = 150;

fn append(path: &Path, writer: usize) -> Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    for i in 0..RECORDS {
        file.write_all(format!("{writer} {i} {}\n", "x".repeat(i % 300)).as_bytes())?;
    }
    file.sync_all()?;
    Ok(())
}

fn two_mounts(spec: &ClusterSpec) -> Result<()> {
    let cluster = Cluster::start(spec)?;
    File::create(cluster.mount_point(0).join("log"))?;
    let paths: Vec<_> = (0..4).map(|i| cluster.mount_point(i % 2).join("log")).collect();
    thread::scope(|scope| {
        let writers: Vec<_> =
            paths.iter().enumerate().map(|(i, path)| scope.spawn(move || append(path, i))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("no panic"))
    })?;
    let text = std::fs::read_to_string(&paths[1])?;
    let seen: BTreeSet<String> = text.lines().map(String::from).collect();
    for writer in 0..4 {
        for i in 0..RECORDS {
            let record = format!("{writer} {i} {}", "x".repeat(i % 300));
            ensure!(seen.contains(&record), "record {i} of writer {writer} is missing");
        }
    }
    ensure!(seen.len() == 4 * RECORDS && text.lines().count() == seen.len(), "something else is in the file");
    Ok(())
}

#[test]
fn stock_servers() {
    two_mounts(&crate::on_stock(2)).unwrap();
}

#[test]
fn our_servers() {
    two_mounts(&crate::on_ours(2)).unwrap();
}
