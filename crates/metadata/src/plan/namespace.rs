//! Finding nodes and making new ones.

use super::access::{AccessSet, R, W, X, access_set, need};
use super::caller::{Caller, Disable, SessionFlag};
use super::quota::{Growth, check_quota};
use super::resolve::{resolve, resolve_unchecked};
use crate::{Fs, NodeView};
use ondisk::Op;
use types::{Bytes32, Inode, MAX_SYMLINK, Name, NodeType, ROOT, Status};

/// What LOOKUP found.
#[derive(Clone, Copy, Debug)]
pub struct LookedUp {
    /// The node.
    pub node: NodeView,
    /// Extra attributes of the directory.
    pub dir_eattr: u8,
    /// What the caller may do with the node; no writing if it is immutable.
    pub access: AccessSet,
}

/// LOOKUP (3.3.3).
pub fn lookup(fs: &Fs, caller: &Caller<'_>, parent: Inode, name: Name<'_>) -> Result<LookedUp, Status> {
    let dir = resolve(fs, caller.caps, parent).map_err(|_| Status::ENOENT_NOCACHE)?;
    need_dir(&dir)?;
    need(fs, &dir, caller, X)?;
    let inode = match name.as_bytes() {
        b"." => dir.inode,
        b".." if dir.inode == caller.caps.root => dir.inode,
        b".." => fs.parent_dir(dir.inode).unwrap_or(ROOT),
        _ if !name.is_file_name() => return Err(Status::EINVAL),
        bytes => fs.lookup(dir.inode, bytes).ok_or(missing(&dir))?,
    };
    let node = fs.get(inode).ok_or(Status::ENOENT)?;
    let mut access = access_set(fs, &node, caller);
    if node.eattr & NodeView::IMMUTABLE != 0 {
        access.0 &= 0x33;
    }
    Ok(LookedUp { node, dir_eattr: dir.eattr, access })
}

fn missing(dir: &NodeView) -> Status {
    if dir.eattr & NodeView::NOENTRYCACHE != 0 { Status::ENOENT_NOCACHE } else { Status::ENOENT }
}

/// ACCESS (3.3.2).
pub fn check_access(fs: &Fs, caller: &Caller<'_>, inode: Inode, mode: u16) -> Result<(), Status> {
    let mode = (mode & 7) as u8;
    if mode & W != 0 && caller.caps.has(SessionFlag::READ_ONLY) {
        return Err(Status::EROFS);
    }
    let node = resolve_unchecked(fs, caller.caps, inode)?;
    if mode & W != 0 && node.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    need(fs, &node, caller, mode)
}

/// READLINK (3.3.4): the node and where it points to.
pub fn readlink<'f>(fs: &'f Fs, caller: &Caller<'_>, inode: Inode) -> Result<(NodeView, &'f [u8]), Status> {
    let node = resolve(fs, caller.caps, inode)?;
    let target = fs.symlink(node.inode).ok_or(Status::EINVAL)?;
    Ok((node, target))
}

/// A node to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewNode<'a> {
    /// The directory, as the session names it.
    pub parent: Inode,
    /// Its name.
    pub name: Name<'a>,
    /// Its type.
    pub kind: NodeType,
    /// Permission bits wanted.
    pub mode: u16,
    /// Permission bits refused.
    pub umask: u16,
    /// Device number.
    pub rdev: u32,
}

/// MKNOD and the first half of CREATE (3.3.5). Directories are made by [`plan_mkdir`].
pub fn plan_mknod<'a>(fs: &Fs, caller: &Caller<'_>, new: &NewNode<'a>) -> Result<Op<'a>, Status> {
    use NodeType::{BlockDev, CharDev, Fifo, File, Socket};
    refuse(caller, caller.caps.disabled_type(new.kind))?;
    if !matches!(new.kind, File | Fifo | BlockDev | CharDev | Socket) {
        return Err(Status::EINVAL);
    }
    let dir = need_place(fs, caller, new.parent, new.name)?;
    check_quota(fs, dir.inode, Growth::ONE_INODE, None)?;
    Ok(create(&dir, caller, new, new.mode & 0o7777))
}

/// MKDIR. `copy_sgid` is what the caller's system wants of a directory below one with the setgid bit.
pub fn plan_mkdir<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    new: &NewNode<'a>,
    copy_sgid: bool,
) -> Result<Op<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::Mkdir))?;
    let dir = need_place(fs, caller, new.parent, new.name)?;
    check_quota(fs, dir.inode, Growth::ONE_INODE, None)?;
    let inherited = if copy_sgid { dir.mode & 0o2000 } else { 0 };
    Ok(create(&dir, caller, new, new.mode & 0o7777 | inherited))
}

fn create<'a>(dir: &NodeView, caller: &Caller<'_>, new: &NewNode<'a>, mode: u16) -> Op<'a> {
    Op::Create {
        parent: dir.inode,
        name: new.name,
        node: ondisk::NewNode { kind: new.kind, mode, umask: (new.umask | caller.caps.umask) & 0o7777 },
        uid: caller.uid,
        gid: group_in(dir, caller),
        rdev: new.rdev,
    }
}

/// SYMLINK. NULs at the end of the target belong to the wire.
pub fn plan_symlink<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    parent: Inode,
    name: Name<'a>,
    target: &'a [u8],
) -> Result<Op<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::Symlink))?;
    if target.is_empty() || target.len() > MAX_SYMLINK || target.contains(&0) {
        return Err(Status::EINVAL);
    }
    let dir = need_place(fs, caller, parent, name)?;
    let growth = Growth { length: target.len() as u64, ..Growth::ONE_INODE };
    check_quota(fs, dir.inode, growth, None)?;
    let gid = group_in(&dir, caller);
    Ok(Op::Symlink { parent: dir.inode, name, target: Bytes32::new(target), uid: caller.uid, gid })
}

/// LINK (3.3.8).
pub fn plan_link<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    parent: Inode,
    name: Name<'a>,
    max_links: u32,
) -> Result<Op<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::Link))?;
    let node = resolve(fs, caller.caps, inode)?;
    let dir = resolve(fs, caller.caps, parent)?;
    if node.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    match node.kind {
        NodeType::Trash | NodeType::Sustained => return Err(Status::ENOENT),
        NodeType::Dir => return Err(Status::EPERM),
        _ => {}
    }
    if node.nlink >= max_links {
        return Err(Status::NOSPACE);
    }
    need_free_name(fs, caller, &dir, name)?;
    check_quota(fs, dir.inode, Growth::of(fs, node.inode), None)?;
    Ok(Op::Link { inode: node.inode, parent: dir.inode, name })
}

/// EPERM for what the export line refuses, EROFS for what a read-only session may not do.
pub(super) fn refuse(caller: &Caller<'_>, disabled: bool) -> Result<(), Status> {
    if disabled {
        Err(Status::EPERM)
    } else if caller.caps.has(SessionFlag::READ_ONLY) {
        Err(Status::EROFS)
    } else {
        Ok(())
    }
}

pub(super) fn need_dir(node: &NodeView) -> Result<(), Status> {
    if node.kind == NodeType::Dir { Ok(()) } else { Err(Status::ENOTDIR) }
}

/// The directory that is to get a new entry with a free name.
fn need_place(fs: &Fs, caller: &Caller<'_>, parent: Inode, name: Name<'_>) -> Result<NodeView, Status> {
    let dir = resolve(fs, caller.caps, parent)?;
    need_free_name(fs, caller, &dir, name)?;
    Ok(dir)
}

fn need_free_name(fs: &Fs, caller: &Caller<'_>, dir: &NodeView, name: Name<'_>) -> Result<(), Status> {
    need_dir(dir)?;
    if dir.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    need(fs, dir, caller, W | X)?;
    if !name.is_file_name() {
        return Err(Status::EINVAL);
    }
    match fs.lookup(dir.inode, name.as_bytes()) {
        Some(_) => Err(Status::EEXIST),
        None => Ok(()),
    }
}

/// A directory with the setgid bit gives its group to what is made in it.
fn group_in(dir: &NodeView, caller: &Caller<'_>) -> u32 {
    if dir.mode & 0o2000 != 0 { dir.gid } else { caller.gid }
}

/// What listing a directory needs.
pub(super) fn need_list(fs: &Fs, caller: &Caller<'_>, dir: &NodeView, with_attr: bool) -> Result<(), Status> {
    need(fs, dir, caller, if with_attr { R | X } else { R })
}
