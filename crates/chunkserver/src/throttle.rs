//! A limit for the speed of replication.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Unused time is not saved up for longer than this.
const BURST: Duration = Duration::from_millis(50);
/// One block is never held back for longer: who waits for it gives up after 5 s.
const LONGEST: Duration = Duration::from_secs(2);

/// Shared by all transfers of one direction.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<Option<Instant>>);

impl Throttle {
    /// How long whoever has moved `bytes` must wait so that all together move `speed` bytes per second (not 0).
    pub(crate) fn wait(&self, bytes: u64, speed: u64, now: Instant) -> Duration {
        let mut free_at = self.0.lock();
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let from = free_at.map_or(earliest, |at| at.max(earliest));
        let until = (from + Duration::from_secs_f64(bytes as f64 / speed as f64)).min(now + LONGEST);
        *free_at = Some(until);
        until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_per_second() {
        let throttle = Throttle::default();
        let start = Instant::now();
        let mut now = start;
        for _ in 0..160 {
            now += throttle.wait(1 << 16, 1 << 20, now);
        }
        let took = now.duration_since(start);
        assert!((9.9..=10.0).contains(&took.as_secs_f64()), "{took:?}");
        // A pause is not made up for.
        now += Duration::from_secs(100);
        let waits: Duration = (0..32).map(|_| throttle.wait(1 << 16, 1 << 20, now)).max().unwrap();
        assert!(waits > Duration::from_millis(1900) && waits <= LONGEST);
    }
}
