//! Disks of all chunkservers.

use super::Blocks;
use crate::options::Set;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Color, Column, Key, Table, column};
use crate::text::{bytes, percent, short_time};
use admin::Connection;
use proto::info::{CservInfo, CservList, CservListReply, DiskInfo, DiskStats, HddList, HddListReply};

const MARKED: u8 = 1;
const DAMAGED: u8 = 2;
const SCANNING: u8 = 4;
const INVALID: u8 = 8;

const ORDERS: [&str; 15] = [
    "path",
    "chunks",
    "last_error",
    "status",
    "read_per_second",
    "write_per_second",
    "read_us",
    "write_us",
    "fsync_us",
    "reads",
    "writes",
    "fsyncs",
    "used",
    "total",
    "used_percent",
];

/// Which of the figures: of the last minute, hour or day; the longest or the average time.
#[derive(Clone, Copy)]
struct View {
    period: usize,
    average: bool,
}

fn columns(view: View) -> Vec<Column> {
    let period = ["min", "hour", "day"][view.period];
    let stats = format!("I/O stats last {period}");
    let time = if view.average { "avg time" } else { "max time" };
    let io = |name, group: &str, head: &str| column(name, &[&stats, group, head]);
    vec![
        column("path", &["info", "IP path"]).left(),
        column("chunks", &["info", "chunks"]),
        column("last_error", &["info", "last error"]),
        column("status", &["info", "status"]),
        io("read_per_second", "transfer", "read"),
        io("write_per_second", "transfer", "write"),
        io("read_us", time, "read"),
        io("write_us", time, "write"),
        io("fsync_us", time, "fsync"),
        io("reads", "# of ops", "read"),
        io("writes", "# of ops", "write"),
        io("fsyncs", "# of ops", "fsync"),
        column("used", &["space", "used"]),
        column("total", &["space", "total"]),
        column("used_percent", &["space", "used %"]).for_people(),
    ]
}

fn status(flags: u8, server: &CservInfo) -> Cell {
    let mut words = Vec::new();
    if flags & INVALID != 0 {
        words.push("invalid");
    }
    if flags & DAMAGED != 0 && flags & INVALID == 0 {
        words.push("damaged");
    }
    if flags & MARKED != 0 {
        words.push(match server.removal_state {
            1 => "marked for removal (not ready)",
            2 => "marked for removal (ready)",
            _ => "marked for removal",
        });
    }
    if flags & SCANNING != 0 {
        words.push("scanning");
    }
    if words.is_empty() {
        return Cell::text("ok");
    }
    let bad = flags & (INVALID | DAMAGED) != 0;
    Cell::text(words.join(", ")).color(if bad { Color::Red } else { Color::Yellow })
}

/// Transfer, times and numbers of operations.
fn io(stats: &DiskStats, average: bool) -> [Cell; 8] {
    if *stats == DiskStats::default() {
        return std::array::from_fn(|_| Cell::none("-"));
    }
    let per = |n: u64, by: u64| n.checked_div(by).unwrap_or(0);
    let rate = |n: u64, us: u64| {
        let rate = u64::try_from(u128::from(n) * 1_000_000 / u128::from(us.max(1))).unwrap_or(u64::MAX);
        let rate = if us == 0 { 0 } else { rate };
        Cell::number(rate).shown(format!("{}/s", bytes(rate)))
    };
    let time = |us: u64| Cell::number(us).shown(format!("{us} us"));
    let times = if average {
        [
            per(stats.read_us, stats.reads.into()),
            per(stats.write_us, stats.writes.into()),
            per(stats.fsync_us, stats.fsyncs.into()),
        ]
    } else {
        [stats.max_read_us, stats.max_write_us, stats.max_fsync_us].map(u64::from)
    };
    let [read, write, fsync] = times.map(time);
    [
        rate(stats.bytes_read, stats.read_us),
        rate(stats.bytes_written, stats.write_us.saturating_add(stats.fsync_us)),
        read,
        write,
        fsync,
        Cell::number(stats.reads),
        Cell::number(stats.writes),
        Cell::number(stats.fsyncs),
    ]
}

fn row(info: &DiskInfo<'_>, server: &CservInfo, view: View) -> Vec<Cell> {
    let disk = &info.disk;
    let path = text(disk.path.as_bytes());
    let key = format!("{:08X}{:05}{path}", u32::from(*server.addr.ip()), server.addr.port());
    let last_error = if disk.last_error_time == 0 && disk.last_error_chunk.0 == 0 {
        Cell::none("no errors")
    } else {
        Cell::number(disk.last_error_time).shown(short_time(disk.last_error_time))
    };
    let space = if disk.flags & SCANNING != 0 {
        [Cell::text("progress:"), Cell::number(disk.used).shown(format!("{}%", disk.used)), Cell::none("-")]
    } else {
        let share = Cell::percent(percent(disk.used, disk.total), "%");
        [Cell::bytes(disk.used), Cell::bytes(disk.total), share]
    };
    let mut row = vec![
        Cell::text(format!("{}:{path}", server.addr)).key(Key::Text(key)),
        Cell::number(disk.chunks),
        last_error,
        status(disk.flags, server),
    ];
    row.extend(io(&info.stats[view.period], view.average));
    row.extend(space);
    row
}

/// `HD`: a server that does not answer has no rows, as in stock, but is named on stderr.
pub(super) fn disks(source: &mut Source, set: &Set) -> Blocks {
    let mode = if set.mode < 6 { set.mode as usize } else { 0 };
    let view = View { period: mode / 2, average: mode % 2 == 1 };
    let reply: CservListReply<'_> = source.ask(&CservList {})?;
    let servers: Vec<CservInfo> = reply.servers.iter().filter(|server| server.flags & 1 == 0).collect();
    let mut table = Table::new("disks", "Disks", columns(view));
    for server in servers.iter().filter(|server| server.addr.port() > 0) {
        let mut connection = Connection::new(server.addr);
        match connection.ask::<_, HddListReply<'_>>(&HddList {}) {
            Ok(reply) => table.rows.extend(reply.disks.iter().map(|disk| row(&disk, server, view))),
            Err(error) => eprintln!("mfscli: {error}"),
        }
    }
    table.sort(&ORDERS, &["path"], set);
    Ok(vec![Block::Table(table)])
}
