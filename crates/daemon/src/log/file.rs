//! LOG_FILE.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::Level;

/// A file that messages are appended to.
#[derive(Debug)]
pub(super) struct LogFile(File);

impl LogFile {
    /// Opens or creates it. A relative path starts at DATA_PATH.
    pub(super) fn open(path: &str) -> io::Result<LogFile> {
        OpenOptions::new().append(true).create(true).open(path).map(LogFile)
    }

    /// Appends one line. A full disk loses log lines, not the daemon.
    pub(super) fn write(&mut self, level: &Level, text: &str) {
        let _ = self.0.write_all(line(level, text).as_bytes());
    }
}

/// `2026-11-25T01:02:03.456Z WARN text`.
pub(super) fn line(level: &Level, text: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:03}Z {level:5} {text}\n", utc(now.as_secs()), now.subsec_millis())
}

/// A Unix time as `2026-11-25T01:02:03`.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86400, seconds % 86400);
    // Days since 0000-03-01 in eras of 400 years (Hinnant's civil_from_days).
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn known_times() {
        assert_eq!(utc(0), "1970-01-01T00:00:00");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00");
        assert_eq!(utc(1_795_568_767), "2026-11-25T01:06:07");
        assert_eq!(utc(4_102_444_800), "2100-01-01T00:00:00");
    }
}
