//! Locks on files.

use super::Blocks;
use super::servers::host;
use crate::options::Set;
use crate::source::Source;
use crate::table::{Block, Cell, Table, column};
use proto::info::{ListAcquiredLocks, ListAcquiredLocksReply, LockInfo};
use std::net::{Ipv4Addr, SocketAddrV4};
use types::Inode;

const ORDERS: [&str; 11] =
    ["inode", "session", "host", "host", "mount_point", "type", "owner", "pid", "start", "end", "kind"];

/// Type, pid, start and end: a flock has none of the latter.
fn range(lock: &LockInfo) -> [Cell; 4] {
    let end = if lock.end > i64::MAX as u64 { Cell::none("EOF") } else { Cell::number(lock.end) };
    if lock.pid == 0 && lock.start == 0 && lock.end == 0 {
        [Cell::text("FLOCK"), Cell::none("-1"), Cell::number(0_u64), Cell::none("EOF")]
    } else {
        [Cell::text("POSIX"), Cell::number(lock.pid), Cell::number(lock.start), end]
    }
}

/// `AL`: on one inode, or all.
pub(super) fn locks(source: &mut Source, set: &Set, inode: u32) -> Blocks {
    let inode = Inode(inode);
    let malformed = |_| super::SectionError::NotThere("malformed list of locks".into());
    let reply: ListAcquiredLocksReply<'_> = source.ask(&ListAcquiredLocks { inode })?;
    let locks: Vec<(Inode, LockInfo)> = if inode.0 == 0 {
        reply.locks.list::<(Inode, LockInfo)>().map_err(malformed)?.iter().collect()
    } else {
        reply.locks.list::<LockInfo>().map_err(malformed)?.iter().map(|lock| (inode, lock)).collect()
    };
    let sessions = source.sessions()?;
    let columns = vec![
        column("inode", &["inode"]),
        column("session", &["session id"]),
        column("host", &["ip/host"]),
        column("mount_point", &["mount point"]).left(),
        column("type", &["lock type"]).center(),
        column("owner", &["owner"]),
        column("pid", &["pid"]),
        column("start", &["start"]),
        column("end", &["end"]),
        column("kind", &["r/w"]).center(),
    ];
    let mut table = Table::new("acquired locks", "Acquired Locks", columns);
    for (inode, lock) in locks {
        let unknown = (Ipv4Addr::UNSPECIFIED, String::from("unknown"));
        let (ip, mount_point) = sessions.get(&lock.session).unwrap_or(&unknown);
        let kind = match lock.kind {
            1 => "READ(SHARED)",
            2 => "WRITE(EXCLUSIVE)",
            _ => "???",
        };
        let [lock_type, pid, start, end] = range(&lock);
        table.rows.push(vec![
            Cell::number(inode.0),
            Cell::number(lock.session.0),
            host(source, SocketAddrV4::new(*ip, 0)),
            Cell::text(mount_point.as_str()),
            lock_type,
            Cell::number(lock.owner),
            pid,
            start,
            end,
            Cell::text(kind),
        ]);
    }
    table.sort(&ORDERS, &["inode"], set);
    Ok(vec![Block::Table(table)])
}
