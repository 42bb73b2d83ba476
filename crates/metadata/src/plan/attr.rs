//! What a node looks like to a caller (`spec/wire-client-master.md` 3.1.4).

use super::caller::{Caller, SessionFlag};
use crate::{Acl, Fs, NodeBody, NodeView};
use types::{Attr, MattrFlags, NodeType, encode_dir_size};

/// The attributes of a node, when no directory entry of it is at hand.
pub fn attr_of(fs: &Fs, node: &NodeView, caller: &Caller<'_>) -> Attr {
    attr_of_entry(fs, node, 0, caller)
}

/// The attributes of a node found in a directory with the extra attributes `dir_eattr`.
pub fn attr_of_entry(fs: &Fs, node: &NodeView, dir_eattr: u8, caller: &Caller<'_>) -> Attr {
    let mut mode = shown_mode(fs, node);
    let (uid, gid) = shown_owner(node, caller, &mut mode);
    let attr = Attr {
        flags: flags_of(node, dir_eattr, caller),
        kind: match node.kind {
            NodeType::Trash | NodeType::Sustained => NodeType::File,
            kind => kind,
        },
        mode,
        uid,
        gid,
        atime: node.atime,
        mtime: node.mtime,
        ctime: node.ctime,
        nlink: node.nlink,
        length: shown_length(fs, node),
        winattr: node.winattr,
    };
    if caller.caps.fine_times { attr.with_fine_times() } else { attr }
}

fn flags_of(node: &NodeView, dir_eattr: u8, caller: &Caller<'_>) -> MattrFlags {
    let mut flags = 0;
    let mut set = |bit: u8, when: bool| flags |= if when { bit } else { 0 };
    let has = |bits: u8| node.eattr & bits != 0;
    let mapall = caller.caps.has(SessionFlag::MAP_ALL);
    set(MattrFlags::NO_ATTR_CACHE, has(NodeView::NOOWNER | NodeView::NOATTRCACHE) || mapall);
    set(MattrFlags::NO_ENTRY_CACHE, dir_eattr & NodeView::NOENTRYCACHE != 0);
    set(MattrFlags::ALLOW_DATA_CACHE, !has(NodeView::NODATACACHE));
    set(MattrFlags::DIRECT_MODE, has(NodeView::NODATACACHE));
    set(MattrFlags::NO_XATTR, !node.has_xattrs && !node.has_acl);
    set(MattrFlags::UNDELETABLE, has(NodeView::UNDELETABLE | NodeView::APPENDONLY | NodeView::IMMUTABLE));
    MattrFlags(flags)
}

/// With an access ACL its user, mask and other entries stand where owner, group and other bits do.
fn shown_mode(fs: &Fs, node: &NodeView) -> u16 {
    let acl = if node.has_acl { fs.acl(node.inode, Acl::ACCESS) } else { None };
    match acl {
        Some(acl) => node.mode & 0o7000 | (acl.user & 7) << 6 | (acl.mask & 7) << 3 | acl.other & 7,
        None => node.mode & 0o7777,
    }
}

fn shown_owner(node: &NodeView, caller: &Caller<'_>, mode: &mut u16) -> (u32, u32) {
    let mapall = caller.caps.has(SessionFlag::MAP_ALL);
    if node.eattr & NodeView::NOOWNER != 0 && caller.uid != 0 {
        let owner = *mode >> 6 & 7;
        *mode = *mode & 0o7700 | owner << 3 | owner;
        return if mapall { (caller.sent_uid, caller.sent_gid) } else { (caller.uid, caller.gid) };
    }
    if mapall && caller.sent_uid != 0 {
        let uid = if node.uid == caller.uid { caller.sent_uid } else { 0 };
        let gid = if node.gid == caller.gid { caller.sent_gid } else { 0 };
        return (uid, gid);
    }
    (node.uid, node.gid)
}

fn shown_length(fs: &Fs, node: &NodeView) -> u64 {
    match node.body {
        NodeBody::File { length, .. } => length,
        NodeBody::Symlink { length } => length.into(),
        NodeBody::Dir { .. } => encode_dir_size(fs.stats_below(node.inode).unwrap_or_default().length),
        NodeBody::Device { rdev } => u64::from(rdev) << 32,
        NodeBody::Other => 0,
    }
}
