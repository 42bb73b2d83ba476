//! Who may do what to a node (`spec/wire-client-master.md` 3.1.5).

use super::caller::{Caller, SessionFlag};
use crate::{Acl, Fs, NodeView};
use types::Status;

/// Permission to read.
pub(super) const R: u8 = 4;
/// Permission to write.
pub(super) const W: u8 = 2;
/// Permission to search or execute.
pub(super) const X: u8 = 1;

/// A set of access modes: bit m is set when mode m (a combination of read 4, write 2, execute 1) is allowed. Not simply
/// three bits, because with an ACL one group may grant reading and another writing, yet none both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccessSet(pub u8);

impl AccessSet {
    /// All modes that lie within the granted bits.
    fn of(granted: u16) -> Self {
        AccessSet([0x01, 0x03, 0x05, 0x0F, 0x11, 0x33, 0x55, 0xFF][usize::from(granted & 7)])
    }

    /// True when the mode is allowed.
    pub fn allows(self, mode: u8) -> bool {
        self.0 & (1 << (mode & 7)) != 0
    }
}

/// What the caller may do to the node.
pub fn access_set(fs: &Fs, node: &NodeView, caller: &Caller<'_>) -> AccessSet {
    if caller.uid == 0 {
        return AccessSet(0xFF);
    }
    if let Some(acl) = fs.acl(node.inode, Acl::ACCESS) {
        return by_acl(acl, node, caller);
    }
    let mode = node.mode;
    if caller.uid == node.uid || node.eattr & NodeView::NOOWNER != 0 {
        AccessSet::of(mode >> 6)
    } else if caller.caps.has(SessionFlag::IGNORE_GID) {
        AccessSet::of(mode >> 3 | mode)
    } else if caller.in_group(node.gid) {
        AccessSet::of(mode >> 3)
    } else {
        AccessSet::of(mode)
    }
}

fn by_acl(acl: &Acl, node: &NodeView, caller: &Caller<'_>) -> AccessSet {
    if caller.uid == node.uid {
        return AccessSet::of(acl.user);
    }
    let named = acl.named();
    if let Some(user) = named.users().find(|user| user.id == caller.uid) {
        return AccessSet::of(user.perm & acl.mask);
    }
    let owning = caller.in_group(node.gid).then_some(acl.group);
    let groups = named.groups().filter(|group| caller.in_group(group.id)).map(|group| group.perm);
    let matching = owning.into_iter().chain(groups).map(|perm| AccessSet::of(perm & acl.mask).0);
    AccessSet(matching.reduce(|a, b| a | b).unwrap_or(AccessSet::of(acl.other).0))
}

/// EACCES unless the mode is allowed.
pub(super) fn need(fs: &Fs, node: &NodeView, caller: &Caller<'_>, mode: u8) -> Result<(), Status> {
    if access_set(fs, node, caller).allows(mode) { Ok(()) } else { Err(Status::EACCES) }
}

/// True for root, the owner, and everybody where nodes have no owner.
pub(super) fn owns(node: &NodeView, caller: &Caller<'_>) -> bool {
    caller.uid == 0 || caller.uid == node.uid || node.eattr & NodeView::NOOWNER != 0
}

/// The sticky bit: who may take `node` out of `dir`. EPERM for all others.
pub(super) fn need_sticky(dir: &NodeView, node: &NodeView, caller: &Caller<'_>) -> Result<(), Status> {
    if dir.mode & 0o1000 == 0 || owns(dir, caller) || owns(node, caller) {
        Ok(())
    } else {
        Err(Status::EPERM)
    }
}
