//! What may be mounted by whom.

use super::Blocks;
use super::session_fields::{self, Fields};
use crate::options::Set;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Key, Table, column};
use proto::info::{ExportEntry, ExportsInfo, ExportsInfoReply};
use std::net::Ipv4Addr;
use types::Tag;

const ALL_DIRS: u8 = 1;
const PASSWORD: u8 = 2;

fn address(ip: Ipv4Addr) -> Cell {
    Cell::text(ip.to_string()).key(Key::Whole(u32::from(ip).into()))
}

fn row(entry: &ExportEntry<'_>) -> Vec<Cell> {
    let path = text(entry.path.without_nul());
    let meta = path == ".";
    let v = entry.min_version;
    let fields = Fields {
        meta,
        flags: entry.flags,
        umask: (!meta).then_some(entry.umask),
        root: (entry.root_uid, entry.root_gid),
        map_all: (entry.mapall_uid, entry.mapall_gid),
        limits: entry.limits,
        disables: entry.disables,
    };
    let mut row = vec![
        address(entry.from_ip),
        address(entry.to_ip),
        if meta { Cell::text(". (META)").json(".") } else { Cell::text(path) },
        Cell::text(format!("{}.{}.{}", v >> 16, v >> 8 & 255, v & 255)).key(Key::Whole(v.into())),
        if meta { Cell::none("-") } else { Cell::yes_no(entry.export_flags & ALL_DIRS != 0) },
        Cell::yes_no(entry.export_flags & PASSWORD != 0),
    ];
    row.extend(fields.cells());
    row
}

/// `EX`
pub(super) fn exports(source: &mut Source, set: &Set) -> Blocks {
    let reply: ExportsInfoReply<'_> = source.ask(&ExportsInfo { form: Tag })?;
    let mut columns = vec![
        column("from", &["ip range", "from"]),
        column("to", &["ip range", "to"]),
        column("path", &["path"]).left(),
        column("min_version", &["minversion"]).center(),
        column("alldirs", &["alldirs"]).center(),
        column("password", &["password"]).center(),
    ];
    columns.extend(session_fields::columns());
    let mut table = Table::new("exports", "Exports", columns);
    table.rows = reply.exports.iter().map(|entry| row(&entry)).collect();
    let orders: Vec<&str> = ["from", "to", "path", "min_version", "alldirs", "password"]
        .into_iter()
        .chain(session_fields::ORDERS)
        .collect();
    table.sort(&orders, &["from", "to", "path"], set);
    Ok(vec![Block::Table(table)])
}
