//! Files that sessions have open, as far as the master knows.

use super::Blocks;
use super::missing::paths;
use super::servers::host;
use crate::options::Set;
use crate::source::Source;
use crate::table::{Block, Cell, Table, column};
use proto::info::{ListOpenFiles, ListOpenFilesReply};
use std::net::{Ipv4Addr, SocketAddrV4};
use types::{Inode, SessionId};

/// `OF`: of one session, or of all.
pub(super) fn open_files(source: &mut Source, set: &Set, session: u32) -> Blocks {
    let session = SessionId(session);
    let malformed = |_| super::SectionError::NotThere("malformed list of open files".into());
    let reply: ListOpenFilesReply<'_> = source.ask(&ListOpenFiles { session })?;
    let files: Vec<(SessionId, Inode)> = if session.0 == 0 {
        reply.files.list::<(SessionId, Inode)>().map_err(malformed)?.iter().collect()
    } else {
        reply.files.list::<Inode>().map_err(malformed)?.iter().map(|inode| (session, inode)).collect()
    };
    let sessions = source.sessions()?;
    let paths = paths(source, files.iter().map(|(_, inode)| *inode))?;
    let columns = vec![
        column("session", &["session id"]),
        column("host", &["ip/host"]),
        column("mount_point", &["mount point"]).left(),
        column("inode", &["inode"]),
        column("path", &["path"]).left(),
    ];
    let mut table = Table::new("open file", "Open Files", columns);
    for (session, inode) in files {
        let unknown = (Ipv4Addr::UNSPECIFIED, String::from("unknown"));
        let (ip, mount_point) = sessions.get(&session).unwrap_or(&unknown);
        for path in paths.get(&inode).into_iter().flatten() {
            table.rows.push(vec![
                Cell::number(session.0),
                host(source, SocketAddrV4::new(*ip, 0)),
                Cell::text(mount_point.as_str()),
                Cell::number(inode.0),
                Cell::text(path.as_str()),
            ]);
        }
    }
    table
        .rows
        .sort_by(|a, b| a[3].plain.len().cmp(&b[3].plain.len()).then_with(|| a[3].plain.cmp(&b[3].plain)));
    table.sort(&["session", "host", "host", "mount_point", "inode", "path"], &["session", "inode"], set);
    Ok(vec![Block::Table(table)])
}
