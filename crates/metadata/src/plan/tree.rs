//! What the nodes of a tree have, counted (`spec/wire-client-master.md` 3.9).

use super::caller::SessionCaps;
use super::resolve::resolve;
use crate::{Cursor, Fs, NodeView, TreeStats};
use std::collections::BTreeMap;
use types::{Inode, Status};

/// How many nodes have each value: files (for some questions everything but directories), then directories.
pub type Spread<T> = (BTreeMap<T, u32>, BTreeMap<T, u32>);

/// The archive flags of a tree's chunks. A file with several names counts with each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Archived {
    /// Chunks archived.
    pub chunks: u64,
    /// Chunks not archived.
    pub other_chunks: u64,
    /// Files of which all chunks are archived.
    pub files: u32,
    /// Files archived in part.
    pub partial_files: u32,
    /// Files without an archived chunk; those without any chunk are counted nowhere.
    pub other_files: u32,
}

/// A node, and when asked for everything below it, once for each name.
pub(super) fn walk(fs: &Fs, top: NodeView, recursive: bool) -> impl Iterator<Item = NodeView> {
    let mut todo = vec![top.inode];
    std::iter::from_fn(move || {
        let node = fs.get(todo.pop()?)?;
        if recursive && node.is_dir() {
            let at = todo.len();
            todo.extend(fs.read_dir(node.inode, Cursor::start()).map(|entry| entry.inode));
            todo[at..].reverse();
        }
        Some(node)
    })
}

/// True for files, living or not, and directories: what has a storage class and a trash time.
pub(super) fn has_class(node: &NodeView) -> bool {
    node.is_dir() || node.kind.has_chunks()
}

fn spread<T: Ord>(
    fs: &Fs,
    top: NodeView,
    recursive: bool,
    which: impl Fn(&NodeView) -> bool,
    value: impl Fn(&NodeView) -> T,
) -> Spread<T> {
    let mut found = (BTreeMap::new(), BTreeMap::new());
    for node in walk(fs, top, recursive).filter(|node| which(node)) {
        let list = if node.is_dir() { &mut found.1 } else { &mut found.0 };
        *list.entry(value(&node)).or_default() += 1;
    }
    found
}

/// The node only (0) or all below (1); everything else is EINVAL.
fn gmode(mode: u8) -> Result<bool, Status> {
    if mode > 1 { Err(Status::EINVAL) } else { Ok(mode == 1) }
}

fn need_class(node: NodeView) -> Result<NodeView, Status> {
    if has_class(&node) { Ok(node) } else { Err(Status::EPERM) }
}

/// GETTRASHTIME: seconds.
pub fn trash_times(fs: &Fs, caps: &SessionCaps, inode: Inode, mode: u8) -> Result<Spread<u32>, Status> {
    let recursive = gmode(mode)?;
    let top = need_class(resolve(fs, caps, inode)?)?;
    Ok(spread(fs, top, recursive, has_class, |node| u32::from(node.trash_hours) * 3600))
}

/// GETSCLASS: ids.
pub fn storage_classes(fs: &Fs, caps: &SessionCaps, inode: Inode, mode: u8) -> Result<Spread<u8>, Status> {
    let recursive = gmode(mode)?;
    let top = need_class(resolve(fs, caps, inode)?)?;
    Ok(spread(fs, top, recursive, has_class, |node| node.sclass))
}

/// GETEATTR: extra attributes of nodes of all types.
pub fn extra_attributes(fs: &Fs, caps: &SessionCaps, inode: Inode, mode: u8) -> Result<Spread<u8>, Status> {
    let recursive = gmode(mode)?;
    let top = resolve(fs, caps, inode)?;
    Ok(spread(fs, top, recursive, |_| true, |node| node.eattr))
}

/// GETDIRSTATS: a file or directory with all below it.
pub fn tree_stats(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<TreeStats, Status> {
    let top = need_class(resolve(fs, caps, inode)?)?;
    fs.stats(top.inode).ok_or(Status::ENOENT)
}

/// ARCHCTL get: always everything below.
pub fn archived(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<Archived, Status> {
    let top = need_class(resolve(fs, caps, inode)?)?;
    let mut sum = Archived::default();
    for node in walk(fs, top, true).filter(|node| node.kind.has_chunks()) {
        let chunks = fs.chunks_of(node.inode, types::ChunkIndex(0));
        let known = chunks.iter().filter_map(|(_, id)| fs.chunk(*id));
        let (yes, no) =
            known.fold((0, 0), |(yes, no), c| if c.archived { (yes + 1, no) } else { (yes, no + 1) });
        sum.chunks += yes;
        sum.other_chunks += no;
        match (yes, no) {
            (0, 0) => {}
            (_, 0) => sum.files += 1,
            (0, _) => sum.other_files += 1,
            _ => sum.partial_files += 1,
        }
    }
    Ok(sum)
}
