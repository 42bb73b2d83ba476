//! Answers to the kernel.

use super::native::{Out, out_header};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::io::IoSlice;
use std::sync::Arc;
use std::time::Duration;
use types::{Inode, Time};

/// Flags of an open reply.
pub(crate) mod open_flags {
    /// Reads and writes bypass the page cache.
    pub(crate) const DIRECT_IO: u32 = 1 << 0;
    /// The page cache survives this open.
    pub(crate) const KEEP_CACHE: u32 = 1 << 1;
    /// Positions make no sense.
    pub(crate) const NONSEEKABLE: u32 = 1 << 2;
    /// Several direct writes of one file may run at once.
    pub(crate) const PARALLEL_DIRECT_WRITES: u32 = 1 << 6;
}

/// How long the kernel may believe an entry and its attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ttl {
    pub(crate) entry: Duration,
    pub(crate) attr: Duration,
}

/// A `struct fuse_attr`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileAttr {
    pub(crate) node: Inode,
    pub(crate) size: u64,
    pub(crate) atime: Time,
    pub(crate) mtime: Time,
    pub(crate) ctime: Time,
    /// Type and permissions.
    pub(crate) mode: u32,
    pub(crate) nlink: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) rdev: u32,
}

impl FileAttr {
    fn put(&self, out: &mut Out) {
        out.u64(self.node.0.into()).u64(self.size).u64(self.size.div_ceil(512));
        let times = [self.atime, self.mtime, self.ctime];
        for time in times {
            out.i64(time.seconds());
        }
        for time in times {
            out.u32(time.nanos());
        }
        out.u32(self.mode).u32(self.nlink).u32(self.uid).u32(self.gid).u32(self.rdev);
        out.u32(types::BLOCK_SIZE).u32(0);
    }
}

fn put_entry(out: &mut Out, attr: &FileAttr, ttl: Ttl) {
    // The generation is 1 for every node, as stock mounts have it.
    out.u64(attr.node.0.into()).u64(1);
    out.u64(ttl.entry.as_secs()).u64(ttl.attr.as_secs());
    out.u32(ttl.entry.subsec_nanos()).u32(ttl.attr.subsec_nanos());
    attr.put(out);
}

/// The duty to answer one request. Dropped unanswered, it answers EIO, so that no process hangs on a bug of ours.
pub(crate) struct Reply {
    fd: Arc<OwnedFd>,
    unique: u64,
    open: bool,
}

impl Reply {
    pub(crate) fn new(fd: Arc<OwnedFd>, unique: u64) -> Self {
        Reply { fd, unique, open: true }
    }

    fn send(&mut self, error: i32, parts: &[IoSlice<'_>]) {
        self.open = false;
        let len = parts.iter().map(|p| p.len()).sum();
        let head = out_header(len, error, self.unique);
        let mut all = Vec::with_capacity(parts.len() + 1);
        all.push(IoSlice::new(&head));
        all.extend_from_slice(parts);
        // ENOENT: the request was interrupted meanwhile. ENODEV: the file system is unmounted. Neither is ours to mend.
        if let Err(error) = rustix::io::writev(&*self.fd, &all)
            && !matches!(error, Errno::NOENT | Errno::NODEV)
        {
            tracing::error!(%error, len, "cannot answer the kernel");
        }
    }

    /// Success without content.
    pub(crate) fn ok(mut self) {
        self.send(0, &[]);
    }

    /// Failure.
    pub(crate) fn error(mut self, error: Errno) {
        self.send(-error.raw_os_error(), &[]);
    }

    /// Answers with the outcome.
    pub(crate) fn empty(self, result: Result<(), Errno>) {
        match result {
            Ok(()) => self.ok(),
            Err(error) => self.error(error),
        }
    }

    /// Raw bytes: file data, a link's target, an attribute.
    pub(crate) fn bytes(mut self, bytes: &[u8]) {
        self.send(0, &[IoSlice::new(bytes)]);
    }

    /// A node found or made.
    pub(crate) fn entry(self, attr: &FileAttr, ttl: Ttl) {
        let mut out = Out::with_capacity(128);
        put_entry(&mut out, attr, ttl);
        self.bytes(&out.0);
    }

    /// "There is no such name", to be remembered for `ttl`.
    pub(crate) fn negative(self, ttl: Duration) {
        let mut out = Out::with_capacity(128);
        out.u64(0).u64(0).u64(ttl.as_secs()).u64(0).u32(ttl.subsec_nanos()).u32(0);
        out.0.resize(128, 0);
        self.bytes(&out.0);
    }

    /// A node's attributes.
    pub(crate) fn attr(self, attr: &FileAttr, ttl: Duration) {
        let mut out = Out::with_capacity(104);
        out.u64(ttl.as_secs()).u32(ttl.subsec_nanos()).u32(0);
        attr.put(&mut out);
        self.bytes(&out.0);
    }

    /// A handle.
    pub(crate) fn opened(self, fh: u64, flags: u32) {
        let mut out = Out::with_capacity(16);
        out.u64(fh).u32(flags).u32(0);
        self.bytes(&out.0);
    }

    /// A new file and its handle.
    pub(crate) fn created(self, attr: &FileAttr, ttl: Ttl, fh: u64, flags: u32) {
        let mut out = Out::with_capacity(144);
        put_entry(&mut out, attr, ttl);
        out.u64(fh).u32(flags).u32(0);
        self.bytes(&out.0);
    }

    /// How much was written.
    pub(crate) fn written(self, size: u32) {
        let mut out = Out::with_capacity(8);
        out.u32(size).u32(0);
        self.bytes(&out.0);
    }

    /// The length of an attribute or list.
    pub(crate) fn xattr_size(self, size: usize) {
        match u32::try_from(size) {
            Ok(size) => self.written(size),
            Err(_) => self.error(Errno::RANGE),
        }
    }

    /// A conflicting lock, or that there is none (`kind` 2).
    pub(crate) fn lock(self, start: u64, end: u64, kind: u32, pid: u32) {
        let mut out = Out::with_capacity(24);
        out.u64(start).u64(end).u32(kind).u32(pid);
        self.bytes(&out.0);
    }

    /// The size of the file system, in blocks of `bsize` bytes.
    pub(crate) fn statfs(self, blocks: u64, free: u64, avail: u64, files: u64, ffree: u64) {
        let mut out = Out::with_capacity(80);
        out.u64(blocks).u64(free).u64(avail).u64(files).u64(ffree);
        out.u32(types::BLOCK_SIZE).u32(255).u32(types::BLOCK_SIZE).u32(0);
        out.0.resize(80, 0);
        self.bytes(&out.0);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.open {
            self.send(-Errno::IO.raw_os_error(), &[]);
        }
    }
}

/// Collects directory entries up to the size the kernel asked for.
pub(crate) struct DirReply {
    out: Out,
    size: usize,
}

impl DirReply {
    /// Room for `size` bytes; more than 1 MiB is never used.
    pub(crate) fn new(size: u32) -> Self {
        let size = (size as usize).min(1 << 20);
        DirReply { out: Out::with_capacity(size), size }
    }

    /// Adds an entry; false when it does not fit. `next` is the position behind it, `kind` the `DT_*` number. For
    /// `readdirplus` each entry carries its attributes, if we have them.
    pub(crate) fn add(
        &mut self,
        (node, kind): (Inode, u32),
        next: u64,
        name: &[u8],
        plus: Option<Option<(FileAttr, Ttl)>>,
    ) -> bool {
        let need = (24 + name.len()).next_multiple_of(8) + if plus.is_some() { 128 } else { 0 };
        if self.out.0.len() + need > self.size {
            return false;
        }
        match plus {
            Some(Some((attr, ttl))) => put_entry(&mut self.out, &attr, ttl),
            // Node 0: the kernel has to look it up when it needs it.
            Some(None) => self.out.0.resize(self.out.0.len() + 128, 0),
            None => {}
        }
        let len = u32::try_from(name.len()).expect("names have at most 255 bytes");
        self.out.u64(node.0.into()).u64(next).u32(len).u32(kind).bytes(name).pad8();
        true
    }

    /// Sends what was collected.
    pub(crate) fn send(self, reply: Reply) {
        reply.bytes(&self.out.0);
    }
}
