//! Open files.

use super::{Fs, locked};
use crate::CacheMode;
use crate::fuse::{Reply, Request, open_flags};
use client::{CacheHint, OpenMode, Opened};
use rustix::io::Errno;
use std::sync::Arc;
use std::time::Duration;

const O_ACCMODE: u32 = 0o3;
const O_WRONLY: u32 = 0o1;
const O_RDWR: u32 = 0o2;
const O_TRUNC: u32 = 0o1000;
const O_APPEND: u32 = 0o2000;

/// The flags of open(2).
pub(super) fn open_mode(flags: u32) -> OpenMode {
    let access = flags & O_ACCMODE;
    OpenMode {
        read: access != O_WRONLY,
        write: access == O_WRONLY || access == O_RDWR,
        append: flags & O_APPEND != 0,
        truncate: flags & O_TRUNC != 0,
    }
}

impl Fs {
    pub(super) fn open(&self, request: &Request<'_>, flags: u32, reply: Reply) {
        match self.client.open(&self.caller(request), request.node, open_mode(flags)) {
            Ok(opened) => {
                self.no_xattr.saw(request.node, &opened.attr);
                let (fh, flags) = self.register(opened);
                reply.opened(fh, flags);
            }
            Err(error) => reply.error(error),
        }
    }

    /// Keeps a handle; returns its number and how the kernel shall cache it.
    pub(super) fn register(&self, opened: Opened) -> (u64, u32) {
        let direct = open_flags::DIRECT_IO | open_flags::PARALLEL_DIRECT_WRITES;
        let flags = match (opened.cache, self.cache.mode) {
            (CacheHint::Direct, _) | (_, CacheMode::Direct) => direct,
            (_, CacheMode::Always) | (CacheHint::Keep, CacheMode::Auto) => open_flags::KEEP_CACHE,
            _ => 0,
        };
        let fh = self.new_fh();
        locked(&self.handles).insert(fh, Arc::new(opened.handle));
        (fh, flags)
    }

    pub(super) fn read(&self, fh: u64, offset: u64, size: u32, reply: Reply, scratch: &mut Vec<u8>) {
        // The kernel asks for at most max_pages; what it does not get here it asks for again.
        let size = (size as usize).min(1 << 20);
        if scratch.len() < size {
            scratch.resize(size, 0);
        }
        match self.handle(fh).and_then(|handle| handle.read(offset, &mut scratch[..size])) {
            Ok(n) => reply.bytes(&scratch[..n]),
            Err(error) => reply.error(error),
        }
    }

    pub(super) fn write(&self, fh: u64, offset: u64, data: &[u8], reply: Reply) {
        self.listed.changing();
        match self.handle(fh).and_then(|handle| handle.write(offset, data)) {
            Ok(()) => reply.written(data.len() as u32),
            Err(error) => reply.error(error),
        }
    }

    /// A descriptor is closed: locks of its owner go, and data is made safe.
    pub(super) fn flush(&self, fh: u64, owner: u64) -> Result<(), Errno> {
        let handle = self.handle(fh)?;
        let soon = Duration::from_millis(handle.age_ms()) < self.cache.fsync_min_time;
        let written = if soon && !handle.has_posix_locks() { handle.flush_later() } else { handle.flush() };
        handle.unlock_all(owner)?;
        written
    }

    pub(super) fn release(&self, fh: u64, flock_owner: Option<u64>, reply: Reply) {
        let handle = locked(&self.handles).remove(&fh);
        if let (Some(handle), Some(owner)) = (&handle, flock_owner)
            && let Err(error) = handle.release_flock(owner)
        {
            tracing::debug!(%error, "lock not released");
        }
        drop(handle);
        reply.ok();
    }
}
