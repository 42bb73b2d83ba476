//! Threads for work that nobody waits for, made on demand.

use crate::sync::{lock, wait_for};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

type Job = Box<dyn FnOnce() + Send>;

/// An idle thread ends after this long.
const IDLE: Duration = Duration::from_secs(10);

/// At most `max` threads; jobs beyond that wait in order. The number of jobs is bounded by their makers: a chunk has
/// one writer, and read-ahead has a budget.
pub(crate) struct Workers {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    max: usize,
    queue: Mutex<Queue>,
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl Workers {
    pub(crate) fn new(name: &'static str, max: usize) -> Self {
        Workers { shared: Arc::new(Shared { name, max, queue: Mutex::default(), more: Condvar::new() }) }
    }

    /// Runs the job on some thread, soon.
    pub(crate) fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        let mut queue = lock(&self.shared.queue);
        queue.jobs.push_back(Box::new(job));
        if queue.idle >= queue.jobs.len() || queue.threads >= self.shared.max {
            self.shared.more.notify_one();
            return;
        }
        let shared = self.shared.clone();
        match std::thread::Builder::new().name(self.shared.name.into()).spawn(move || shared.run()) {
            Ok(_) => queue.threads += 1,
            Err(error) if queue.threads > 0 => tracing::warn!(%error, "no more threads"),
            Err(error) => {
                // Nobody would ever do it: do it here.
                tracing::warn!(%error, "no thread for background work");
                let job = queue.jobs.pop_back();
                drop(queue);
                if let Some(job) = job {
                    job();
                }
            }
        }
    }
}

impl Shared {
    fn run(&self) {
        let mut queue = lock(&self.queue);
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                job();
                queue = lock(&self.queue);
                continue;
            }
            let deadline = Instant::now() + IDLE;
            queue.idle += 1;
            while queue.jobs.is_empty() {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    queue.idle -= 1;
                    queue.threads -= 1;
                    return;
                }
                queue = wait_for(&self.more, queue, left);
            }
            queue.idle -= 1;
        }
    }
}
