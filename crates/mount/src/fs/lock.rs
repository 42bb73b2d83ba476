//! Locks. One that has to wait keeps its answer until the master grants it; no thread waits with it.

use super::{Fs, locked};
use crate::fuse::{LockArgs, Reply};
use client::{LockKind, LockTicket, LockWait, PosixLock};
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const F_RDLCK: u32 = 0;
const F_WRLCK: u32 = 1;
const F_UNLCK: u32 = 2;
/// The kernel's "up to the end of the file", inclusive.
const TO_END: u64 = i64::MAX as u64;

/// Lock requests that wait, by the kernel's request id.
#[derive(Default)]
pub(super) struct Interrupts(Mutex<HashMap<u64, LockTicket>>);

impl Interrupts {
    /// The process that waits got a signal. What is not waiting for a lock goes on.
    pub(super) fn interrupt(&self, unique: u64) {
        let ticket = locked(&self.0).get(&unique).cloned();
        if let Some(ticket) = ticket {
            ticket.interrupt();
        }
    }
}

fn kind(args: &LockArgs) -> Result<LockKind, Errno> {
    match args.kind {
        F_RDLCK => Ok(LockKind::Read),
        F_WRLCK => Ok(LockKind::Write),
        F_UNLCK => Ok(LockKind::Unlock),
        _ => Err(Errno::INVAL),
    }
}

fn range(args: &LockArgs) -> Result<PosixLock, Errno> {
    let end = if args.end >= TO_END { u64::MAX } else { args.end + 1 };
    Ok(PosixLock { owner: args.owner, pid: args.pid, kind: kind(args)?, start: args.start, end })
}

impl Fs {
    pub(super) fn getlk(&self, args: LockArgs, reply: Reply) {
        match range(&args).and_then(|lock| self.handle(args.fh)?.conflict(lock)) {
            Ok(None) => reply.lock(args.start, args.end, F_UNLCK, 0),
            Ok(Some(found)) => {
                let end = if found.end > TO_END { TO_END } else { found.end.saturating_sub(1) };
                let kind = if found.kind == LockKind::Read { F_RDLCK } else { F_WRLCK };
                reply.lock(found.start, end, kind, found.pid);
            }
            Err(error) => reply.error(error),
        }
    }

    pub(super) fn setlk(&self, unique: u64, args: LockArgs, wait: bool, reply: Reply) {
        let handle = match self.handle(args.fh) {
            Ok(handle) => handle,
            Err(error) => return reply.error(error),
        };
        let (lock, kind) = match (range(&args), kind(&args)) {
            (Ok(lock), Ok(kind)) => (lock, kind),
            _ => return reply.error(Errno::INVAL),
        };
        let wait = if wait { LockWait::Yes } else { LockWait::No };
        let answered = Arc::new(AtomicBool::new(false));
        let (is_answered, interrupts) = (answered.clone(), self.interrupts.clone());
        let done = move |result| {
            is_answered.store(true, Ordering::SeqCst);
            locked(&interrupts.0).remove(&unique);
            reply.empty(result);
        };
        let ticket = if args.flock {
            handle.flock(args.owner, kind, wait, done)
        } else {
            handle.lock(lock, wait, done)
        };
        if let Ok(ticket) = ticket
            && wait == LockWait::Yes
        {
            locked(&self.interrupts.0).insert(unique, ticket);
            // The answer may have come before the ticket was there to be removed.
            if answered.load(Ordering::SeqCst) {
                locked(&self.interrupts.0).remove(&unique);
            }
        }
    }
}
