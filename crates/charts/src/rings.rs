//! The samples (`spec/admin-and-monitoring.md` 8.1).

use crate::{ChartId, Join, RANGES, Range, Table};

/// Samples kept in each range of each series.
pub const SAMPLES: usize = 4096;
/// No sample was taken in that slot.
pub const NO_DATA: u64 = u64::MAX;

/// The samples of one series in one range, each at its slot's number modulo their count.
type Ring = Box<[u64]>;

/// All series of a daemon.
#[derive(Clone, Debug, PartialEq)]
pub struct Charts {
    table: Table,
    rings: Vec<[Ring; RANGES.len()]>,
    /// The minute of the newest sample. Ring `r` ends with slot `newest / RANGES[r]`.
    newest: Option<u32>,
    totals: Vec<u64>,
}

impl PartialEq for Table {
    /// There are two tables, told apart by their series.
    fn eq(&self, other: &Table) -> bool {
        self.series.len() == other.series.len() && self.combined.len() == other.combined.len()
    }
}

impl Charts {
    /// Charts without any sample.
    pub fn new(table: Table) -> Charts {
        let ring = || vec![NO_DATA; SAMPLES].into_boxed_slice();
        Charts {
            table,
            rings: table.series.iter().map(|_| std::array::from_fn(|_| ring())).collect(),
            newest: None,
            totals: vec![0; table.series.len()],
        }
    }

    /// Which series these are.
    pub fn table(&self) -> Table {
        self.table
    }

    /// Adds a sample to each series, for the local minute `minute`. [`NO_DATA`] adds nothing to its series. When the clock
    /// went back the samples join older ones, if those are still kept.
    ///
    /// # Panics
    /// If `samples` has not one entry for each series: a mistake in the program.
    pub fn add(&mut self, minute: u32, samples: &[u64]) {
        assert_eq!(samples.len(), self.rings.len(), "a sample for each series");
        self.advance(minute);
        let newest = self.newest.unwrap_or(minute);
        for ((sample, rings), (series, total)) in
            samples.iter().zip(&mut self.rings).zip(self.table.series.iter().zip(&mut self.totals))
        {
            if *sample == NO_DATA {
                continue;
            }
            *total = total.wrapping_add(*sample);
            for (ring, step) in rings.iter_mut().zip(RANGES) {
                let slot = minute / step;
                if (newest / step - slot) as usize >= SAMPLES {
                    continue;
                }
                let kept = &mut ring[slot as usize % SAMPLES];
                *kept = match (*kept, series.join) {
                    (NO_DATA, _) => *sample,
                    (old, Join::Add) => old.saturating_add(*sample).min(NO_DATA - 1),
                    (old, Join::Max) => old.max(*sample),
                };
            }
        }
    }

    /// Opens the slots up to `minute`; those that were skipped stay without data.
    fn advance(&mut self, minute: u32) {
        let Some(newest) = self.newest else {
            self.newest = Some(minute);
            return;
        };
        if minute <= newest {
            return;
        }
        for rings in &mut self.rings {
            for (ring, step) in rings.iter_mut().zip(RANGES) {
                let (old, new) = (newest / step, minute / step);
                let opened = (new - old).min(SAMPLES as u32);
                for slot in new - opened..new {
                    ring[(slot + 1) as usize % SAMPLES] = NO_DATA;
                }
            }
        }
        self.newest = Some(minute);
    }

    /// The minute of the newest sample, if there is any.
    pub fn newest(&self) -> Option<u32> {
        self.newest
    }

    /// Sums of all samples since the start of the daemon, in the order of the series.
    pub fn totals(&self) -> &[u64] {
        &self.totals
    }

    /// The samples of a series, newest first, and the local second at which the newest slot begins. `None` for combined
    /// charts. Before the first sample there is one slot without data, at the beginning of time.
    pub fn data(&self, id: ChartId, most: usize) -> Option<(u32, impl ExactSizeIterator<Item = u64> + '_)> {
        let ChartId::Series(series, range) = id else { return None };
        let begin = self.newest_slot(range).saturating_mul(60 * range.minutes());
        let count = most.min(SAMPLES);
        Some((begin, (0..count).map(move |back| self.sample(series, range, back))))
    }

    /// What CHART_DATA asks: [`Charts::data`] of a chart by its number or letters, of at most `most` slots. `None` for what
    /// has no numbers.
    pub fn answer(&self, chart: u32, most: Option<u32>) -> Option<(u32, Vec<u64>)> {
        let id = ChartId::parse(chart, self.table)?;
        let (begin, samples) = self.data(id, most.map_or(SAMPLES, |most| most as usize))?;
        Some((begin, samples.collect()))
    }

    /// The number of the newest slot of a range.
    pub(crate) fn newest_slot(&self, range: Range) -> u32 {
        self.newest.unwrap_or(0) / range.minutes()
    }

    /// The sample `back` slots before the newest, less than [`SAMPLES`].
    pub(crate) fn sample(&self, series: usize, range: Range, back: usize) -> u64 {
        let at = self.newest_slot(range) as usize + SAMPLES - back;
        self.rings[series][range.index()][at % SAMPLES]
    }

    /// The same, to be set when a file is read.
    pub(crate) fn sample_mut(&mut self, series: usize, range: Range, back: usize) -> &mut u64 {
        let at = self.newest_slot(range) as usize + SAMPLES - back;
        &mut self.rings[series][range.index()][at % SAMPLES]
    }

    /// Says of which minute the newest sample of a file is.
    pub(crate) fn set_newest(&mut self, minute: u32) {
        self.newest = Some(minute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MASTER;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const CPU: usize = 0;
    const MEMORY: usize = 20;

    fn row(cpu: u64, memory: u64) -> Vec<u64> {
        let mut samples = vec![NO_DATA; MASTER.series.len()];
        (samples[CPU], samples[MEMORY]) = (cpu, memory);
        samples
    }

    fn range(n: u32) -> Range {
        Range::new(n).unwrap()
    }

    fn data(charts: &Charts, series: usize, r: u32, most: usize) -> Vec<u64> {
        charts.data(ChartId::Series(series, range(r)), most).unwrap().1.collect()
    }

    #[test]
    fn slots_are_joined_and_gaps_stay() {
        let mut charts = Charts::new(MASTER);
        assert_eq!(data(&charts, CPU, 0, 2), [NO_DATA, NO_DATA]);
        charts.add(600, &row(1, 10));
        charts.add(601, &row(2, 30));
        charts.add(604, &row(4, 20));
        assert_eq!(data(&charts, CPU, 0, 6), [4, NO_DATA, NO_DATA, 2, 1, NO_DATA]);
        assert_eq!(data(&charts, CPU, 1, 2), [7, NO_DATA]);
        assert_eq!(data(&charts, MEMORY, 1, 1), [30]);
        charts.add(602, &row(8, NO_DATA));
        assert_eq!(data(&charts, CPU, 0, 3), [4, NO_DATA, 8], "the clock went back");
        assert_eq!(charts.totals()[CPU], 15);
        let (begin, samples) = charts.data(ChartId::Series(CPU, range(1)), usize::MAX).unwrap();
        assert_eq!((begin, samples.len()), (36000, SAMPLES));
        assert!(charts.data(ChartId::Combined(0, range(0)), 1).is_none());
        assert_eq!(charts.answer(1, Some(2)), Some((36000, vec![15, NO_DATA])));
        assert!(charts.answer(1000, None).is_none() && charts.answer(4, None).is_none());
    }

    proptest! {
        /// Against a map of all slots.
        #[test]
        fn like_a_map(steps in prop::collection::vec((0..9000_i64, -40..200_i64, 0..100_u64), 1..60)) {
            let mut charts = Charts::new(MASTER);
            let mut model: [BTreeMap<u32, u64>; 4] = Default::default();
            let (mut minute, mut newest) = (50_000_i64, 0);
            for (jump, step, value) in steps {
                // Mostly small steps, now and then a leap over the whole ring.
                minute = (minute + if jump > 8900 { jump } else { step }).max(0);
                let now = u32::try_from(minute).unwrap();
                newest = newest.max(now);
                charts.add(now, &row(value, value));
                for (slots, step) in model.iter_mut().zip(RANGES) {
                    if newest / step - now / step < SAMPLES as u32 {
                        *slots.entry(now / step).or_default() += value;
                    }
                }
            }
            for (r, slots) in (0..).zip(&model) {
                let newest = newest / RANGES[r as usize];
                for (back, sample) in (0..).zip(data(&charts, CPU, r, SAMPLES)) {
                    let expected = newest.checked_sub(back).and_then(|slot| slots.get(&slot));
                    prop_assert_eq!(sample, expected.copied().unwrap_or(NO_DATA), "range {} back {}", r, back);
                }
            }
        }
    }
}
