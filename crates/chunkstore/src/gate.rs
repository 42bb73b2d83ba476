//! How many requests may wait inside one disk at once.

use parking_lot::{Condvar, Mutex};
use std::time::{Duration, Instant};
use types::Status;

/// A request that cannot get in for this long is answered NOTDONE, and its sender tries elsewhere or again.
const PATIENCE: Duration = Duration::from_secs(10);
/// When all places have been taken for so long without anyone leaving, the disk hangs, and nobody waits for it any more:
/// the threads that would wait are those of the other disks' requests.
const STALLED: Duration = Duration::from_secs(3);

/// Requests that may wait in front, if fewer than that are let in.
const LEAST_QUEUE: u32 = 16;

/// Lets a bounded number of requests in, and as many queue in front.
pub(crate) struct Gate {
    limit: u32,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    /// A bit for each place taken.
    taken: u64,
    waiting: u32,
    /// When somebody came in or left for the last time.
    moved: Instant,
}

/// Leaves when dropped. Has a number of its own, from 0 up to the limit, while it is inside.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    pub(crate) slot: u32,
}

impl Gate {
    /// For 1 to 64 requests.
    pub(crate) fn new(limit: u32) -> Self {
        Gate {
            limit: limit.clamp(1, 64),
            state: Mutex::new(State { taken: 0, waiting: 0, moved: Instant::now() }),
            freed: Condvar::new(),
        }
    }

    /// Waits for a place. NOTDONE when there is none for too long, or when too many wait already.
    pub(crate) fn enter(&self) -> Result<Permit<'_>, Status> {
        let mut state = self.state.lock();
        if self.is_full(&state) {
            if state.waiting >= self.limit.max(LEAST_QUEUE) {
                return Err(Status::NOTDONE);
            }
            let patience = Instant::now() + PATIENCE;
            state.waiting += 1;
            while self.is_full(&state) {
                let deadline = patience.min(state.moved + STALLED);
                if self.freed.wait_until(&mut state, deadline).timed_out()
                    && (Instant::now() >= patience || state.moved.elapsed() >= STALLED)
                {
                    break;
                }
            }
            state.waiting -= 1;
            if self.is_full(&state) {
                return Err(Status::NOTDONE);
            }
        }
        state.moved = Instant::now();
        let slot = state.taken.trailing_ones();
        state.taken |= 1 << slot;
        Ok(Permit { gate: self, slot })
    }

    /// How many are inside or wait.
    pub(crate) fn load(&self) -> u32 {
        let state = self.state.lock();
        state.taken.count_ones() + state.waiting
    }

    fn is_full(&self, state: &State) -> bool {
        state.taken.count_ones() >= self.limit
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state.lock();
        state.taken &= !(1 << self.slot);
        state.moved = Instant::now();
        if state.waiting > 0 {
            self.gate.freed.notify_one();
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
                        let permit = gate.enter().unwrap();
                        assert!(permit.slot < 2);
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
        let state = gate.state.lock();
        assert_eq!((state.taken, state.waiting), (0, 0));
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        let gate = Gate::new(1);
        let held = gate.enter().unwrap();
        gate.state.lock().waiting = LEAST_QUEUE;
        assert_eq!(gate.enter().err(), Some(Status::NOTDONE));
        gate.state.lock().waiting = 0;
        drop(held);
        assert!(gate.enter().is_ok());
    }

    #[test]
    fn nobody_waits_for_a_disk_that_hangs() {
        let gate = Gate::new(1);
        let held = gate.enter().unwrap();
        gate.state.lock().moved -= STALLED;
        let start = Instant::now();
        assert_eq!(gate.enter().err(), Some(Status::NOTDONE));
        assert!(start.elapsed() < STALLED / 2);
        drop(held);
        assert!(gate.enter().is_ok());
    }
}
