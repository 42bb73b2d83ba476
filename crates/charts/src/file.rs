//! `stats.mfs` and `csstats.mfs` (`spec/admin-and-monitoring.md` 8.5).

use crate::{Charts, RANGES, Range, SAMPLES, Table};
use thiserror::Error;

const VERSION: u32 = 0x0001_0000;
const HEADER: usize = 16;
const NAME: usize = 100;
/// More samples than any daemon keeps; a file that claims more is none of ours.
const MOST_SAMPLES: usize = 1 << 20;

/// Why a file is not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum StatsFileError {
    /// The first four bytes are not those of a file of charts.
    #[error("not a file of charts: its version is {0:#010x}, not {VERSION:#010x}")]
    Version(u32),
    /// Sizes in the header that cannot be.
    #[error("impossible header: {series} series of {samples} samples")]
    Header {
        /// Series it claims to have.
        series: u32,
        /// Samples it claims to have for each range.
        samples: u32,
    },
    /// Cut short, or with something behind its end.
    #[error("{actual} bytes long, but its header stands for {expected}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What there is.
        actual: u64,
    },
}

impl Charts {
    /// The file: all samples, oldest first.
    pub fn to_file(&self) -> Vec<u8> {
        let table = self.table();
        let entry = NAME + RANGES.len() * SAMPLES * 8;
        let mut out = Vec::with_capacity(HEADER + table.series.len() * entry);
        for word in [VERSION, SAMPLES as u32, table.series.len() as u32, self.newest().unwrap_or(0)] {
            out.extend(word.to_be_bytes());
        }
        for (number, series) in table.series.iter().enumerate() {
            let mut name = [0; NAME];
            name[..series.name.len()].copy_from_slice(series.name.as_bytes());
            out.extend(name);
            for range in ranges() {
                for back in (0..SAMPLES).rev() {
                    out.extend(self.sample(number, range, back).to_be_bytes());
                }
            }
        }
        out
    }

    /// Reads a file. Series are known by name: unknown ones are left out, missing ones stay without data; of longer rings
    /// the newest samples are taken.
    pub fn from_file(bytes: &[u8], table: Table) -> Result<Charts, StatsFileError> {
        let word = |n: usize| {
            bytes.get(4 * n..4 * n + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
        };
        let (version, samples, series, newest) = (word(0), word(1), word(2), word(3));
        if version != VERSION {
            return Err(StatsFileError::Version(version));
        }
        let kept = samples as usize;
        if kept == 0 || kept > MOST_SAMPLES || series > 1000 {
            return Err(StatsFileError::Header { series, samples });
        }
        let ring = kept * 8;
        let entry = NAME + RANGES.len() * ring;
        let expected = HEADER as u64 + u64::from(series) * entry as u64;
        if bytes.len() as u64 != expected {
            return Err(StatsFileError::Length { expected, actual: bytes.len() as u64 });
        }
        let mut charts = Charts::new(table);
        charts.set_newest(newest);
        for entry in bytes[HEADER..].chunks_exact(entry) {
            let (name, rings) = entry.split_at(NAME);
            let name = name.split(|b| *b == 0).next().unwrap_or_default();
            let Some(number) = table.series.iter().position(|s| s.name.as_bytes() == name) else { continue };
            for (range, ring) in ranges().zip(rings.chunks_exact(ring)) {
                for (back, sample) in ring.rchunks_exact(8).take(SAMPLES).enumerate() {
                    let sample = u64::from_be_bytes(sample.try_into().expect("chunks of eight"));
                    *charts.sample_mut(number, range, back) = sample;
                }
            }
        }
        Ok(charts)
    }
}

fn ranges() -> impl Iterator<Item = Range> {
    (0..).map_while(Range::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CHUNKSERVER, ChartId, MASTER, NO_DATA};
    use proptest::prelude::*;

    fn some_charts() -> Charts {
        let mut charts = Charts::new(MASTER);
        for minute in [29_000_000, 29_000_001, 29_000_007, 29_001_441] {
            charts.add(minute, &(0..38).map(|n| n * 1000 + u64::from(minute % 1000)).collect::<Vec<_>>());
        }
        charts
    }

    #[test]
    fn size_and_round_trip() {
        let charts = some_charts();
        let file = charts.to_file();
        assert_eq!(file.len(), 4_984_552, "as spec 8.5 says of the master's");
        let read = Charts::from_file(&file, MASTER).unwrap();
        assert_eq!(read.to_file(), file);
        assert!(read.totals().iter().all(|total| *total == 0), "sums are of this run");
    }

    #[test]
    fn series_are_known_by_name() {
        let read = Charts::from_file(&some_charts().to_file(), CHUNKSERVER).unwrap();
        let newest = |series| read.data(ChartId::Series(series, Range::new(0).unwrap()), 1).unwrap().1.next();
        assert_eq!(newest(0), Some(441), "ucpu");
        assert_eq!(newest(33), Some(29_441), "change, of another number");
        assert_eq!(newest(2), Some(NO_DATA), "masterin is not in the master's file");
    }

    #[test]
    fn rings_of_other_lengths_end_with_the_newest() {
        for kept in [1000_usize, 5000] {
            let mut file = Vec::new();
            for word in [VERSION, kept as u32, 1, 123_456] {
                file.extend(word.to_be_bytes());
            }
            file.extend(b"scpu");
            file.extend([0; NAME - 4]);
            for _ in RANGES {
                (0..kept as u64).for_each(|n| file.extend(n.to_be_bytes()));
            }
            let read = Charts::from_file(&file, MASTER).unwrap();
            let (begin, samples) = read.data(ChartId::Series(1, Range::new(0).unwrap()), SAMPLES).unwrap();
            let samples: Vec<u64> = samples.collect();
            assert_eq!((begin, samples[0]), (123_456 * 60, kept as u64 - 1));
            assert_eq!(samples[SAMPLES - 1], if kept < SAMPLES { NO_DATA } else { (kept - SAMPLES) as u64 });
        }
    }

    #[test]
    fn what_is_no_file_of_charts() {
        let file = some_charts().to_file();
        let actual = file.len() as u64 - 1;
        let cut = Charts::from_file(&file[..file.len() - 1], MASTER);
        assert_eq!(cut, Err(StatsFileError::Length { expected: actual + 1, actual }));
        assert_eq!(Charts::from_file(b"", MASTER), Err(StatsFileError::Version(0)));
        let mut huge = file[..16].to_vec();
        huge[4..12].fill(0xff);
        assert!(matches!(Charts::from_file(&huge, MASTER), Err(StatsFileError::Header { .. })));
    }

    proptest! {
        #[test]
        fn garbage_is_refused_or_read(mut bytes in prop::collection::vec(any::<u8>(), 0..400), good in any::<bool>()) {
            if good && bytes.len() >= 8 {
                bytes[..8].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 1]);
            }
            let _ = Charts::from_file(&bytes, MASTER);
        }
    }
}
