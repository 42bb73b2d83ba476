//! The file system as the kernel sees it: each request becomes calls of the client.

mod acl;
mod attr;
mod dir;
mod file;
mod groups;
mod listed;
mod lock;
mod namespace;
mod no_xattr;
mod special;
mod xattr;

use crate::fuse::{Device, Op, Reply, Request};
use crate::serve::Serve;
pub(crate) use attr::file_attr;
use client::{Caller, Client, Directory, Handle};
use groups::Groups;
use listed::Listed;
use lock::Interrupts;
use no_xattr::NoXattr;
use rustix::io::Errno;
pub(crate) use special::Special;
use special::{SpecialState, is_special};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the kernel may believe what it was told, and how files are cached.
#[derive(Clone, Debug)]
pub(crate) struct CacheOptions {
    pub(crate) attr: Duration,
    pub(crate) entry: Duration,
    pub(crate) dir_entry: Duration,
    pub(crate) negative: Duration,
    pub(crate) xattr: Duration,
    pub(crate) groups: Duration,
    pub(crate) mode: crate::CacheMode,
    /// Extended attributes are refused.
    pub(crate) no_xattrs: bool,
    /// A close within this time of the open does not wait for the data.
    pub(crate) fsync_min_time: Duration,
}

/// A directory handle: what was read, once something was.
type OpenDir = Arc<Mutex<Option<Arc<Directory>>>>;

/// See the module.
pub(crate) struct Fs {
    client: Client,
    cache: CacheOptions,
    handles: Mutex<HashMap<u64, Arc<Handle>>>,
    dirs: Mutex<HashMap<u64, OpenDir>>,
    listed: Listed,
    next_fh: AtomicU64,
    groups: Groups,
    no_xattr: NoXattr,
    interrupts: Arc<Interrupts>,
    special: Special,
    special_state: SpecialState,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fs {
    pub(crate) fn new(client: Client, cache: CacheOptions, special: Special) -> Self {
        Fs {
            client,
            handles: Mutex::default(),
            dirs: Mutex::default(),
            listed: Listed::new(cache.attr),
            next_fh: AtomicU64::new(1),
            groups: Groups::new(cache.groups),
            no_xattr: NoXattr::new(cache.xattr),
            interrupts: Arc::default(),
            special,
            special_state: SpecialState::default(),
            cache,
        }
    }

    fn caller(&self, request: &Request<'_>) -> Caller {
        self.groups.caller(request.uid, request.gid, request.pid)
    }

    fn new_fh(&self) -> u64 {
        self.next_fh.fetch_add(1, Ordering::Relaxed)
    }

    fn handle(&self, fh: u64) -> Result<Arc<Handle>, Errno> {
        locked(&self.handles).get(&fh).cloned().ok_or(Errno::BADF)
    }
}

impl Serve for Fs {
    fn serve(&self, device: &Device, request: &Request<'_>, scratch: &mut Vec<u8>) {
        let op = match &request.op {
            Ok(Op::Forget) => return,
            Ok(Op::Interrupt { unique }) => return self.interrupts.interrupt(*unique),
            Ok(op) => op,
            Err(error) => return device.reply(request.unique).error(*error),
        };
        let reply = device.reply(request.unique);
        self.count(op.name());
        if is_special(request.node) {
            return self.serve_special(request, op, reply);
        }
        if let Err((error, reply)) = self.dispatch(request, op, reply, scratch) {
            reply.error(error);
        }
    }
}

impl Fs {
    fn dispatch(
        &self,
        request: &Request<'_>,
        op: &Op<'_>,
        reply: Reply,
        scratch: &mut Vec<u8>,
    ) -> Result<(), (Errno, Reply)> {
        let node = request.node;
        match op {
            Op::Read { fh, offset, size } => self.read(*fh, *offset, *size, reply, scratch),
            Op::Write { fh, offset, data } => self.write(*fh, *offset, data, reply),
            Op::Flush { fh, owner } => reply.empty(self.flush(*fh, *owner)),
            Op::FSync { fh } => reply.empty(self.handle(*fh).and_then(|handle| handle.fsync())),
            Op::Release { fh, flock_unlock, owner } => {
                self.release(*fh, flock_unlock.then_some(*owner), reply)
            }
            Op::GetAttr => self.getattr(request, reply),
            Op::SetAttr(set) => {
                self.listed.changing();
                self.setattr(request, *set, reply);
                self.listed.changing();
            }
            Op::StatFs => self.statfs(reply),
            Op::Access { mask } => {
                reply.empty(self.client.access(&self.caller(request), node, (*mask & 7) as u8));
            }
            Op::OpenDir => self.opendir(request, reply),
            Op::ReadDir { fh, offset, size, plus } => {
                self.readdir(request, (*fh, *offset), *size, *plus, reply);
            }
            Op::ReleaseDir { fh } => {
                locked(&self.dirs).remove(fh);
                reply.ok();
            }
            // Metadata is durable when the master has answered.
            Op::FSyncDir | Op::Destroy => reply.ok(),
            Op::GetLk(lock) => self.getlk(*lock, reply),
            Op::SetLk { lock, wait } => self.setlk(request.unique, *lock, *wait, reply),
            Op::FAllocate => reply.error(Errno::OPNOTSUPP),
            Op::Init { .. } => reply.error(Errno::NOSYS),
            Op::SetXattr { .. } | Op::GetXattr { .. } | Op::ListXattr { .. } | Op::RemoveXattr { .. } => {
                self.xattr(request, op, reply);
            }
            Op::Lookup { name } => return self.lookup(request, name, reply),
            Op::ReadLink => return self.readlink(node, reply),
            _ => {
                // Before, for listings that are being read, and after, for those that were read meanwhile.
                self.listed.changing();
                let result = self.namespace(request, op, reply);
                self.listed.changing();
                return result;
            }
        }
        Ok(())
    }

    /// Requests about special files: read them, and that is all.
    fn serve_special(&self, request: &Request<'_>, op: &Op<'_>, reply: Reply) {
        let node = request.node;
        match op {
            Op::GetAttr => self.special_attr(node, reply),
            Op::StatFs => self.statfs(reply),
            Op::Open { flags } => self.special_open(node, request.uid, *flags, reply),
            Op::Read { fh, offset, size } => self.special_read(*fh, *offset, *size, reply),
            Op::Write { fh, data, .. } => self.special_write(*fh, data.len(), reply),
            Op::Release { fh, .. } => self.special_release(node, *fh, reply),
            Op::Flush { .. } | Op::Access { .. } | Op::FSync { .. } => reply.ok(),
            _ => reply.error(Errno::PERM),
        }
    }
}
