//! Who asks, after the session's identity mapping.

use types::{Cred, Gids, Inode, NodeType};

/// Bits of a session's flags (`spec/wire-client-master.md` 2.10).
pub struct SessionFlag;

impl SessionFlag {
    /// Nothing may be changed.
    pub const READ_ONLY: u8 = 0x01;
    /// The session may move to another address.
    pub const DYNAMIC_IP: u8 = 0x02;
    /// Group and other permissions are joined.
    pub const IGNORE_GID: u8 = 0x04;
    /// Quotas, storage classes and special attributes may be changed.
    pub const ADMIN: u8 = 0x08;
    /// All users but root are mapped to one.
    pub const MAP_ALL: u8 = 0x10;
}

/// Bits of a session's refused operations, in the order of the words of `disable=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[expect(missing_docs, reason = "the words of mfsexports.cfg")]
pub enum Disable {
    Chown,
    Chmod,
    Symlink,
    Mkfifo,
    Mkdev,
    Mksock,
    Mkdir,
    Unlink,
    Rmdir,
    Rename,
    Move,
    Link,
    Create,
    Readdir,
    Read,
    Write,
    Truncate,
    SetLength,
    AppendChunks,
    Snapshot,
    SetTrash,
    SetSclass,
    SetEattr,
    SetXattr,
    SetFacl,
}

/// What a session may do and as whom, as its export line said when it registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionCaps {
    /// The node its clients see as inode 1; 0 in a session of the trash.
    pub root: Inode,
    /// See [`SessionFlag`].
    pub flags: u8,
    /// Joined with every umask.
    pub umask: u16,
    /// Refused operations, see [`Disable`].
    pub disables: u32,
    /// What uid 0 and its group become.
    pub root_ids: (u32, u32),
    /// What all others become, with [`SessionFlag::MAP_ALL`].
    pub mapall_ids: (u32, u32),
    /// The client understands times beyond stock's seconds.
    pub fine_times: bool,
    /// Goals that may be set.
    pub goals: (u8, u8),
    /// Trash times that may be set, seconds.
    pub trash_times: (u32, u32),
}

impl SessionCaps {
    /// True when all bits are set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag == flag
    }

    /// True when the operation is refused.
    pub fn disabled(&self, op: Disable) -> bool {
        self.disables & (1 << op as u8) != 0
    }

    /// True when nodes of this type must not be made.
    pub(super) fn disabled_type(&self, kind: NodeType) -> bool {
        self.disabled(match kind {
            NodeType::Fifo => Disable::Mkfifo,
            NodeType::BlockDev | NodeType::CharDev => Disable::Mkdev,
            NodeType::Socket => Disable::Mksock,
            NodeType::Dir => Disable::Mkdir,
            NodeType::Symlink => Disable::Symlink,
            NodeType::File | NodeType::Trash | NodeType::Sustained => Disable::Create,
        })
    }
}

/// Who asks: the identity that counts, and the one that was sent (some attributes are shown by it).
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The session.
    pub caps: &'a SessionCaps,
    /// The user that counts.
    pub uid: u32,
    /// The primary group that counts.
    pub gid: u32,
    /// The user as sent.
    pub sent_uid: u32,
    /// The primary group as sent.
    pub sent_gid: u32,
    others: Option<Gids<'a>>,
}

impl<'a> Caller<'a> {
    /// Maps who a request says it comes from.
    pub fn new(caps: &'a SessionCaps, cred: Cred<'a>) -> Self {
        let others = Some(cred.gids);
        Caller { others, ..Self::single(caps, cred.uid, cred.gids.primary()) }
    }

    /// The same for requests that name one group only.
    pub fn single(caps: &'a SessionCaps, uid: u32, gid: u32) -> Self {
        let (mapped_uid, mapped_gid) = match uid {
            0 => caps.root_ids,
            _ if caps.has(SessionFlag::MAP_ALL) => caps.mapall_ids,
            _ => (uid, gid),
        };
        Caller { caps, uid: mapped_uid, gid: mapped_gid, sent_uid: uid, sent_gid: gid, others: None }
    }

    /// All groups that count, the primary one first.
    pub fn gids(&self) -> impl Iterator<Item = u32> + use<'a> {
        let others = self.others.into_iter().flat_map(|g| g.iter().skip(1));
        std::iter::once(self.gid).chain(others)
    }

    /// True for a member of the group.
    pub fn in_group(&self, gid: u32) -> bool {
        self.gids().any(|g| g == gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn caps() -> SessionCaps {
        SessionCaps {
            root: Inode(1),
            flags: 0,
            umask: 0,
            disables: 0,
            root_ids: (999, 998),
            mapall_ids: (50, 51),
            fine_times: false,
            goals: (1, 9),
            trash_times: (0, u32::MAX),
        }
    }

    #[test]
    fn root_and_mapall_replace_user_and_primary_group_only() {
        let gids = [0, 0, 0, 7, 0, 0, 0, 8];
        let gids = Gids::from_be_bytes(&gids).expect("two groups");
        let plain = caps();
        let caller = Caller::new(&plain, Cred { uid: 0, gids });
        assert_eq!((caller.uid, caller.gids().collect::<Vec<_>>()), (999, vec![998, 8]));
        let caller = Caller::new(&plain, Cred { uid: 5, gids });
        assert_eq!((caller.uid, caller.gids().collect::<Vec<_>>()), (5, vec![7, 8]));
        let mapall = SessionCaps { flags: SessionFlag::MAP_ALL, ..caps() };
        let caller = Caller::new(&mapall, Cred { uid: 5, gids });
        assert_eq!((caller.uid, caller.gids().collect::<Vec<_>>()), (50, vec![51, 8]));
        assert_eq!((caller.sent_uid, caller.sent_gid), (5, 7));
    }
}
