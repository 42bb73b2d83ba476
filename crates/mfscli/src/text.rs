//! Numbers, times and versions as stock's `mfscli` shows them (`spec/admin-and-monitoring.md` 9.2).

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use types::Version;

/// `4.0 KiB`, ` 95 MiB` without the blank: three significant digits.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    scaled(n as f64, 1024.0, &UNITS)
}

fn scaled(n: f64, base: f64, units: &[&str]) -> String {
    let mut n = n;
    let mut unit = 0;
    while n >= 999.5 && unit + 1 < units.len() {
        n /= base;
        unit += 1;
    }
    if unit > 0 && n < 9.95 { format!("{n:.1} {}", units[unit]) } else { format!("{n:.0} {}", units[unit]) }
}

/// `6 746`
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1d`, `1.5h`, `~24.0h`: the largest unit; `~` where the digit after the point is not exact.
pub(crate) fn duration(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| ms >= *unit).unwrap_or((1000, "s"));
    if ms.is_multiple_of(unit) {
        return format!("{}{name}", ms / unit);
    }
    let exact = (ms * 10).is_multiple_of(unit);
    format!("{}{:.1}{name}", if exact { "" } else { "~" }, ms as f64 / unit as f64)
}

fn local(unix: u32) -> ZonedDateTime {
    Timestamp::from_second(unix.into()).unwrap_or_default().to_zoned_datetime(TimeZone::system())
}

/// `Wed Nov 25 04:20:13 2026`, local time.
pub(crate) fn long_time(unix: u32) -> String {
    local(unix).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// `2026-11-25 04:20`, local time.
pub(crate) fn short_time(unix: u32) -> String {
    local(unix).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The same of a time that is local already, as charts have it.
pub(crate) fn chart_time(local_as_utc: i64) -> String {
    let time = Timestamp::from_second(local_as_utc).unwrap_or_default().to_zoned_datetime(TimeZone::UTC);
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `3.0.117`, with ` PRO` for the commercial edition's.
pub(crate) fn version(version: Version) -> String {
    let pro = version >= Version::new(2, 0, 0) && version.0 & 1 == 1;
    format!("{version}{}", if pro { " PRO" } else { "" })
}

/// A percentage of `whole`, or `None` when there is nothing to compare with.
pub(crate) fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

/// Labels of a server, `A,B`, or `-`.
pub(crate) fn labels(mask: u32) -> String {
    let set = (0..26_u8).filter(|bit| mask >> bit & 1 == 1);
    let letters: Vec<String> = set.map(|bit| char::from(b'A' + bit).to_string()).collect();
    if letters.is_empty() { "-".into() } else { letters.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers() {
        let sizes =
            [(0, "0 B"), (999, "999 B"), (4096, "4.0 KiB"), (594_870_272, "567 MiB"), (10 << 30, "10 GiB")];
        for (n, want) in sizes {
            assert_eq!(bytes(n), want);
        }
        assert_eq!(bytes(u64::MAX), "16 EiB");
        assert_eq!(grouped(6_746), "6 746");
        assert_eq!(grouped(123_456_789), "123 456 789");
        assert_eq!(grouped(12), "12");
    }

    #[test]
    fn durations() {
        let cases =
            [(173, "~0.2s"), (86_400_000, "1d"), (5_400_000, "1.5h"), (86_390_000, "~24.0h"), (0, "0s")];
        for (ms, want) in cases {
            assert_eq!(duration(ms), want);
        }
    }

    #[test]
    fn labels_of_servers() {
        assert_eq!(labels(0b101), "A,C");
    }

    #[test]
    fn versions() {
        assert_eq!(version(Version(0x0003_00EA)), "3.0.117");
        assert_eq!(version(Version(0x0003_00EB)), "3.0.117 PRO");
        assert_eq!(version(Version(0)), "0.0.0");
    }
}
