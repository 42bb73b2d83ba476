//! Requests that wait for chunks: until an operation on chunkservers ends, or until a lock is free
//! (`spec/wire-client-master.md` 4.5).

use super::data::Incoming;
use crate::core::Master;
use net::reactor::{ConnId, Net};
use ondisk::Op;
use placement::Waiters;
use proto::client_master as p;
use proto::{HEADER_SIZE, Packet};
use std::collections::HashMap;
use types::{ChunkId, ChunkIndex, Inode, MsgId, SessionId, Status, Wire};

/// The most requests that wait for chunks at once.
const MAX_PARKED: usize = 100_000;

/// A request that is answered later: when an operation ends, or when it is tried again.
pub(crate) struct Waiting {
    pub(super) conn: ConnId,
    /// Which packet it came as, and its body: what is needed to try again.
    pub(super) id: u32,
    pub(super) body: Vec<u8>,
    pub(super) running: Option<Running>,
}

/// A change that runs on chunkservers.
#[derive(Clone, Copy)]
pub(super) struct Running {
    pub(super) session: SessionId,
    pub(super) inode: Inode,
    pub(super) index: ChunkIndex,
    /// The file's chunk before and after.
    pub(super) prev: ChunkId,
    pub(super) cur: ChunkId,
}

/// All of them, and who holds which chunk's lock.
pub(crate) struct PendingChunks {
    pub(super) waiters: Waiters<Waiting>,
    pub(super) holders: HashMap<ChunkId, SessionId>,
}

impl Default for PendingChunks {
    fn default() -> Self {
        PendingChunks { waiters: Waiters::new(MAX_PARKED), holders: HashMap::new() }
    }
}

impl PendingChunks {
    /// A session says that the chunk's lock is its own. That is believed unless another one is known to hold it: two
    /// writers at once could leave different data in different copies. Locks of before a restart have no known holder.
    pub(super) fn may_continue(&self, chunk: ChunkId, session: SessionId) -> bool {
        self.holders.get(&chunk).is_none_or(|holder| *holder == session)
    }

    /// Forgets holders of locks that ran out.
    pub(crate) fn prune_holders(&mut self, is_locked: impl Fn(ChunkId) -> bool) {
        self.holders.retain(|chunk, _| is_locked(*chunk));
    }
}

impl Master {
    /// An operation on chunkservers has ended: its request is answered, or undone.
    pub(crate) fn operation_done(&mut self, net: &mut Net, chunk: ChunkId, status: Status) {
        let Some(waiting) = self.pending.waiters.finished(chunk) else { return };
        let Some(run) = waiting.running else { return };
        let member = match self.clients.get(waiting.conn).map(|link| link.role) {
            Some(super::links::Role::Mount(member)) => member,
            _ => return self.roll_back(run),
        };
        let from = Incoming { conn: waiting.conn, member: &member, id: waiting.id, body: &waiting.body };
        if status != Status::OK {
            self.roll_back(run);
            return self.refuse(net, from, status);
        }
        let before = 0;
        if waiting.id == p::FuseTruncate::ID {
            let Ok(q) = p::FuseTruncate::decode_whole(&waiting.body) else { return };
            let previous = self.fs.get(run.inode).map_or(0, |n| n.length());
            if let Err(status) = self.unlock(chunk) {
                tracing::error!("chunk {chunk:X} of inode {} cannot be unlocked: {status}", run.inode);
            }
            let op = Op::Length { inode: run.inode, length: q.length, set_mtime: true };
            self.run_or_tell(&op);
            self.truncated(net, from, &q, previous, before, true);
        } else {
            self.write_granted(net, from.conn, msgid_of(&waiting.body), run, before);
        }
    }

    /// The file gets its old chunk back.
    pub(super) fn roll_back(&mut self, run: Running) {
        self.pending.holders.remove(&run.cur);
        if self.fs.get(run.inode).is_some() && self.fs.chunk_at(run.inode, run.index) == Some(run.cur) {
            let op = Op::Rollback { inode: run.inode, index: run.index, prev: run.prev, cur: run.cur };
            self.run_or_tell(&op);
        }
        let now = self.chunk_time();
        self.cluster.unlocked(now, &crate::cs::Meta(&self.fs), run.cur);
    }

    /// Once all servers that are known have told what they have: a chunk of before the start that nobody has was never
    /// made, so the file gets back what it had.
    pub(crate) fn undo_unfinished(&mut self) {
        let now = self.chunk_time();
        if self.unfinished.is_empty() || !self.cluster.is_complete(now) {
            return;
        }
        for u in std::mem::take(&mut self.unfinished) {
            let untouched = self.fs.chunk(u.cur).is_some_and(|c| c.locked_until != 0);
            if untouched && self.cluster.copies(u.cur) == 0 {
                tracing::warn!(
                    "chunk {:016X} of inode {} was never made: its write is undone",
                    u.cur,
                    u.inode
                );
                let (session, prev) = (SessionId(0), u.prev);
                self.roll_back(Running { session, inode: u.inode, index: u.index, prev, cur: u.cur });
            }
        }
    }

    /// A chunk is free again: those who waited for it are served in order, until one of them takes it.
    pub(crate) fn retry_parked(&mut self, net: &mut Net, chunk: ChunkId) {
        for _ in 0..self.pending.waiters.parked_on(chunk) {
            let Some(waiting) = self.pending.waiters.next(chunk) else { return };
            self.client_frame(net, waiting.conn, waiting.id, &waiting.body);
            let locked = self.fs.chunk(chunk).is_some_and(|c| c.locked_until >= self.now);
            if locked {
                return;
            }
        }
    }

    /// Once a second: who has waited for too long is told so.
    pub(crate) fn expire_waiting(&mut self, net: &mut Net) {
        let now = self.chunk_time();
        for (waiting, status) in self.pending.waiters.expire(now.at) {
            send_status(net, waiting.conn, waiting.id, &waiting.body, status);
        }
    }

    /// A client is gone: what it waited for is undone.
    pub(crate) fn drop_pending(&mut self, conn: ConnId) {
        for (_, waiting) in self.pending.waiters.remove(|w| w.conn == conn) {
            if let Some(run) = waiting.running {
                self.roll_back(run);
            }
        }
    }

    pub(super) fn waiting(&self, from: Incoming<'_>, running: Option<Running>) -> Waiting {
        Waiting { conn: from.conn, id: from.id, body: from.body.to_vec(), running }
    }

    pub(super) fn park_or_refuse(
        &mut self,
        net: &mut Net,
        from: Incoming<'_>,
        chunk: ChunkId,
        status: Status,
    ) {
        if matches!(status, Status::LOCKED | Status::CHUNKBUSY) {
            let waiting = self.waiting(from, None);
            let now = self.chunk_time();
            if self.pending.waiters.park(now.at, chunk, status, waiting).is_ok() {
                return;
            }
        }
        self.refuse(net, from, status);
    }
}

pub(super) fn msgid_of(body: &[u8]) -> MsgId {
    MsgId::decode(&mut types::Reader::new(body)).unwrap_or_default()
}

/// `msgid | status` under the request's id + 1: the form that all refusals have.
pub(super) fn send_status(net: &mut Net, conn: ConnId, id: u32, body: &[u8], status: Status) {
    let mut frame = Vec::with_capacity(HEADER_SIZE + 5);
    (id + 1, 5_u32).encode(&mut frame);
    (msgid_of(body), status).encode(&mut frame);
    net.send_bytes(conn, &frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_with_a_lock_that_is_another_ones() {
        let mut pending = PendingChunks::default();
        let (chunk, mine, other) = (ChunkId(7), SessionId(1), SessionId(2));
        assert!(pending.may_continue(chunk, mine), "a lock of before a restart");
        pending.holders.insert(chunk, mine);
        assert!(pending.may_continue(chunk, mine) && !pending.may_continue(chunk, other));
        pending.prune_holders(|_| false);
        assert!(pending.may_continue(chunk, other));
    }
}
