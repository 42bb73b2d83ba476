//! Sessions: what they may do, and what they did.

use super::Blocks;
use super::servers::host;
use super::session_fields::{self, Fields};
use crate::options::Set;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Column, Key, Table, column};
use crate::text::{duration, version};
use proto::info::{SessionInfo, SessionList, SessionListReply};
use std::net::{Ipv4Addr, SocketAddrV4};
use types::Tag;

const OPERATIONS: [&str; 16] = [
    "statfs", "getattr", "setattr", "lookup", "mkdir", "rmdir", "symlink", "readlink", "mknod", "unlink",
    "rename", "link", "readdir", "open", "read", "write",
];

/// What is kept of a session while its host's name is looked up.
struct Session {
    id: u32,
    ip: Ipv4Addr,
    mount_point: String,
    meta: bool,
    /// Seconds to expiry of a disconnected one.
    expires: Option<u32>,
    open_files: u32,
    /// From connections to the last field; connected ones only.
    parameters: Vec<Cell>,
    current: [u32; 16],
    last: [u32; 16],
}

fn sessions(source: &mut Source) -> Result<Vec<Session>, admin::AskError> {
    let reply: SessionListReply<'_> = source.ask(&SessionList { form: Tag })?;
    Ok(reply.sessions.iter().map(|info| session(&info)).collect())
}

fn session(info: &SessionInfo<'_>) -> Session {
    let root = text(info.path.without_nul());
    let meta = root == ".";
    let fields = Fields {
        meta,
        flags: info.flags,
        umask: Some(info.umask),
        root: (info.root_uid, info.root_gid),
        map_all: (info.mapall_uid, info.mapall_gid),
        limits: info.limits,
        disables: info.disables,
    };
    let mut parameters = vec![
        Cell::number(info.connections),
        Cell::text(version(info.version)).key(Key::Whole(info.version.0.into())),
        // Stock prints this to scripts as it stands.
        if meta { Cell::text(".&nbsp;(META)").shown(". (META)").json(".") } else { Cell::text(root) },
    ];
    parameters.extend(fields.cells());
    Session {
        id: info.session.0,
        ip: info.ip,
        mount_point: text(info.info.without_nul()),
        meta,
        expires: (info.connections == 0).then_some(info.expire),
        open_files: info.open_files,
        parameters,
        current: info.current,
        last: info.last,
    }
}

fn first_columns() -> Vec<Column> {
    vec![
        column("session", &["session id"]),
        column("host", &["ip/host"]),
        column("mount_point", &["mount point"]).left(),
        column("open_files", &["open files"]),
    ]
}

/// `MS`
pub(super) fn parameters(source: &mut Source, set: &Set) -> Blocks {
    let mut active_columns = first_columns();
    active_columns.extend([
        column("connections", &["# of connections"]),
        column("version", &["version"]).center(),
        column("root", &["root dir"]).left(),
    ]);
    active_columns.extend(session_fields::columns());
    let mut inactive_columns = first_columns();
    inactive_columns.push(column("expires", &["expires"]));
    inactive_columns.push(column("remove", &["command to remove"]).left().for_people());
    let mut active = Table::new("active mounts, parameters", "Active mounts (parameters)", active_columns);
    let mut inactive =
        Table::new("inactive mounts, parameters", "Inactive mounts (parameters)", inactive_columns);
    for session in sessions(source)? {
        let mut row = vec![
            Cell::number(session.id),
            host(source, SocketAddrV4::new(session.ip, 0)),
            Cell::text(session.mount_point),
            Cell::number(session.open_files),
        ];
        match session.expires {
            None => {
                row.extend(session.parameters);
                active.rows.push(row);
            }
            Some(seconds) => {
                let leader = source.leader();
                let command = format!("mfscli -H {} -P {} -CRS/{}", leader.ip(), leader.port(), session.id);
                row.push(Cell::number(seconds).shown(duration(u64::from(seconds) * 1000)));
                row.push(Cell::text(command));
                inactive.rows.push(row);
            }
        }
    }
    let first = ["session", "host", "mount_point", "open_files"];
    let orders = |fifth: &[&'static str]| -> Vec<&'static str> {
        first.iter().chain(fifth).copied().chain(session_fields::ORDERS).collect()
    };
    active.sort(&orders(&["connections", "version", "root"]), &["host"], set);
    inactive.sort(&orders(&["expires"]), &["host"], set);
    let mut blocks = vec![Block::Table(active)];
    if !inactive.rows.is_empty() {
        blocks.push(Block::Table(inactive));
    }
    Ok(blocks)
}

/// `MO`: of the last hour, or with mode 1 of this one.
pub(super) fn operations(source: &mut Source, set: &Set) -> Blocks {
    let head = if set.mode == 1 { "operations current hour" } else { "operations last hour" };
    let mut columns = vec![column("host", &["host/ip"]), column("mount_point", &["mount point"]).left()];
    columns.extend(OPERATIONS.map(|name| column(name, &[head, name])));
    columns.push(column("total", &[head, "total"]));
    let mut table = Table::new("active mounts, operations", "Active mounts (operations)", columns);
    for session in sessions(source)?.into_iter().filter(|session| !session.meta) {
        let counts = if set.mode == 1 { session.current } else { session.last };
        let mut row = vec![host(source, SocketAddrV4::new(session.ip, 0)), Cell::text(session.mount_point)];
        row.extend(counts.map(Cell::number));
        row.push(Cell::number(counts.iter().map(|n| u64::from(*n)).sum::<u64>()));
        table.rows.push(row);
    }
    let orders: Vec<&str> = ["host", "mount_point"].into_iter().chain(OPERATIONS).chain(["total"]).collect();
    table.sort(&orders, &["host"], set);
    Ok(vec![Block::Table(table)])
}
