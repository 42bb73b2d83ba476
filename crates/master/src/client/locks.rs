//! Locks, and who waits for them (`spec/wire-client-master.md` 3.8).

use super::Member;
use super::data::Incoming;
use crate::core::Master;
use crate::lock_queues::{Call, LockQueue};
use metadata::plan::{self, LockOwner, PosixWish};
use net::reactor::Net;
use ondisk::Op;
use proto::client_master as p;
use types::{Inode, Reply, SessionId, Status};

/// All that wait.
#[derive(Default)]
pub(crate) struct LockWaiters {
    /// For whole-file locks; true is an exclusive one.
    flock: LockQueue<bool>,
    /// For parts of files.
    posix: LockQueue<PosixWish>,
}

impl LockWaiters {
    /// The session has no connection any more; when it comes back it asks again.
    pub(crate) fn forget(&mut self, session: SessionId) {
        self.flock.forget(session);
        self.posix.forget(session);
    }
}

impl Master {
    /// FLOCK.
    pub(super) fn flock(&mut self, net: &mut Net, from: Incoming<'_>, q: &p::FuseFlock) {
        let before = self.journal.last();
        let who = LockOwner { session: from.member.session, owner: q.owner };
        let call = Call { msgid: q.msgid, reqid: q.reqid };
        let unopened = plan::need_open(&self.fs, from.member.session, q.inode).err();
        let answer = match q.command {
            0..=4 | 7.. if unopened.is_some() => unopened,
            0 => Some(self.flock_unlock(net, q.inode, who, false)),
            1 => Some(self.flock_try(q.inode, who, false)),
            2 => self.flock_wait(q.inode, who, false, call),
            3 => Some(self.flock_try(q.inode, who, true)),
            4 => self.flock_wait(q.inode, who, true, call),
            5 => {
                let calls = self.locks.flock.take(q.inode, |w, c| *w == who && c.reqid == q.reqid);
                self.answer_flock_calls(net, &calls, Status::EINTR);
                Some(Status::OK)
            }
            6 => Some(self.flock_unlock(net, q.inode, who, true)),
            _ => Some(Status::OK),
        };
        if let Some(status) = answer {
            self.answer(net, from.conn, before, &p::FuseFlockReply { msgid: q.msgid, status });
        }
        self.serve_locks(net);
    }

    fn flock_unlock(&mut self, net: &mut Net, inode: Inode, who: LockOwner, all: bool) -> Status {
        let ops = plan::plan_funlock(&self.fs, inode, who);
        if (ops.is_empty() || all) && self.locks.flock.waits(inode, who) {
            let calls = self.locks.flock.take(inode, |w, _| *w == who);
            self.answer_flock_calls(net, &calls, Status::ECANCELED);
        }
        self.run_lock_ops(&ops);
        self.locks.flock.touch(inode);
        Status::OK
    }

    /// Those who wait come first, but for changes of what the owner has.
    fn flock_try(&mut self, inode: Inode, who: LockOwner, exclusive: bool) -> Status {
        let in_turn = self.locks.flock.is_empty(inode) || plan::has_flock(&self.fs, inode, who);
        match plan::plan_flock(&self.fs, inode, who, exclusive).filter(|_| in_turn) {
            Some(ops) => {
                self.run_lock_ops(&ops);
                self.locks.flock.touch(inode);
                Status::OK
            }
            None => Status::EAGAIN,
        }
    }

    /// Gives up a lock of the other kind, and waits; who can have the lock is served at once.
    fn flock_wait(&mut self, inode: Inode, who: LockOwner, exclusive: bool, call: Call) -> Option<Status> {
        let held = self.fs.flocks(inode).iter().find(|l| (l.session, l.owner) == (who.session, who.owner));
        match held.map(|l| l.exclusive == exclusive) {
            Some(true) => return Some(Status::OK),
            Some(false) => {
                let ops = plan::plan_funlock(&self.fs, inode, who);
                self.run_lock_ops(&ops);
            }
            None => {}
        }
        (!self.locks.flock.push(inode, who, exclusive, call)).then_some(Status::OUTOFMEMORY)
    }

    /// POSIX_LOCK.
    pub(super) fn posix_lock(&mut self, net: &mut Net, from: Incoming<'_>, q: &p::FusePosixLock) {
        let before = self.journal.last();
        if let Some(reply) = self.posix_request(net, from.member, q) {
            self.answer(net, from.conn, before, &p::FusePosixLockReply { msgid: q.msgid, reply });
        }
        self.serve_locks(net);
    }

    fn posix_request(
        &mut self,
        net: &mut Net,
        m: &Member,
        q: &p::FusePosixLock,
    ) -> Option<Reply<p::PosixConflict>> {
        const GET: u8 = 0;
        const SET: u8 = 1;
        const TRY: u8 = 2;
        const INTERRUPT: u8 = 3;
        const UNLOCK: u8 = 0;
        const WRITE: u8 = 2;
        let who = LockOwner { session: m.session, owner: q.owner };
        if q.command == INTERRUPT {
            let calls = self.locks.posix.take(q.inode, |w, c| w.session == m.session && c.reqid == q.reqid);
            self.answer_posix_calls(net, &calls, Status::EINTR);
            return Some(Reply::Status(Status::OK));
        }
        if q.command > INTERRUPT {
            return Some(Reply::Status(Status::OK));
        }
        let wish = PosixWish { pid: q.pid, start: q.start, end: q.end, exclusive: q.kind == WRITE };
        if q.command == GET {
            return Some(Reply::Body(self.posix_get(who, q, &wish)));
        }
        if q.kind == UNLOCK {
            if let Some(op) = plan::plan_posix_unlock(&self.fs, q.inode, who, q.start, q.end) {
                self.run_or_tell(&op);
                self.locks.posix.touch(q.inode);
            }
            return Some(Reply::Status(Status::OK));
        }
        if let Err(status) = plan::need_open(&self.fs, m.session, q.inode) {
            return Some(Reply::Status(status));
        }
        // No such lock, or no bytes to lock: stock finds nothing to do, and nothing wrong.
        if q.kind > WRITE || q.start >= q.end {
            return Some(Reply::Status(Status::OK));
        }
        match plan::plan_posix_lock(&self.fs, q.inode, who, &wish) {
            Some(op) => {
                self.run_or_tell(&op);
                self.locks.posix.touch(q.inode);
                Some(Reply::Status(Status::OK))
            }
            None if q.command == TRY => Some(Reply::Status(Status::EAGAIN)),
            None => {
                debug_assert_eq!(q.command, SET, "all others are answered above");
                let call = Call { msgid: q.msgid, reqid: q.reqid };
                let room = self.locks.posix.push(q.inode, who, wish, call);
                (!room).then_some(Reply::Status(Status::OUTOFMEMORY))
            }
        }
    }

    fn posix_get(&self, who: LockOwner, q: &p::FusePosixLock, wish: &PosixWish) -> p::PosixConflict {
        let found = plan::posix_conflict(&self.fs, q.inode, who, wish);
        found.map_or_else(p::PosixConflict::default, |(session, pid, range)| p::PosixConflict {
            pid: if session == who.session { pid } else { 0 },
            kind: if range.exclusive { 2 } else { 1 },
            start: range.start,
            end: range.end,
        })
    }

    /// The file leaves the session's open ones, with all its locks; calls that still wait are cancelled.
    pub(crate) fn release(&mut self, net: &mut Net, session: SessionId, inode: Inode) {
        let calls = self.locks.flock.take(inode, |w, _| w.session == session);
        self.answer_flock_calls(net, &calls, Status::ECANCELED);
        let calls = self.locks.posix.take(inode, |w, _| w.session == session);
        self.answer_posix_calls(net, &calls, Status::ECANCELED);
        let ops = plan::plan_release(&self.fs, session, inode);
        self.run_lock_ops(&ops);
        self.locks.flock.touch(inode);
        self.locks.posix.touch(inode);
    }

    fn run_lock_ops(&mut self, ops: &[Op<'_>]) {
        for op in ops {
            self.run_or_tell(op);
        }
    }

    /// Gives locks that have become free to those who wait for them.
    pub(crate) fn serve_locks(&mut self, net: &mut Net) {
        while let Some(inode) = self.locks.flock.next_changed() {
            self.serve_flocks(net, inode);
        }
        while let Some(inode) = self.locks.posix.next_changed() {
            self.serve_posix(net, inode);
        }
    }

    /// Strictly in order: one writer, or all readers up to the next writer.
    fn serve_flocks(&mut self, net: &mut Net, inode: Inode) {
        while let Some(first) = self.locks.flock.get(inode, 0) {
            let (who, exclusive) = (first.who, first.lock);
            let Some(ops) = plan::plan_flock(&self.fs, inode, who, exclusive) else { return };
            self.run_lock_ops(&ops);
            let calls = self.locks.flock.remove(inode, 0);
            let calls: Vec<_> = calls.into_iter().map(|call| (who.session, call)).collect();
            self.answer_flock_calls(net, &calls, Status::OK);
        }
    }

    /// In order, but a part that is free does not wait for another. A grant may free bytes (a write lock becomes a
    /// read lock), so it starts over after each.
    fn serve_posix(&mut self, net: &mut Net, inode: Inode) {
        let mut at = 0;
        while let Some(waiter) = self.locks.posix.get(inode, at) {
            let who = waiter.who;
            let Some(op) = plan::plan_posix_lock(&self.fs, inode, who, &waiter.lock) else {
                at += 1;
                continue;
            };
            self.run_or_tell(&op);
            let calls = self.locks.posix.remove(inode, at);
            let calls: Vec<_> = calls.into_iter().map(|call| (who.session, call)).collect();
            self.answer_posix_calls(net, &calls, Status::OK);
            at = 0;
        }
    }

    fn answer_flock_calls(&self, net: &mut Net, calls: &[(SessionId, Call)], status: Status) {
        for (session, call) in calls {
            if let Some(conn) = self.clients.of_session(*session).last() {
                let packet = p::FuseFlockReply { msgid: call.msgid, status };
                net.send_held(*conn, self.journal.last(), &packet);
            }
        }
    }

    fn answer_posix_calls(&self, net: &mut Net, calls: &[(SessionId, Call)], status: Status) {
        for (session, call) in calls {
            if let Some(conn) = self.clients.of_session(*session).last() {
                let packet = p::FusePosixLockReply { msgid: call.msgid, reply: Reply::Status(status) };
                net.send_held(*conn, self.journal.last(), &packet);
            }
        }
    }
}
