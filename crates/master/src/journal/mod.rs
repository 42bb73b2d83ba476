//! The changelog on disk, with group commit: one fdatasync makes all lines durable that came meanwhile.
//!
//! The loop appends lines and goes on; answers wait under the version of their line until [`Journal::durable`]
//! reaches it. On a disk that syncs within microseconds the loop syncs itself, since two thread switches would cost
//! more than the sync. A disk that fails stops acknowledgements, is retried until it heals, and loses nothing: the
//! lines that were not durable are written anew.

mod log_file;
#[cfg(test)]
mod tests;

use crate::storage::Storage;
use log_file::{Keep, LogFile};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use log_file::changelog_name;

/// When an answer may leave (`CHANGELOG_SAVE_MODE`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Not set, or 2: after the line is synced.
    Synced,
    /// 1: after the line is written.
    Written,
    /// 0: at once; the line is written soon.
    Background,
}

/// A write and its sync below this are not worth two thread switches.
const FAST_SYNC: Duration = Duration::from_micros(60);
/// Between tries while the disk fails.
const RETRY: Duration = Duration::from_millis(250);

/// The loop's end of the changelog.
pub struct Journal {
    shared: Arc<Shared>,
    durability: Durability,
    batch: Vec<u8>,
    last: u64,
    base: u64,
    /// When the oldest line was added that is not written yet, or was not when this was looked at last.
    behind_since: Instant,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    file: Mutex<LogFile>,
    durable: AtomicU64,
    fast: AtomicBool,
    /// Lines are synced, not only written.
    sync: AtomicBool,
    notify: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    busy: bool,
    stop: bool,
    failing: Option<Failure>,
}

/// A disk that does not take the changelog.
#[derive(Clone, Debug)]
pub struct Failure {
    /// When it began.
    pub since: Instant,
    /// What the system said last.
    pub error: String,
}

enum Work {
    Lines { last: u64, bytes: Vec<u8> },
    Rotate(Keep),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking thread leaves behind is whole: every change below is a single assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// Opens the changelog for lines after `version - 1`. `notify` is called, from another thread, whenever
    /// [`Journal::durable`] or [`Journal::failure`] changed.
    pub fn start(
        storage: Arc<dyn Storage>,
        version: u64,
        durability: Durability,
        notify: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Journal> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            file: Mutex::new(LogFile::new(storage)),
            durable: AtomicU64::new(version.saturating_sub(1)),
            fast: AtomicBool::new(durability != Durability::Synced),
            sync: AtomicBool::new(durability == Durability::Synced),
            notify: Box::new(notify),
        });
        let thread = std::thread::Builder::new().name("changelog".into()).spawn({
            let shared = shared.clone();
            move || shared.run()
        })?;
        let last = version.saturating_sub(1);
        let (batch, behind_since) = (Vec::new(), Instant::now());
        Ok(Journal { shared, durability, batch, last, base: 0, behind_since, thread: Some(thread) })
    }

    /// Changes from `version` on are in no good image: no rotation removes their files, whatever `BACK_LOGS` says.
    pub fn set_base(&mut self, version: u64) {
        self.base = version;
    }

    /// From now on answers may leave at another moment. Lines that were written before are synced with the next one.
    pub fn set_durability(&mut self, durability: Durability) {
        self.durability = durability;
        self.shared.sync.store(durability == Durability::Synced, Ordering::Relaxed);
    }

    /// Adds a line, newline included, that carries `version`.
    pub fn append(&mut self, version: u64, line: impl FnOnce(&mut Vec<u8>)) {
        if self.on_disk() == self.last {
            self.behind_since = Instant::now();
        }
        line(&mut self.batch);
        self.last = version;
    }

    /// The last line that is in the file, and in [`Durability::Synced`] durable there.
    pub fn on_disk(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// For how long the oldest line that is not in the file has waited to be.
    pub fn behind(&self) -> Duration {
        if self.on_disk() == self.last { Duration::ZERO } else { self.behind_since.elapsed() }
    }

    /// The version of the last line added: what an answer that depends on it is held under.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The version up to which answers may leave.
    pub fn durable(&self) -> u64 {
        match self.durability {
            Durability::Background => self.last,
            _ => self.shared.durable.load(Ordering::Acquire),
        }
    }

    /// Hands over all lines added since; called once a turn. Returns true when they are durable already.
    pub fn commit(&mut self) -> bool {
        if self.batch.is_empty() {
            return false;
        }
        let lines = Work::Lines { last: self.last, bytes: std::mem::take(&mut self.batch) };
        let inline = self.shared.fast.load(Ordering::Relaxed);
        let mut state = lock(&self.shared.state);
        let idle = state.queue.is_empty() && !state.busy;
        if inline && idle && self.shared.do_work(&lines).is_ok() {
            if let Work::Lines { bytes, .. } = lines {
                self.batch = bytes;
                self.batch.clear();
            }
            return true;
        }
        state.queue.push_back(lines);
        self.shared.work.notify_one();
        false
    }

    /// Starts a new `changelog.0.mfs` behind everything added so far and keeps `back_logs` old ones, or more while
    /// the last image needs them.
    pub fn rotate(&mut self, back_logs: u32) {
        self.commit();
        let keep = Keep { back_logs, from: self.base };
        lock(&self.shared.state).queue.push_back(Work::Rotate(keep));
        self.shared.work.notify_one();
    }

    /// The disk's trouble, if it has any.
    pub fn failure(&self) -> Option<Failure> {
        lock(&self.shared.state).failing.clone()
    }

    /// Waits until everything added is on disk; false when that took longer than `limit`.
    pub fn flush(&mut self, limit: Duration) -> bool {
        self.commit();
        let state = lock(&self.shared.state);
        let (_state, timeout) = self
            .shared
            .work
            .wait_timeout_while(state, limit, |s| s.busy || !s.queue.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.commit();
        lock(&self.shared.state).stop = true;
        self.shared.work.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panicked writer has said so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The writer thread: takes all that waits, writes it in one go, syncs once.
    fn run(&self) {
        loop {
            let Some(work) = self.next_work() else { return };
            while let Err(error) = self.do_work(&work) {
                if !self.note_failure(error) {
                    tracing::error!(
                        "changelog could not be written before the stop: unacknowledged lines are lost"
                    );
                    return;
                }
            }
            let mut state = lock(&self.state);
            state.busy = false;
            if state.failing.take().is_some() {
                tracing::warn!("changelog is written again, nothing was lost");
            }
            drop(state);
            self.work.notify_all();
            (self.notify)();
        }
    }

    /// Waits for work; lines that are next to each other become one piece of work. `None` at the end.
    fn next_work(&self) -> Option<Work> {
        let mut state = lock(&self.state);
        loop {
            if let Some(mut work) = state.queue.pop_front() {
                while let (Work::Lines { last, bytes }, Some(Work::Lines { .. })) =
                    (&mut work, state.queue.front())
                {
                    let Some(Work::Lines { last: next, bytes: more }) = state.queue.pop_front() else {
                        break;
                    };
                    *last = next;
                    bytes.extend_from_slice(&more);
                }
                state.busy = true;
                return Some(work);
            }
            if state.stop {
                return None;
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn do_work(&self, work: &Work) -> std::io::Result<()> {
        let mut file = lock(&self.file);
        match work {
            Work::Rotate(keep) => file.rotate(*keep),
            Work::Lines { last, bytes } => {
                let began = Instant::now();
                file.append(bytes, self.sync.load(Ordering::Relaxed))?;
                self.fast.store(began.elapsed() < FAST_SYNC, Ordering::Relaxed);
                self.durable.store(*last, Ordering::Release);
                Ok(())
            }
        }
    }

    /// Remembers and tells the trouble, waits a little. False when the journal is being closed meanwhile and the
    /// disk had its chances.
    fn note_failure(&self, error: std::io::Error) -> bool {
        let mut state = lock(&self.state);
        let error = error.to_string();
        let since = state.failing.as_ref().map_or_else(Instant::now, |f| f.since);
        if state.failing.as_ref().is_none_or(|f| f.error != error) {
            tracing::error!(
                "changelog cannot be written: {error}; changes are not acknowledged until it can"
            );
        }
        state.failing = Some(Failure { since, error });
        let stop = state.stop;
        drop(state);
        (self.notify)();
        if stop && since.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(RETRY);
        true
    }
}
