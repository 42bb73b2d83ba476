//! Locks under load: two stock mounts and two of ours count in one file, each step under a lock; a holder's mount is killed.
//!
//! `ELKFS_LOCK_ROUNDS` is the number of steps per thread (default 40).

use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, until};
use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
/// Threads per mount for flock(2), whose owners are open files. The owner of fcntl(2)'s is a process, so that has one.
const FLOCK_THREADS: usize = 2;

type Lock = fn(&File, FlockOperation) -> rustix::io::Result<()>;

fn flock_lock(file: &File, operation: FlockOperation) -> rustix::io::Result<()> {
    flock(file, operation)
}

fn posix_lock(file: &File, operation: FlockOperation) -> rustix::io::Result<()> {
    fcntl_lock(file, operation)
}

fn number_in(file: &File) -> Result<u64> {
    let mut text = [0; 20];
    file.read_exact_at(&mut text, 0)?;
    Ok(std::str::from_utf8(&text)?.trim().parse()?)
}

/// Reads the number, and writes it back one higher; while holding the lock nobody else may come between.
fn count(path: &Path, lock: Lock, rounds: u64) -> Result<()> {
    for _ in 0..rounds {
        // Opened each time: a close and an open is what makes mounts see each other's data.
        let file = File::options().read(true).write(true).open(path)?;
        lock(&file, FlockOperation::LockExclusive)?;
        let fresh = File::options().read(true).write(true).open(path)?;
        let number = number_in(&fresh)? + 1;
        fresh.write_all_at(format!("{number:20}").as_bytes(), 0)?;
        fresh.sync_all()?;
        lock(&file, FlockOperation::Unlock)?;
    }
    Ok(())
}

fn torture(cluster: &Cluster, name: &str, lock: Lock, threads: usize) -> Result<()> {
    let rounds = std::env::var("ELKFS_LOCK_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    fs::write(cluster.mount_point(0).join(name), format!("{:20}", 0))?;
    let paths: Vec<_> = (0..4).map(|mount| cluster.mount_point(mount).join(name)).collect();
    std::thread::scope(|scope| {
        let workers: Vec<_> = paths
            .iter()
            .flat_map(|path| (0..threads).map(move |_| path))
            .map(|path| scope.spawn(move || count(path, lock, rounds)))
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })?;
    let counted = number_in(&File::open(&paths[3])?)?;
    let wanted = rounds * 4 * threads as u64;
    ensure!(counted == wanted, "{name}: {counted} steps were counted, {wanted} were made");
    Ok(())
}

/// The number of the session of a mount, as the master lists it.
fn session_of(cluster: &Cluster, mount: usize) -> Result<String> {
    let listed = harness::checked(cluster.command("mfscli").args(["-s", " ", "-H", "10.99.0.1", "-SMS"]))?;
    let point = cluster.mount_point(mount).display().to_string();
    let listed = String::from_utf8(listed)?;
    let line = listed.lines().find(|line| line.contains(&point)).with_context(|| listed.clone())?;
    let fields = line.split_whitespace().map(|field| field.trim_matches('\t'));
    let number = fields.into_iter().find(|field| field.parse::<u32>().is_ok());
    number.map(str::to_owned).with_context(|| line.to_owned())
}

/// The locks of a mount that died stay as long as its session, in which it may come back; they end with it.
fn killed_holder(cluster: &mut Cluster, holder: usize, other: usize) -> Result<()> {
    let path = cluster.mount_point(holder).join("held");
    fs::write(&path, "x")?;
    let session = session_of(cluster, holder)?;
    let mut shell = Command::new("flock")
        .arg(&path)
        .args(["-c", "echo; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = [0];
    let output = shell.stdout.as_mut().context("piped")?;
    std::io::Read::read_exact(output, &mut line).context("flock(1) got its lock")?;
    let file = File::open(cluster.mount_point(other).join("held"))?;
    let refused = flock(&file, FlockOperation::NonBlockingLockExclusive);
    ensure!(refused == Err(Errno::AGAIN), "{refused:?} beside an exclusive lock");
    cluster.mount(holder).kill()?;
    shell.kill()?;
    let refused = flock(&file, FlockOperation::NonBlockingLockExclusive);
    ensure!(refused == Err(Errno::AGAIN), "{refused:?} while the session can come back");
    // The master removes a session only when its connection is gone.
    until("the lock of a removed session to end", SOON, || {
        let remove = ["-H", "10.99.0.1", &format!("-CRS/{session}")];
        cluster.command("mfscli").args(remove).output()?;
        Ok(flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
    })?;
    let _ = shell.wait();
    Ok(())
}

#[test]
fn two_stock_and_two_of_ours() {
    let mounts = vec![Make::Stock, Make::Stock, Make::Ours, Make::Ours];
    let mut cluster = Cluster::start(&ClusterSpec { mounts, ..crate::on_ours(1) }).unwrap();
    torture(&cluster, "flock", flock_lock, FLOCK_THREADS).unwrap();
    // One process owns all of fcntl(2)'s locks on a mount, so threads of different mounts exclude each other only.
    torture(&cluster, "fcntl", posix_lock, 1).unwrap();
    killed_holder(&mut cluster, 3, 0).unwrap();
    killed_holder(&mut cluster, 1, 2).unwrap();
}
