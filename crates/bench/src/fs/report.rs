//! Results, as a table and as JSON.

use crate::timing::{Done, Timing};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Operations per second.
    #[serde(rename = "ops/s")]
    OpsPerSecond,
    /// 1,048,576 bytes per second.
    #[serde(rename = "MiB/s")]
    MibPerSecond,
    /// Microseconds of something per operation: no rate, but stands in the same tables.
    #[serde(rename = "us/op")]
    MicrosPerOp,
}

impl Unit {
    /// How it is shown in tables.
    pub fn label(self) -> &'static str {
        match self {
            Unit::OpsPerSecond => "/s",
            Unit::MibPerSecond => "MiB/s",
            Unit::MicrosPerOp => "us/op",
        }
    }
}

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the test, stable between versions.
    pub test: String,
    /// Threads that ran at the same time.
    pub jobs: usize,
    /// The rate, in `unit`.
    pub rate: f64,
    /// What `rate` counts.
    pub unit: Unit,
    /// Timed steps of all threads: what the test's name says; one directory of "list", one block of a stream.
    pub operations: usize,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Median time of an operation, microseconds.
    pub p50_us: f64,
    /// 99th percentile of an operation's time, microseconds.
    pub p99_us: f64,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The directory that was measured.
    pub dir: String,
    /// Type of its file system, from the mount table.
    pub fs_type: String,
    /// What the mount table calls its device.
    pub source: String,
    /// Files per small-file test.
    pub files: usize,
    /// MiB per stream test.
    pub stream_mib: usize,
    /// What "cold" meant.
    pub cold: String,
    /// One per test, in the order they ran.
    pub rows: Vec<Row>,
}

impl Row {
    /// A row from what was timed.
    pub(crate) fn new(test: &str, jobs: usize, timing: &Timing, done: Done) -> Row {
        let seconds = timing.wall.as_secs_f64().max(1e-9);
        let (amount, unit) = match done {
            Done::Bytes(bytes) => (bytes as f64 / 1_048_576.0, Unit::MibPerSecond),
            Done::Operations(count) => (count as f64, Unit::OpsPerSecond),
        };
        Row {
            test: test.into(),
            jobs,
            rate: round(amount / seconds),
            unit,
            operations: timing.each.len(),
            seconds: (seconds * 1e6).round() / 1e6,
            p50_us: percentile(&timing.each, 50),
            p99_us: percentile(&timing.each, 99),
        }
    }

    /// Names of the columns of [`Row::line`].
    pub fn columns() -> String {
        format!(
            "{:<34}{:>5}{:>12} {:<6}{:>10}{:>10}{:>11}{:>11}",
            "test", "jobs", "rate", "", "ops", "seconds", "p50 us", "p99 us"
        )
    }

    /// The row as a line of the table, to stand under [`Row::columns`].
    pub fn line(&self) -> String {
        let unit = self.unit.label();
        let rate = group(self.rate);
        format!(
            "{:<34}{:>5}{:>12} {:<6}{:>10}{:>10.2}{:>11}{:>11}",
            self.test,
            self.jobs,
            rate,
            unit,
            self.operations,
            self.seconds,
            group(self.p50_us),
            group(self.p99_us)
        )
    }
}

impl Report {
    /// First lines of the table: what is measured, and the columns.
    pub fn heading(&self) -> String {
        format!(
            "{} ({}, {}), {} files, streams of {} MiB\ncold: {}\n\n{}",
            self.dir,
            self.fs_type,
            self.source,
            self.files,
            self.stream_mib,
            self.cold,
            Row::columns()
        )
    }

    /// The whole table.
    pub fn table(&self) -> String {
        let mut table = self.heading();
        for row in &self.rows {
            table.push('\n');
            table.push_str(&row.line());
        }
        table
    }
}

fn percentile(ascending: &[Duration], percent: usize) -> f64 {
    match ascending.len() {
        0 => 0.0,
        n => round(ascending[((n - 1) * percent).div_ceil(100)].as_secs_f64() * 1e6),
    }
}

/// Three decimals are more than a measurement knows.
fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}

/// A number with commas between thousands; one decimal below a hundred.
fn group(x: f64) -> String {
    if x < 100.0 {
        return format!("{x:.1}");
    }
    let digits = format!("{x:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [group(0.0), group(99.94), group(100.2), group(1234567.8)],
            ["0.0", "99.9", "100", "1,234,568"]
        );
    }

    #[test]
    fn percentiles() {
        let times: Vec<_> = (1..=100).map(Duration::from_micros).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99)), (51.0, 100.0));
        assert_eq!((percentile(&[], 50), percentile(&times[..1], 99)), (0.0, 1.0));
    }

    #[test]
    fn a_row_counts_operations_or_bytes_and_survives_json() {
        let timing = Timing { wall: Duration::from_secs(2), each: vec![Duration::from_micros(5); 10] };
        let row = Row::new("stat", 1, &timing, Done::Operations(10));
        assert_eq!((row.rate, row.unit), (5.0, Unit::OpsPerSecond));
        let row = Row::new("read", 4, &timing, Done::Bytes(64 << 20));
        assert_eq!((row.rate, row.unit, row.p50_us), (32.0, Unit::MibPerSecond, 5.0));
        let json = serde_json::to_string(&row).unwrap();
        assert!(json.contains(r#""unit":"MiB/s""#), "{json}");
        assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
    }

    #[test]
    fn columns_line_up() {
        let timing = Timing { wall: Duration::from_secs(2), each: vec![Duration::from_micros(5); 10] };
        let report = Report {
            dir: "/mnt".into(),
            fs_type: "fuse".into(),
            source: "mfs#a:1".into(),
            files: 1,
            stream_mib: 1,
            cold: "warm".into(),
            rows: vec![
                Row::new("stat", 1, &timing, Done::Operations(10)),
                Row::new("read", 4, &timing, Done::Bytes(64 << 20)),
            ],
        };
        let table = report.table();
        let widths: Vec<_> = table.lines().skip(3).map(str::len).collect();
        assert_eq!(widths.len(), 3);
        assert!(widths.iter().all(|w| *w == widths[0]), "{table}");
    }
}
