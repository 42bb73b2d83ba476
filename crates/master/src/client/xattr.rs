//! Extended attributes and ACLs.

use super::Member;
use crate::core::Master;
use metadata::plan::{self, AclPerms, Caller, XattrNode};
use net::reactor::{ConnId, Net};
use ondisk::AclEntries;
use proto::client_master as p;
use types::{Reply, Status, TwoLists, Wire};

impl Master {
    pub(super) fn getxattr(&mut self, net: &mut Net, conn: ConnId, m: &Member, q: &p::FuseGetxattr<'_>) {
        let caller = Caller::new(&m.caps, q.cred);
        let at = XattrNode { inode: q.inode, opened: q.opened != 0 };
        let list;
        let found = if q.mode > 1 {
            Err(Status::EINVAL)
        } else if q.name.as_bytes().is_empty() {
            list = plan::list_xattrs(&self.fs, &caller, at);
            list.as_deref().map_err(|status| *status)
        } else {
            plan::get_xattr(&self.fs, &caller, at, q.name)
        };
        let reply = found.map(|data| match q.mode {
            0 => p::XattrValue::value(data),
            _ => p::XattrValue::length_only(u32::try_from(data.len()).unwrap_or(u32::MAX)),
        });
        net.send(conn, &p::FuseGetxattrReply { msgid: q.msgid, reply: reply.into() });
    }

    pub(super) fn setxattr(&mut self, m: &Member, q: &p::FuseSetxattr<'_>) -> Result<(), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let at = XattrNode { inode: q.inode, opened: q.opened != 0 };
        let op = plan::plan_set_xattr(&self.fs, &caller, at, q.name, q.value.as_bytes(), q.mode)?;
        self.run(&op).map(|_| ())
    }

    pub(super) fn getfacl(&mut self, net: &mut Net, conn: ConnId, m: &Member, q: &p::FuseGetfacl) {
        let caller = Caller::single(&m.caps, 0, 0);
        let entry = |e: ondisk::AclEntry| p::AclEntry { id: e.id, perm: e.perm };
        let (users, groups): (Vec<_>, Vec<_>);
        let reply = match plan::get_acl(&self.fs, &caller, q.inode, q.kind) {
            Ok(acl) => {
                users = acl.named().users().map(entry).collect();
                groups = acl.named().groups().map(entry).collect();
                let named = TwoLists::new(&users, &groups);
                Reply::Body(p::Acl {
                    user: acl.user,
                    group: acl.group,
                    other: acl.other,
                    mask: acl.mask,
                    named,
                })
            }
            Err(status) => Reply::Status(status),
        };
        net.send(conn, &p::FuseGetfaclReply { msgid: q.msgid, reply });
    }

    pub(super) fn setfacl(&mut self, m: &Member, q: &p::FuseSetfacl<'_>) -> Result<(), Status> {
        let caller = Caller::single(&m.caps, q.uid, 0);
        let a = &q.acl;
        let mut blob = Vec::new();
        (a.named.first, a.named.second).encode(&mut blob);
        let count = |n: usize| u16::try_from(n).map_err(|_| Status::EINVAL);
        let (users, groups) = (count(a.named.first.count())?, count(a.named.second.count())?);
        let named = AclEntries::new(users, groups, &blob).ok_or(Status::EINVAL)?;
        let perms = AclPerms { user: a.user, group: a.group, other: a.other, mask: a.mask };
        let op = plan::plan_set_acl(&self.fs, &caller, q.inode, q.kind, perms, named)?;
        self.run(&op).map(|_| ())
    }
}
