//! The master: its state and its figures.

use super::Blocks;
use crate::options::Set;
use crate::source::Source;
use crate::table::{Align, Block, Cell, Color, Column, Key, Table, column};
use crate::text;
use proto::info::MasterInfo;
use serde_json::json;
use std::net::Ipv4Addr;

const ORDERS: [&str; 12] = [
    "ip",
    "version",
    "state",
    "local_time",
    "metadata_version",
    "metadata_delay",
    "ram",
    "cpu",
    "last_save",
    "last_save_duration",
    "last_save_status",
    "exports_checksum",
];

/// 10^7 is one percent.
fn cpu_percent(n: u64) -> f64 {
    n as f64 / 1e7
}

fn cpu(info: &MasterInfo) -> Cell {
    let (system, user) = (info.system_cpu, info.user_cpu);
    if system + user == 0 {
        return Cell::none("not available");
    }
    let all = system.saturating_add(user);
    let parts = [all, system, user].map(cpu_percent);
    Cell::text(format!("all:{:.7}% sys:{:.7}% user:{:.7}%", parts[0], parts[1], parts[2]))
        .shown(format!("all:{:.2}% sys:{:.2}% user:{:.2}%", parts[0], parts[1], parts[2]))
        .key(Key::Whole(all))
        .json(json!({ "all_percent": parts[0], "system_percent": parts[1], "user_percent": parts[2] }))
}

/// Seconds since 1970, or that it never was.
pub(super) fn time(unix: u32) -> Cell {
    if unix == 0 { Cell::none("-") } else { Cell::number(unix).shown(text::long_time(unix)) }
}

fn save_duration(info: &MasterInfo) -> Cell {
    if info.saved_at == 0 {
        return Cell::none("-");
    }
    let seconds = f64::from(info.save_ms) / 1000.0;
    Cell::text(format!("{seconds:.3}"))
        .shown(text::duration(info.save_ms.into()))
        .key(Key::Whole(info.save_ms.into()))
        .json(seconds)
}

fn save_status(info: &MasterInfo, downloaded: &str) -> Cell {
    if info.saved_at == 0 {
        return Cell::none("-");
    }
    match info.save_status {
        0 => Cell::text("Saved in background").color(Color::Green),
        1 => Cell::text(downloaded).color(Color::Green),
        2 => Cell::text("Saved in foreground").color(Color::Yellow),
        other => Cell::text(format!("Unknown status: {other}")).color(Color::Red),
    }
}

/// `-` for a single master.
fn state(info: &MasterInfo) -> Cell {
    const NAMES: [&str; 5] = ["DUMMY", "LEADER", "ELECT", "FOLLOWER", "USURPER"];
    let name = |role: u8| NAMES.get(usize::from(role)).copied();
    let [now, next, stable, sync] = info.roles;
    match (name(now), name(next)) {
        (None, _) => Cell::none("-"),
        (Some(now), Some(next)) if stable == 0 => Cell::text(format!("transition {now} -> {next}")),
        (Some("FOLLOWER"), _) if sync == 0 => Cell::text("FOLLOWER (DESYNC)"),
        (Some(now), _) => Cell::text(now),
    }
}

fn columns() -> Vec<Column> {
    let head = |name, head: &str| column(name, &[head]);
    vec![
        head("ip", "ip"),
        head("version", "version"),
        head("state", "state").center(),
        head("local_time", "local time"),
        head("metadata_version", "metadata version"),
        head("metadata_delay", "metadata delay"),
        head("ram", "RAM used"),
        head("cpu", "CPU used"),
        head("last_save", "last meta save"),
        head("last_save_duration", "last save duration"),
        head("last_save_status", "last save status"),
        head("exports_checksum", "exports checksum"),
    ]
}

fn address(ip: Ipv4Addr) -> Cell {
    Cell::text(ip.to_string()).key(Key::Whole(u32::from(ip).into()))
}

/// A master that does not answer.
fn dead(ip: Ipv4Addr) -> Vec<Cell> {
    let unknown = || Cell::none("not available");
    let mut row = vec![address(ip), Cell::none("0.0.0"), Cell::text("DEAD").color(Color::Red)];
    row.extend([unknown(), Cell::none("0"), unknown(), unknown(), unknown()]);
    row.resize_with(ORDERS.len(), || Cell::none("-"));
    row
}

/// `IM` when nobody answers.
pub(crate) fn all_dead(ips: impl Iterator<Item = Ipv4Addr>) -> Table {
    let mut table = Table::new("metadata servers", "Metadata Servers", columns());
    table.rows = ips.map(dead).collect();
    table
}

/// `IM`
pub(super) fn states(source: &mut Source, set: &Set) -> Blocks {
    let mut table = Table::new("metadata servers", "Metadata Servers", columns());
    for (ip, info) in &source.masters {
        let Some(info) = info else {
            table.rows.push(dead(*ip));
            continue;
        };
        let (seconds, micros) = (info.time_us / 1_000_000, info.time_us % 1_000_000);
        let seconds32 = u32::try_from(seconds).unwrap_or(u32::MAX);
        table.rows.push(vec![
            address(*ip),
            Cell::text(text::version(info.version)).key(Key::Whole(info.version.0.into())),
            state(info),
            Cell::text(format!("{seconds}.{micros:06}"))
                .shown(text::long_time(seconds32))
                .key(Key::Whole(info.time_us))
                .json(info.time_us as f64 / 1e6),
            Cell::text(text::grouped(info.metadata_version))
                .key(Key::Whole(info.metadata_version))
                .json(info.metadata_version),
            Cell::none("not available"),
            if info.memory == 0 { Cell::none("not available") } else { Cell::bytes(info.memory) },
            cpu(info),
            time(info.saved_at),
            save_duration(info),
            save_status(info, "Downloaded from other master"),
            checksum(info.exports_checksum),
        ]);
    }
    table.sort(&ORDERS, &["ip"], set);
    Ok(vec![Block::Table(table)])
}

fn checksum(sum: u64) -> Cell {
    if sum == 0 { Cell::none("-") } else { Cell::text(format!("{sum:016X}")).color(Color::Green) }
}

/// `IG`: a line for each figure.
pub(super) fn info(source: &mut Source) -> Blocks {
    let Some(info) = source.info() else { return Ok(Vec::new()) };
    let fraction = |n: u64| {
        let percent = cpu_percent(n);
        Cell::text(format!("{:.9}", percent / 100.0)).shown(format!("{percent:.2}%")).json(percent / 100.0)
    };
    let cpu_all = info.system_cpu.saturating_add(info.user_cpu);
    let mut rows: Vec<(&str, Cell)> = vec![
        ("master version", Cell::text(text::version(info.version))),
        ("RAM used", if info.memory == 0 { Cell::none("not available") } else { Cell::bytes(info.memory) }),
    ];
    if cpu_all == 0 {
        rows.push(("CPU used", Cell::none("not available")));
    } else {
        rows.push(("CPU used (system)", fraction(info.system_cpu)));
        rows.push(("CPU used (user)", fraction(info.user_cpu)));
    }
    rows.extend([
        ("total space", Cell::bytes(info.total_space)),
        ("avail space", Cell::bytes(info.avail_space)),
        ("free space", Cell::bytes(info.free_space)),
        ("trash space", Cell::bytes(info.trash_space)),
        ("trash files", Cell::number(info.trash_files)),
        ("sustained space", Cell::bytes(info.sustained_space)),
        ("sustained files", Cell::number(info.sustained_files)),
        ("all fs objects", Cell::number(info.nodes)),
        ("directories", Cell::number(info.dirs)),
        ("files", Cell::number(info.files)),
        ("chunks", Cell::number(info.chunks)),
        ("all chunk copies", Cell::number(info.all_copies)),
        ("regular chunk copies", Cell::number(info.regular_copies)),
        ("last successful store", time(info.saved_at)),
        ("last save duration", save_duration(&info)),
        ("last save status", save_status(&info, "Downloaded from another master")),
    ]);
    let plain = rows
        .iter()
        .map(|(name, cell)| vec!["master info:".into(), (*name).into(), cell.plain.clone()])
        .collect();
    let json = rows.iter().map(|(name, cell)| (name.replace(' ', "_"), cell.json.clone())).collect();
    let columns = vec![column("name", &[]).left(), Column { align: Align::Right, ..column("value", &[]) }];
    let mut table = Table::new("master info", "Master Info", columns);
    table.no_heads = true;
    if cpu_all > 0 {
        // People see the sum too.
        rows.insert(2, ("CPU used", fraction(cpu_all)));
    }
    table.rows = rows.into_iter().map(|(name, cell)| vec![Cell::text(name), cell]).collect();
    Ok(vec![Block::Facts {
        plain,
        tables: vec![table],
        drawing: None,
        json: serde_json::Value::Object(json),
    }])
}
