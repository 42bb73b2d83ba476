//! A flipped bit in one copy: readers get right data at once, the copy is replaced, the bad one is kept aside.

use crate::{cluster_under, has_copies, set_goal};
use anyhow::{Context, Result, ensure};
use chunkstore::offline::{Offline, check_file};
use harness::{Cluster, Make, big_file, sha256, until};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(180);
const FILES: u64 = 10;
const SIZE: u64 = 400_000;
/// Where data begins in a chunk file.
const DATA: u64 = 8192;

/// All chunk files of a disk, those kept aside excepted.
fn chunk_files(disk: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in 0..=255_u8 {
        let Ok(entries) = fs::read_dir(disk.join(format!("{folder:02X}"))) else { continue };
        for entry in entries {
            files.push(entry?.path());
        }
    }
    Ok(files)
}

fn aside(disk: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(disk.join(".elkfs_aside")) {
        Ok(entries) => Ok(entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?),
        Err(_) => Ok(Vec::new()),
    }
}

fn flip(path: &Path) -> Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, DATA + 1234)?;
    Ok(file.write_all_at(&[byte[0] ^ 0x20], DATA + 1234)?)
}

#[test]
fn a_flipped_bit_is_healed() {
    heal(Make::Ours).unwrap();
}

#[test]
fn a_flipped_bit_is_healed_under_a_stock_master() {
    if crate::long_form() {
        heal(Make::Stock).unwrap();
    }
}

fn heal(master: Make) -> Result<()> {
    let mut cluster = cluster_under(master, &[Make::Ours, Make::Ours, Make::Stock])?;
    let dir = cluster.mount_point(0);
    set_goal(&cluster, 2, &dir)?;
    let (mut files, mut bad) = (Vec::new(), Vec::new());
    // A server gets nothing until it has told its space.
    until("chunks on the first server", PATIENCE, || {
        let made = files.len() as u64;
        for seed in made..made + FILES {
            let path = dir.join(format!("file-{seed}"));
            big_file(&path, SIZE, seed)?;
            files.push((path.clone(), sha256(&path)?));
        }
        bad = chunk_files(&cluster.disk(0))?;
        Ok(!bad.is_empty())
    })?;
    for (path, _) in &files {
        until("two copies", PATIENCE, || has_copies(&cluster, path, 2))?;
    }
    // Every copy on the first server goes bad.
    let bad = chunk_files(&cluster.disk(0))?;
    bad.iter().try_for_each(|path| flip(path))?;
    let rotten: Vec<Vec<u8>> = bad.iter().map(fs::read).collect::<Result<_, _>>()?;
    // Readers see nothing of it, whichever copy they are sent to.
    let read = |cluster: &Cluster| -> Result<bool> {
        for (path, want) in &files {
            crate::io::forget(path)?;
            ensure!(sha256(path)? == *want, "{}: wrong data", path.display());
        }
        // Until each bad copy was met by somebody.
        Ok(aside(&cluster.disk(0))?.len() >= bad.len())
    };
    until("all bad copies are replaced", PATIENCE, || read(&cluster))?;
    for (path, _) in &files {
        until("two good copies", PATIENCE, || has_copies(&cluster, path, 2))?;
    }
    // What was bad is kept as it was; what is served is good.
    let mut kept: Vec<Vec<u8>> = aside(&cluster.disk(0))?.iter().map(fs::read).collect::<Result<_, _>>()?;
    let mut rotten = rotten;
    kept.sort();
    rotten.sort();
    ensure!(kept == rotten, "{} of {} bad copies are kept", kept.len(), rotten.len());
    until("no copy is being made", PATIENCE, || {
        let mut copies = Vec::new();
        for index in 0..3 {
            copies.extend(chunk_files(&cluster.disk(index))?);
        }
        // A copy on its way has version 0, and is renamed when it is whole.
        if copies.iter().any(|path| path.to_string_lossy().ends_with("_00000000.mfs")) {
            return Ok(false);
        }
        for path in copies {
            let checked = check_file(&path, Offline::default());
            ensure!(checked.is_good(), "{}: {:?}", path.display(), checked.findings);
        }
        Ok(true)
    })?;
    // Operators see it: in the log, and as the disk's last error.
    let log = cluster.chunkserver(0).log();
    ensure!(log.contains("does not fit its checksum"), "nothing in the log");
    let elkfs = harness::our_binary().context("our program")?;
    let output = cluster
        .command(&elkfs.display().to_string())
        .args(["jobs", "-H", "10.99.0.100", "--json"])
        .output()
        .context("elkfs jobs")?;
    let jobs: serde_json::Value = serde_json::from_slice(&output.stdout).context("JSON of elkfs jobs")?;
    let cleanup = jobs.as_array().and_then(|jobs| jobs.iter().find(|job| job["name"] == "cleanup"));
    ensure!(cleanup.is_some_and(|job| job["left"] == rotten.len()), "copies aside are not shown: {jobs}");
    cluster.check()
}
