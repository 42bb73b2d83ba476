//! TRUNCATE (`spec/wire-client-master.md` 3.4.3).

use super::access::{W, need};
use super::caller::{Caller, Disable};
use super::quota::{Growth, check_file_quota, copies_of_class, size_of};
use super::resolve::{resolve, resolve_unchecked};
use crate::{Fs, NodeView};
use types::{CHUNK_SIZE, ChunkId, ChunkIndex, Inode, MAX_FILE_SIZE, Status};

/// What TRUNCATE asks for.
#[derive(Clone, Copy, Debug)]
pub struct TruncateRequest {
    /// The file, as the session names it.
    pub inode: Inode,
    /// See the constants.
    pub flags: u8,
    /// The new length, or the number of bytes to reserve.
    pub length: u64,
}

impl TruncateRequest {
    /// The client holds the file open for writing.
    pub const OPENED: u8 = 0x01;
    /// Part of a write: only longer, and no times change.
    pub const UPDATE: u8 = 0x02;
    /// Times stay when the length does.
    pub const TIME_FIX: u8 = 0x04;
    /// Reserves room for an append.
    pub const RESERVE: u8 = 0x08;

    fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truncation {
    /// Reserve `length` bytes behind the file's end or the last reservation.
    Reserve,
    /// Set the length now. `touch` changes the times too.
    SetLength {
        /// Whether mtime and ctime become now.
        touch: bool,
    },
    /// Nothing changes.
    Nothing,
    /// First the chunk that the new end lies in must be cut (or lengthened).
    CutChunk {
        /// Its position.
        index: ChunkIndex,
        /// The chunk.
        chunk: ChunkId,
        /// Bytes of it that stay.
        length: u32,
    },
}

/// Checks the request; answers with the file and what to do.
pub fn check_truncate(
    fs: &Fs,
    caller: &Caller<'_>,
    request: &TruncateRequest,
) -> Result<(NodeView, Truncation), Status> {
    use TruncateRequest as T;
    let caps = caller.caps;
    let (update, reserve) = (request.has(T::UPDATE), request.has(T::RESERVE));
    let writes = update || reserve;
    let disabled = if writes {
        caps.disabled(Disable::Write)
    } else {
        caps.disabled(Disable::Truncate) && caps.disabled(Disable::SetLength)
    };
    super::namespace::refuse(caller, disabled)?;
    let node = if request.has(T::OPENED) {
        resolve_unchecked(fs, caps, request.inode)?
    } else {
        resolve(fs, caps, request.inode)?
    };
    if node.eattr & NodeView::IMMUTABLE != 0 || node.eattr & NodeView::APPENDONLY != 0 && !writes {
        return Err(Status::EPERM);
    }
    if !request.has(T::OPENED) {
        need(fs, &node, caller, W)?;
    }
    if !node.kind.has_chunks() {
        return Err(Status::EPERM);
    }
    if reserve {
        if !update && node.length().checked_add(request.length).is_none_or(|end| end > MAX_FILE_SIZE) {
            return Err(Status::INDEXTOOBIG);
        }
        return Ok((node, Truncation::Reserve));
    }
    if update {
        let longer = request.length > node.length() && request.length <= MAX_FILE_SIZE;
        return Ok((node, if longer { Truncation::SetLength { touch: false } } else { Truncation::Nothing }));
    }
    check_resize(fs, caller, &node, request.length)?;
    Ok((node, resize(fs, &node, request)))
}

fn check_resize(fs: &Fs, caller: &Caller<'_>, node: &NodeView, length: u64) -> Result<(), Status> {
    let caps = caller.caps;
    if length < node.length() && caps.disabled(Disable::Truncate)
        || length > node.length() && caps.disabled(Disable::SetLength)
    {
        return Err(Status::EPERM);
    }
    if length <= node.length() {
        return Ok(());
    }
    if length > MAX_FILE_SIZE {
        return Err(Status::INDEXTOOBIG);
    }
    check_file_quota(fs, node.inode, growth_to(fs, node, length))
}

/// What a file that gets longer adds: its length, and the rest of its last chunk if there is one.
fn growth_to(fs: &Fs, node: &NodeView, length: u64) -> Growth {
    let last = last_chunk(node.length());
    let present = node.length() > 0 && fs.chunk_at(node.inode, last).is_some();
    let end = length.min((u64::from(last.0) + 1) * CHUNK_SIZE);
    let size = if present { size_of(end, true) - size_of(node.length(), true) } else { 0 };
    Growth {
        inodes: 0,
        length: length - node.length(),
        size,
        real_size: size * copies_of_class(fs, node.sclass),
    }
}

fn last_chunk(length: u64) -> ChunkIndex {
    ChunkIndex(u32::try_from(length.saturating_sub(1) / CHUNK_SIZE).unwrap_or(types::MAX_CHUNK_INDEX))
}

fn resize(fs: &Fs, node: &NodeView, request: &TruncateRequest) -> Truncation {
    let length = request.length;
    let tail = (length % CHUNK_SIZE) as u32;
    if length != node.length() && tail != 0 {
        let index = last_chunk(length);
        if let Some(chunk) = fs.chunk_at(node.inode, index) {
            return Truncation::CutChunk { index, chunk, length: tail };
        }
    }
    if length == node.length() && request.has(TruncateRequest::TIME_FIX) {
        return Truncation::Nothing;
    }
    Truncation::SetLength { touch: true }
}
