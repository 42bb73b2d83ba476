//! The manual's walk: the master's machine is lost with all its files, the metalogger's files become the new master
//! under the same address. Mounts and chunkservers come back by themselves; nothing that was acknowledged and shipped
//! is missing, and what is missing is exactly what had not been shipped.

use crate::setups;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, Record, Recorder, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const WORKERS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);

/// How the metalogger's files become a master.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Restore {
    /// Our `mfsmetarestore -a`, then a start as usual.
    Program,
    /// `mfsmaster -a` of this make.
    Start(Make),
}

fn harness() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_harness"))
}

/// The number of the last change in a changelog of this directory, 0 if there is none.
fn last_change(dir: &Path, prefix: &str) -> Result<u64> {
    let mut last = 0;
    for entry in fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)) {
            let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            let numbers = text.split(|b| *b == b'\n').rev().filter_map(|line| {
                let digits = line.split(|b| *b == b':').next()?;
                std::str::from_utf8(digits).ok()?.parse().ok()
            });
            last = last.max(numbers.into_iter().next().unwrap_or(0));
        }
    }
    Ok(last)
}

/// The dead master's files without the changes behind `last`: what the metalogger should have saved.
fn cut_behind(dir: &Path, last: u64) -> Result<usize> {
    let mut cut = 0;
    for number in 0..3 {
        let path = dir.join(format!("changelog.{number}.mfs"));
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let keep =
            |line: &&str| line.split(':').next().and_then(|n| n.parse().ok()).is_some_and(|n: u64| n <= last);
        let lines: Vec<_> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
        let kept: String = lines.iter().copied().filter(keep).collect();
        cut += lines.iter().filter(|line| !keep(line)).count();
        fs::write(&path, kept).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(cut)
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    ensure!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    Ok(text)
}

fn record_some(dir: &Path) -> Result<Record> {
    fs::create_dir(dir).with_context(|| format!("make {}", dir.display()))?;
    let recorder = Recorder::start(harness(), dir, WORKERS)?;
    recorder.wait_progress(300, PATIENCE)?;
    recorder.finish()
}

/// Kills the master, removes its files (a copy goes to `copy`) and makes a new one of what the metalogger has. Returns
/// how many changes had not been shipped.
fn lose_the_master(cluster: &mut Cluster, restore: Restore, copy: &Path) -> Result<usize> {
    cluster.master().kill()?;
    let (lost, saved) = (cluster.master_data(), cluster.metalogger_data());
    run(Command::new("cp").arg("-a").arg(&lost).arg(copy))?;
    fs::remove_dir_all(&lost).context("lose the master's files")?;
    cluster.metalogger().context("a metalogger")?.stop()?;
    let unshipped = cut_behind(copy, last_change(&saved, "changelog_ml.")?)?;
    let new = match restore {
        Restore::Program => {
            run(cluster.offline(Make::Ours, "mfsmetarestore")?.arg("-a").arg("-d").arg(&saved))?;
            Make::Ours
        }
        Restore::Start(make) => make,
    };
    // Before anything new happens: the dead master's own files, up to the last change shipped, give the same state.
    let diff =
        cluster.elkfs()?.args(["meta", "diff"]).arg(copy).arg(&saved).output().context("elkfs meta diff")?;
    ensure!(
        diff.status.success(),
        "more is lost than was not shipped:\n{}",
        String::from_utf8_lossy(&diff.stdout)
    );
    run(cluster.elkfs()?.args(["meta", "check"]).arg(&saved)).context("what the new master begins with")?;
    cluster.move_master(new, &saved)?;
    cluster.start_master(matches!(restore, Restore::Start(_)))?;
    Ok(unshipped)
}

fn walk(spec: &ClusterSpec, restore: Restore) -> Result<()> {
    let mut cluster = Cluster::start(&ClusterSpec { tmpfs: true, ..spec.clone() })?;
    let (mount, saved) = (cluster.mount_point(0), cluster.metalogger_data());
    // A stock metalogger refuses the empty image of a new file system; the second start offers a real one. Ours has the
    // empty one and all changes since, and would be content.
    cluster.stop_all()?;
    fs::remove_dir_all(&saved).context("empty the metalogger")?;
    fs::create_dir(&saved).context("empty the metalogger")?;
    cluster.start_all()?;
    let image = saved.join("metadata_ml.mfs.back");
    until("an image at the metalogger", PATIENCE, || Ok(image.metadata().is_ok_and(|file| file.len() > 8)))?;

    let before = record_some(&mount.join("before"))?;
    let shipped =
        || Ok(last_change(&saved, "changelog_ml.")? >= last_change(&cluster.master_data(), "changelog.")?);
    until("all changes at the metalogger", PATIENCE, shipped)?;

    let under_way = mount.join("under-way");
    fs::create_dir(&under_way).context("mkdir")?;
    let recorder = Recorder::start(harness(), &under_way, WORKERS)?;
    recorder.wait_progress(100, PATIENCE).context("before the loss")?;
    let copy: PathBuf = cluster.scratch()?.join("lost-master");
    let unshipped = lose_the_master(&mut cluster, restore, &copy)?;
    cluster.wait_registered()?;
    if unshipped == 0 {
        recorder.wait_progress(100, PATIENCE).context("with the new master")?;
        recorder.finish()?.verify(&under_way).context("acknowledged under way")?;
    } else {
        // Files these workers have open may be among what is lost; a client then tries for minutes.
        recorder.abandon()?;
    }
    before.verify(&mount.join("before")).context("acknowledged and shipped before the loss")?;
    let after = record_some(&mount.join("after")).context("with the new master")?;
    after.verify(&mount.join("after"))?;
    let (before, after) = (before.acknowledged(), after.acknowledged());
    eprintln!("{before} operations before, {after} after; {unshipped} changes had not been shipped");
    Ok(())
}

#[test]
fn ours() {
    walk(&setups::ours(), Restore::Program).unwrap();
}

#[test]
fn stock_metalogger_our_restore() {
    walk(&setups::but_metalogger(Make::Ours, Make::Stock), Restore::Program).unwrap();
}

#[test]
fn stock_master_our_metalogger_our_restore() {
    walk(&setups::but_master(Make::Ours, Make::Stock), Restore::Program).unwrap();
}

#[test]
fn our_metalogger_stock_restore() {
    walk(&setups::ours(), Restore::Start(Make::Stock)).unwrap();
}

/// The mount is ours, because a stock one caught in a write waits 120 s for its own lock.
#[test]
fn all_stock_our_start() {
    walk(&setups::but_mount(Make::Stock, Make::Ours), Restore::Start(Make::Ours)).unwrap();
}
