//! Numbers as the tools print and read them (`spec/tools.md` 2.2).

use crate::args::Given;
use std::ffi::OsStr;

/// How numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As they are.
    Plain,
    /// Divided by 1024 to this power, 1 to 3, rounded down.
    Divided(u32),
    /// With a prefix.
    Human {
        /// 1024 (Ki, Mi, …) or 1000 (k, M, …).
        binary: bool,
        /// The plain number in parentheses too.
        both: bool,
    },
}

/// What is counted, which decides about the width of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Objects, at most 2^32.
    Count,
    /// Objects, in a column with bytes.
    Wide,
    /// Bytes.
    Bytes,
}

impl Style {
    /// From options, the last one deciding; without any from the variable `MFSHRFORMAT`.
    pub(crate) fn from_options(given: &Given, environment: Option<&OsStr>) -> Style {
        let from = |(letter, _): &(u8, _)| match letter {
            b'n' => Some(Style::Plain),
            b'h' => Some(Style::Human { binary: true, both: false }),
            b'H' => Some(Style::Human { binary: false, both: false }),
            b'k' => Some(Style::Divided(1)),
            b'm' => Some(Style::Divided(2)),
            b'g' => Some(Style::Divided(3)),
            _ => None,
        };
        given.options.iter().rev().find_map(from).unwrap_or_else(|| Style::from_environment(environment))
    }

    fn from_environment(text: Option<&OsStr>) -> Style {
        let text = text.unwrap_or_default().as_encoded_bytes();
        let (binary, both) = match text {
            [b'3', ..] | [b'h', b'+', ..] => (true, true),
            [b'4', ..] | [b'H', b'+', ..] => (false, true),
            [b'1' | b'h', ..] => (true, false),
            [b'2' | b'H', ..] => (false, false),
            _ => return Style::Plain,
        };
        Style::Human { binary, both }
    }

    /// The number aligned to the right in its column, without the space between label and number.
    pub(crate) fn column(self, kind: Kind, n: u64) -> String {
        let width = if kind == Kind::Count { 10 } else { 20 };
        match self {
            Style::Plain => format!("{n:width$}"),
            Style::Divided(power) => {
                let width = width - 3 * power as usize;
                format!("{:width$}", n >> (10 * power))
            }
            Style::Human { binary, both } => {
                let gap = if kind == Kind::Bytes { "" } else { " " };
                let plain = if both { format!(" ({n:width$})") } else { String::new() };
                format!("{gap}{}{plain}", human(n, binary, kind == Kind::Bytes))
            }
        }
    }

    /// The number for output in tab separated values.
    pub(crate) fn value(self, kind: Kind, n: u64) -> String {
        match self {
            Style::Plain => n.to_string(),
            Style::Divided(power) => (n >> (10 * power)).to_string(),
            Style::Human { binary, both } => {
                let plain = if both { format!(" ({n})") } else { String::new() };
                format!("{}{plain}", human(n, binary, kind == Kind::Bytes))
            }
        }
    }

    /// What stands in a column for a limit that is not set.
    pub(crate) fn undefined(self) -> String {
        let width = self.column(Kind::Wide, 0).len();
        format!("{:>width$}", "-")
    }
}

/// At most three digits and a prefix, right aligned in 5 (binary) or 4 characters, and `B` for bytes.
fn human(n: u64, binary: bool, bytes: bool) -> String {
    let (base, prefixes) = if binary {
        (1024.0, ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
    } else {
        (1000.0, ["k", "M", "G", "T", "P", "E"])
    };
    let width = if binary { 5 } else { 4 };
    let unit = if bytes { "B" } else { "" };
    if n < 1000 {
        return format!("{n:width$}{unit}");
    }
    let mut scaled = n as f64;
    let mut shown = String::new();
    for prefix in prefixes {
        scaled /= base;
        // The next unit takes over where three digits would be rounded up to four.
        let digits = if scaled < 9.95 { format!("{scaled:.1}") } else { format!("{scaled:.0}") };
        shown = format!("{digits}{prefix}");
        if scaled < 999.5 {
            break;
        }
    }
    format!("{shown:>width$}{unit}")
}

/// Reads a limit: digits, perhaps a decimal point, a prefix (k M G T P E or Ki … Ei) and, for bytes, `B`. Rounded to a
/// whole number. `None` for anything else and for what does not fit.
pub(crate) fn parse_limit(text: &str, bytes: bool) -> Option<u64> {
    let text = if bytes { text.strip_suffix('B').unwrap_or(text) } else { text };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u64.pow(2),
        "G" => 1000_u64.pow(3),
        "T" => 1000_u64.pow(4),
        "P" => 1000_u64.pow(5),
        "E" => 1000_u64.pow(6),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        "Ei" => 1 << 60,
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.is_empty() || digits.is_empty() {
        return None;
    }
    let scaled = format!("0{digits}").parse::<f64>().ok()? * factor as f64;
    // 2^64 itself is the first float that does not fit.
    (scaled.round() < u64::MAX as f64).then(|| scaled.round() as u64)
}

/// Reads a time: a decimal number, blanks, a unit (s m h d w). Whole seconds; too long ones become the longest.
/// The empty text is `None` in the `Some`.
pub(crate) fn parse_seconds(text: &str) -> Option<Option<u32>> {
    let text = text.trim_end_matches(' ');
    if text.is_empty() {
        return Some(None);
    }
    let (digits, factor) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1),
        b'm' => (&text[..text.len() - 1], 60),
        b'h' => (&text[..text.len() - 1], 3600),
        b'd' => (&text[..text.len() - 1], 86_400),
        b'w' => (&text[..text.len() - 1], 604_800),
        _ => (text, 1),
    };
    let digits = digits.trim_end_matches(' ');
    let well_formed = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    // A cast to an integer saturates.
    well_formed.then(|| digits.parse::<f64>().ok()).flatten().map(|n| Some((n * f64::from(factor)) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn human_numbers_as_stock_rounds_them() {
        let cases = [
            (0, "    0B", "   0B"),
            (999, "  999B", " 999B"),
            (1000, "1.0KiB", "1.0kB"),
            (10188, "9.9KiB", " 10kB"),
            (10189, " 10KiB", " 10kB"),
            (1_023_487, "999KiB", "1.0MB"),
            (1_023_488, "1.0MiB", "1.0MB"),
            (999_499, "976KiB", "999kB"),
            (999_500, "976KiB", "1.0MB"),
            (9_949_999_999, "9.3GiB", "9.9GB"),
            (10_683_731_149, " 10GiB", " 11GB"),
            (u64::MAX, " 16EiB", " 18EB"),
        ];
        for (n, binary, decimal) in cases {
            assert_eq!(human(n, true, true), binary);
            assert_eq!(human(n, false, true), decimal);
        }
    }

    #[test]
    fn columns() {
        let human = Style::Human { binary: true, both: true };
        assert_eq!(human.column(Kind::Count, 4), "     4 (         4)");
        assert_eq!(human.column(Kind::Bytes, 1024), "1.0KiB (                1024)");
        assert_eq!(human.undefined().len(), 29);
        assert_eq!(Style::Divided(2).column(Kind::Wide, 3 << 20), format!("{:14}", 3));
        assert_eq!(Style::Plain.undefined(), format!("{:>20}", "-"));
    }

    #[test]
    fn styles_of_the_environment() {
        let style = |text: &str| Style::from_environment(Some(OsStr::new(text)));
        assert_eq!(style("h+x"), Style::Human { binary: true, both: true });
        assert_eq!(style("15"), Style::Human { binary: true, both: false });
        assert_eq!(style("4"), Style::Human { binary: false, both: true });
        assert_eq!(style("xyz"), Style::Plain);
    }

    #[test]
    fn limits() {
        for (text, want) in [("10", 10), (".5k", 500), ("1.5k", 1500), ("1Ki", 1024), ("0.6", 1), ("0.4", 0)]
        {
            assert_eq!(parse_limit(text, false), Some(want), "{text}");
        }
        assert_eq!(parse_limit("2GiB", true), Some(2 << 30));
        assert_eq!(parse_limit("15.9Ei", true), Some(18_331_451_923_248_867_328));
        for text in
            ["", "x", "1K", "1ki", "1.", ".", "1k5", "5 k", " 5", "-5", "1e3", "1kk", "16Ei", "99E", "1B"]
        {
            assert_eq!(parse_limit(text, false), None, "{text}");
        }
        for text in ["BB", "1kBB", "B"] {
            assert_eq!(parse_limit(text, true), None, "{text}");
        }
    }

    #[test]
    fn seconds() {
        for (text, want) in [("5", 5), ("1.5h", 5400), ("3 h", 10_800), ("1w", 604_800), ("5 ", 5), ("5.", 5)]
        {
            assert_eq!(parse_seconds(text), Some(Some(want)), "{text}");
        }
        assert_eq!(parse_seconds("99999999999"), Some(Some(u32::MAX)));
        assert_eq!(parse_seconds(" "), Some(None));
        for text in ["h", "1y", "-5", ".5h", "1h30m", "5.5.5", "1e3", "60H", " 5", "0x10"] {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }
}
