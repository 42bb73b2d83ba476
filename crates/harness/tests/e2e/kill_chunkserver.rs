//! `kill -9` of a chunkserver under readers and writers: no error reaches them, and the data is right afterwards.

use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, big_file, sha256, until};
use rustix::fs::{Advice, fadvise};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const FILE: u64 = 5 << 20;
/// Files written before anything is killed, and read all the time.
const OLD_FILES: u64 = 12;
const PATIENCE: Duration = Duration::from_secs(180);

/// Writers and readers that go on until told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicUsize>,
    read: Arc<AtomicUsize>,
    writers: Vec<JoinHandle<Result<BTreeMap<PathBuf, u64>>>>,
    readers: Vec<JoinHandle<Result<()>>>,
}

impl Load {
    fn start(dir: &Path, old: &BTreeMap<PathBuf, String>) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let (written, read) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let writers = (0..2u64).map(|index| {
            let (stop, written, dir) = (Arc::clone(&stop), Arc::clone(&written), dir.to_owned());
            thread::spawn(move || write_files(&dir, index, &stop, &written))
        });
        let readers = (0..2).map(|_| {
            let (stop, read, old) = (Arc::clone(&stop), Arc::clone(&read), old.clone());
            thread::spawn(move || read_files(&old, &stop, &read))
        });
        let (writers, readers) = (writers.collect(), readers.collect());
        Load { stop, written, read, writers, readers }
    }

    /// Waits until every kind of load has got on by a few files.
    fn wait_progress(&self) -> Result<()> {
        let goal = (self.written.load(Ordering::Relaxed) + 6, self.read.load(Ordering::Relaxed) + 6);
        until("progress of readers and writers", PATIENCE, || {
            let dead = self.writers.iter().any(JoinHandle::is_finished)
                || self.readers.iter().any(JoinHandle::is_finished);
            let done = (self.written.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed));
            // One that failed has its error told by `finish`.
            Ok(dead || (done.0 >= goal.0 && done.1 >= goal.1))
        })
    }

    /// Every file written, with its seed; the first error any of them saw.
    fn finish(self) -> Result<BTreeMap<PathBuf, u64>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut files = BTreeMap::new();
        for writer in self.writers {
            files.extend(writer.join().expect("a writer does not panic").context("a writer saw an error")?);
        }
        for reader in self.readers {
            reader.join().expect("a reader does not panic").context("a reader saw an error")?;
        }
        Ok(files)
    }
}

fn write_files(
    dir: &Path,
    index: u64,
    stop: &AtomicBool,
    count: &AtomicUsize,
) -> Result<BTreeMap<PathBuf, u64>> {
    let mut files = BTreeMap::new();
    for seed in (1000 * (index + 1)).. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let path = dir.join(format!("new-{seed}"));
        big_file(&path, FILE, seed)?;
        files.insert(path, seed);
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(files)
}

fn read_files(files: &BTreeMap<PathBuf, String>, stop: &AtomicBool, count: &AtomicUsize) -> Result<()> {
    for (path, want) in files.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        // Else the kernel's cache would answer.
        fadvise(File::open(path)?, 0, None, Advice::DontNeed)?;
        ensure!(sha256(path)? == *want, "{}: wrong data", path.display());
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn kill_one(make: Make) -> Result<()> {
    let mut cluster = Cluster::start(&ClusterSpec::all(make, 3))?;
    let dir = cluster.mount_point(0);
    let mut old = BTreeMap::new();
    for seed in 0..OLD_FILES {
        let path = dir.join(format!("old-{seed}"));
        big_file(&path, FILE, seed)?;
        old.insert(path.clone(), sha256(&path)?);
    }
    let load = Load::start(&dir, &old);
    load.wait_progress().context("before the kill")?;
    cluster.chunkserver(1).kill()?;
    load.wait_progress().context("with a chunkserver killed")?;
    cluster.start_chunkserver(1)?;
    cluster.wait_registered()?;
    load.wait_progress().context("with the chunkserver back")?;
    let new = load.finish()?;

    // Without any cache of this mount: what the servers hold.
    cluster.stop_mount(0)?;
    cluster.start_mount(0)?;
    for (path, want) in &old {
        ensure!(sha256(path)? == *want, "{}: wrong data afterwards", path.display());
    }
    let same = cluster.scratch()?.join("same");
    for (path, seed) in &new {
        big_file(&same, FILE, *seed)?;
        ensure!(sha256(path)? == sha256(&same)?, "{}: wrong data afterwards", path.display());
        fs::remove_file(&same)?;
    }
    cluster.check()
}

#[test]
fn stock() {
    kill_one(Make::Stock).unwrap();
}

#[test]
fn ours() {
    kill_one(Make::Ours).unwrap();
}
