//! Telling the kernel that its caches are out of date.

use super::native::{Out, out_header};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::io::IoSlice;
use std::sync::Arc;
use types::Inode;

const INVAL_INODE: i32 = 2;

/// Sends notifications. They may block on page locks that only the answer to another request releases: never
/// send one from a thread that has to answer requests or to read from the master.
#[derive(Clone)]
pub(crate) struct Notifier(pub(super) Arc<OwnedFd>);

impl Notifier {
    /// Drops the attributes and the cached data of `node` from `offset` on; `len` 0 means to the end, a negative
    /// `offset` the attributes alone.
    pub(crate) fn invalidate(&self, node: Inode, offset: i64, len: i64) -> Result<(), Errno> {
        let mut out = Out::with_capacity(24);
        out.u64(node.0.into()).i64(offset).i64(len);
        let head = out_header(out.0.len(), INVAL_INODE, 0);
        match rustix::io::writev(&*self.0, &[IoSlice::new(&head), IoSlice::new(&out.0)]) {
            // The kernel does not know the inode (any more).
            Err(Errno::NOENT) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
