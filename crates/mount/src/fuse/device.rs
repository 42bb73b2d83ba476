//! The open `/dev/fuse` of one mount.

use super::native::Out;
use super::{Notifier, Op, Reply, Request};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::io;
use std::sync::Arc;

const MAX_WRITE: u32 = 1 << 20;
const BUFFER: usize = MAX_WRITE as usize + (64 << 10);

/// What we ask the kernel for, by bit of `fuse_init_out.flags`; it grants what it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InitOptions {
    /// `fcntl` locks come to us.
    pub(crate) posix_locks: bool,
    /// `flock` locks come to us.
    pub(crate) bsd_locks: bool,
}

mod flag {
    pub(super) const ASYNC_READ: u64 = 1 << 0;
    pub(super) const POSIX_LOCKS: u64 = 1 << 1;
    pub(super) const ATOMIC_O_TRUNC: u64 = 1 << 3;
    pub(super) const EXPORT_SUPPORT: u64 = 1 << 4;
    pub(super) const BIG_WRITES: u64 = 1 << 5;
    pub(super) const DONT_MASK: u64 = 1 << 6;
    pub(super) const FLOCK_LOCKS: u64 = 1 << 10;
    pub(super) const DO_READDIRPLUS: u64 = 1 << 13;
    pub(super) const READDIRPLUS_AUTO: u64 = 1 << 14;
    pub(super) const ASYNC_DIO: u64 = 1 << 15;
    pub(super) const PARALLEL_DIROPS: u64 = 1 << 18;
    pub(super) const MAX_PAGES: u64 = 1 << 22;
    pub(super) const CACHE_SYMLINKS: u64 = 1 << 23;
    pub(super) const INIT_EXT: u64 = 1 << 30;
    pub(super) const DIRECT_IO_ALLOW_MMAP: u64 = 1 << 36;
}

/// The device after a mount.
#[derive(Clone)]
pub(crate) struct Device {
    fd: Arc<OwnedFd>,
}

impl Device {
    /// Wraps a mounted device and answers the kernel's first message.
    pub(crate) fn start(fd: OwnedFd, options: InitOptions) -> io::Result<Self> {
        let device = Device { fd: Arc::new(fd) };
        let mut buffer = Device::buffer();
        loop {
            let Some(message) = device.read(&mut buffer)? else {
                return Err(io::Error::other("unmounted before the kernel said hello"));
            };
            let Some(request) = Request::decode(message) else {
                return Err(io::Error::other("the kernel does not speak FUSE"));
            };
            let reply = device.reply(request.unique);
            match request.op {
                Ok(Op::Init { major, minor, .. }) if (major, minor) < (7, 31) => {
                    reply.error(Errno::PROTO);
                    return Err(io::Error::other(format!("FUSE {major}.{minor} is too old, 7.31 is needed")));
                }
                // A newer kernel repeats its hello with our major number.
                Ok(Op::Init { major, .. }) if major > 7 => {
                    let mut out = Out::default();
                    out.u32(7).u32(38);
                    reply.bytes(&out.0);
                }
                Ok(Op::Init { minor, max_readahead, flags, .. }) => {
                    reply.bytes(&init_reply(minor, max_readahead, flags, options));
                    return Ok(device);
                }
                _ => reply.error(Errno::IO),
            }
        }
    }

    /// A buffer that holds any request.
    pub(crate) fn buffer() -> Vec<u8> {
        vec![0; BUFFER]
    }

    /// Waits for the next request; `None` once the file system is unmounted.
    pub(crate) fn read<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        loop {
            match rustix::io::read(&*self.fd, &mut buffer[..]) {
                Ok(n) => return Ok(Some(&buffer[..n])),
                Err(Errno::NODEV) => return Ok(None),
                // NOENT: the request was withdrawn between its announcement and our read.
                Err(Errno::INTR | Errno::AGAIN | Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The duty to answer request `unique`.
    pub(crate) fn reply(&self, unique: u64) -> Reply {
        Reply::new(self.fd.clone(), unique)
    }

    /// For cache invalidations.
    pub(crate) fn notifier(&self) -> Notifier {
        Notifier(self.fd.clone())
    }
}

fn init_reply(minor: u32, max_readahead: u32, offered: u64, options: InitOptions) -> Vec<u8> {
    let mut wanted = flag::ASYNC_READ
        | flag::ATOMIC_O_TRUNC
        | flag::EXPORT_SUPPORT
        | flag::BIG_WRITES
        | flag::DONT_MASK
        | flag::DO_READDIRPLUS
        | flag::READDIRPLUS_AUTO
        | flag::ASYNC_DIO
        | flag::PARALLEL_DIROPS
        | flag::MAX_PAGES
        | flag::CACHE_SYMLINKS
        | flag::INIT_EXT
        | flag::DIRECT_IO_ALLOW_MMAP;
    if options.posix_locks {
        wanted |= flag::POSIX_LOCKS;
    }
    if options.bsd_locks {
        wanted |= flag::FLOCK_LOCKS;
    }
    let granted = wanted & offered;
    let mut out = Out::with_capacity(64);
    out.u32(7).u32(minor.min(38)).u32(max_readahead.max(MAX_WRITE));
    out.u32((granted & 0xFFFF_FFFF) as u32);
    // Background requests (read-ahead) before the kernel throttles, and the congestion threshold.
    out.u16(64).u16(48);
    // Times are sent to the nanosecond; a master that keeps seconds says in its answers what became of them.
    out.u32(MAX_WRITE).u32(1);
    out.u16((MAX_WRITE / 4096) as u16).u16(0).u32((granted >> 32) as u32);
    out.0.resize(64, 0);
    out.0
}

impl Device {
    /// Waits for the end of the mount, at most this long.
    pub(crate) fn is_unmounted_within(&self, time: std::time::Duration) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let timeout = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
        // No events are asked for: requests that wait must not end the pause, an error always does.
        let mut fds = [PollFd::new(&*self.fd, PollFlags::empty())];
        matches!(poll(&mut fds, Some(&timeout)), Ok(n) if n > 0)
    }
}
