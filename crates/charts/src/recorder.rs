//! From counters that only grow to a sample a minute.

use crate::{Charts, Join, NO_DATA};

/// Keeps [`Charts`] fed. The caller counts since its start; the recorder takes the differences.
#[derive(Debug)]
pub struct Recorder {
    charts: Charts,
    /// Counters at the last sample.
    counted: Vec<u64>,
    /// Minute of the last sample.
    minute: u32,
}

/// What a minute's sample calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing more.
    Sample,
    /// The first sample after the full hour: the charts are to be stored.
    Store,
}

impl Recorder {
    /// Begins at `local` (seconds of local time) with charts of earlier runs.
    pub fn new(charts: Charts, local: u32) -> Recorder {
        let counted = vec![0; charts.table().series.len()];
        Recorder { charts, counted, minute: local / 60 }
    }

    /// The samples so far.
    pub fn charts(&self) -> &Charts {
        &self.charts
    }

    /// True when another minute has ended since the last sample, or the clock went back.
    pub fn is_due(&self, local: u32) -> bool {
        local / 60 != self.minute
    }

    /// Takes a sample for the minute that has just ended. `now` has, in the order of the series, what was counted since the
    /// start of the daemon for series that are summed, and the level of the others; [`NO_DATA`] for what is not known.
    pub fn record(&mut self, local: u32, now: &[u64]) -> Recorded {
        let series = self.charts.table().series;
        let steps = now.iter().zip(&mut self.counted).zip(series).map(|((now, counted), series)| {
            if *now == NO_DATA || series.join == Join::Max {
                return *now;
            }
            now.saturating_sub(std::mem::replace(counted, *now))
        });
        let row: Vec<u64> = steps.collect();
        let minute = local / 60;
        self.charts.add(minute.saturating_sub(1), &row);
        let before = std::mem::replace(&mut self.minute, minute);
        if before / 60 == minute / 60 { Recorded::Sample } else { Recorded::Store }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChartId, MASTER, Range};

    #[test]
    fn differences_and_levels() {
        let mut recorder = Recorder::new(Charts::new(MASTER), 59 * 60 + 30);
        assert!(!recorder.is_due(59 * 60 + 59));
        assert!(recorder.is_due(60 * 60));
        let row = |counter, level| {
            let mut row = vec![counter; 38];
            (row[20], row[1]) = (level, NO_DATA);
            row
        };
        assert_eq!(recorder.record(3600, &row(10, 500)), Recorded::Store, "a new hour");
        assert_eq!(recorder.record(3660, &row(25, 400)), Recorded::Sample);
        let newest = |series| {
            let id = ChartId::Series(series, Range::new(0).unwrap());
            recorder.charts().data(id, 3).unwrap().1.collect::<Vec<_>>()
        };
        assert_eq!(newest(0), [15, 10, NO_DATA]);
        assert_eq!(newest(1), [NO_DATA; 3]);
        assert_eq!(newest(20), [400, 500, NO_DATA]);
        assert_eq!(recorder.charts().newest(), Some(60), "the minute that ended");
        assert_eq!(recorder.charts().totals()[0], 25);
    }
}
