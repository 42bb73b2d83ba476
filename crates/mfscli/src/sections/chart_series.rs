//! Which columns of chart data there are: the series of the daemons under the names and headings that stock uses.

use charts::{Axis, CHUNKSERVER, MASTER, Series, Table};

/// Headings of the master's series, in their order.
const MASTER_HEADS: [&str; 38] = [
    "User cpu usage",
    "System cpu usage",
    "Number of chunk deletions",
    "Number of chunk replications",
    "Number of statfs operations",
    "Number of getattr operations",
    "Number of setattr operations",
    "Number of lookup operations",
    "Number of mkdir operations",
    "Number of rmdir operations",
    "Number of symlink operations",
    "Number of readlink operations",
    "Number of mknod operations",
    "Number of unlink operations",
    "Number of rename operations",
    "Number of link operations",
    "Number of readdir operations",
    "Number of open operations",
    "Number of read operations",
    "Number of write operations",
    "Resident memory usage",
    "Received packets",
    "Sent packets",
    "Received bytes",
    "Sent bytes",
    "Virtual memory usage",
    "RAW disk space usage",
    "RAW disk space connected",
    "Number of chunk creation attempts",
    "Number of chunk internal operation attempts",
    "Number of successful chunk deletions",
    "Number of unsuccessful chunk deletions",
    "Number of successful chunk replications",
    "Number of unsuccessful chunk replications",
    "Number of successful chunk creations",
    "Number of unsuccessful chunk creations",
    "Number of successful chunk internal operations",
    "Number of unsuccessful chunk internal operations",
];

/// Headings of a chunkserver's series, in their order.
const SERVER_HEADS: [&str; 34] = [
    "User cpu usage",
    "System cpu usage",
    "Data received from master",
    "Data sent to master",
    "Data received by replicator",
    "Data sent by replicator",
    "Data received by csserv",
    "Data sent by csserv",
    "Bytes read (headers)",
    "Bytes written (headers)",
    "Low level reads (headers)",
    "Low level writes (headers)",
    "Bytes read (data)",
    "Bytes written (data)",
    "Low level reads (data)",
    "Low level writes (data)",
    "High level reads",
    "High level writes",
    "Read time",
    "Write time",
    "Replicate chunk ops",
    "Create chunk ops",
    "Delete chunk ops",
    "Set version ops",
    "Duplicate ops",
    "Truncate ops",
    "Duptrunc (duplicate+truncate) ops",
    "Test chunk ops",
    "Server load",
    "Resident memory usage",
    "Virtual memory usage",
    "Low speed move ops",
    "High speed move ops",
    "Change ops",
];

/// Short names that stock takes too.
const SHORT: [(&str, &str); 9] = [
    ("del", "delete"),
    ("rep", "replicate"),
    ("repl", "replicate"),
    ("memrss", "memoryrss"),
    ("rmem", "memoryrss"),
    ("mem", "memoryrss"),
    ("memvirt", "memoryvirt"),
    ("vmem", "memoryvirt"),
    ("virtmem", "memoryvirt"),
];

/// Whose charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Daemon {
    Master,
    Chunkserver,
}

/// A column: the sum of one or two series.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Numbers of the series.
    pub(super) series: Vec<u32>,
    pub(super) head: &'static str,
    pub(super) axis: Axis,
    /// A count of jobs, not of bytes.
    pub(super) jobs: bool,
}

impl Daemon {
    fn table(self) -> (&'static Table, &'static [&'static str]) {
        match self {
            Daemon::Master => (&MASTER, &MASTER_HEADS),
            Daemon::Chunkserver => (&CHUNKSERVER, &SERVER_HEADS),
        }
    }

    /// The column of that name.
    pub(super) fn column(self, name: &str) -> Option<Column> {
        if name == "cpu" {
            let head = "Cpu usage (total sys+user)";
            return Some(Column { series: vec![0, 1], head, axis: Axis::Percent, jobs: false });
        }
        let (table, heads) = self.table();
        let named = |name: &str| table.series.iter().position(|series: &Series| series.name == name);
        let long = || SHORT.iter().find(|(short, _)| *short == name).and_then(|(_, long)| named(long));
        let number = named(name).or_else(long)?;
        let series = table.series[number];
        Some(Column {
            series: vec![u32::try_from(number).ok()?],
            head: heads.get(number).copied().unwrap_or(series.name),
            axis: series.axis,
            jobs: series.name == "load",
        })
    }
}

impl Column {
    /// A sample as stock shows it; `raw` without conversion. `seconds` is what it was summed over.
    pub(super) fn shown(&self, sample: u64, seconds: f64, raw: bool) -> String {
        let n = sample as f64;
        match self.axis {
            Axis::Percent if raw => format!("{:.8}%", n / 1e4 / seconds),
            Axis::Percent => format!("{:.2}%", n / 1e4 / seconds),
            Axis::Level if self.jobs => format!("{sample} threads"),
            _ if raw => sample.to_string(),
            Axis::Level => crate::text::bytes(sample),
            Axis::Time => format!("{:.2}%", n / 1e7 / seconds),
            Axis::BytesPerSecond => format!("{:.3}MB/s", n / f64::from(1 << 20) / seconds),
            Axis::PerMinute | Axis::PerSecond | Axis::BitsPerSecond => format!("{:.3}/s", n / seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_a_heading() {
        assert_eq!(MASTER.series.len(), MASTER_HEADS.len());
        assert_eq!(CHUNKSERVER.series.len(), SERVER_HEADS.len());
        assert_eq!(Daemon::Master.column("vmem").unwrap().head, "Virtual memory usage");
        assert!(Daemon::Chunkserver.column("statfs").is_none());
    }

    /// What stock showed of these samples.
    #[test]
    fn samples_as_stock_shows_them() {
        let cases = [
            (Daemon::Master, "cpu", 4_847_230, "8.08%", "8.07871667%"),
            (Daemon::Master, "psent", 60, "1.000/s", "60"),
            (Daemon::Master, "brcvd", 728, "12.133/s", "728"),
            (Daemon::Master, "usedspace", 185_332_416_512, "173 GiB", "185332416512"),
            (Daemon::Chunkserver, "hdrbytesr", 24_576, "0.000MB/s", "24576"),
            (Daemon::Chunkserver, "load", 1, "1 threads", "1 threads"),
            (Daemon::Chunkserver, "wtime", 8182, "0.00%", "8182"),
        ];
        for (daemon, name, sample, shown, raw) in cases {
            let column = daemon.column(name).unwrap();
            assert_eq!(column.shown(sample, 60.0, false), shown, "{name}");
            assert_eq!(column.shown(sample, 60.0, true), raw, "{name}");
        }
    }
}
