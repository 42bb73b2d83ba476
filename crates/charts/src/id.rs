//! Numbers of charts on the wire (`spec/admin-and-monitoring.md` 8.3).

use crate::Table;

/// Minutes in a slot of each range: short, medium, long, very long.
pub const RANGES: [u32; 4] = [1, 6, 30, 1440];

/// One of the four [`RANGES`]: 0 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(u8);

impl Range {
    /// Checks that there is such a range.
    pub fn new(number: u32) -> Option<Range> {
        u8::try_from(number).ok().filter(|n| usize::from(*n) < RANGES.len()).map(Range)
    }

    /// 0 to 3.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Minutes in a slot.
    pub fn minutes(self) -> u32 {
        RANGES[self.index()]
    }
}

/// What a number or four letters stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartId {
    /// A series of the table.
    Series(usize, Range),
    /// A combined chart of the table.
    Combined(usize, Range),
}

/// Smallest number that is four letters.
const CODES: u32 = 0x100_0000;

impl ChartId {
    /// `number * 10 + range` with numbers from 100 for combined charts, or four letters whose lower case gives the range:
    /// the last adds 1, the third 2, the second 4, the first 8. `None` for what is not in the table.
    pub fn parse(id: u32, table: Table) -> Option<ChartId> {
        if id >= CODES {
            return Self::of_code(id.to_be_bytes(), table);
        }
        let range = Range::new(id % 10)?;
        let number = (id / 10) as usize;
        if number < table.series.len() {
            Some(ChartId::Series(number, range))
        } else {
            let number = number.checked_sub(100).filter(|n| *n < table.combined.len())?;
            Some(ChartId::Combined(number, range))
        }
    }

    fn of_code(letters: [u8; 4], table: Table) -> Option<ChartId> {
        let lower = letters.iter().rev().enumerate().filter(|(_, letter)| letter.is_ascii_lowercase());
        let range = Range::new(lower.map(|(place, _)| 1 << place).sum())?;
        let code = letters.map(|letter| letter.to_ascii_uppercase());
        let series = table.series.iter().position(|s| s.code == code);
        let combined = || table.combined.iter().position(|c| c.code == code);
        series.map(|n| ChartId::Series(n, range)).or_else(|| combined().map(|n| ChartId::Combined(n, range)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CHUNKSERVER, MASTER};

    #[test]
    fn numbers_and_letters() {
        let code = |text: &[u8; 4]| u32::from_be_bytes(*text);
        for (id, series, range) in
            [(0, 0, 0), (13, 1, 3), (372, 37, 2), (code(b"SCPU"), 1, 0), (code(b"SCpu"), 1, 3)]
        {
            assert_eq!(ChartId::parse(id, MASTER), Some(ChartId::Series(series, Range(range))), "{id}");
        }
        assert_eq!(ChartId::parse(1001, MASTER), Some(ChartId::Combined(0, Range(1))));
        assert_eq!(ChartId::parse(code(b"MOVe"), CHUNKSERVER), Some(ChartId::Combined(8, Range(1))));
        for bad in [4, 380, 990, 1070, code(b"sCPU"), code(b"SCPV"), code(b"\xff\xff\xff\xff"), u32::MAX / 2]
        {
            assert_eq!(ChartId::parse(bad, MASTER), None, "{bad}");
        }
    }
}
