//! What mounts send from time to time (`spec/wire-client-master.md` 1.7).

use super::Member;
use crate::core::{Master, relatime};
use metadata::plan;
use net::reactor::Net;
use ondisk::Op;
use proto::client_master as p;
use std::collections::HashSet;
use types::{Inode, NodeType, SessionId, Status, Time};

impl Master {
    /// The list replaces the session's open files: what it lacks is closed, what is new in it is opened.
    pub(super) fn sustained_inodes(
        &mut self,
        net: &mut Net,
        session: SessionId,
        q: &p::FuseSustainedInodes<'_>,
    ) {
        let listed: HashSet<Inode> = q.inodes.iter().filter(|i| i.0 != 0).collect();
        let open: HashSet<Inode> = self.fs.open_files(session).collect();
        for &inode in open.difference(&listed) {
            self.release(net, session, inode);
        }
        for &inode in listed.difference(&open) {
            if self.fs.get(inode).is_some() {
                self.run_or_tell(&Op::Acquire { session, inode });
            }
        }
    }

    /// Times that mounts saw pass: access, and modification by writes.
    pub(super) fn amtime_inodes(&mut self, m: &Member, times: impl Iterator<Item = (Inode, Time, Time)>) {
        for (inode, atime, mtime) in times {
            let Ok(node) = plan::resolve_unchecked(&self.fs, &m.caps, inode) else { continue };
            let new_atime = if atime > node.atime && self.wants_atime(&node) { atime } else { node.atime };
            let (new_mtime, new_ctime) =
                if mtime > node.mtime { (mtime, mtime) } else { (node.mtime, node.ctime) };
            if (new_atime, new_mtime, new_ctime) != (node.atime, node.mtime, node.ctime) {
                let op =
                    Op::AmTime { inode: node.inode, atime: new_atime, mtime: new_mtime, ctime: new_ctime };
                self.run_or_tell(&op);
            }
        }
    }

    /// `ATIME_MODE`: 0 always, 1 always but only files, 2 when it tells something new, 3 the same for files, 4 never.
    fn wants_atime(&self, node: &metadata::NodeView) -> bool {
        let file = matches!(node.kind, NodeType::File | NodeType::Trash | NodeType::Sustained);
        match self.config.atime_mode {
            0 => true,
            1 => file,
            2 => relatime(node, self.now),
            3 => file && relatime(node, self.now),
            _ => false,
        }
    }

    /// Runs an operation that nobody waits for.
    pub(crate) fn run_or_tell(&mut self, op: &Op<'_>) {
        if let Err(status) = self.run(op) {
            debug_assert_eq!(status, Status::OK, "{op:?}");
            tracing::error!("{op:?} failed: {status}");
        }
    }
}
