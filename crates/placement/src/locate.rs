//! Where a client finds a chunk (`spec/chunk-placement.md` 2.8, `spec/wire-client-master.md` 4.1).

use crate::cluster::wanted;
use crate::operation::OperationKind;
use crate::{ChunkMeta, Cluster, Now, Replica, Server};
use std::net::Ipv4Addr;
use types::{ChunkId, ChunkVersion, Status};

/// Copies told at most.
pub const MAX_LOCATIONS: usize = 100;

/// A chunk's copies for one client, nearest first.
#[derive(Clone, Debug)]
pub struct Locations<'a> {
    /// The version to ask for.
    pub version: ChunkVersion,
    /// The servers.
    pub servers: Vec<&'a Server>,
}

impl Cluster {
    /// For READ_CHUNK.
    ///
    /// # Errors
    /// NOCHUNK; LOCKED or CHUNKBUSY (park the request); CHUNKLOST when there certainly is no copy. No copy that may yet
    /// appear is an empty list. A running replication is no obstacle: it changes nothing that a reader sees.
    pub fn read_grant(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        id: ChunkId,
        client: Ipv4Addr,
    ) -> Result<Locations<'_>, Status> {
        let info = meta.chunk(id).ok_or(Status::NOCHUNK)?;
        if info.is_locked(now.unix) {
            return Err(Status::LOCKED);
        }
        if self.running.get(&id).is_some_and(|r| r.kind != OperationKind::Replicate) {
            return Err(Status::CHUNKBUSY);
        }
        self.locations(now, meta, id, client)
    }

    /// For answers to a writer, and LOOKUP: no test of locks.
    ///
    /// # Errors
    /// NOCHUNK, CHUNKLOST as in [`Cluster::read_grant`].
    pub fn locations(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        id: ChunkId,
        client: Ipv4Addr,
    ) -> Result<Locations<'_>, Status> {
        let mut chunk = self.load(meta, id).ok_or(Status::NOCHUNK)?;
        if !chunk.has_usable() {
            let goal = wanted(meta, &chunk.info).len();
            self.revive(now, &mut chunk, goal);
        }
        let replicating = self.running.get(&id).is_some_and(|r| r.kind == OperationKind::Replicate);
        let readable = |r: &&Replica| r.state.is_usable() && !(replicating && r.state.is_busy());
        let mut sorted: Vec<(u32, u32, &Server)> = Vec::new();
        for replica in chunk.replicas.iter().filter(readable) {
            if let Some(server) = self.servers.get(replica.server) {
                sorted.push((self.topology.distance(client, server.ip), self.rng.u32(..), server));
            }
        }
        if sorted.is_empty() && self.is_complete(now) {
            return Err(Status::CHUNKLOST);
        }
        sorted.sort_by_key(|(distance, tie, _)| (*distance, *tie));
        sorted.truncate(MAX_LOCATIONS);
        Ok(Locations { version: chunk.info.version, servers: sorted.into_iter().map(|s| s.2).collect() })
    }

    /// All copies for FILE CHECK and operators: `None` for an unknown chunk.
    pub fn replicas(&self, id: ChunkId) -> Option<Vec<(&Server, Replica)>> {
        let slot = self.chunks.find(id)?;
        let all = self.chunks.replicas(slot);
        Some(all.into_iter().filter_map(|r| Some((self.servers.get(r.server)?, r))).collect())
    }

    /// Usable copies, as file checks count them.
    pub fn copies(&self, id: ChunkId) -> usize {
        self.replicas(id).map_or(0, |all| all.iter().filter(|(_, r)| r.state.is_usable()).count())
    }
}
