//! Which series there are (`spec/admin-and-monitoring.md` 8.2). Their order and names are on the wire and in files.

/// How samples that fall into one slot are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Their sum.
    Add,
    /// The largest.
    Max,
}

/// What the axis of a picture shows, and so what a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Microseconds of processor time; shown as percent of one processor.
    Percent,
    /// A count, shown per minute.
    PerMinute,
    /// Packets, shown per second.
    PerSecond,
    /// Bytes, shown as bits per second.
    BitsPerSecond,
    /// Bytes, shown per second.
    BytesPerSecond,
    /// Nanoseconds, shown as the fraction of time.
    Time,
    /// A number that is shown as it is: bytes of memory or disk, jobs.
    Level,
}

impl Axis {
    /// What the axis shows for a sample summed over `minutes`.
    pub fn value(self, sample: u64, minutes: u32) -> f64 {
        let (sample, seconds) = (sample as f64, 60.0 * f64::from(minutes));
        match self {
            Axis::Percent => sample * 1e-6 * 100.0 / seconds,
            Axis::PerMinute => sample * 60.0 / seconds,
            Axis::PerSecond | Axis::BytesPerSecond => sample / seconds,
            Axis::BitsPerSecond => sample * 8.0 / seconds,
            Axis::Time => sample * 1e-9 / seconds,
            Axis::Level => sample,
        }
    }
}

/// One series.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Its name in the file and in tools.
    pub name: &'static str,
    /// Its four letters.
    pub code: [u8; 4],
    /// How samples are joined.
    pub join: Join,
    /// How it is shown.
    pub axis: Axis,
}

/// Two series in one picture, the first on top of the second. When `above` is set, the first is shown only as far as it
/// exceeds the second, as total space over used space.
#[derive(Clone, Copy, Debug)]
pub struct Combined {
    /// Its name in tools.
    pub name: &'static str,
    /// Its four letters.
    pub code: [u8; 4],
    /// Numbers of the two series.
    pub layers: [usize; 2],
    /// True when the first contains the second.
    pub above: bool,
}

/// All series and combined charts of a daemon.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Charts 0 and up.
    pub series: &'static [Series],
    /// Charts 100 and up.
    pub combined: &'static [Combined],
}

const fn add(name: &'static str, code: &[u8; 4], axis: Axis) -> Series {
    Series { name, code: *code, join: Join::Add, axis }
}

const fn max(name: &'static str, code: &[u8; 4]) -> Series {
    Series { name, code: *code, join: Join::Max, axis: Axis::Level }
}

const fn stacked(name: &'static str, code: &[u8; 4], layers: [usize; 2]) -> Combined {
    Combined { name, code: *code, layers, above: false }
}

const fn above(name: &'static str, code: &[u8; 4], layers: [usize; 2]) -> Combined {
    Combined { name, code: *code, layers, above: true }
}

use Axis::{BitsPerSecond, BytesPerSecond, PerMinute, PerSecond, Percent, Time};

/// Those of the master.
pub const MASTER: Table = Table { series: MASTER_SERIES, combined: MASTER_COMBINED };

const MASTER_SERIES: &[Series] = &[
    add("ucpu", b"UCPU", Percent),
    add("scpu", b"SCPU", Percent),
    add("delete", b"DELC", PerMinute),
    add("replicate", b"REPC", PerMinute),
    add("statfs", b"STFS", PerMinute),
    add("getattr", b"GATR", PerMinute),
    add("setattr", b"SATR", PerMinute),
    add("lookup", b"LOOK", PerMinute),
    add("mkdir", b"MKDI", PerMinute),
    add("rmdir", b"RMDI", PerMinute),
    add("symlink", b"SLNK", PerMinute),
    add("readlink", b"RLNK", PerMinute),
    add("mknod", b"MKND", PerMinute),
    add("unlink", b"UNLK", PerMinute),
    add("rename", b"RENA", PerMinute),
    add("link", b"LINK", PerMinute),
    add("readdir", b"RDIR", PerMinute),
    add("open", b"OPEN", PerMinute),
    add("read", b"READ", PerMinute),
    add("write", b"WRIT", PerMinute),
    max("memoryrss", b"MEMR"),
    add("prcvd", b"PRCV", PerSecond),
    add("psent", b"PSNT", PerSecond),
    add("brcvd", b"BRCV", BitsPerSecond),
    add("bsent", b"BSNT", BitsPerSecond),
    max("memoryvirt", b"MEMV"),
    max("usedspace", b"USPC"),
    max("totalspace", b"TSPC"),
    add("create", b"NEWC", PerMinute),
    add("change", b"INTC", PerMinute),
    add("delete_ok", b"DELO", PerMinute),
    add("delete_err", b"DELE", PerMinute),
    add("replicate_ok", b"REPO", PerMinute),
    add("replicate_err", b"REPE", PerMinute),
    add("create_ok", b"NEWO", PerMinute),
    add("create_err", b"NEWE", PerMinute),
    add("change_ok", b"INTO", PerMinute),
    add("change_err", b"INTE", PerMinute),
];

const MASTER_COMBINED: &[Combined] = &[
    stacked("cpu", b"TCPU", [0, 1]),
    above("mem", b"TMEM", [25, 20]),
    above("space", b"SPAC", [27, 26]),
    stacked("delete_stat", b"DELS", [31, 30]),
    stacked("replicate_stat", b"REPS", [33, 32]),
    stacked("create_stat", b"NEWS", [35, 34]),
    stacked("change_stat", b"INTS", [37, 36]),
];

/// Those of a chunkserver.
pub const CHUNKSERVER: Table = Table { series: CHUNKSERVER_SERIES, combined: CHUNKSERVER_COMBINED };

const CHUNKSERVER_SERIES: &[Series] = &[
    add("ucpu", b"UCPU", Percent),
    add("scpu", b"SCPU", Percent),
    add("masterin", b"MSTI", BitsPerSecond),
    add("masterout", b"MSTO", BitsPerSecond),
    add("csrepin", b"REPI", BitsPerSecond),
    add("csrepout", b"REPO", BitsPerSecond),
    add("csservin", b"SRVI", BitsPerSecond),
    add("csservout", b"SRVO", BitsPerSecond),
    add("hdrbytesr", b"HRBR", BytesPerSecond),
    add("hdrbytesw", b"HRBW", BytesPerSecond),
    add("hdrllopr", b"HROR", PerMinute),
    add("hdrllopw", b"HROW", PerMinute),
    add("databytesr", b"DTBR", BytesPerSecond),
    add("databytesw", b"DTBW", BytesPerSecond),
    add("datallopr", b"DTOR", PerMinute),
    add("datallopw", b"DTOW", PerMinute),
    add("hlopr", b"HLOR", PerMinute),
    add("hlopw", b"HLOW", PerMinute),
    add("rtime", b"TIMR", Time),
    add("wtime", b"TIMW", Time),
    add("repl", b"REPC", PerMinute),
    add("create", b"CREC", PerMinute),
    add("delete", b"DELC", PerMinute),
    add("version", b"VERC", PerMinute),
    add("duplicate", b"DUPC", PerMinute),
    add("truncate", b"TRUC", PerMinute),
    add("duptrunc", b"DTRC", PerMinute),
    add("test", b"TSTC", PerMinute),
    max("load", b"LOAD"),
    max("memoryrss", b"MEMR"),
    max("memoryvirt", b"MEMV"),
    add("movels", b"MOVL", PerMinute),
    add("movehs", b"MOVH", PerMinute),
    add("change", b"CHGC", PerMinute),
];

const CHUNKSERVER_COMBINED: &[Combined] = &[
    stacked("cpu", b"TCPU", [0, 1]),
    stacked("bwin", b"BWIN", [4, 6]),
    stacked("bwout", b"BWOU", [5, 7]),
    stacked("hddread", b"HDBR", [8, 12]),
    stacked("hddwrite", b"HDBW", [9, 13]),
    stacked("hddopsr", b"HDOR", [10, 14]),
    stacked("hddopsw", b"HDOW", [11, 15]),
    above("mem", b"TMEM", [30, 29]),
    stacked("move", b"MOVE", [31, 32]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sound() {
        for (table, series) in [(MASTER, 38), (CHUNKSERVER, 34)] {
            assert_eq!(table.series.len(), series);
            let names = table.series.iter().map(|s| (s.name, s.code));
            let all: Vec<_> = names.chain(table.combined.iter().map(|c| (c.name, c.code))).collect();
            for (i, (name, code)) in all.iter().enumerate() {
                assert!(code.iter().all(u8::is_ascii_uppercase), "{name}");
                assert!(all[..i].iter().all(|(n, c)| n != name && c != code), "{name} twice");
            }
            for combined in table.combined {
                let [a, b] = combined.layers.map(|n| (table.series[n].axis, table.series[n].join));
                assert_eq!(a, b, "{}: layers of one kind", combined.name);
            }
        }
    }

    #[test]
    fn values() {
        assert!((Axis::Percent.value(30_000_000, 1) - 50.0).abs() < 1e-9);
        assert!((Axis::BitsPerSecond.value(60_000, 1) - 8000.0).abs() < 1e-9);
        assert!((Axis::PerMinute.value(60, 6) - 10.0).abs() < 1e-9);
        assert!((Axis::Time.value(6_000_000_000, 1) - 0.1).abs() < 1e-9);
    }
}
