//! Threads for work that must not hold up the link to the master. Their number and their queue are bounded.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a thread without work stays when more than enough do.
const LINGER: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// A pool of threads, started when needed.
pub(crate) struct JobPool {
    name: &'static str,
    max_threads: usize,
    keep_idle: usize,
    max_queue: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
    stop: bool,
}

impl JobPool {
    pub(crate) fn new(
        name: &'static str,
        max_threads: usize,
        keep_idle: usize,
        max_queue: usize,
    ) -> Arc<JobPool> {
        let (state, wake) = Default::default();
        Arc::new(JobPool { name, max_threads: max_threads.max(1), keep_idle, max_queue, state, wake })
    }

    /// Queues a job; false if there are too many, and then it will not run.
    pub(crate) fn add(self: &Arc<Self>, job: Job) -> bool {
        let mut state = self.state.lock();
        if state.stop || state.queue.len() >= self.max_queue {
            return false;
        }
        if state.idle <= state.queue.len() && state.threads < self.max_threads {
            let pool = self.clone();
            let thread = std::thread::Builder::new().name(self.name.into()).stack_size(256 << 10);
            match thread.spawn(move || pool.run()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    tracing::error!("cannot start a thread: {error}");
                    return false;
                }
                Err(_) => {}
            }
        }
        state.queue.push_back(job);
        drop(state);
        self.wake.notify_one();
        true
    }

    /// Jobs that run or wait.
    pub(crate) fn load(&self) -> u32 {
        let state = self.state.lock();
        (state.threads - state.idle + state.queue.len()) as u32
    }

    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                // A job that panics must not take the pool's bookkeeping with it.
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a {} job panicked", self.name);
                }
                state = self.state.lock();
                continue;
            }
            if state.stop {
                break;
            }
            state.idle += 1;
            let timed_out = self.wake.wait_for(&mut state, LINGER).timed_out();
            state.idle -= 1;
            if timed_out && state.queue.is_empty() && state.threads > self.keep_idle {
                break;
            }
        }
        state.threads -= 1;
        drop(state);
        self.wake.notify_all();
    }

    /// Takes no more jobs and waits for those there are, at most `patience`.
    pub(crate) fn stop(&self, patience: Duration) {
        let mut state = self.state.lock();
        state.stop = true;
        self.wake.notify_all();
        let deadline = std::time::Instant::now() + patience;
        while state.threads > 0 && !self.wake.wait_until(&mut state, deadline).timed_out() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    #[test]
    fn bounded_and_complete() {
        let pool = JobPool::new("test", 2, 1, 3);
        let (hold, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let done = Arc::new(AtomicU32::new(0));
        let mut taken = 0;
        for _ in 0..20 {
            let (held, done) = (held.clone(), done.clone());
            taken += u32::from(pool.add(Box::new(move || {
                let _ = held.lock().recv();
                done.fetch_add(1, Ordering::SeqCst);
            })));
        }
        // Two run (or are about to), three wait.
        assert!((3..=5).contains(&taken), "{taken}");
        assert!(pool.add(Box::new(|| panic!("on purpose"))) || taken == 5 || pool.load() >= 3);
        drop(hold);
        pool.stop(Duration::from_secs(10));
        assert_eq!(done.load(Ordering::SeqCst), taken);
        assert!(!pool.add(Box::new(|| ())));
    }
}
