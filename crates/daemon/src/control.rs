//! Talking to a daemon that runs already: stop, kill, reload, info, test (`spec/config-and-daemons.md` 11).

use crate::lock::Lock;
use crate::{Program, log};
use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// How often the lock is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Opens the lock of `program` in the working directory.
pub(crate) fn open_lock(program: &Program) -> anyhow::Result<Lock> {
    Lock::open(program.lock_name().as_ref()).with_context(|| {
        let here = std::env::current_dir().unwrap_or_default();
        format!("can't create lockfile in working directory {}", here.display())
    })
}

/// Takes the lock, ending whoever holds it with `signal`. False if nobody held it.
pub(crate) fn replace_owner(lock: &Lock, signal: Signal, timeout: Duration) -> anyhow::Result<bool> {
    let mut owners = end_owners(signal, timeout);
    loop {
        match lock.acquire().context("lock")? {
            Ok(()) => return Ok(owners.finish()),
            Err(pid) => owners.step(pid)?,
        }
    }
}

/// Ends whoever holds the lock with `signal`, waiting until it is free. False if nobody held it.
pub(crate) fn end_owner(lock: &Lock, signal: Signal, timeout: Duration) -> anyhow::Result<bool> {
    let mut owners = end_owners(signal, timeout);
    loop {
        match lock.owner().context("lock")? {
            None => return Ok(owners.finish()),
            Some(pid) => owners.step(pid)?,
        }
    }
}

fn end_owners(signal: Signal, timeout: Duration) -> Owners {
    Owners { signal, timeout, current: None, began: Instant::now(), told: 0 }
}

/// The processes that held the lock, one after the other.
struct Owners {
    signal: Signal,
    timeout: Duration,
    current: Option<i32>,
    began: Instant,
    told: u64,
}

impl Owners {
    /// Signals a new owner, or waits a little for the current one, showing how long.
    fn step(&mut self, pid: i32) -> anyhow::Result<()> {
        if self.current != Some(pid) {
            if self.current.is_some() {
                log::raw("\n");
            }
            log::raw(&format!("sending {} to lock owner (pid:{pid})\nwaiting for termination ", self.signal));
            send(pid, self.signal)?;
            self.current = Some(pid);
        }
        let waited = self.began.elapsed();
        if waited > self.timeout {
            log::raw(" giving up\n");
            bail!(
                "process {pid} still holds the lock after {} seconds (see option -t)",
                self.timeout.as_secs()
            );
        }
        let seconds = waited.as_secs();
        if seconds > self.told && (seconds <= 10 || seconds.is_multiple_of(10)) {
            log::raw(&format!("{seconds}s "));
            self.told = seconds;
        }
        std::thread::sleep(POLL);
        Ok(())
    }

    fn finish(&self) -> bool {
        if self.current.is_some() {
            log::raw("terminated\n");
        }
        self.current.is_some()
    }
}

/// Sends a signal to the owner of a lock.
pub(crate) fn send(pid: i32, signal: Signal) -> anyhow::Result<()> {
    if pid <= 1 {
        bail!("the lock is held by a process that is not visible from here (another container?)");
    }
    match kill(Pid::from_raw(pid), signal) {
        // It ended by itself.
        Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("can't send {signal} to process {pid}")),
    }
}
