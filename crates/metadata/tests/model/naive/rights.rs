//! Who may do what.

use super::*;
use types::Status;

impl<'a> Id<'a> {
    pub(crate) fn new(caps: &'a SessionCaps, uid: u32, gids: &[u32]) -> Self {
        let (mapped, gid) = match uid {
            0 => caps.root_ids,
            _ if caps.flags & 0x10 != 0 => caps.mapall_ids,
            _ => (uid, gids[0]),
        };
        let mut mine = gids.to_vec();
        mine[0] = gid;
        Id { caps, uid: mapped, gids: mine, sent: (uid, gids[0]) }
    }

    pub(crate) fn read_only(&self) -> bool {
        self.caps.flags & 0x01 != 0
    }

    pub(crate) fn admin(&self) -> bool {
        self.caps.flags & 0x08 != 0
    }

    /// EPERM for what is disabled (bits as in the session's record), then EROFS.
    pub(crate) fn may_change(&self, bit: Option<u8>) -> Done {
        self.enabled(bit)?;
        if self.read_only() { Err(Status::EROFS) } else { Ok(()) }
    }

    pub(crate) fn enabled(&self, bit: Option<u8>) -> Done {
        match bit.is_some_and(|bit| self.caps.disables >> bit & 1 != 0) {
            true => Err(Status::EPERM),
            false => Ok(()),
        }
    }
}

/// All modes within granted bits.
fn subsets(granted: u16) -> u8 {
    (0..8).filter(|mode| mode & !granted & 7 == 0).map(|mode| 1 << mode).sum()
}

impl Naive {
    /// The node that a session means by a number.
    pub(crate) fn node(&self, id: &Id<'_>, inode: u32, opened: bool) -> Result<u32, Status> {
        let root = id.caps.root.0;
        let real = if inode == 1 { root } else { inode };
        let node = self.nodes.get(&real).ok_or(Status::ENOENT)?;
        let visible = match root {
            0 => matches!(node.kind, NodeType::Trash | NodeType::Sustained),
            1 => true,
            _ => opened || inode == 1 || inode != root && self.is_below(real, root),
        };
        if visible { Ok(real) } else { Err(Status::ENOENT) }
    }

    pub(crate) fn dir(&self, id: &Id<'_>, inode: u32) -> Result<u32, Status> {
        let real = self.node(id, inode, false)?;
        if self.get(real).is_dir() { Ok(real) } else { Err(Status::ENOTDIR) }
    }

    /// The number under which the session sees a node.
    pub(crate) fn seen(&self, id: &Id<'_>, inode: u32) -> u32 {
        if inode == id.caps.root.0 { 1 } else { inode }
    }

    /// The set of modes that are allowed: bit m for mode m.
    pub(crate) fn modes(&self, id: &Id<'_>, inode: u32) -> u8 {
        let node = self.get(inode);
        if id.uid == 0 {
            return 0xFF;
        }
        let member = |gid: u32| id.gids.contains(&gid);
        if let Some(acl) = &node.access {
            let [user, group, other, mask] = acl.perms;
            if id.uid == node.uid {
                return subsets(user);
            }
            if let Some((_, perm)) = acl.users.iter().find(|(uid, _)| *uid == id.uid) {
                return subsets(perm & mask);
            }
            let mut matching = Vec::new();
            matching.extend(member(node.gid).then_some(group));
            matching.extend(acl.groups.iter().filter(|(gid, _)| member(*gid)).map(|(_, perm)| *perm));
            if matching.is_empty() {
                return subsets(other);
            }
            return matching.iter().fold(0, |all, perm| all | subsets(perm & mask));
        }
        if id.uid == node.uid || node.has(NOOWNER) {
            subsets(node.mode >> 6)
        } else if id.caps.flags & 0x04 != 0 {
            subsets(node.mode >> 3 | node.mode)
        } else if member(node.gid) {
            subsets(node.mode >> 3)
        } else {
            subsets(node.mode)
        }
    }

    pub(crate) fn need(&self, id: &Id<'_>, inode: u32, mode: u16) -> Done {
        if self.modes(id, inode) >> mode & 1 != 0 { Ok(()) } else { Err(Status::EACCES) }
    }

    pub(crate) fn owns(&self, id: &Id<'_>, inode: u32) -> bool {
        id.uid == 0 || id.uid == self.get(inode).uid || self.get(inode).has(NOOWNER)
    }

    pub(crate) fn not_immutable(&self, inode: u32) -> Done {
        if self.get(inode).has(IMMUTABLE) { Err(Status::EPERM) } else { Ok(()) }
    }

    /// The sticky bit of a directory.
    pub(crate) fn not_sticky(&self, id: &Id<'_>, dir: u32, inode: u32) -> Done {
        let free = self.get(dir).mode & 0o1000 == 0 || self.owns(id, dir) || self.owns(id, inode);
        if free { Ok(()) } else { Err(Status::EPERM) }
    }

    pub(crate) fn access_call(&self, id: &Id<'_>, inode: u32, mask: u16) -> Done {
        let writes = mask & 2 != 0;
        if writes && id.read_only() {
            return Err(Status::EROFS);
        }
        let inode = self.node(id, inode, true)?;
        if writes {
            self.not_immutable(inode)?;
        }
        self.need(id, inode, mask & 7)
    }
}

/// 1 to 255 bytes, no slash, no NUL, not `.` or `..`.
pub(crate) fn good_name(name: &[u8]) -> Done {
    let bad = name.is_empty() || name == b"." || name == b".." || name.iter().any(|b| *b == b'/' || *b == 0);
    if bad { Err(Status::EINVAL) } else { Ok(()) }
}
