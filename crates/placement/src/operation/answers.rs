//! Answers of chunkservers to orders (`spec/chunk-placement.md` 3.7, 3.11, 3.12).

use super::OperationKind;
use crate::chunks::Flags;
use crate::cluster::Chunk;
use crate::{Alarm, ChunkMeta, Cluster, Event, Now, Replica, ReplicaState, ServerId};
use types::{ChunkId, ChunkVersion, Status};

impl Cluster {
    /// An answer to CREATE, SET_VERSION, DUPLICATE, TRUNCATE or DUPTRUNC.
    pub fn operation_answered(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        kind: OperationKind,
        id: ChunkId,
        status: Status,
    ) {
        let stats = &mut self.stats;
        if kind == OperationKind::Create { &mut stats.create } else { &mut stats.change }.answered(status);
        let Some(mut chunk) = self.load(meta, id) else { return self.unexpected(id, server) };
        let Some(running) = self.running.get_mut(&id).filter(|r| r.is_awaited()) else {
            return self.unexpected(id, server);
        };
        let Some(n) = chunk.replicas.iter().position(|r| r.server == server && r.state.is_busy()) else {
            // Reported lost or damaged before it answered: decided then.
            return;
        };
        if status != Status::OK {
            running.failed(status);
        }
        let (old, in_place) = (running.old, running.kind.is_in_place());
        let replica = &mut chunk.replicas[n];
        match status {
            Status::OK => replica.set(replica.state.to_valid()),
            Status::NOTDONE if in_place => replica.set_wrong(old),
            Status::NOTDONE => {
                chunk.replicas.remove(n);
            }
            _ => replica.set(ReplicaState::Invalid),
        }
        self.store(&chunk);
        self.finish_if_done(now, meta, &mut chunk);
    }

    /// An answer to REPLICATE.
    pub fn replicate_answered(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        id: ChunkId,
        version: ChunkVersion,
        status: Status,
    ) {
        if !self.release_replication(server, id) {
            return self.unexpected(id, server);
        }
        self.stats.replicate.answered(status);
        let Some(mut chunk) = self.load(meta, id) else { return };
        let ours = self.running.get(&id).is_some_and(|r| r.kind == OperationKind::Replicate);
        let at = chunk.replicas.iter().position(|r| r.server == server);
        match at {
            Some(n) if ours && chunk.replicas[n].state.is_busy() => {
                let replica = &mut chunk.replicas[n];
                match status {
                    Status::OK if version == chunk.info.version => replica.set(replica.state.to_valid()),
                    // It has something under this id that we did not know of: not to be trusted.
                    Status::OK | Status::CHUNKEXIST => replica.set(ReplicaState::Invalid),
                    _ => {
                        chunk.replicas.remove(n);
                    }
                }
                self.store(&chunk);
                self.end_replication(now, meta, &mut chunk);
            }
            // Too late: what it fetched may be older than what was written since.
            None if status == Status::OK || status == Status::CHUNKEXIST => {
                chunk.replicas.push(Replica::new(server, ReplicaState::Invalid));
                self.store(&chunk);
            }
            _ => {}
        }
    }

    /// An answer to DELETE.
    pub fn delete_answered(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        id: ChunkId,
        status: Status,
    ) {
        if let Some(server) = self.servers.get_mut(server) {
            server.deletions = server.deletions.saturating_sub(1);
        }
        let gone = status == Status::OK || status == Status::NOCHUNK;
        self.stats.delete.answered(if gone { Status::OK } else { status });
        let Some(mut chunk) = self.load(meta, id) else {
            return self.quarantine.delete_answered(server, id, gone);
        };
        let Some(n) = chunk.replicas.iter().position(|r| r.server == server) else { return };
        let deleting = chunk.replicas[n].state == ReplicaState::Deleting;
        if gone && !chunk.replicas[n].state.is_busy() {
            chunk.replicas.remove(n);
            self.chunks.put(chunk.slot, Flags::BUMP, true);
            self.store(&chunk);
            if !self.remove_if_unused(now, &chunk) {
                self.consider(now, meta, &chunk);
            }
        } else if deleting {
            chunk.replicas[n].set(ReplicaState::Invalid);
            self.store(&chunk);
        }
    }

    fn unexpected(&mut self, chunk: ChunkId, server: ServerId) {
        self.event(Event::Alarm(Alarm::UnexpectedAnswer { chunk, server }));
    }

    /// Gives back the places that a replication held. False when there was none.
    pub(crate) fn release_replication(&mut self, to: ServerId, id: ChunkId) -> bool {
        let Some(from) = self.replications.remove(&(to, id)) else { return false };
        if let Some(server) = self.servers.get_mut(to) {
            server.incoming = server.incoming.saturating_sub(1);
        }
        if let Some(server) = from.and_then(|id| self.servers.get_mut(id)) {
            server.outgoing = server.outgoing.saturating_sub(1);
        }
        true
    }

    pub(crate) fn end_replication(&mut self, now: Now, meta: &dyn ChunkMeta, chunk: &mut Chunk) {
        self.running.remove(&chunk.id);
        self.chunks.put(chunk.slot, Flags::OPERATION, false);
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        self.event(Event::Retry { chunk: chunk.id });
        self.consider(now, meta, chunk);
    }
}
