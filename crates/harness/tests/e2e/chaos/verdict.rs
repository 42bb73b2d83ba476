//! After all: the copies on the disks, read past the servers.

use super::HEALING;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, checked, survey, until};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A chunk as `mfsfileinfo` shows it.
struct Listed {
    version: u32,
    copies: usize,
    goal: usize,
}

/// Stops everything, and demands that every chunk of every file has as many good copies as its goal, all the same.
pub(super) fn compare_copies(mut cluster: Cluster, dirs: &[PathBuf]) -> Result<()> {
    let mut listed = BTreeMap::new();
    // A chunk that is moved for balance has a copy more for a moment.
    until("no chunk on the move", HEALING, || {
        listed.clear();
        for (dir, goal) in dirs.iter().zip([2, 3]) {
            list(&cluster, dir, goal, &mut listed).context("mfsfileinfo")?;
        }
        Ok(listed.values().all(|chunk| chunk.copies == chunk.goal))
    })?;
    cluster.check()?;
    let disks: Vec<PathBuf> = (0..cluster.chunkserver_count()).map(|server| cluster.disk(server)).collect();
    cluster.stop_all()?;
    let found = survey(&disks)?;
    for (id, chunk) in &listed {
        let copies = found.get(id).with_context(|| format!("chunk {id:X} is nowhere"))?;
        ensure!(!copies.differ, "copies of chunk {id:X} differ: {copies:?}");
        ensure!(copies.version == chunk.version, "chunk {id:X} has version {}: {copies:?}", chunk.version);
        ensure!(
            copies.good.len() == chunk.goal && chunk.copies == chunk.goal,
            "chunk {id:X} should have {} copies, the master knows {}: {copies:?}",
            chunk.goal,
            chunk.copies
        );
    }
    eprintln!("{} chunks compared, {} on disks", listed.len(), found.len());
    ensure!(listed.len() > 20, "too little was written: {} chunks", listed.len());
    Ok(())
}

/// All chunks of all files below `dir`.
fn list(cluster: &Cluster, dir: &Path, goal: usize, listed: &mut BTreeMap<u64, Listed>) -> Result<()> {
    let mut files = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                todo.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    for files in files.chunks(200) {
        let text = checked(cluster.command("mfsfileinfo").args(files))?;
        parse(&String::from_utf8_lossy(&text), goal, listed)?;
    }
    Ok(())
}

/// `chunk 0: 0000000000000001_00000002 / (id:1 ver:2)`, then `copy 1: 10.99.0.100:9422 (status:VALID)`.
fn parse(text: &str, goal: usize, listed: &mut BTreeMap<u64, Listed>) -> Result<()> {
    let mut last = None;
    for line in text.lines().map(str::trim) {
        if let Some((_, rest)) = line.strip_prefix("chunk ").and_then(|rest| rest.split_once(": ")) {
            let name = rest.split_whitespace().next().unwrap_or_default();
            last = None;
            // A hole has no name.
            let Some((id, version)) = name.split_once('_') else { continue };
            let id = u64::from_str_radix(id, 16).with_context(|| line.to_owned())?;
            let version = u32::from_str_radix(version, 16).with_context(|| line.to_owned())?;
            listed.insert(id, Listed { version, copies: 0, goal });
            last = Some(id);
        } else if line.starts_with("copy ") && line.contains("status:VALID") {
            // Those of old versions go with the next pass.
            let chunk = last.and_then(|id| listed.get_mut(&id)).with_context(|| line.to_owned())?;
            chunk.copies += 1;
        }
    }
    Ok(())
}
