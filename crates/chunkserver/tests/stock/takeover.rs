//! Ours and stock side by side: chains across both, replication both ways, and each serving the other's folder.

use crate::{cluster, cluster_under, has_copies, set_goal};
use anyhow::{Context, Result, ensure};
use harness::{Cluster, Make, big_file, sha256, until};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(180);
const FILES: u64 = 20;
const SIZE: u64 = 300_000;

/// Chunks whose folder is handed over: 1,000 with `ELKFS_E2E_FULL=1`.
fn handed_over() -> u64 {
    if crate::long_form() { 1000 } else { 100 }
}

/// The chunk files in a folder: name to checksum.
fn chunks(disk: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for folder in fs::read_dir(disk)? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            let file = file?;
            match sha256(&file.path()) {
                Ok(sum) => {
                    found.insert(file.file_name().to_string_lossy().into_owned(), sum);
                }
                // A new version is a new name, and a copy too many goes away.
                Err(_) if !file.path().exists() => return chunks(disk),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

fn write_files(dir: &Path, seeds: std::ops::Range<u64>) -> Result<Vec<(PathBuf, String)>> {
    seeds
        .map(|seed| {
            let path = dir.join(format!("file-{seed}"));
            big_file(&path, SIZE + seed, seed)?;
            let sum = sha256(&path)?;
            Ok((path, sum))
        })
        .collect()
}

/// Reads everything from the chunkservers.
fn verify(files: &[(PathBuf, String)]) -> Result<()> {
    for (path, want) in files {
        crate::io::forget(path)?;
        ensure!(sha256(path)? == *want, "{}: wrong data", path.display());
    }
    Ok(())
}

fn all_have(cluster: &Cluster, files: &[(PathBuf, String)], copies: usize) -> Result<()> {
    for (path, _) in files {
        let name = format!("{copies} copies of {}", path.display());
        until(&name, PATIENCE, || has_copies(cluster, path, copies))?;
    }
    Ok(())
}

#[test]
fn replication_goes_both_ways() {
    replication(Make::Stock).unwrap();
}

#[test]
fn replication_goes_both_ways_under_our_master() {
    replication(Make::Ours).unwrap();
}

/// Three servers of two kinds in every chain.
#[test]
fn chains_cross_both_kinds_under_our_master() {
    chains(Make::Ours).unwrap();
}

#[test]
fn chains_cross_both_kinds_under_a_stock_master() {
    if crate::long_form() {
        chains(Make::Stock).unwrap();
    }
}

fn chains(master: Make) -> Result<()> {
    let mut cluster = cluster_under(master, &[Make::Ours, Make::Stock, Make::Ours])?;
    let dir = cluster.mount_point(0);
    set_goal(&cluster, 3, &dir)?;
    let mut files = write_files(&dir, 0..FILES)?;
    all_have(&cluster, &files, 3)?;
    for (path, sum) in &mut files {
        // Parts of blocks go through a chain too.
        fs::OpenOptions::new().write(true).open(&path)?.write_all_at(b"a part of a block", 70_001)?;
        *sum = sha256(path)?;
    }
    all_have(&cluster, &files, 3)?;
    // Each of the three alone has everything, in the same bytes.
    for alone in 0..3 {
        let others: Vec<_> = (0..3).filter(|index| *index != alone).collect();
        others.iter().try_for_each(|index| cluster.chunkserver(*index).kill())?;
        verify(&files)?;
        others.iter().try_for_each(|index| cluster.start_chunkserver(*index))?;
        cluster.wait_registered()?;
    }
    cluster.check()
}

fn replication(master: Make) -> Result<()> {
    let mut cluster = cluster_under(master, &[Make::Stock, Make::Ours])?;
    let dir = cluster.mount_point(0);
    set_goal(&cluster, 1, &dir)?;
    // A server gets nothing until it has told its space.
    let mut files = Vec::new();
    until("chunks on both servers", PATIENCE, || {
        let made = files.len() as u64;
        files.extend(write_files(&dir, made..made + FILES)?);
        Ok(!chunks(&cluster.disk(0))?.is_empty() && !chunks(&cluster.disk(1))?.is_empty())
    })?;
    set_goal(&cluster, 2, &dir)?;
    all_have(&cluster, &files, 2)?;
    let names = |all: &BTreeMap<String, String>| all.keys().cloned().collect::<Vec<_>>();
    ensure!(names(&chunks(&cluster.disk(0))?) == names(&chunks(&cluster.disk(1))?), "not the same chunks");
    // Each alone has everything.
    for dead in [0, 1] {
        cluster.chunkserver(dead).kill()?;
        verify(&files)?;
        cluster.start_chunkserver(dead)?;
        cluster.wait_registered()?;
    }
    cluster.check()
}

/// Stops both servers, exchanges their folders, starts them again.
fn exchange(cluster: &mut Cluster) -> Result<()> {
    for index in 0..2 {
        cluster.chunkserver(index).stop()?;
    }
    let (a, b) = (cluster.disk(0), cluster.disk(1));
    let middle = a.with_file_name("middle");
    fs::rename(&a, &middle).context("exchange the folders")?;
    fs::rename(&b, &a)?;
    fs::rename(&middle, &b)?;
    for index in 0..2 {
        cluster.start_chunkserver(index)?;
    }
    cluster.wait_registered()
}

#[test]
fn folders_go_from_stock_to_ours_and_back() {
    folders().unwrap();
}

fn folders() -> Result<()> {
    let mut cluster = cluster(&[Make::Stock, Make::Ours])?;
    let (dir, count) = (cluster.mount_point(0), handed_over());
    // Chains across both kinds.
    set_goal(&cluster, 2, &dir)?;
    let mut files = write_files(&dir, 0..count)?;
    all_have(&cluster, &files, 2)?;
    let before = [chunks(&cluster.disk(0))?, chunks(&cluster.disk(1))?];

    exchange(&mut cluster)?;
    all_have(&cluster, &files, 2)?;
    verify(&files)?;
    // Nothing changes by being served.
    ensure!([chunks(&cluster.disk(1))?, chunks(&cluster.disk(0))?] == before, "files have changed");
    ensure!(before.iter().all(|disk| disk.len() as u64 == count), "not one chunk for each file");

    // Each kind changes what the other has made: parts, ends, growth; and makes new chunks.
    for (path, sum) in files.iter_mut().take(count as usize / 2) {
        let file = fs::OpenOptions::new().write(true).open(&path)?;
        file.write_all_at(b"in the middle of a block", 100_000)?;
        file.write_all_at(&[9; 70_000], 200_000)?;
        file.set_len(65_536 * 2 + 77)?;
        file.set_len(SIZE * 2)?;
        file.write_all_at(b"the end", SIZE * 2 - 7)?;
        file.sync_all()?;
        *sum = sha256(path)?;
    }
    files.extend(write_files(&dir, count..count + FILES)?);
    all_have(&cluster, &files, 2)?;
    verify(&files)?;

    exchange(&mut cluster)?;
    all_have(&cluster, &files, 2)?;
    verify(&files)?;
    for dead in [0, 1] {
        cluster.chunkserver(dead).kill()?;
        verify(&files)?;
        cluster.start_chunkserver(dead)?;
        cluster.wait_registered()?;
    }
    for index in 0..2 {
        let log = cluster.chunkserver(index).log();
        ensure!(
            !log.contains("does not fit") && !log.contains("crc"),
            "chunkserver {index} saw damage:\n{log}"
        );
    }
    cluster.check()
}
