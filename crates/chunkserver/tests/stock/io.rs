//! A large file through a chain, and `kill -9` of one of its servers.

use crate::{cluster, has_copies, set_goal};
use anyhow::{Context, Result, ensure};
use harness::{Make, big_file, sha256, until};
use rustix::fs::{Advice, fadvise};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const LARGE: u64 = 300 << 20;
const PATIENCE: Duration = Duration::from_secs(180);

/// Drops what the kernel has of a file, so that the next read asks the servers.
pub(crate) fn forget(path: &Path) -> Result<()> {
    Ok(fadvise(File::open(path)?, 0, None, Advice::DontNeed)?)
}

#[test]
fn a_large_file_survives_the_death_of_a_server() {
    large_file().unwrap();
}

fn large_file() -> Result<()> {
    let mut cluster = cluster(&[Make::Ours; 3])?;
    let dir = cluster.mount_point(0);
    set_goal(&cluster, 2, &dir)?;
    let same = cluster.scratch()?.join("same");
    big_file(&same, LARGE, 7)?;
    let want = sha256(&same)?;
    let (first, second) = (dir.join("first"), dir.join("second"));
    big_file(&first, LARGE, 7)?;
    forget(&first)?;
    ensure!(sha256(&first)? == want, "wrong data without any failure");

    let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| -> Result<()> {
        let reader = scope.spawn(|| -> Result<()> {
            while !stop.load(Ordering::Relaxed) {
                forget(&first)?;
                ensure!(sha256(&first)? == want, "wrong data while a server dies");
                rounds.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let writer = scope.spawn(|| big_file(&second, LARGE, 7));
        let started = || std::fs::metadata(&second).is_ok_and(|m| m.len() > LARGE / 4);
        until("a quarter of the second file", PATIENCE, || Ok(started() || writer.is_finished()))?;
        cluster.chunkserver(1).kill()?;
        let written = writer.join().expect("no panic").context("a writer saw an error");
        let now = rounds.load(Ordering::Relaxed);
        let turned = until("two more rounds of the reader", PATIENCE, || {
            Ok(rounds.load(Ordering::Relaxed) >= now + 2 || reader.is_finished())
        });
        stop.store(true, Ordering::Relaxed);
        reader.join().expect("no panic").context("a reader saw an error")?;
        written.and(turned)
    })?;
    // The master heals what was on the dead server; then it comes back.
    for path in [&first, &second] {
        until("two copies again", PATIENCE, || has_copies(&cluster, path, 2))?;
    }
    cluster.start_chunkserver(1)?;
    cluster.wait_registered()?;
    for path in [&first, &second] {
        forget(path)?;
        ensure!(sha256(path)? == want, "{}: wrong data afterwards", path.display());
    }
    cluster.check()
}
