//! SETATTR (`spec/wire-client-master.md` 3.4.2).

use super::access::{W, need, owns};
use super::caller::{Caller, Disable, SessionFlag};
use super::namespace::refuse;
use super::resolve::{resolve, resolve_unchecked};
use crate::{Acl, Fs, NodeView};
use ondisk::{AttrExtra, Op};
use types::{Inode, NodeType, Status, Time};

/// Which attributes are to be set, as bits.
pub struct SetMask;

impl SetMask {
    /// The opaque byte.
    pub const WINATTR: u8 = 0x01;
    /// Permission bits.
    pub const MODE: u8 = 0x02;
    /// Owner.
    pub const UID: u8 = 0x04;
    /// Group.
    pub const GID: u8 = 0x08;
    /// Modification time, to now.
    pub const MTIME_NOW: u8 = 0x10;
    /// Modification time.
    pub const MTIME: u8 = 0x20;
    /// Access time.
    pub const ATIME: u8 = 0x40;
    /// Access time, to now.
    pub const ATIME_NOW: u8 = 0x80;
}

/// What SETATTR asks for.
#[derive(Clone, Copy, Debug)]
pub struct SetAttr {
    /// The node.
    pub inode: Inode,
    /// The client holds it open.
    pub opened: bool,
    /// See [`SetMask`].
    pub mask: u8,
    /// New permission bits.
    pub mode: u16,
    /// New owner.
    pub uid: u32,
    /// New group.
    pub gid: u32,
    /// New access time.
    pub atime: Time,
    /// New modification time.
    pub mtime: Time,
    /// New opaque byte.
    pub winattr: u8,
    /// When a change of owner clears setuid and setgid bits, 0 to 5.
    pub suid_clear_mode: u8,
}

impl SetAttr {
    fn sets(&self, bits: u8) -> bool {
        self.mask & bits != 0
    }
}

/// Checks the request; the operation sets all attributes to what they shall be.
pub fn plan_setattr(fs: &Fs, caller: &Caller<'_>, now: Time, set: &SetAttr) -> Result<Op<'static>, Status> {
    let caps = caller.caps;
    let chown = set.sets(SetMask::UID | SetMask::GID);
    let disabled =
        chown && caps.disabled(Disable::Chown) || set.sets(SetMask::MODE) && caps.disabled(Disable::Chmod);
    refuse(caller, disabled)?;
    let node =
        if set.opened { resolve_unchecked(fs, caps, set.inode) } else { resolve(fs, caps, set.inode) }?;
    if node.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    let kernel_clears_suid = caller.uid != 0
        && set.mask == SetMask::MODE
        && node.mode & 0o6000 != 0
        && set.mode & 0o7777 == node.mode & 0o1777;
    if !kernel_clears_suid {
        check_rights(fs, caller, &node, set)?;
    }
    Ok(attr_op(fs, caller, &node, now, set))
}

fn check_rights(fs: &Fs, caller: &Caller<'_>, node: &NodeView, set: &SetAttr) -> Result<(), Status> {
    if caller.uid == 0 {
        return Ok(());
    }
    if caller.caps.has(SessionFlag::MAP_ALL) && set.sets(SetMask::UID | SetMask::GID) {
        return Err(Status::EPERM);
    }
    if !owns(node, caller) {
        let owners = SetMask::MODE | SetMask::UID | SetMask::GID | SetMask::ATIME | SetMask::MTIME;
        if set.sets(owners) {
            return Err(Status::EPERM);
        }
        if set.sets(SetMask::ATIME_NOW | SetMask::MTIME_NOW) {
            need(fs, node, caller, W)?;
        }
    }
    if set.sets(SetMask::UID) && set.uid != caller.uid {
        return Err(Status::EPERM);
    }
    let free_group = caller.caps.has(SessionFlag::IGNORE_GID) || caller.in_group(set.gid);
    if set.sets(SetMask::GID) && !free_group { Err(Status::EPERM) } else { Ok(()) }
}

fn attr_op(fs: &Fs, caller: &Caller<'_>, node: &NodeView, now: Time, set: &SetAttr) -> Op<'static> {
    let mut stored = node.mode & 0o7777;
    let mut wanted = set.mode & 0o7777;
    let chown = set.sets(SetMask::UID | SetMask::GID);
    if chown && set.sets(SetMask::MODE) {
        wanted |= stored & 0o6000;
    }
    if chown && stored & 0o6000 != 0 {
        let cleared = suid_bits_to_clear(caller, node, set);
        stored &= !cleared;
        wanted &= !cleared;
    }
    let uid = if set.sets(SetMask::UID) { set.uid } else { node.uid };
    let gid = if set.sets(SetMask::GID) { set.gid } else { node.gid };
    let acl = fs.acl(node.inode, Acl::ACCESS);
    let mut acl_mode = acl.map_or(0, |a| 0o10000 | (a.user & 7) << 6 | (a.mask & 7) << 3 | a.other & 7);
    if set.sets(SetMask::MODE) {
        if caller.uid != 0 && wanted & 0o2000 != 0 && !caller.in_group(gid) {
            wanted &= !0o2000;
        }
        if acl.is_some() {
            acl_mode = 0o10000 | wanted & 0o777;
            stored = wanted & !0o070 | stored & 0o070;
        } else {
            stored = wanted;
        }
    }
    let time = |explicit, to_now, value, old| match (set.sets(explicit), set.sets(to_now)) {
        (true, _) => value,
        (_, true) => now,
        _ => old,
    };
    Op::Attr {
        inode: node.inode,
        mode: stored,
        uid,
        gid,
        atime: time(SetMask::ATIME, SetMask::ATIME_NOW, set.atime, node.atime),
        mtime: time(SetMask::MTIME, SetMask::MTIME_NOW, set.mtime, node.mtime),
        extra: AttrExtra {
            winattr: if set.sets(SetMask::WINATTR) { set.winattr } else { node.winattr },
            aclmode: acl_mode,
        },
    }
}

/// The kinds of systems differ in when a change of owner takes setuid and setgid away.
fn suid_bits_to_clear(caller: &Caller<'_>, node: &NodeView, set: &SetAttr) -> u16 {
    const BOTH: u16 = 0o6000;
    let non_root = caller.uid != 0;
    let dir = node.kind == NodeType::Dir;
    let executable_by_group = node.mode & 0o010 != 0;
    match set.suid_clear_mode {
        1 => BOTH,
        2 if non_root => BOTH,
        3 if non_root && set.sets(SetMask::GID) && set.gid != node.gid => BOTH,
        4 | 5 if !dir => {
            if executable_by_group {
                BOTH
            } else {
                0o4000
            }
        }
        5 if dir && non_root => BOTH,
        _ => 0,
    }
}
