//! Background work that operators can watch and pause. Every kind of it has a name, a rate, a status and a switch.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Rates are means over at least this long.
const SPAN: Duration = Duration::from_secs(2);
/// A rate nobody has renewed for so long is 0.
const STALE: Duration = Duration::from_secs(10);

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Nothing to do now.
    Idle,
    /// At work.
    Running,
    /// Stopped by an operator until it is resumed or the daemon restarts.
    Paused,
}

/// A job, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobInfo {
    /// What it is called.
    pub name: &'static str,
    /// The disk it works on, with a `/` at the end; `None` for work on all of them.
    pub disk: Option<String>,
    /// What it is doing.
    pub state: JobState,
    /// Things done since the daemon started: chunks, files or folders.
    pub done: u64,
    /// Things known to be left.
    pub left: u64,
    /// Bytes worked through since the daemon started.
    pub bytes: u64,
    /// Bytes per second of late.
    pub rate: u64,
    /// More about it, for people; may be empty.
    pub detail: String,
}

/// The job's side of it.
pub struct Job {
    name: &'static str,
    paused: AtomicBool,
    running: AtomicU32,
    done: AtomicU64,
    left: AtomicU64,
    bytes: AtomicU64,
    pace: Mutex<Pace>,
}

struct Pace {
    since: Instant,
    bytes: u64,
    rate: u64,
}

/// The job counts as running while this exists.
pub struct Running<'a>(&'a Job);

impl Job {
    /// A job that has done nothing yet.
    pub fn new(name: &'static str) -> Job {
        Job {
            name,
            paused: AtomicBool::new(false),
            running: AtomicU32::new(0),
            done: AtomicU64::new(0),
            left: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            pace: Mutex::new(Pace { since: Instant::now(), bytes: 0, rate: 0 }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// True while an operator wants it to rest. What was begun is ended, or left in a state to go on from.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Stops it, or lets it go on.
    pub fn set_paused(&self, paused: bool) {
        if self.paused.swap(paused, Ordering::Relaxed) != paused {
            tracing::info!("job {} {} by an operator", self.name, if paused { "paused" } else { "resumed" });
        }
    }

    /// Work begins.
    pub fn start(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }

    /// Things were done, bytes were worked through.
    pub fn did(&self, things: u64, bytes: u64) {
        self.done.fetch_add(things, Ordering::Relaxed);
        let total = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Whoever finds it locked leaves the mean to the one who has it.
        if let Some(mut pace) = self.pace.try_lock()
            && pace.since.elapsed() >= SPAN
        {
            let rate = total.saturating_sub(pace.bytes) as f64 / pace.since.elapsed().as_secs_f64();
            *pace = Pace { since: Instant::now(), bytes: total, rate: rate as u64 };
        }
    }

    /// How many things are left.
    pub fn set_left(&self, left: u64) {
        self.left.store(left, Ordering::Relaxed);
    }

    /// What it looks like from outside.
    pub fn info(&self, disk: Option<String>, detail: String) -> JobInfo {
        let pace = self.pace.lock();
        let state = match (self.is_paused(), self.running.load(Ordering::Relaxed)) {
            (true, _) => JobState::Paused,
            (false, 0) => JobState::Idle,
            (false, _) => JobState::Running,
        };
        JobInfo {
            name: self.name,
            disk,
            state,
            done: self.done.load(Ordering::Relaxed),
            left: self.left.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            rate: if pace.since.elapsed() < STALE { pace.rate } else { 0 },
            detail,
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_seen() {
        let job = Job::new("x");
        assert_eq!(job.info(None, String::new()).state, JobState::Idle);
        let running = job.start();
        job.did(1, 1000);
        job.set_left(7);
        job.pace.lock().since -= SPAN;
        job.did(1, 3000);
        let info = job.info(Some("/d/".into()), String::new());
        assert_eq!((info.state, info.done, info.left, info.bytes), (JobState::Running, 2, 7, 4000));
        assert!((1500..=2000).contains(&info.rate), "{}", info.rate);
        job.set_paused(true);
        assert_eq!(job.info(None, String::new()).state, JobState::Paused);
        job.set_paused(false);
        drop(running);
        job.pace.lock().since -= STALE;
        let info = job.info(None, String::new());
        assert_eq!((info.state, info.rate), (JobState::Idle, 0));
    }
}
