//! All chunkservers die at once, again and again, while one writer overwrites parts of blocks and another makes files.

use crate::{cluster, has_copies, set_goal};
use anyhow::{Context, Result, ensure};
use harness::{Make, big_file, sha256, until};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(180);
const ROUNDS: usize = 5;
/// The file that is overwritten in place.
const SIZE: usize = 2 << 20;
const FILE: u64 = 3 << 20;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Gives this thread descriptors of its own. A program that is started closes what it inherits, and closing a file
/// of the mount waits for its servers, which are what is to be started.
fn own_descriptors() -> Result<()> {
    // SAFETY: the thread has just started and uses no descriptor but those it opens from now on.
    Ok(unsafe { unshare_unsafe(UnshareFlags::FILES) }?)
}

/// Overwrites small parts until told to stop; returns what the file must hold.
fn overwrite(path: &Path, stop: &AtomicBool, count: &AtomicUsize) -> Result<Vec<u8>> {
    own_descriptors()?;
    let mut random = Random(0x9E37_79B9);
    let mut model: Vec<u8> = (0..SIZE).map(|i| i as u8).collect();
    let file = File::create(path)?;
    file.write_all_at(&model, 0)?;
    file.sync_all()?;
    drop(file);
    while !stop.load(Ordering::Relaxed) {
        let file = OpenOptions::new().write(true).open(path)?;
        for _ in 0..20 {
            let (at, len, seed) = (random.below(SIZE - 9000), 1 + random.below(9000), random.below(256));
            let piece: Vec<u8> = (0..len).map(|i| (i + seed) as u8).collect();
            file.write_all_at(&piece, at as u64)?;
            model[at..at + len].copy_from_slice(&piece);
        }
        file.sync_all().context("fsync")?;
        drop(file);
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(model)
}

fn make_files(dir: &Path, stop: &AtomicBool, count: &AtomicUsize) -> Result<u64> {
    own_descriptors()?;
    let mut made = 0;
    while !stop.load(Ordering::Relaxed) {
        big_file(&dir.join(format!("file-{made}")), FILE, made)?;
        made += 1;
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(made)
}

#[test]
fn all_servers_die_again_and_again() {
    deaths().unwrap();
}

fn deaths() -> Result<()> {
    let mut cluster = cluster(&[Make::Ours; 3])?;
    let dir = cluster.mount_point(0);
    set_goal(&cluster, 2, &dir)?;
    let in_place = dir.join("in-place");
    let (stop, counts) = (AtomicBool::new(false), [AtomicUsize::new(0), AtomicUsize::new(0)]);
    let (model, made) = std::thread::scope(|scope| -> Result<(Vec<u8>, u64)> {
        let first = scope.spawn(|| overwrite(&in_place, &stop, &counts[0]));
        let second = scope.spawn(|| make_files(&dir, &stop, &counts[1]));
        let turns = (0..ROUNDS).try_for_each(|round| {
            let now: Vec<_> = counts.iter().map(|c| c.load(Ordering::Relaxed)).collect();
            until("progress of both writers", PATIENCE, || {
                let on = counts.iter().zip(&now).all(|(c, now)| c.load(Ordering::Relaxed) >= now + 2);
                Ok(on || first.is_finished() || second.is_finished())
            })?;
            std::thread::sleep(Duration::from_millis(37 * round as u64));
            (0..3).try_for_each(|index| cluster.chunkserver(index).kill())?;
            (0..3).try_for_each(|index| cluster.start_chunkserver(index))?;
            cluster.wait_registered()
        });
        stop.store(true, Ordering::Relaxed);
        let model = first.join().expect("no panic").context("the writer in place saw an error")?;
        let made = second.join().expect("no panic").context("the maker of files saw an error")?;
        turns.map(|()| (model, made))
    })?;
    until("two copies", PATIENCE, || has_copies(&cluster, &in_place, 2))?;
    // Each server in turn is missing, so each copy is read.
    for dead in 0..3 {
        cluster.chunkserver(dead).kill()?;
        crate::io::forget(&in_place)?;
        ensure!(std::fs::read(&in_place)? == model, "wrong data without server {dead}");
        let same = cluster.scratch()?.join("same");
        for seed in 0..made {
            big_file(&same, FILE, seed)?;
            let path = dir.join(format!("file-{seed}"));
            crate::io::forget(&path)?;
            ensure!(sha256(&path)? == sha256(&same)?, "{}: wrong data without server {dead}", path.display());
            std::fs::remove_file(&same)?;
        }
        cluster.start_chunkserver(dead)?;
        cluster.wait_registered()?;
    }
    for index in 0..3 {
        let log = cluster.chunkserver(index).log();
        ensure!(!log.contains("does not fit"), "chunkserver {index} lost a block:\n{log}");
    }
    cluster.check()
}
