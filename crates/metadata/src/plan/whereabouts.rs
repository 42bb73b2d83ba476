//! Where a node is, and what it holds (`spec/wire-client-master.md` 3.9.9, 3.9.12).

use super::access::{W, need};
use super::caller::{Caller, SessionCaps};
use super::namespace::refuse;
use super::resolve::{resolve, shown};
use crate::{Fs, NodeView};
use types::{Inode, NodeType, ROOT, Status};

/// PARENTS: the directories inside the session's root that hold a name of the node, once per name; none for the root
/// itself.
pub fn parents(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<Vec<Inode>, Status> {
    let node = resolve(fs, caps, inode)?;
    if node.inode == caps.root {
        return Ok(Vec::new());
    }
    let links = fs.parents(node.inode).map(|link| link.parent).filter(|dir| dir.0 != 0);
    let inside = links.filter(|dir| caps.root == ROOT || fs.is_below(*dir, caps.root));
    Ok(inside.map(|dir| shown(caps, dir)).collect())
}

/// PATHS: all paths of a node below the session's root, without a slash in front.
pub fn paths(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<Vec<Vec<u8>>, Status> {
    let node = resolve(fs, caps, inode)?;
    let top = if caps.root == Inode(0) { ROOT } else { caps.root };
    Ok(paths_below(fs, &node, top))
}

/// All paths of a node below a directory; deleted files with the path they had.
pub fn paths_below(fs: &Fs, node: &NodeView, top: Inode) -> Vec<Vec<u8>> {
    let deleted = |place: &str| {
        let path = fs.deleted_path(node.inode).unwrap_or_default();
        vec![[format!("./{place} (").as_bytes(), path, b")"].concat()]
    };
    match node.kind {
        NodeType::Trash => deleted("TRASH"),
        NodeType::Sustained => deleted("SUSTAINED"),
        _ if node.inode == top => vec![b"/".to_vec()],
        _ => fs.paths(node.inode, top),
    }
}

/// CHECK and others: a file, living or not.
pub fn need_chunk_file(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<NodeView, Status> {
    let node = resolve(fs, caps, inode)?;
    if node.kind.has_chunks() { Ok(node) } else { Err(Status::EPERM) }
}

/// REPAIR: the file, if the caller may change it.
pub fn check_repair(fs: &Fs, caller: &Caller<'_>, inode: Inode) -> Result<NodeView, Status> {
    refuse(caller, false)?;
    let node = need_chunk_file(fs, caller.caps, inode)?;
    if node.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    need(fs, &node, caller, W)?;
    Ok(node)
}
