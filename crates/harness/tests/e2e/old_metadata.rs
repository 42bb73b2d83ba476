//! An old master comes back: its metadata is from before 100 chunks were written. Those are kept in quarantine and can
//! be listed, none is deleted; an operator gets them back as files, lets them go, or confirms the metadata.

use crate::setups;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, until};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const CHUNKS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(60);
/// The master's address in every cluster of the harness.
const MASTER: &str = "10.99.0.1";

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    Ok(text)
}

fn elkfs(cluster: &Cluster, args: &[&str]) -> Result<String> {
    run(cluster.elkfs()?.args(args).args(["-H", MASTER]))
}

/// The ids in quarantine, and whether the metadata looks old.
fn quarantine(cluster: &Cluster) -> Result<(Vec<String>, bool)> {
    let text = elkfs(cluster, &["chunks", "list", "--json"])?;
    let value: Value = serde_json::from_str(&text).context("the list")?;
    let chunks = value["chunks"].as_array().context("chunks")?;
    let ids = chunks.iter().filter_map(|chunk| chunk["chunk"].as_str().map(str::to_owned)).collect();
    Ok((ids, value["fence"]["metadata_looks_old"] == true))
}

/// What is in a directory; nothing of it stays open.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))?;
    Ok(entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?)
}

/// Chunk files on a disk.
fn chunk_files(dir: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            count += chunk_files(&path)?;
        } else {
            count += usize::from(
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("chunk_")),
            );
        }
    }
    Ok(count)
}

fn write_files(dir: &Path, name: &str, count: usize) -> Result<()> {
    for number in 0..count {
        let path = dir.join(format!("{name}-{number}"));
        fs::write(&path, format!("{name} {number}\n").repeat(1000)).context("write a file")?;
    }
    Ok(())
}

#[test]
fn old_metadata() {
    old_metadata_comes_back().unwrap();
}

fn old_metadata_comes_back() -> Result<()> {
    // Nothing is deleted in the first minute after a start, unless told otherwise.
    let master_cfg = vec!["REPLICATIONS_DELAY_INIT = 0".into()];
    let spec = ClusterSpec { tmpfs: true, metalogger: None, master_cfg, ..setups::ours() };
    let mut cluster = Cluster::start(&spec)?;
    let (mount, data) = (cluster.mount_point(0), cluster.master_data());
    write_files(&mount, "early", 5)?;
    cluster.stop_all()?;
    let old = cluster.scratch()?.join("old-master");
    run(Command::new("cp").arg("-a").arg(&data).arg(&old))?;
    cluster.start_all()?;
    write_files(&mount, "late", CHUNKS)?;
    cluster.stop_all()?;
    let on_disks = |cluster: &Cluster| {
        Ok::<_, anyhow::Error>(chunk_files(&cluster.disk(0))? + chunk_files(&cluster.disk(1))?)
    };
    let before = on_disks(&cluster)?;
    ensure!(before >= 2 * (CHUNKS + 5), "{before} chunk files");

    fs::remove_dir_all(&data).context("lose the newer metadata")?;
    run(Command::new("cp").arg("-a").arg(&old).arg(&data))?;
    cluster.start_all()?;
    until("all chunks in quarantine", PATIENCE, || Ok(quarantine(&cluster)?.0.len() >= CHUNKS))?;
    let (ids, looks_old) = quarantine(&cluster)?;
    ensure!(looks_old, "the metadata does not look old");
    ensure!(ids.len() == CHUNKS, "{} chunks in quarantine", ids.len());
    ensure!(
        elkfs(&cluster, &["chunks", "list"])?.contains("LOOKS OLDER THAN THE DATA"),
        "not told to people"
    );
    ensure!(cluster.master().log().contains("OLDER THAN THE DATA"), "not told in the log");

    // Agreed to or not: nothing goes while the metadata looks old.
    let [first, second, ..] = ids.as_slice() else { anyhow::bail!("ids") };
    elkfs(&cluster, &["chunks", "release", first])?;
    write_files(&mount, "new", 5)?;
    ensure!(on_disks(&cluster)? >= before, "something was deleted");

    elkfs(&cluster, &["chunks", "adopt", second])?;
    let adopted = files(&mount.join("adopted"))?;
    ensure!(adopted.len() == 1, "one file was made");
    let text = fs::read(&adopted[0]).context("read what was adopted")?;
    ensure!(text.starts_with(b"late "), "its content is not that of a late file");
    ensure!(text.len() == 64 << 20, "a whole chunk: {} bytes", text.len());

    elkfs(&cluster, &["meta", "confirm"])?;
    ensure!(!quarantine(&cluster)?.1, "the metadata is confirmed");
    until("the released chunk to go", PATIENCE, || Ok(!quarantine(&cluster)?.0.contains(first)))?;
    ensure!(quarantine(&cluster)?.0.len() == CHUNKS - 2, "the others stay");
    elkfs(&cluster, &["chunks", "adopt", "--all"])?;
    ensure!(files(&mount.join("adopted"))?.len() == CHUNKS - 1, "all have files");
    ensure!(quarantine(&cluster)?.0.is_empty(), "none is left");
    // The log of it all replays.
    cluster.master().kill()?;
    cluster.start_master(true)?;
    until("the mount", PATIENCE, || Ok(mount.join("early-0").exists()))?;
    ensure!(fs::read(mount.join("early-0")).context("read")?.starts_with(b"early 0"), "old files are there");
    cluster.stop_all()
}
