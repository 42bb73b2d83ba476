//! Locks (`spec/wire-client-master.md` 3.8). A lock that has to wait does not occupy a thread.

use crate::core::{Core, decode};
use crate::error::errno;
use crate::handle::Handle;
use crate::{Error, Result};
use proto::client_master::{FuseFlock, FuseFlockReply, FusePosixLock, FusePosixLockReply};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use types::{Inode, Reply, Status};

/// What a lock excludes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockKind {
    /// Nothing: gives a lock up.
    Unlock,
    /// Writers.
    Read,
    /// Everybody.
    Write,
}

/// A lock of a byte range, as fcntl(2) has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PosixLock {
    /// Who owns it, within this client.
    pub owner: u64,
    /// Shown to those who ask what is in their way.
    pub pid: u32,
    /// See [`LockKind`].
    pub kind: LockKind,
    /// First byte.
    pub start: u64,
    /// Behind the last byte; `u64::MAX` is the end of the file, wherever it is.
    pub end: u64,
}

/// What to do when a lock is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockWait {
    /// Fail with `AGAIN`.
    No,
    /// Wait for it.
    Yes,
}

/// A lock request that may still be waiting.
#[derive(Clone)]
pub struct LockTicket {
    core: Arc<Core>,
    inode: Inode,
    request: u32,
    owner: u64,
    flock: bool,
}

impl LockTicket {
    /// Makes the request fail with `INTR`, if it still waits.
    pub fn interrupt(&self) {
        let (inode, reqid, owner) = (self.inode, self.request, self.owner);
        let ignore = |_: Result<Vec<u8>>| {};
        let sent = if self.flock {
            self.core.link.call_async(|msgid| FuseFlock { msgid, inode, reqid, owner, command: 5 }, ignore)
        } else {
            let request = |msgid| FusePosixLock {
                msgid,
                inode,
                reqid,
                owner,
                pid: 0,
                command: 3,
                kind: 0,
                start: 0,
                end: 0,
            };
            self.core.link.call_async(request, ignore)
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "lock request not interrupted");
        }
    }
}

impl Handle {
    fn ticket(&self, owner: u64, flock: bool) -> LockTicket {
        let request = (self.core.lock_requests.fetch_add(1, Ordering::Relaxed) as u32).max(1);
        LockTicket { core: self.core.clone(), inode: self.inode(), request, owner, flock }
    }

    /// What is in the way of such a lock? `None`: nothing.
    pub fn conflict(&self, lock: PosixLock) -> Result<Option<PosixLock>> {
        self.wait_opened()?;
        let request = posix_packet(self.inode(), 0, 0, lock);
        let body = self.core.link.call(request)?;
        match decode::<FusePosixLockReply>(&body)?.reply {
            Reply::Status(status) => Err(errno(status)),
            Reply::Body(found) => Ok(match found.kind {
                1 | 2 => Some(PosixLock {
                    owner: 0,
                    pid: found.pid,
                    kind: if found.kind == 1 { LockKind::Read } else { LockKind::Write },
                    start: found.start,
                    end: found.end,
                }),
                _ => None,
            }),
        }
    }

    /// Takes or gives up a lock; `done` is told the outcome, perhaps much later, on a thread that it must not block.
    pub fn lock(
        &self,
        lock: PosixLock,
        wait: LockWait,
        done: impl FnOnce(Result<()>) + Send + 'static,
    ) -> Result<LockTicket> {
        self.wait_opened()?;
        self.posix_locked.store(true, Ordering::Relaxed);
        let ticket = self.ticket(lock.owner, false);
        let command = if wait == LockWait::Yes || lock.kind == LockKind::Unlock { 1 } else { 2 };
        let answered = move |answer: Result<Vec<u8>>| {
            done(answer.and_then(|body| match decode::<FusePosixLockReply>(&body)?.reply {
                Reply::Status(Status::OK) => Ok(()),
                Reply::Status(status) => Err(errno(status)),
                Reply::Body(_) => Err(Error::IO),
            }));
        };
        self.core.link.call_async(posix_packet(self.inode(), ticket.request, command, lock), answered)?;
        Ok(ticket)
    }

    /// Takes or gives up a lock of the whole file, as flock(2) has them; otherwise as [`Handle::lock`].
    pub fn flock(
        &self,
        owner: u64,
        kind: LockKind,
        wait: LockWait,
        done: impl FnOnce(Result<()>) + Send + 'static,
    ) -> Result<LockTicket> {
        self.wait_opened()?;
        self.flocked.store(true, Ordering::Relaxed);
        let ticket = self.ticket(owner, true);
        let command = match (kind, wait) {
            (LockKind::Unlock, _) => 0,
            (LockKind::Read, LockWait::No) => 1,
            (LockKind::Read, LockWait::Yes) => 2,
            (LockKind::Write, LockWait::No) => 3,
            (LockKind::Write, LockWait::Yes) => 4,
        };
        let (inode, reqid) = (self.inode(), ticket.request);
        let answered = move |answer: Result<Vec<u8>>| {
            done(answer.and_then(|body| decode::<FuseFlockReply>(&body)?.status.ok().map_err(errno)));
        };
        self.core.link.call_async(|msgid| FuseFlock { msgid, inode, reqid, owner, command }, answered)?;
        Ok(ticket)
    }

    /// Gives up all byte-range locks of an owner, as each close(2) of the owner does.
    pub fn unlock_all(&self, owner: u64) -> Result<()> {
        if !self.posix_locked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let all = PosixLock { owner, pid: 0, kind: LockKind::Unlock, start: 0, end: u64::MAX };
        let body = self.core.link.call(posix_packet(self.inode(), 0, 1, all))?;
        match decode::<FusePosixLockReply>(&body)?.reply {
            Reply::Status(Status::OK) => Ok(()),
            Reply::Status(status) => Err(errno(status)),
            Reply::Body(_) => Err(Error::IO),
        }
    }

    /// Gives up the owner's lock of the whole file, when the last descriptor that shares it is closed.
    pub fn release_flock(&self, owner: u64) -> Result<()> {
        if !self.flocked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let inode = self.inode();
        let body = self.core.link.call(|msgid| FuseFlock { msgid, inode, reqid: 0, owner, command: 6 })?;
        decode::<FuseFlockReply>(&body)?.status.ok().map_err(errno)
    }
}

fn posix_packet(
    inode: Inode,
    reqid: u32,
    command: u8,
    lock: PosixLock,
) -> impl FnOnce(types::MsgId) -> FusePosixLock {
    move |msgid| FusePosixLock {
        msgid,
        inode,
        reqid,
        owner: lock.owner,
        pid: lock.pid,
        command,
        kind: match lock.kind {
            LockKind::Unlock => 0,
            LockKind::Read => 1,
            LockKind::Write => 2,
        },
        start: lock.start,
        end: lock.end,
    }
}
