//! UNLINK and RMDIR (`spec/wire-client-master.md` 3.3.6).

use super::access::{W, X, need, need_sticky};
use super::caller::{Caller, Disable};
use super::namespace::{need_dir, refuse};
use super::resolve::resolve;
use crate::{Fs, NodeBody, NodeView};
use ondisk::Op;
use types::{Inode, Name, NodeType, Status};

/// Extra attributes that keep a node where it is.
pub(super) const PROTECTED: u8 = NodeView::UNDELETABLE | NodeView::APPENDONLY | NodeView::IMMUTABLE;

/// A removal to be done.
#[derive(Debug)]
pub struct Removed<'a> {
    /// The operation.
    pub op: Op<'a>,
    /// The node that loses a name.
    pub node: NodeView,
}

/// UNLINK: anything but directories.
pub fn plan_unlink<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    parent: Inode,
    name: Name<'a>,
) -> Result<Removed<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::Unlink))?;
    let removed = plan(fs, caller, parent, name)?;
    if removed.node.kind == NodeType::Dir { Err(Status::EPERM) } else { Ok(removed) }
}

/// RMDIR: empty directories.
pub fn plan_rmdir<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    parent: Inode,
    name: Name<'a>,
) -> Result<Removed<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::Rmdir))?;
    let removed = plan(fs, caller, parent, name)?;
    need_dir(&removed.node)?;
    if is_empty(&removed.node) { Ok(removed) } else { Err(Status::ENOTEMPTY) }
}

fn plan<'a>(fs: &Fs, caller: &Caller<'_>, parent: Inode, name: Name<'a>) -> Result<Removed<'a>, Status> {
    let dir = resolve(fs, caller.caps, parent)?;
    let node = need_removable(fs, caller, &dir, name)?;
    if node.eattr & PROTECTED != 0 {
        return Err(Status::EPERM);
    }
    let op = Op::Unlink { parent: dir.inode, name };
    Ok(Removed { op, node })
}

/// True for a directory without entries.
pub(super) fn is_empty(dir: &NodeView) -> bool {
    matches!(dir.body, NodeBody::Dir { entries: 0, .. })
}

/// The node under a name that the caller may take out of its directory.
pub(super) fn need_removable(
    fs: &Fs,
    caller: &Caller<'_>,
    dir: &NodeView,
    name: Name<'_>,
) -> Result<NodeView, Status> {
    need_dir(dir)?;
    if dir.eattr & (NodeView::IMMUTABLE | NodeView::APPENDONLY) != 0 {
        return Err(Status::EPERM);
    }
    need(fs, dir, caller, W | X)?;
    if !name.is_file_name() {
        return Err(Status::EINVAL);
    }
    let node = fs.lookup(dir.inode, name.as_bytes()).and_then(|i| fs.get(i)).ok_or(Status::ENOENT)?;
    need_sticky(dir, &node, caller)?;
    Ok(node)
}
