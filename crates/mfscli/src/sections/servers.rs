//! Chunkservers and metaloggers.

use super::Blocks;
use crate::options::Set;
use crate::source::Source;
use crate::table::{Block, Cell, Color, Column, Key, Table, column};
use crate::text::{labels, percent, version};
use proto::info::{CservInfo, CservList, CservListReply, MlogInfo, MlogList, MlogListReply};
use std::net::SocketAddrV4;

const DISCONNECTED: u8 = 0x01;
const MAINTENANCE: u8 = 0x02;
const TEMPORARY: u8 = 0x04;

const ORDERS: [&str; 12] = [
    "host",
    "port",
    "id",
    "version",
    "chunks",
    "used",
    "total",
    "used_percent",
    "removed_chunks",
    "removed_used",
    "removed_total",
    "removed_used_percent",
];

/// A host, sorted by address and port.
pub(super) fn host(source: &mut Source, addr: SocketAddrV4) -> Cell {
    let key = u64::from(u32::from(*addr.ip())) << 16 | u64::from(addr.port());
    Cell::text(source.host(*addr.ip())).key(Key::Whole(key))
}

fn load(server: &CservInfo) -> Cell {
    let n = server.load;
    let shown = match server.grace_time {
        0 => n.to_string(),
        1..0x8000_0000 => format!("[{n}]"),
        0x8000_0000..0xC000_0000 => format!("({n})"),
        _ => format!("<{n}>"),
    };
    Cell::text(shown).key(Key::Whole(n.into())).json(n)
}

/// Spelled otherwise for servers that are away, as in stock.
fn maintenance(flags: u8, temporary: &str) -> Cell {
    match (flags & MAINTENANCE != 0, flags & TEMPORARY != 0) {
        (false, _) => Cell::text("maintenance_off").shown("off").json("off"),
        (true, false) => Cell::text("maintenance_on").shown("on").json("on"),
        (true, true) => Cell::text(temporary).shown("on (temp)").json("temporary"),
    }
}

fn removal(server: &CservInfo) -> Cell {
    if server.td_chunks == 0 {
        return Cell::none("-");
    }
    match server.removal_state {
        1 => Cell::text("NOT READY").color(Color::Red),
        2 => Cell::text("READY").color(Color::Green),
        _ => Cell::text("PENDING").color(Color::Yellow),
    }
}

fn columns() -> Vec<Column> {
    const REGULAR: &str = "'regular' hdd space";
    const REMOVED: &str = "'marked for removal' hdd space";
    vec![
        column("host", &["ip/host"]),
        column("port", &["port"]),
        column("id", &["id"]),
        column("labels", &["labels"]),
        column("version", &["version"]),
        column("load", &["load"]),
        column("maintenance", &["maintenance"]),
        column("chunks", &[REGULAR, "chunks"]),
        column("used", &[REGULAR, "used"]),
        column("total", &[REGULAR, "total"]),
        column("used_percent", &[REGULAR, "% used"]).for_people(),
        column("removal_status", &[REMOVED, "status"]),
        column("removed_chunks", &[REMOVED, "chunks"]),
        column("removed_used", &[REMOVED, "used"]),
        column("removed_total", &[REMOVED, "total"]),
        column("removed_used_percent", &[REMOVED, "% used"]).for_people(),
    ]
}

/// `CS`
pub(super) fn chunkservers(source: &mut Source, set: &Set) -> Blocks {
    let reply: CservListReply<'_> = source.ask(&CservList {})?;
    let servers: Vec<CservInfo> = reply.servers.iter().collect();
    let away = vec![
        column("host", &["ip/host"]),
        column("port", &["port"]),
        column("id", &["id"]),
        column("maintenance", &["maintenance"]),
        column("change", &["change maintenance command"]).left().for_people(),
        column("remove", &["remove command"]).left().for_people(),
    ];
    let mut here = Table::new("chunk servers", "Chunk Servers", columns());
    let mut gone = Table::new("Disconnected chunk servers", "Disconnected Chunk Servers", away);
    for server in servers {
        let place = [host(source, server.addr), Cell::number(server.addr.port()), Cell::number(server.csid)];
        if server.flags & DISCONNECTED != 0 {
            let (leader, addr) = (source.leader(), server.addr);
            let command = |code: &str| {
                let (ip, port) = (addr.ip(), addr.port());
                Cell::text(format!("mfscli -H {} -P {} -C{code}/{ip}/{port}", leader.ip(), leader.port()))
            };
            let change = command(if server.flags & MAINTENANCE != 0 { "M0" } else { "M1" });
            let state = maintenance(server.flags, "maintenance_temp_on");
            gone.rows.push(place.into_iter().chain([state, change, command("RC")]).collect());
            continue;
        }
        let version_key = Key::Whole(server.version.0.0.into());
        let rest = [
            Cell::text(labels(server.labels)),
            Cell::text(version(server.version.0)).key(version_key),
            load(&server),
            maintenance(server.flags, "maintenance_tmp_on"),
            Cell::number(server.chunks),
            Cell::bytes(server.used),
            Cell::bytes(server.total),
            Cell::percent(percent(server.used, server.total), "%"),
            removal(&server),
            Cell::number(server.td_chunks),
            Cell::bytes(server.td_used),
            Cell::bytes(server.td_total),
            Cell::percent(percent(server.td_used, server.td_total), "%"),
        ];
        here.rows.push(place.into_iter().chain(rest).collect());
    }
    here.sort(&ORDERS, &["host"], set);
    gone.sort(&ORDERS, &["host"], set);
    let mut blocks = vec![Block::Table(here)];
    if !gone.rows.is_empty() {
        blocks.push(Block::Table(gone));
    }
    Ok(blocks)
}

/// `MB`
pub(super) fn metaloggers(source: &mut Source, set: &Set) -> Blocks {
    let reply: MlogListReply<'_> = source.ask(&MlogList {})?;
    let loggers: Vec<MlogInfo> = reply.metaloggers.iter().collect();
    let columns = vec![column("host", &["ip/host"]), column("version", &["version"])];
    let mut table = Table::new("metadata backup loggers", "Metadata Backup Loggers", columns);
    for logger in loggers {
        let host = host(source, SocketAddrV4::new(logger.ip, 0));
        let version = Cell::text(version(logger.version)).key(Key::Whole(logger.version.0.into()));
        table.rows.push(vec![host, version]);
    }
    table.sort(&["host", "version"], &["host"], set);
    Ok(vec![Block::Table(table)])
}
