//! How many requests may wait inside one disk at once.

use parking_lot::{Condvar, Mutex};
use std::time::{Duration, Instant};
use types::Status;

/// A request that cannot get in for this long is answered NOTDONE, and its sender tries elsewhere or again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets a bounded number of requests in, and a bounded number queue in front.
pub(crate) struct Gate {
    limit: u32,
    state: Mutex<(u32, u32)>,
    freed: Condvar,
}

/// Leaves when dropped.
pub(crate) struct Permit<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new(limit: u32) -> Self {
        Gate { limit, state: Mutex::new((0, 0)), freed: Condvar::new() }
    }

    /// Waits for a place. NOTDONE when there is none for too long, or when too many wait already.
    pub(crate) fn enter(&self) -> Result<Permit<'_>, Status> {
        let mut state = self.state.lock();
        if state.0 >= self.limit {
            if state.1 >= self.limit * 16 {
                return Err(Status::NOTDONE);
            }
            let deadline = Instant::now() + PATIENCE;
            state.1 += 1;
            while state.0 >= self.limit && !self.freed.wait_until(&mut state, deadline).timed_out() {}
            state.1 -= 1;
            if state.0 >= self.limit {
                return Err(Status::NOTDONE);
            }
        }
        state.0 += 1;
        Ok(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.0 -= 1;
        if state.1 > 0 {
            self.0.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn never_more_than_the_limit() {
        let gate = Gate::new(2);
        let (inside, most) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _permit = gate.enter().unwrap();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
        assert_eq!(*gate.state.lock(), (0, 0));
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        let gate = Gate::new(1);
        let held = gate.enter().unwrap();
        gate.state.lock().1 = 16;
        assert_eq!(gate.enter().err(), Some(Status::NOTDONE));
        gate.state.lock().1 = 0;
        drop(held);
        assert!(gate.enter().is_ok());
    }
}
