//! How far a replay has come.

use std::time::{Duration, Instant};

/// Between two lines in the log.
const EVERY: Duration = Duration::from_secs(2);

/// Is told of every change that was replayed; must be quick.
pub trait Progress {
    /// `current` is done, of all from `first` to `last`.
    fn change(&mut self, current: u64, first: u64, last: u64);
}

/// Writes a line into the log now and then, in stock's words.
pub struct LogProgress {
    began: Instant,
    told: Instant,
    changes: u64,
}

impl Default for LogProgress {
    fn default() -> Self {
        let now = Instant::now();
        LogProgress { began: now, told: now, changes: 0 }
    }
}

impl Progress for LogProgress {
    fn change(&mut self, current: u64, first: u64, last: u64) {
        self.changes += 1;
        // Looking at the clock costs as much as a small change.
        if !self.changes.is_multiple_of(256) || self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let (done, all) = (current - first + 1, last.saturating_sub(first) + 1);
        let eta = self.began.elapsed().as_secs_f64() * all.saturating_sub(done) as f64 / done as f64;
        tracing::info!(
            "progress: current change: {current} (first:{first} - last:{last} - {}% - ETA:{eta:.0}s)",
            done * 100 / all
        );
    }
}
