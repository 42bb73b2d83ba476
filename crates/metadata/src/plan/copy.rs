//! Lazy copies: SNAPSHOT and APPEND_SLICE (`spec/wire-client-master.md` 3.9.1, 3.9.8).

use super::access::{R, W, X, need, need_sticky};
use super::caller::{Caller, Disable, SessionFlag};
use super::namespace::refuse;
use super::quota::{Growth, check_file_quota, check_quota, copies_of_class};
use super::remove::PROTECTED;
use super::resolve::resolve;
use crate::{Cursor, Fs, NodeView};
use ondisk::{Op, SnapshotGids};
use types::{CHUNK_SIZE, ChunkIndex, Gids, Inode, MAX_CHUNK_INDEX, MAX_FILE_SIZE, Name, NodeType, Status};

/// What SNAPSHOT asks for.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotRequest<'a> {
    /// The tree to copy.
    pub src: Inode,
    /// The directory the copy goes to, or the snapshot to be removed is in.
    pub dst: Inode,
    /// The name there.
    pub name: Name<'a>,
    /// See the constants.
    pub mode: u8,
    /// The caller's.
    pub umask: u16,
    /// All groups that count ([`Caller::gids`]), as the changelog wants them.
    pub gids: Gids<'a>,
}

impl SnapshotRequest<'_> {
    /// Existing files may be replaced.
    pub const OVERWRITE: u8 = 0x01;
    /// What cannot be removed stays, and that is no error.
    pub const FORCE: u8 = 0x04;
    /// Remove a snapshot.
    pub const DELETE: u8 = 0x80;

    fn has(&self, bit: u8) -> bool {
        self.mode & bit != 0
    }
}

/// SNAPSHOT: `None` when there is nothing to do, as with files that were deleted.
pub fn plan_snapshot<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    q: &SnapshotRequest<'a>,
) -> Result<Option<Op<'a>>, Status> {
    let (src, parent) = if q.has(SnapshotRequest::DELETE) {
        (Inode(0), check_removal(fs, caller, q)?)
    } else {
        check_copy(fs, caller, q)?
    };
    let deleted = |node: NodeView| matches!(node.kind, NodeType::Trash | NodeType::Sustained);
    if fs.get(src).is_some_and(deleted) {
        return Ok(None);
    }
    Ok(Some(Op::Snapshot {
        src,
        parent,
        name: q.name,
        mode: q.mode,
        session_flags: caller.caps.flags,
        uid: caller.uid,
        gids: SnapshotGids(q.gids),
        umask: (q.umask | caller.caps.umask) & 0o7777,
    }))
}

fn check_copy(fs: &Fs, caller: &Caller<'_>, q: &SnapshotRequest<'_>) -> Result<(Inode, Inode), Status> {
    if caller.caps.disabled(Disable::Snapshot) {
        return Err(Status::EPERM);
    }
    refuse(caller, false)?;
    if q.src.0 == 0 {
        return Err(Status::EINVAL);
    }
    let src = resolve(fs, caller.caps, q.src)?;
    let dst = resolve(fs, caller.caps, q.dst)?;
    if dst.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    need(fs, &src, caller, R)?;
    if !dst.is_dir() {
        return Err(Status::EPERM);
    }
    if src.is_dir() && fs.is_below(dst.inode, src.inode) {
        return Err(Status::EINVAL);
    }
    need(fs, &dst, caller, W | X)?;
    if !q.name.is_file_name() {
        return Err(Status::EINVAL);
    }
    if let Some(there) = fs.lookup(dst.inode, q.name.as_bytes()) {
        check_existing(fs, src.inode, there, q.has(SnapshotRequest::OVERWRITE))?;
    }
    check_quota(fs, dst.inode, Growth::of(fs, src.inode), None)?;
    Ok((src.inode, dst.inode))
}

/// Wherever a name of the copy exists, it must be of the same type, and replaceable.
fn check_existing(fs: &Fs, src: Inode, dst: Inode, overwrite: bool) -> Result<(), Status> {
    let mut pairs = vec![(src, dst)];
    while let Some((src, dst)) = pairs.pop() {
        if src == dst {
            return Err(Status::EINVAL);
        }
        let (Some(from), Some(to)) = (fs.get(src), fs.get(dst)) else { return Err(Status::ENOENT) };
        if to.eattr & PROTECTED != 0 || from.kind != to.kind {
            return Err(Status::EPERM);
        }
        if !from.is_dir() {
            if !overwrite {
                return Err(Status::EEXIST);
            }
            continue;
        }
        let at = pairs.len();
        let entries = fs.read_dir(src, Cursor::start());
        pairs.extend(entries.filter_map(|entry| Some((entry.inode, fs.lookup(dst, entry.name)?))));
        // The first name of the list that cannot be replaced decides.
        pairs[at..].reverse();
    }
    Ok(())
}

fn check_removal(fs: &Fs, caller: &Caller<'_>, q: &SnapshotRequest<'_>) -> Result<Inode, Status> {
    let caps = caller.caps;
    refuse(caller, caps.disabled(Disable::Unlink) || caps.disabled(Disable::Rmdir))?;
    let dir = resolve(fs, caps, q.dst)?;
    if !dir.is_dir() {
        return Err(Status::EPERM);
    }
    need(fs, &dir, caller, W | X)?;
    if !q.name.is_file_name() {
        return Err(Status::EINVAL);
    }
    let top = fs.lookup(dir.inode, q.name.as_bytes()).and_then(|i| fs.get(i)).ok_or(Status::ENOENT)?;
    if dir.eattr & (NodeView::IMMUTABLE | NodeView::APPENDONLY) != 0 {
        return Err(Status::EPERM);
    }
    need_sticky(&dir, &top, caller)?;
    if !q.has(SnapshotRequest::FORCE) {
        check_removable(fs, caller, top)?;
    }
    Ok(dir.inode)
}

/// Directories must be open to the caller, and everything below a node must be removable before the node itself.
fn check_removable(fs: &Fs, caller: &Caller<'_>, top: NodeView) -> Result<(), Status> {
    enum Step {
        Visit(NodeView),
        Leave(NodeView),
    }
    let mut steps = vec![Step::Visit(top)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Visit(node) => {
                steps.push(Step::Leave(node));
                if node.is_dir() {
                    need(fs, &node, caller, W | X)?;
                    let at = steps.len();
                    let entries = fs.read_dir(node.inode, Cursor::start());
                    steps.extend(entries.filter_map(|entry| fs.get(entry.inode)).map(Step::Visit));
                    steps[at..].reverse();
                }
            }
            Step::Leave(node) => {
                if node.eattr & NodeView::SNAPSHOT == 0 || node.eattr & PROTECTED != 0 {
                    return Err(Status::EPERM);
                }
            }
        }
    }
    Ok(())
}

/// What APPEND_SLICE asks for: chunks `from` up to but without `to` of `src` at the end of `dst`.
#[derive(Clone, Copy, Debug)]
pub struct AppendRequest {
    /// The file that grows.
    pub dst: Inode,
    /// Where the chunks come from.
    pub src: Inode,
    /// First chunk.
    pub from: u32,
    /// Chunk behind the last.
    pub to: u32,
    /// See the constants.
    pub flags: u8,
}

impl AppendRequest {
    /// `from` counts from the end.
    pub const FROM_END: u8 = 0x01;
    /// `to` counts from the end.
    pub const TO_END: u8 = 0x02;

    /// First and last chunk of the source that are meant, or nothing.
    fn range(&self, slots: u32) -> Option<(u32, u32)> {
        let place = |value: u32, flag: u8| {
            if self.flags & flag != 0 { slots.saturating_sub(value) } else { value.min(slots) }
        };
        let (from, to) = (place(self.from, Self::FROM_END), place(self.to, Self::TO_END));
        (from < to).then(|| (from, to - 1))
    }
}

/// APPEND_SLICE: `None` when there is nothing to append.
pub fn plan_append(fs: &Fs, caller: &Caller<'_>, q: &AppendRequest) -> Result<Option<Op<'static>>, Status> {
    if caller.caps.disabled(Disable::AppendChunks) {
        return Err(Status::EPERM);
    }
    if q.dst == q.src {
        return Err(Status::EINVAL);
    }
    if caller.caps.has(SessionFlag::READ_ONLY) {
        return Err(Status::EROFS);
    }
    let dst = resolve(fs, caller.caps, q.dst)?;
    let src = resolve(fs, caller.caps, q.src)?;
    if !src.kind.has_chunks() {
        return Err(Status::EPERM);
    }
    need(fs, &src, caller, R)?;
    if !dst.kind.has_chunks() || dst.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    need(fs, &dst, caller, W)?;
    if dst.inode == src.inode {
        return Err(Status::EINVAL);
    }
    let slots = |node: &NodeView| node.length().div_ceil(CHUNK_SIZE) as u32;
    let (dst_slots, src_slots) = (slots(&dst), slots(&src));
    let Some((first, last)) = q.range(src_slots) else { return Ok(None) };
    let added = if last + 1 == src_slots {
        src.length() - u64::from(first) * CHUNK_SIZE
    } else {
        u64::from(last - first + 1) * CHUNK_SIZE
    };
    let length = u64::from(dst_slots) * CHUNK_SIZE + added;
    if length > MAX_FILE_SIZE {
        return Err(Status::EINVAL);
    }
    let size = added.next_multiple_of(types::BLOCK_SIZE.into());
    let growth = Growth {
        inodes: 0,
        length: length - dst.length(),
        size,
        real_size: size * copies_of_class(fs, dst.sclass),
    };
    check_file_quota(fs, dst.inode, growth)?;
    if u64::from(dst_slots) + u64::from(last - first) > MAX_CHUNK_INDEX.into() {
        return Err(Status::INDEXTOOBIG);
    }
    let range = Some((ChunkIndex(first), ChunkIndex(last)));
    Ok(Some(Op::Append { dst: dst.inode, src: src.inode, range }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_from_both_ends() {
        let range = |from, to, flags, slots| {
            AppendRequest { dst: Inode(1), src: Inode(2), from, to, flags }.range(slots)
        };
        assert_eq!(range(0, 0x8000_0000, 0, 3), Some((0, 2)));
        assert_eq!(range(0, 0x8000_0000, 0, 0), None);
        assert_eq!(range(1, 2, 0, 3), Some((1, 1)));
        assert_eq!(range(2, 0, 3, 5), Some((3, 4)));
        assert_eq!(range(9, 1, 3, 5), Some((0, 3)));
        assert_eq!(range(3, 3, 0, 5), None);
        assert_eq!(range(7, 9, 0, 5), None);
    }
}
