//! Quotas of a directory and all above it (`spec/wire-client-master.md` 3.1.6).

use crate::Fs;
use types::{CHUNK_HEADER_SIZE, CHUNK_SIZE, Inode, Status};

/// What an operation would add below a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Growth {
    /// Nodes.
    pub inodes: u32,
    /// Bytes of length.
    pub length: u64,
    /// Bytes in chunks, one copy.
    pub size: u64,
    /// Bytes in chunks, all copies.
    pub real_size: u64,
}

impl Growth {
    /// One node without content.
    pub const ONE_INODE: Growth = Growth { inodes: 1, length: 0, size: 0, real_size: 0 };
}

/// QUOTA (34) when a directory at or above `dir` would get more than it may. `except` names a directory whose own
/// and whose ancestors' share does not grow (the source of a move).
pub fn check_quota(fs: &Fs, dir: Inode, growth: Growth, except: Option<Inode>) -> Result<(), Status> {
    if !fs.has_quotas() {
        return Ok(());
    }
    let mut at = Some(dir);
    while let Some(inode) = at {
        let shared = except.is_some_and(|e| super::resolve::is_dir_below(fs, e, inode));
        if !shared && fs.quota_would_exceed(inode, growth) {
            return Err(Status::QUOTA);
        }
        at = fs.parents(inode).next();
    }
    Ok(())
}

/// The same for a file: all directories that hold a name of it.
pub(super) fn check_file_quota(fs: &Fs, file: Inode, growth: Growth) -> Result<(), Status> {
    if !fs.has_quotas() {
        return Ok(());
    }
    fs.parents(file).try_for_each(|dir| check_quota(fs, dir, growth, None))
}

/// What accounting takes for the chunks of a file: each full but the last, which counts in blocks.
pub(super) fn size_of(length: u64, last_chunk_present: bool) -> u64 {
    let whole = length / CHUNK_SIZE;
    let tail = length % CHUNK_SIZE;
    let tail = if tail > 0 && last_chunk_present {
        tail.next_multiple_of(u64::from(types::BLOCK_SIZE)) + CHUNK_HEADER_SIZE
    } else {
        0
    };
    whole * (CHUNK_SIZE + CHUNK_HEADER_SIZE) + tail
}
