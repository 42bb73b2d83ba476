//! Chunks found, damaged and lost.

use crate::chunks::Flags;
use crate::{ChunkMeta, Cluster, Event, Now, Replica, ReplicaState, ServerId};
use types::{ChunkId, ChunkVersion};

/// Bit 31 of a reported version: the copy is on a disk marked for removal.
const REMOVAL: u32 = 1 << 31;
/// Maintenance rests for so long after chunks were announced, and after chunks were reported lost.
const NEW_QUIET_MS: u64 = 3000;
const LOST_QUIET_MS: u64 = 1000;

impl Cluster {
    /// Chunks that a server has: its list when it registers, and those it finds later. Versions are raw: bit 31 marks
    /// a disk that is to be removed.
    pub fn chunks_found(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        found: impl IntoIterator<Item = (ChunkId, u32)>,
    ) {
        if self.servers.get(server).is_none() {
            return;
        }
        for (id, raw) in found.into_iter().filter(|(id, _)| id.0 != 0) {
            self.new_until = now.at.after_ms(NEW_QUIET_MS);
            self.chunk_found(now, meta, server, id, ChunkVersion(raw & !REMOVAL), raw & REMOVAL != 0);
        }
    }

    fn chunk_found(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        id: ChunkId,
        version: ChunkVersion,
        removal: bool,
    ) {
        let Some(mut chunk) = self.load(meta, id) else {
            return self.unknown_found(now, meta, server, id, (version, removal));
        };
        if let Some(known) = chunk.replicas.iter_mut().find(|r| r.server == server) {
            let marked = known.state.marked(removal);
            if marked != known.state {
                known.state = marked;
                self.store(&chunk);
                self.consider(now, meta, &chunk);
            }
            return;
        }
        let mut replica = Replica::new(server, ReplicaState::Valid.marked(removal));
        if version != chunk.info.version {
            replica.set_wrong(version);
            self.wrong_found(&chunk, version);
        }
        chunk.replicas.push(replica);
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        self.store(&chunk);
        // While a server lists what it has, more of it comes; when it has, all chunks are looked at.
        if self.servers.get(server).is_some_and(|s| !s.registering) {
            self.consider(now, meta, &chunk);
        }
    }

    /// The server cannot read these.
    pub fn chunks_damaged(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        damaged: impl IntoIterator<Item = ChunkId>,
    ) {
        for id in damaged {
            if self.servers.get(server).is_none() {
                return;
            }
            let Some(mut chunk) = self.load(meta, id) else { continue };
            let mut used = false;
            match chunk.replicas.iter_mut().find(|r| r.server == server) {
                Some(replica) if replica.state == ReplicaState::Deleting => continue,
                Some(replica) => {
                    used = replica.state.is_usable();
                    replica.set(ReplicaState::Invalid);
                }
                None => chunk.replicas.push(Replica::new(server, ReplicaState::Invalid)),
            }
            self.chunks.put(chunk.slot, Flags::BUMP, true);
            self.store(&chunk);
            if used {
                self.copy_vanished(id);
            }
            self.finish_if_done(now, meta, &mut chunk);
            self.consider(now, meta, &chunk);
        }
    }

    /// Metadata has taken the version over that some copies have, because no copy had the right one (REPAIR): those are
    /// good now.
    pub fn version_adopted(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId) {
        let Some(mut chunk) = self.load(meta, id) else { return };
        let version = chunk.info.version;
        for replica in chunk.replicas.iter_mut().filter(|r| r.state.is_wrong() && r.version == version) {
            replica.set(replica.state.to_valid());
        }
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        self.store(&chunk);
        self.consider(now, meta, &chunk);
        self.event(Event::Retry { chunk: id });
    }

    /// The server does not have these any more.
    pub fn chunks_lost(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        lost: impl IntoIterator<Item = ChunkId>,
    ) {
        for id in lost {
            self.lost_until = now.at.after_ms(LOST_QUIET_MS);
            let Some(mut chunk) = self.load(meta, id) else {
                self.quarantine.lost(server, id);
                continue;
            };
            let Some(n) = chunk.replicas.iter().position(|r| r.server == server) else { continue };
            let used = chunk.replicas[n].state.is_usable();
            chunk.replicas.remove(n);
            self.chunks.put(chunk.slot, Flags::BUMP, true);
            self.store(&chunk);
            if used {
                self.copy_vanished(id);
            }
            self.finish_if_done(now, meta, &mut chunk);
            if !self.remove_if_unused(now, &chunk) {
                self.consider(now, meta, &chunk);
            }
        }
    }
}
