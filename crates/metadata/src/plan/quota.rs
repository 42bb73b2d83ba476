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

    /// What a node with all below it counts.
    pub(super) fn of(fs: &Fs, inode: Inode) -> Growth {
        let stats = fs.stats(inode).unwrap_or_default();
        Growth { inodes: stats.inodes, length: stats.length, size: stats.size, real_size: stats.real_size }
    }
}

/// QUOTA (34) when a directory at or above `dir` would get more than it may. `except` names a directory whose own
/// and whose ancestors' share does not grow (the source of a move).
pub fn check_quota(fs: &Fs, dir: Inode, growth: Growth, except: Option<Inode>) -> Result<(), Status> {
    if !has_quotas(fs) {
        return Ok(());
    }
    let mut at = dir;
    loop {
        let shared = except.is_some_and(|e| fs.is_below(e, at));
        if !shared && would_exceed(fs, at, growth) {
            return Err(Status::QUOTA);
        }
        match fs.parent_dir(at) {
            Some(parent) if parent != at => at = parent,
            _ => return Ok(()),
        }
    }
}

fn has_quotas(fs: &Fs) -> bool {
    fs.quotas().next().is_some()
}

/// Hard limits always count, soft ones once their grace period is over.
fn would_exceed(fs: &Fs, dir: Inode, growth: Growth) -> bool {
    let Some(quota) = fs.quota(dir) else { return false };
    let below = fs.stats_below(dir).unwrap_or_default();
    let l = &quota.limits;
    let kinds = [
        (below.inodes.into(), growth.inodes.into(), l.soft_inodes.into(), l.hard_inodes.into()),
        (below.length, growth.length, l.soft_length, l.hard_length),
        (below.size, growth.size, l.soft_size, l.hard_size),
        (below.real_size, growth.real_size, l.soft_real_size, l.hard_real_size),
    ];
    (0..).zip(kinds).any(|(bit, (used, more, soft, hard)): (u8, (u64, u64, u64, u64))| {
        let after = used.saturating_add(more);
        let over = |flag: u8, limit| quota.flags & flag != 0 && more > 0 && after > limit;
        over(0x10 << bit, hard) || quota.exceeded && over(0x01 << bit, soft)
    })
}

/// The same for a file: all directories that hold a name of it.
pub(super) fn check_file_quota(fs: &Fs, file: Inode, growth: Growth) -> Result<(), Status> {
    if !has_quotas(fs) {
        return Ok(());
    }
    let mut dirs = fs.parents(file).map(|link| link.parent).filter(|dir| dir.0 != 0);
    dirs.try_for_each(|dir| check_quota(fs, dir, growth, None))
}

/// Copies that a class's real size is reckoned with.
pub(super) fn copies_of_class(fs: &Fs, class: u8) -> u64 {
    fs.sclass(class).map_or(1, |c| c.keepmax().into())
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
