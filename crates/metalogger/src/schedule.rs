//! When to download (`spec/metalogger.md` 11): every so many hours, at 10:30 past the hour, counted from the Unix
//! epoch.

use std::time::{Duration, Instant};

/// Ten and a half minutes past the hour: the master's hourly image is written by then.
const OFFSET: u64 = 630;
/// The first retry of a failed download comes after this, each further one after twice the time.
const FIRST_RETRY: Duration = Duration::from_secs(10);
/// And the later ones never after more.
const LAST_RETRY: Duration = Duration::from_secs(600);

/// Decides when the next download is due. Knows no clock: times are arguments.
#[derive(Debug)]
pub(crate) struct Schedule {
    period: Option<u64>,
    /// The last slot that was looked at; a due download stays due until it can be done.
    slot: u64,
    due: bool,
    /// Set while a failed download waits for another try.
    retry: Option<(Instant, Duration)>,
}

impl Schedule {
    /// Downloads every `hours`, never for 0. `unix` is the current time.
    pub(crate) fn new(hours: u32, unix: u64) -> Schedule {
        let mut schedule = Schedule { period: None, slot: 0, due: false, retry: None };
        schedule.set(hours, unix);
        schedule
    }

    /// Another frequency.
    pub(crate) fn set(&mut self, hours: u32, unix: u64) {
        self.period = (hours > 0).then_some(u64::from(hours) * 3600);
        self.slot = self.slot_of(unix);
    }

    fn slot_of(&self, unix: u64) -> u64 {
        self.period.map_or(0, |period| unix.saturating_sub(OFFSET) / period)
    }

    /// True when a download should start. `missing` says that no good image is held, and `at_once` that one is wanted
    /// without waiting for the time.
    pub(crate) fn is_due(&mut self, unix: u64, now: Instant, missing: bool, at_once: bool) -> bool {
        let slot = self.slot_of(unix);
        // Whatever the clock did: another slot is another download.
        if slot != self.slot {
            self.slot = slot;
            self.due = true;
        }
        match self.retry {
            Some((at, _)) if now < at => false,
            Some(_) => true,
            None => self.due || (missing && at_once),
        }
    }

    /// A download has succeeded.
    pub(crate) fn succeeded(&mut self) {
        self.due = false;
        self.retry = None;
    }

    /// A download has failed; gives the time until the next try. Without `at_once` that is the next slot, as with stock.
    pub(crate) fn failed(&mut self, now: Instant, at_once: bool) -> Option<Duration> {
        self.due = false;
        if !at_once {
            self.retry = None;
            return None;
        }
        let wait = self.retry.map_or(FIRST_RETRY, |(_, wait)| (wait * 2).min(LAST_RETRY));
        self.retry = Some((now + wait, wait));
        Some(wait)
    }

    /// The connection is gone: what comes next begins with a fresh try.
    pub(crate) fn reconnected(&mut self) {
        if self.retry.take().is_some() {
            self.due = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_at_ten_thirty() {
        let now = Instant::now();
        let mut schedule = Schedule::new(1, 100 * 3600);
        assert!(!schedule.is_due(100 * 3600 + 629, now, false, true));
        assert!(schedule.is_due(100 * 3600 + 630, now, false, true));
        assert!(schedule.is_due(100 * 3600 + 700, now, false, true), "stays due until done");
        schedule.succeeded();
        assert!(!schedule.is_due(100 * 3600 + 700, now, false, true));
        assert!(schedule.is_due(101 * 3600 + 630, now, false, true));
    }

    #[test]
    fn once_a_day_and_never() {
        let now = Instant::now();
        let mut schedule = Schedule::new(24, 10 * 86400 + 700);
        assert!(!schedule.is_due(11 * 86400 + 629, now, false, true));
        assert!(schedule.is_due(11 * 86400 + 630, now, false, true));
        let mut schedule = Schedule::new(0, 0);
        assert!(!schedule.is_due(u64::MAX, now, false, true));
        assert!(schedule.is_due(u64::MAX, now, true, true));
    }

    #[test]
    fn missing_image() {
        let now = Instant::now();
        let mut schedule = Schedule::new(24, 0);
        assert!(!schedule.is_due(0, now, true, false), "stock's waiting");
        assert!(schedule.is_due(0, now, true, true));
        assert_eq!(schedule.failed(now, true), Some(FIRST_RETRY));
        assert!(!schedule.is_due(0, now, true, true));
        assert!(schedule.is_due(0, now + FIRST_RETRY, true, true));
        assert_eq!(schedule.failed(now, true), Some(FIRST_RETRY * 2));
        for _ in 0..10 {
            schedule.failed(now, true);
        }
        assert_eq!(schedule.failed(now, true), Some(LAST_RETRY));
        schedule.reconnected();
        assert!(schedule.is_due(0, now, true, true));
        assert_eq!(schedule.failed(now, false), None);
    }
}
