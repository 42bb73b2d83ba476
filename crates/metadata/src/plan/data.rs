//! Where a file's data is, and the beginning and end of writes (`spec/wire-client-master.md` 4). What needs to know
//! about copies is decided by the master together with `placement`.

use super::caller::{Disable, SessionCaps, SessionFlag};
use super::quota::{Growth, check_file_quota, copies_of_class, size_of};
use crate::{Fs, NodeView};
use ondisk::Op;
use types::{
    CHUNK_HEADER_SIZE, CHUNK_SIZE, ChunkId, ChunkIndex, Inode, MAX_CHUNK_INDEX, MAX_FILE_SIZE, Status,
};

/// READ_CHUNK: the file and its chunk, 0 for a hole. The right to read was checked when the file was opened.
pub fn read_chunk(
    fs: &Fs,
    caps: &SessionCaps,
    inode: Inode,
    index: ChunkIndex,
) -> Result<(NodeView, ChunkId), Status> {
    if caps.disabled(Disable::Read) {
        return Err(Status::EPERM);
    }
    let node = need_file(fs, inode)?;
    if index.0 > MAX_CHUNK_INDEX {
        return Err(Status::INDEXTOOBIG);
    }
    Ok((node, fs.chunk_at(inode, index).unwrap_or(ChunkId(0))))
}

/// A write that may begin.
#[derive(Clone, Copy, Debug)]
pub struct WritePlan {
    /// The file.
    pub node: NodeView,
    /// The chunk so far; 0 when there is none yet.
    pub chunk: ChunkId,
    /// How many files and positions share it.
    pub shared: bool,
}

/// The part of WRITE_CHUNK that metadata can decide.
pub fn write_chunk(
    fs: &Fs,
    caps: &SessionCaps,
    inode: Inode,
    index: ChunkIndex,
) -> Result<WritePlan, Status> {
    let node = need_file(fs, inode)?;
    if node.eattr & NodeView::IMMUTABLE != 0 {
        return Err(Status::EPERM);
    }
    if index.0 > MAX_CHUNK_INDEX {
        return Err(Status::INDEXTOOBIG);
    }
    let chunk = fs.chunk_at(inode, index).unwrap_or(ChunkId(0));
    check_file_quota(fs, inode, growth_of_write(fs, &node, index, chunk))?;
    debug_assert!(!caps.has(SessionFlag::READ_ONLY), "checked before anything else");
    let shared = chunk.0 != 0 && fs.chunk(chunk).is_some_and(|c| c.refs > 1);
    Ok(WritePlan { node, chunk, shared })
}

/// EPERM or EROFS when the session may not write at all: what WRITE_CHUNK and WRITE_CHUNK_END check first.
pub fn refuse_write(caps: &SessionCaps) -> Result<(), Status> {
    if caps.disabled(Disable::Write) {
        Err(Status::EPERM)
    } else if caps.has(SessionFlag::READ_ONLY) {
        Err(Status::EROFS)
    } else {
        Ok(())
    }
}

/// A chunk that is written to is taken to become full.
fn growth_of_write(fs: &Fs, node: &NodeView, index: ChunkIndex, chunk: ChunkId) -> Growth {
    let start = u64::from(index.0) * CHUNK_SIZE;
    let full = CHUNK_SIZE + CHUNK_HEADER_SIZE;
    let counted = if chunk.0 == 0 {
        0
    } else if start + CHUNK_SIZE <= node.length() {
        full
    } else {
        size_of(node.length().saturating_sub(start), true)
    };
    let size = full.saturating_sub(counted);
    Growth {
        inodes: 0,
        length: start.saturating_sub(node.length()),
        size,
        real_size: size * copies_of_class(fs, node.sclass),
    }
}

/// WRITE_CHUNK_END's new length: `None` when it does not change. Errors leave the chunk locked, as in stock.
pub fn plan_write_end_length(fs: &Fs, inode: Inode, length: u64) -> Result<Option<Op<'static>>, Status> {
    if length == 0 {
        return Ok(None);
    }
    let node = need_file(fs, inode)?;
    if length > MAX_FILE_SIZE {
        return Err(Status::EINVAL);
    }
    if length <= node.length() {
        return Ok(None);
    }
    check_file_quota(fs, inode, Growth { length: length - node.length(), ..Growth::default() })?;
    Ok(Some(Op::Length { inode, length, set_mtime: false }))
}

fn need_file(fs: &Fs, inode: Inode) -> Result<NodeView, Status> {
    let node = fs.get(inode).ok_or(Status::ENOENT)?;
    if node.kind.has_chunks() { Ok(node) } else { Err(Status::EPERM) }
}
