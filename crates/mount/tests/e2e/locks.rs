//! Locks between mounts, and that a process that waits for one can be killed.

use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, until};
use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::io::Errno;
use std::fs::File;
use std::process::{Child, Command};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);

type Lock = fn(&File, FlockOperation) -> rustix::io::Result<()>;

fn waiting_for_flock(path: &std::path::Path) -> Result<Child> {
    let child = Command::new("flock").arg(path).arg("true").spawn().context("flock(1)")?;
    // Long enough to be in the kernel's queue; a shorter wait would only test less.
    sleep(Duration::from_millis(500));
    Ok(child)
}

fn exclude(cluster: &Cluster, name: &str, lock: Lock) -> Result<()> {
    let (a, b) = (cluster.mount_point(0).join(name), cluster.mount_point(1).join(name));
    let a = File::options().read(true).write(true).create(true).truncate(true).open(a)?;
    let b = File::options().read(true).write(true).open(b)?;
    lock(&a, FlockOperation::LockExclusive)?;
    let refused = lock(&b, FlockOperation::NonBlockingLockExclusive);
    ensure!(
        matches!(refused, Err(Errno::AGAIN | Errno::ACCESS)),
        "{name}: got {refused:?} beside an exclusive lock"
    );
    // One waits until the other lets go.
    let started = Instant::now();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| lock(&b, FlockOperation::LockExclusive).map(|()| started.elapsed()));
        sleep(Duration::from_millis(400));
        lock(&a, FlockOperation::Unlock)?;
        let waited = waiter.join().expect("no panic")?;
        ensure!(waited >= Duration::from_millis(350), "{name}: granted after {waited:?} while it was taken");
        Ok(())
    })?;
    lock(&b, FlockOperation::Unlock)?;
    lock(&a, FlockOperation::NonBlockingLockShared)?;
    lock(&b, FlockOperation::NonBlockingLockShared)?;
    // The end of a file's last descriptor ends its locks.
    drop(a);
    until("the lock of a closed file to end", SOON, || {
        Ok(lock(&b, FlockOperation::NonBlockingLockExclusive).is_ok())
    })
}

fn locks(spec: &ClusterSpec) -> Result<()> {
    let cluster = Cluster::start(spec)?;
    exclude(&cluster, "flock", |file, operation| flock(file, operation))?;
    exclude(&cluster, "fcntl", |file, operation| fcntl_lock(file, operation))?;
    let path = cluster.mount_point(0).join("taken");
    let holder = File::create(&path)?;
    flock(&holder, FlockOperation::LockExclusive)?;
    let mut child = waiting_for_flock(&cluster.mount_point(1).join("taken"))?;
    ensure!(child.try_wait()?.is_none(), "flock(1) did not wait");
    child.kill()?;
    until("a killed process that waited for a lock to be gone", SOON, || Ok(child.try_wait()?.is_some()))?;
    // Its request is gone as well, so the lock can be had.
    flock(&holder, FlockOperation::Unlock)?;
    let other = File::open(cluster.mount_point(1).join("taken"))?;
    until("the lock to be free", SOON, || Ok(flock(&other, FlockOperation::NonBlockingLockExclusive).is_ok()))
}

#[test]
fn stock_servers() {
    locks(&crate::on_stock(2)).unwrap();
}

#[test]
fn our_servers() {
    locks(&crate::on_ours(2)).unwrap();
}
