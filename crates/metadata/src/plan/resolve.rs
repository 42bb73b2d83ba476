//! Inode numbers as sessions see them.

use super::caller::SessionCaps;
use crate::{Fs, NodeView};
use types::{Inode, ROOT, Status};

/// The node a request means, or ENOENT. In a session whose root is a subdirectory, 1 is that directory, and nodes
/// outside of it do not exist.
pub fn resolve(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<NodeView, Status> {
    let node = resolve_unchecked(fs, caps, inode)?;
    let whole = caps.root == ROOT || caps.root == Inode(0);
    // The directory itself answers to 1 only.
    let inside = inode == ROOT || inode != caps.root && fs.is_below(node.inode, caps.root);
    if whole || inside { Ok(node) } else { Err(Status::ENOENT) }
}

/// The same for a node that the session holds open: it may have left the session's directory since.
pub fn resolve_unchecked(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<NodeView, Status> {
    let real = if inode == ROOT { caps.root } else { inode };
    let node = fs.get(real).ok_or(Status::ENOENT)?;
    let living = !matches!(node.kind, types::NodeType::Trash | types::NodeType::Sustained);
    if caps.root == Inode(0) && living { Err(Status::ENOENT) } else { Ok(node) }
}

/// The number under which the session knows a node.
pub fn shown(caps: &SessionCaps, inode: Inode) -> Inode {
    if inode == caps.root { ROOT } else { inode }
}
