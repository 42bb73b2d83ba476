//! RENAME (`spec/wire-client-master.md` 3.3.7).

use super::access::{W, X, need, need_sticky};
use super::caller::{Caller, Disable};
use super::namespace::{need_dir, refuse};
use super::quota::{Growth, check_quota};
use super::remove::{PROTECTED, is_empty, need_removable};
use super::resolve::resolve;
use crate::{Fs, NodeView};
use ondisk::Op;
use types::{Inode, Name, NodeType, Status};

/// A rename to be done.
#[derive(Debug)]
pub struct Renamed<'a> {
    /// The operation; `None` when both names are of the same node, which POSIX wants left alone.
    pub op: Option<Op<'a>>,
    /// The node that moves.
    pub node: NodeView,
    /// The node that the new name was of.
    pub replaced: Option<NodeView>,
}

/// Checks a rename. Unlike 3.0.117 it survives a directory moved into itself (EINVAL) and a name moved onto another
/// name of the same node (nothing happens).
pub fn plan_rename<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    from: (Inode, Name<'a>),
    to: (Inode, Name<'a>),
) -> Result<Renamed<'a>, Status> {
    let caps = caller.caps;
    let (no_rename, no_move) = (caps.disabled(Disable::Rename), caps.disabled(Disable::Move));
    let refused = no_rename && (no_move || from.1 != to.1) || no_move && from.0 != to.0;
    refuse(caller, refused)?;
    let src = resolve(fs, caps, from.0)?;
    let dst = resolve(fs, caps, to.0)?;
    let node = need_removable(fs, caller, &src, from.1)?;
    need_dir(&dst)?;
    if dst.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    need(fs, &dst, caller, W | X)?;
    if node.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    if node.kind == NodeType::Dir {
        if fs.is_below(dst.inode, node.inode) {
            return Err(Status::EINVAL);
        }
        if src.inode != dst.inode {
            need(fs, &node, caller, W)?;
        }
    }
    if !to.1.is_file_name() {
        return Err(Status::EINVAL);
    }
    let replaced = fs.lookup(dst.inode, to.1.as_bytes()).and_then(|i| fs.get(i));
    if replaced.is_some_and(|r| r.inode == node.inode) {
        return Ok(Renamed { op: None, node, replaced: None });
    }
    let disabled = |op| if caps.disabled(op) { Err(Status::EPERM) } else { Ok(()) };
    if let Some(target) = &replaced {
        disabled(if target.kind == NodeType::Dir { Disable::Rmdir } else { Disable::Unlink })?;
    }
    check_quota(fs, dst.inode, Growth::of(fs, node.inode), Some(src.inode))?;
    if let Some(target) = &replaced {
        need_replaceable(caller, &dst, target)?;
    }
    let op = Op::Move { src_parent: src.inode, src_name: from.1, dst_parent: dst.inode, dst_name: to.1 };
    Ok(Renamed { op: Some(op), node, replaced })
}

fn need_replaceable(caller: &Caller<'_>, dir: &NodeView, target: &NodeView) -> Result<(), Status> {
    if target.kind == NodeType::Dir && !is_empty(target) {
        return Err(Status::ENOTEMPTY);
    }
    need_sticky(dir, target, caller)?;
    if target.eattr & PROTECTED != 0 { Err(Status::EPERM) } else { Ok(()) }
}
