//! Moments as nodes have them: seconds that fit stock's 32 bits, and what goes beyond.

use crate::{DecodeError, Reader, Wire};
use std::fmt;

const NANOS_BITS: u32 = 30;
const NANOS_MASK: u32 = (1 << NANOS_BITS) - 1;
const NANOS_END: u32 = 1_000_000_000;

/// A moment between 1833 and 2378, to the nanosecond.
///
/// It is two numbers of 32 bits. The *low* one is all that a 3.0.117 peer, image or changelog has: Unix seconds modulo
/// 2^32, which is what stock itself makes of a time that does not fit. The *fine* one is nanoseconds in its lower 30
/// bits and, above them, how often 2^32 is to be added to the seconds: 0, 1, 2, or 3 for once subtracted. It is 0 for
/// every time that stock can say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Time {
    low: u32,
    fine: u32,
}

impl Time {
    /// The earliest second, 1833-11-24.
    pub const MIN_SECONDS: i64 = -(1 << 32);
    /// The latest second, 2378-04-22.
    pub const MAX_SECONDS: i64 = 3 * (1 << 32) - 1;

    /// Seconds since 1970 and nanoseconds. What is outside the range becomes its nearest end, as a kernel does with
    /// times that a file system cannot keep.
    pub fn new(seconds: i64, nanos: u32) -> Self {
        let kept = seconds.clamp(Self::MIN_SECONDS, Self::MAX_SECONDS);
        let nanos = if kept == seconds { nanos.min(NANOS_END - 1) } else { 0 };
        Time { low: kept as u32, fine: ((kept >> 32) as u32 & 3) << NANOS_BITS | nanos }
    }

    /// The two numbers; `None` when the nanoseconds are a second or more.
    pub fn from_parts(low: u32, fine: u32) -> Option<Self> {
        (fine & NANOS_MASK < NANOS_END).then_some(Time { low, fine })
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        let turns = match self.fine >> NANOS_BITS {
            3 => -1,
            turns => i64::from(turns),
        };
        (turns << 32) + i64::from(self.low)
    }

    /// Nanoseconds within the second.
    pub fn nanos(self) -> u32 {
        self.fine & NANOS_MASK
    }

    /// What stock has of it: Unix seconds modulo 2^32.
    pub fn low(self) -> u32 {
        self.low
    }

    /// What stock has not; 0 for whole seconds up to 2106.
    pub fn fine(self) -> u32 {
        self.fine
    }

    /// The whole second it lies in, as far as stock can say it.
    #[must_use]
    pub fn coarse(self) -> Self {
        Time { fine: 0, ..self }
    }
}

impl From<u32> for Time {
    fn from(seconds: u32) -> Self {
        Time { low: seconds, fine: 0 }
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.seconds(), self.nanos()).cmp(&(other.seconds(), other.nanos()))
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nanos() {
            0 => write!(f, "{}", self.seconds()),
            nanos => write!(f, "{}.{nanos:09}", self.seconds()),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Eight bytes: both numbers.
impl<'a> Wire<'a> for Time {
    const MIN_SIZE: usize = 8;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (low, fine) = Wire::decode(r)?;
        Time::from_parts(low, fine).ok_or_else(|| r.bad("nanoseconds of a time"))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.low, self.fine).encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_nanoseconds_come_back() {
        let turn = 1_i64 << 32;
        for seconds in [0, 1, turn - 1, turn, 2 * turn + 5, Time::MAX_SECONDS, -1, Time::MIN_SECONDS] {
            for nanos in [0, 1, NANOS_END - 1] {
                let time = Time::new(seconds, nanos);
                assert_eq!((time.seconds(), time.nanos()), (seconds, nanos));
                assert_eq!(Time::from_parts(time.low(), time.fine()), Some(time));
                assert_eq!(time.low(), seconds as u32, "what stock keeps of it");
            }
        }
        assert_eq!(Time::from(7).fine(), 0);
        assert_eq!(Time::from_parts(7, NANOS_END), None);
    }

    #[test]
    fn what_does_not_fit_is_clamped() {
        assert_eq!(Time::new(i64::MAX, 5), Time::new(Time::MAX_SECONDS, 0));
        assert_eq!(Time::new(i64::MIN, 5), Time::new(Time::MIN_SECONDS, 0));
    }

    #[test]
    fn earlier_is_less() {
        let ascending = [(-5, 3), (-5, 4), (0, 0), (0, 1), (1, 0), (1 << 32, 0), (2 << 32, 9)];
        let times = ascending.map(|(seconds, nanos)| Time::new(seconds, nanos));
        assert!(times.is_sorted_by(|a, b| a < b));
    }
}
