//! Attributes and space.

use super::Member;
use crate::core::Master;
use metadata::plan::{self, Caller, SetAttr, attr_of, plan_setattr};
use proto::client_master as p;
use types::{Attr, Inode, ROOT, Reply, Status};

impl Master {
    pub(super) fn statfs(&self, m: &Member, q: &p::FuseStatfs) -> p::FuseStatfsReply {
        if m.caps.root == Inode(0) {
            return p::FuseStatfsReply { msgid: q.msgid, reply: Reply::Body(p::StatfsData::default()) };
        }
        let (space, totals) = (self.cluster.space(), self.fs.totals());
        let whole = m.caps.root == ROOT;
        let stats = self.fs.stats_below(m.caps.root).unwrap_or_default();
        let limited = plan::space_within_quotas(&self.fs, m.caps.root, space.total, space.available);
        let data = p::StatfsData {
            total: limited.0,
            avail: limited.1,
            free: space.free.min(limited.0),
            trash: if whole { totals.trash_space } else { 0 },
            sustained: if whole { totals.sustained_space } else { 0 },
            inodes: stats.inodes + 1,
        };
        p::FuseStatfsReply { msgid: q.msgid, reply: Reply::Body(data) }
    }

    pub(super) fn getattr(&self, m: &Member, q: &p::FuseGetattr) -> Result<Attr, Status> {
        let caller = Caller::single(&m.caps, q.uid, q.gid);
        let node = if q.opened != 0 {
            plan::resolve_unchecked(&self.fs, &m.caps, q.inode)?
        } else {
            plan::resolve(&self.fs, &m.caps, q.inode)?
        };
        Ok(attr_of(&self.fs, &node, &caller))
    }

    pub(super) fn setattr(&mut self, m: &Member, q: &p::FineSetattr<'_>) -> Result<Attr, Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let set = SetAttr {
            inode: q.inode,
            opened: q.opened != 0,
            mask: q.set_mask,
            mode: q.mode,
            uid: q.uid,
            gid: q.gid,
            atime: q.atime,
            mtime: q.mtime,
            winattr: q.winattr,
            suid_clear_mode: q.sugid_clear_mode,
        };
        let op = plan_setattr(&self.fs, &caller, self.moment(), &set)?;
        self.run(&op)?;
        let node = plan::resolve_unchecked(&self.fs, &m.caps, q.inode)?;
        Ok(attr_of(&self.fs, &node, &caller))
    }
}
