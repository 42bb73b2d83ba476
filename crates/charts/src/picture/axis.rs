//! Numbers on axes.

use crate::Range;

/// From values to heights.
pub(super) struct Scale {
    step: f64,
    lines: usize,
}

impl Scale {
    /// The smallest round scale that holds `highest` below `lines` lines of the grid.
    pub(super) fn for_values(highest: f64, lines: usize) -> Scale {
        let least = highest / lines as f64;
        if least <= 0.0 {
            return Scale { step: 1.0, lines };
        }
        let power = 10_f64.powf(least.log10().floor());
        let round = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
        // A little more is allowed, since rounding of the division may just miss the value itself.
        let step = round.iter().map(|n| n * power).find(|step| *step * (1.0 + 1e-9) >= least);
        Scale { step: step.unwrap_or(10.0 * power), lines }
    }

    /// How much of the whole height a value takes, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value / (self.step * self.lines as f64)).clamp(0.0, 1.0)
    }

    /// What stands beside a line of the grid.
    pub(super) fn label(&self, line: usize, percent: bool) -> String {
        let mut text = three_digits(self.step * line as f64);
        if percent {
            text.push('%');
        }
        text
    }
}

/// A number with three significant digits and a letter for its power of 1000.
fn three_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    const LETTERS: [&str; 11] = ["u", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
    let thousands = ((value.log10() + 1e-9) / 3.0).floor().clamp(-2.0, 8.0);
    let value = value / 1000_f64.powf(thousands);
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}{}", LETTERS[(thousands + 2.0) as usize])
}

/// What stands below the slot `back` slots before `newest`, if anything: hours, days or months.
pub(super) fn time_label(newest: u32, back: usize, range: Range) -> Option<String> {
    let slot = newest.checked_sub(u32::try_from(back).ok()?)?;
    let minute = u64::from(slot) * u64::from(range.minutes());
    let (hour, day) = (minute / 60, minute / 1440);
    match range.index() {
        0 if minute % 60 == 0 => Some(format!("{:02}:00", hour % 24)),
        1 if minute % 360 == 0 => Some(format!("{:02}:00", hour % 24)),
        2 if minute % 1440 == 0 => {
            let (month, day) = month_and_day(day);
            Some(format!("{month:02}.{day:02}"))
        }
        3 if month_and_day(day).1 == 1 => Some(format!("{:02}", month_and_day(day).0)),
        _ => None,
    }
}

/// Month and day of month of a day counted from 1970-01-01 (the usual arithmetic of years that begin in March).
fn month_and_day(day: u64) -> (u64, u64) {
    let day = day + 719_468;
    let of_era = day % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (month, of_year - (153 * march_based + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1.00"),
            (12.5, "12.5"),
            (250.0, "250"),
            (1000.0, "1.00k"),
            (2_500_000.0, "2.50M"),
            (0.02, "20.0m"),
            (1e-7, "0.10u"),
            (999.96, "1000"),
        ] {
            assert_eq!(three_digits(value), text, "{value}");
        }
    }

    #[test]
    fn scales_hold_their_values() {
        for highest in [0.0, 0.37, 1.0, 5.0, 99.9, 1e12] {
            let scale = Scale::for_values(highest, 5);
            assert!(scale.share(highest) <= 1.0 + 1e-9);
            assert!(highest == 0.0 || scale.share(highest) > 0.7, "{highest}");
        }
    }

    #[test]
    fn times() {
        let range = |n| Range::new(n).unwrap();
        assert_eq!(time_label(600, 0, range(0)).as_deref(), Some("10:00"));
        assert_eq!(time_label(601, 0, range(0)), None);
        assert_eq!(time_label(60, 0, range(1)).as_deref(), Some("06:00"));
        // 2026-11-25 is day 20782.
        assert_eq!(month_and_day(20_782), (11, 25));
        assert_eq!(month_and_day(0), (1, 1));
        assert_eq!(month_and_day(19_782), (2, 29));
        assert_eq!(time_label(20_782 * 48 + 3, 3, range(2)).as_deref(), Some("11.25"));
        assert_eq!(time_label(20_782, 24, range(3)).as_deref(), Some("11"));
        assert_eq!(time_label(2, 3, range(0)), None);
    }
}
