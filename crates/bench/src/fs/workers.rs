//! Operations counted out to threads and timed.

use crate::timing::Timing;
use anyhow::{Result, bail};
use std::ops::Range;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Set when the user wants the measurement to end early.
pub(super) type Stop = AtomicBool;

/// The part of `0..count` that belongs to worker `index` of `workers`: contiguous, sizes differing by at most one.
pub(super) fn share(count: usize, workers: usize, index: usize) -> Range<usize> {
    let start = count * index / workers;
    start..count * (index + 1) / workers
}

/// Runs `work(worker, lap)` on each of `workers` threads, all starting together. A worker calls `lap` once for every
/// operation with what the operation does; the first error ends that worker and is returned.
pub(super) fn timed<F>(workers: usize, stop: &Stop, work: F) -> Result<Timing>
where
    F: Fn(usize, &mut Laps) -> Result<()> + Sync,
{
    let barrier = Barrier::new(workers);
    let results = thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|index| {
                let (barrier, work) = (&barrier, &work);
                scope.spawn(move || {
                    let mut laps = Laps { stop, each: Vec::new() };
                    barrier.wait();
                    let start = Instant::now();
                    let result = work(index, &mut laps);
                    (start, Instant::now(), result.map(|()| laps.each))
                })
            })
            .collect();
        let join = |handle: thread::ScopedJoinHandle<'_, _>| match handle.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        handles.into_iter().map(join).collect::<Vec<_>>()
    });
    let start = results.iter().map(|(start, ..)| *start).min();
    let end = results.iter().map(|(_, end, _)| *end).max();
    let wall = start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start);
    let mut each = Vec::new();
    for (_, _, laps) in results {
        each.append(&mut laps?);
    }
    each.sort_unstable();
    Ok(Timing { wall, each })
}

/// Takes the time of one worker's operations.
pub(super) struct Laps<'a> {
    stop: &'a Stop,
    each: Vec<Duration>,
}

impl Laps<'_> {
    /// Does one operation and keeps its time; refuses once the user asked to stop.
    pub(super) fn lap<T>(&mut self, operation: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.stop.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        let start = Instant::now();
        let result = operation()?;
        self.each.push(start.elapsed());
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_everything_once() {
        for (count, workers) in [(10, 3), (3, 4), (0, 2), (1000, 7)] {
            let all: Vec<usize> = (0..workers).flat_map(|i| share(count, workers, i)).collect();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_lap_is_counted_and_errors_come_back() {
        let stop = Stop::new(false);
        let count = |worker: usize, laps: &mut Laps| (0..=worker).try_for_each(|_| laps.lap(|| Ok(())));
        assert_eq!(timed(4, &stop, count).unwrap().each.len(), 1 + 2 + 3 + 4);
        let fail = |worker: usize, laps: &mut Laps| {
            laps.lap(|| if worker == 2 { bail!("worker two") } else { Ok(()) })
        };
        assert_eq!(timed(4, &stop, fail).unwrap_err().to_string(), "worker two");
        stop.store(true, Ordering::Relaxed);
        assert_eq!(timed(1, &stop, count).unwrap_err().to_string(), "interrupted");
    }
}
