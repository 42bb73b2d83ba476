//! Monitors' questions about metadata (`spec/admin-and-monitoring.md` 5.7 to 5.14).

use super::register::fields_of;
use crate::core::Master;
use metadata::plan::paths_below;
use net::reactor::{ConnId, Net};
use proto::client_master::{CltoMa, QuotaLimits, SessionLimits};
use proto::info as p;
use types::{Bytes32, Inode, ROOT, Rest, RestBytes, SessionId, Sized32, Wire};

/// No soft limit is exceeded.
const NEVER: u32 = u32::MAX;

impl Master {
    /// Answers a question; false when it is another one.
    pub(super) fn info_list_packet(&self, net: &mut Net, conn: ConnId, packet: &CltoMa<'_>) -> bool {
        match packet {
            CltoMa::QuotaInfo(_) => self.send_quotas(net, conn),
            CltoMa::ExportsInfo(_) => self.send_exports(net, conn),
            CltoMa::ListOpenFiles(q) => {
                let files = self.open_file_list(q.session);
                net.send(conn, &p::ListOpenFilesReply { files: RestBytes(&files) });
            }
            CltoMa::ListAcquiredLocks(q) => {
                let locks = self.lock_list(q.inode);
                net.send(conn, &p::ListAcquiredLocksReply { locks: RestBytes(&locks) });
            }
            CltoMa::MassResolvePaths(q) => self.send_paths(net, conn, q),
            CltoMa::FsTestInfo(_) => net.send(conn, &p::FsTestInfoReply { info: self.file_loop.report() }),
            CltoMa::MissingChunks(_) => {
                net.send(conn, &p::MissingChunksReply { chunks: Rest::Items(self.file_loop.missing()) });
            }
            _ => return false,
        }
        true
    }

    fn send_quotas(&self, net: &mut Net, conn: ConnId) {
        let path = |inode| {
            [b"/".to_vec(), self.fs.paths(inode, ROOT).into_iter().next().unwrap_or_default()].concat()
        };
        let lines: Vec<_> = self.fs.quotas().map(|(inode, quota)| (inode, quota, path(inode))).collect();
        let lines: Vec<p::QuotaEntry<'_>> =
            lines.iter().map(|(inode, quota, path)| self.quota_line(*inode, quota, path)).collect();
        net.send(conn, &p::QuotaInfoReply { quotas: Rest::Items(&lines) });
    }

    fn quota_line<'a>(&self, inode: Inode, quota: &metadata::Quota, path: &'a [u8]) -> p::QuotaEntry<'a> {
        let l = quota.limits;
        let grace = if quota.grace == 0 { self.config.quota_grace } else { quota.grace };
        let time_to_block = match quota.stamp {
            0 => NEVER,
            since => since.saturating_add(grace).saturating_sub(self.now),
        };
        let below = self.fs.stats_below(inode).unwrap_or_default();
        p::QuotaEntry {
            inode,
            path: Bytes32::new(path),
            grace: quota.grace,
            exceeded: quota.exceeded.into(),
            flags: quota.flags,
            time_to_block,
            soft: QuotaLimits {
                inodes: l.soft_inodes,
                length: l.soft_length,
                size: l.soft_size,
                real_size: l.soft_real_size,
            },
            hard: QuotaLimits {
                inodes: l.hard_inodes,
                length: l.hard_length,
                size: l.hard_size,
                real_size: l.hard_real_size,
            },
            current: QuotaLimits {
                inodes: below.inodes,
                length: below.length,
                size: below.size,
                real_size: below.real_size,
            },
        }
    }

    fn send_exports(&self, net: &mut Net, conn: ConnId) {
        let paths: Vec<Vec<u8>> = self
            .exports
            .iter()
            .map(|e| if e.meta { b".".to_vec() } else { [b"/", &e.path[..]].concat() })
            .collect();
        let lines: Vec<p::ExportEntry<'_>> = self.exports.iter().zip(&paths).map(export_line).collect();
        net.send(conn, &p::ExportsInfoReply { exports: Rest::Items(&lines) });
    }

    fn open_file_list(&self, session: SessionId) -> Vec<u8> {
        let mut list = Vec::new();
        if session.0 != 0 {
            self.fs.open_files(session).for_each(|inode| inode.encode(&mut list));
            return list;
        }
        for (id, _) in self.fs.sessions() {
            self.fs.open_files(id).for_each(|inode| (id, inode).encode(&mut list));
        }
        list
    }

    /// Locks of parts of files, then whole-file locks.
    fn lock_list(&self, inode: Inode) -> Vec<u8> {
        let kind = |exclusive| if exclusive { 2 } else { 1 };
        let parts = self.fs.all_posix_locks().flat_map(|(file, owners)| {
            owners.iter().flat_map(move |o| {
                o.ranges.iter().map(move |r| {
                    let (session, owner, pid) = (o.session, o.owner, o.pid);
                    (
                        file,
                        p::LockInfo {
                            session,
                            owner,
                            pid,
                            start: r.start,
                            end: r.end,
                            kind: kind(r.exclusive),
                        },
                    )
                })
            })
        });
        let whole = self.fs.all_flocks().map(|(file, l)| {
            let (session, owner, kind) = (l.session, l.owner, kind(l.exclusive));
            (file, p::LockInfo { session, owner, pid: 0, start: 0, end: 0, kind })
        });
        let mut list = Vec::new();
        for (file, lock) in parts.chain(whole) {
            match inode {
                Inode(0) => (file, lock).encode(&mut list),
                wanted if wanted == file => lock.encode(&mut list),
                _ => {}
            }
        }
        list
    }

    fn send_paths(&self, net: &mut Net, conn: ConnId, q: &p::MassResolvePaths<'_>) {
        let found: Vec<(Inode, Vec<Vec<u8>>)> = q
            .inodes
            .iter()
            .filter(|inode| inode.0 != 0)
            .map(|inode| match self.fs.get(inode) {
                Some(node) => (inode, paths_below(&self.fs, &node, ROOT)),
                None => (inode, vec![b"(deleted)".to_vec()]),
            })
            .collect();
        let shown: Vec<(Inode, Vec<Bytes32<'_>>)> = found
            .iter()
            .map(|(inode, paths)| (*inode, paths.iter().map(|p| Bytes32::new(p)).collect()))
            .collect();
        let nodes: Vec<p::NodePaths<'_>> = shown
            .iter()
            .map(|(inode, paths)| p::NodePaths { inode: *inode, paths: Sized32(Rest::Items(paths)) })
            .collect();
        net.send(conn, &p::MassResolvePathsReply { nodes: Rest::Items(&nodes) });
    }
}

fn export_line<'a>((export, path): (&crate::exports::Export, &'a Vec<u8>)) -> p::ExportEntry<'a> {
    let fields = fields_of(export);
    let (first, last) = export.range.bounds();
    let o = &export.options;
    p::ExportEntry {
        from_ip: first.into(),
        to_ip: last.into(),
        path: Bytes32::new(path),
        min_version: o.min_version,
        export_flags: u8::from(o.alldirs) | u8::from(o.password.is_some()) << 1,
        flags: fields.flags,
        umask: o.umask,
        root_uid: fields.root_uid,
        root_gid: fields.root_gid,
        mapall_uid: fields.mapall_uid,
        mapall_gid: fields.mapall_gid,
        limits: SessionLimits {
            min_goal: o.goals.0,
            max_goal: o.goals.1,
            min_trash_time: o.trash_times.0,
            max_trash_time: o.trash_times.1,
        },
        disables: o.disables,
    }
}
