//! POSIX ACLs (`spec/wire-client-master.md` 3.7).

use crate::core::decode;
use crate::error::errno;
use crate::{Caller, Client, Result};
use proto::client_master::{self as wire, FuseGetfacl, FuseGetfaclReply, FuseSetfacl, FuseSetfaclReply};
use types::{Inode, TwoLists};

/// "Not set" on the wire.
const UNSET: u16 = 0xFFFF;

/// Which of a node's two ACLs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum AclKind {
    /// Who may do what.
    Access = 1,
    /// What new nodes in a directory begin with.
    Default = 2,
}

/// Permissions of a user or group that is named in an ACL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AclPermissions {
    /// uid or gid.
    pub id: u32,
    /// 4 read, 2 write, 1 execute.
    pub perm: u16,
}

/// An ACL. Permissions: 4 read, 2 write, 1 execute; `None` is "not set".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Acl {
    /// The owner's permissions.
    pub user: Option<u16>,
    /// The owning group's permissions.
    pub group: Option<u16>,
    /// Everybody else's permissions.
    pub other: Option<u16>,
    /// What named entries and the group can have at most.
    pub mask: Option<u16>,
    /// Named users.
    pub users: Vec<AclPermissions>,
    /// Named groups.
    pub groups: Vec<AclPermissions>,
}

impl Client {
    /// An ACL of a node; `NODATA` when it has none.
    pub fn getfacl(&self, inode: Inode, kind: AclKind) -> Result<Acl> {
        let body = self.core.link.call(|msgid| FuseGetfacl { msgid, inode, kind: kind as u8 })?;
        let acl = decode::<FuseGetfaclReply<'_>>(&body)?.reply.into_result().map_err(errno)?;
        let set = |perm| (perm != UNSET).then_some(perm);
        let named = |list: types::Rest<'_, wire::AclEntry>| {
            list.iter().map(|e| AclPermissions { id: e.id, perm: e.perm }).collect()
        };
        Ok(Acl {
            user: set(acl.user),
            group: set(acl.group),
            other: set(acl.other),
            mask: set(acl.mask),
            users: named(acl.named.first),
            groups: named(acl.named.second),
        })
    }

    /// Sets an ACL; the empty one ([`Acl::default`]) removes it.
    pub fn setfacl(&self, caller: &Caller, inode: Inode, kind: AclKind, acl: &Acl) -> Result<()> {
        let named = |list: &[AclPermissions]| -> Vec<wire::AclEntry> {
            list.iter().map(|e| wire::AclEntry { id: e.id, perm: e.perm }).collect()
        };
        let (users, groups) = (named(&acl.users), named(&acl.groups));
        let wire_acl = wire::Acl {
            user: acl.user.unwrap_or(UNSET),
            group: acl.group.unwrap_or(UNSET),
            other: acl.other.unwrap_or(UNSET),
            mask: acl.mask.unwrap_or(UNSET),
            named: TwoLists::new(&users, &groups),
        };
        let uid = caller.uid();
        let body = self.core.link.call(|msgid| FuseSetfacl {
            msgid,
            inode,
            uid,
            kind: kind as u8,
            acl: wire_acl,
        })?;
        self.core.lookups.forget(inode);
        decode::<FuseSetfaclReply>(&body)?.status.ok().map_err(errno)
    }
}
