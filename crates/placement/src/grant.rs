//! Permission to change a chunk: write and truncate (`spec/chunk-placement.md` 3.4–3.6).

use crate::chunks::Flags;
use crate::cluster::{Chunk, wanted};
use crate::operation::{OperationKind, Running};
use crate::{ChunkMeta, ClassId, Cluster, Event, Now, Order, Replica, ReplicaState, Replicas, ServerId};
use std::net::Ipv4Addr;
use types::{ChunkId, ChunkVersion, Status};

/// A request to write a chunk of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WriteRequest {
    /// What the file has at that index now; none = a hole.
    pub chunk: Option<ChunkId>,
    /// The file's class: it decides where a new chunk goes.
    pub class: ClassId,
    /// Who writes, for topology.
    pub client: Ipv4Addr,
    /// The writer holds the lock already (flag CONTINUEOP).
    pub continue_op: bool,
}

/// A change is allowed. Before it calls again the master gives the file this chunk with this version, locked for
/// 120 s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grant {
    /// At once; nothing was ordered.
    Ready {
        /// The file's chunk.
        chunk: ChunkId,
        /// Its version, unchanged.
        version: ChunkVersion,
    },
    /// When [`Event::OperationDone`] comes for `chunk`.
    Started {
        /// The chunk the file has from now on: the next new id, or the same as before.
        chunk: ChunkId,
        /// Its version from now on: 1 for a new one, else the old version + 1 (after the events taken just before).
        version: ChunkVersion,
        /// What runs.
        kind: OperationKind,
    },
}

/// Versions are skipped in steps of this, so that a gap tells that it was made on purpose.
const SKIP: u32 = 16;
/// Steps that are believed.
const MAX_SKIPS: u32 = 2;

/// True when the version of a chunk may have gone from `old` to `new` by one order.
pub(crate) fn is_one_bump(old: ChunkVersion, new: ChunkVersion) -> bool {
    let gap = new.0.wrapping_sub(old.0);
    (0..=MAX_SKIPS).any(|skips| gap == 1 + skips * SKIP)
}

impl Cluster {
    /// May this chunk be written? (WRITE_CHUNK from "by chunk" on; rights, space and quota are checked before.)
    ///
    /// # Errors
    /// NOCHUNK, LOCKED and CHUNKBUSY (park the request), EAGAIN, CHUNKLOST, CSNOTPRESENT, NOSPACE, NOCHUNKSERVERS.
    pub fn write_grant(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        request: WriteRequest,
    ) -> Result<Grant, Status> {
        let Some(id) = request.chunk else { return self.create(now, meta, request) };
        let mut chunk = self.grantable(now, meta, id, request.continue_op)?;
        let shared = chunk.info.references > 1;
        if !shared && !self.chunks.has(chunk.slot, Flags::BUMP) {
            self.set_writing(chunk.slot, true);
            return Ok(Grant::Ready { chunk: id, version: chunk.info.version });
        }
        if shared {
            let (old, from) = (chunk.info.version, id);
            return Ok(self.duplicate(meta, &chunk, request.class, OperationKind::Duplicate, |chunk| {
                Order::Duplicate { chunk, version: ChunkVersion(1), from, from_version: old }
            }));
        }
        let (old, new) = self.bump(&chunk);
        self.start_in_place(&mut chunk, OperationKind::SetVersion, (old, new), |_| Order::SetVersion {
            chunk: id,
            new,
            old,
        });
        self.set_writing(chunk.slot, true);
        Ok(Grant::Started { chunk: id, version: new, kind: OperationKind::SetVersion })
    }

    /// May this chunk be cut to (or extended to) `length` bytes, fewer than a full chunk's?
    ///
    /// # Errors
    /// As [`Cluster::write_grant`].
    pub fn truncate_grant(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        id: ChunkId,
        length: u32,
        class: ClassId,
    ) -> Result<Grant, Status> {
        let mut chunk = self.grantable(now, meta, id, false)?;
        if chunk.info.references > 1 {
            let (old, from) = (chunk.info.version, id);
            return Ok(self.duplicate(meta, &chunk, class, OperationKind::DupTrunc, |chunk| {
                Order::DupTrunc { chunk, version: ChunkVersion(1), from, from_version: old, length }
            }));
        }
        let (old, new) = self.bump(&chunk);
        self.start_in_place(&mut chunk, OperationKind::Truncate, (old, new), |_| Order::Truncate {
            chunk: id,
            length,
            new,
            old,
        });
        Ok(Grant::Started { chunk: id, version: new, kind: OperationKind::Truncate })
    }

    /// The write or truncation is over and metadata unlocked the chunk: parked requests may go on, and the chunk is
    /// looked after if it lost copies meanwhile.
    pub fn unlocked(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId) {
        if let Some(chunk) = self.load(meta, id) {
            self.set_writing(chunk.slot, false);
            self.consider(now, meta, &chunk);
            self.event(Event::Retry { chunk: id });
        }
    }

    /// Metadata changed what it wants of the chunk: references, class or archive flag.
    pub fn chunk_changed(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId) {
        if let Some(chunk) = self.load(meta, id) {
            self.consider(now, meta, &chunk);
        }
    }

    fn create(&mut self, now: Now, meta: &dyn ChunkMeta, request: WriteRequest) -> Result<Grant, Status> {
        let class = meta.class(request.class).ok_or(Status::EINVAL)?;
        let servers = self.choose_new(now, &class, request.client)?;
        let chunk = meta.next_chunk();
        let version = ChunkVersion(1);
        let running = Running::new(OperationKind::Create, ChunkVersion(0), version);
        self.start_new(chunk, request.class, running, &servers, Order::Create { chunk, version });
        let slot = self.record(chunk);
        self.set_writing(slot, true);
        Ok(Grant::Started { chunk, version, kind: OperationKind::Create })
    }

    /// The tests that writing and truncating share.
    fn grantable(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        id: ChunkId,
        continue_op: bool,
    ) -> Result<Chunk, Status> {
        let mut chunk = self.load(meta, id).ok_or(Status::NOCHUNK)?;
        if chunk.info.is_locked(now.unix) && !continue_op {
            return Err(Status::LOCKED);
        }
        // Copies made of a shared chunk would differ if it changed while they are made.
        let copied = chunk.info.references <= 1 && self.sources.contains_key(&id);
        if self.running.contains_key(&id) || copied {
            return Err(Status::CHUNKBUSY);
        }
        let valid = chunk.replicas.iter().filter(|r| r.state == ReplicaState::Valid).count();
        if self.is_changing(now) && valid < wanted(meta, &chunk.info).len() {
            return Err(Status::EAGAIN);
        }
        let goal = wanted(meta, &chunk.info).len();
        if !chunk.has_usable() && !self.revive(now, &mut chunk, goal) {
            return Err(if self.is_complete(now) { Status::CHUNKLOST } else { Status::CSNOTPRESENT });
        }
        Ok(chunk)
    }

    /// The version after the chunk's, for a grant.
    fn bump(&mut self, chunk: &Chunk) -> (ChunkVersion, ChunkVersion) {
        let old = chunk.info.version;
        let mut new = self.next_version(chunk.id, old);
        if !self.chunks.has(chunk.slot, Flags::PROVEN) && !self.servers.all_present() && new.0 == old.0 + 1 {
            // What the master before us ordered of servers that are not here, nobody remembers.
            new = ChunkVersion(new.0.saturating_add(SKIP));
        }
        if new.0 != old.0 + 1 {
            let version = ChunkVersion(new.0 - 1);
            self.event(Event::SetVersion { chunk: chunk.id, version });
        }
        (old, new)
    }

    /// The next version, without numbers that a lost server may have applied.
    pub(crate) fn next_version(&self, id: ChunkId, current: ChunkVersion) -> ChunkVersion {
        let burned = self.burned.get(&id).copied().unwrap_or_default();
        let skips = burned.0.saturating_sub(current.0).div_ceil(SKIP);
        ChunkVersion(current.0.saturating_add(1 + skips * SKIP))
    }

    /// Orders something of every usable copy.
    pub(crate) fn start_in_place(
        &mut self,
        chunk: &mut Chunk,
        kind: OperationKind,
        (old, new): (ChunkVersion, ChunkVersion),
        order: impl Fn(ServerId) -> Order,
    ) {
        for replica in chunk.replicas.iter_mut().filter(|r| r.state.is_usable()) {
            replica.set(replica.state.to_busy());
            let server = replica.server;
            self.order(server, order(server));
        }
        self.store(chunk);
        self.begin(chunk.id, chunk.slot, Running::new(kind, old, new));
    }

    fn duplicate(
        &mut self,
        meta: &dyn ChunkMeta,
        chunk: &Chunk,
        class: ClassId,
        kind: OperationKind,
        order: impl Fn(ChunkId) -> Order,
    ) -> Grant {
        let servers: Vec<ServerId> =
            chunk.replicas.iter().filter(|r| r.state.is_usable()).map(|r| r.server).collect();
        let id = meta.next_chunk();
        let running =
            Running { source: Some(chunk.id), ..Running::new(kind, ChunkVersion(0), ChunkVersion(1)) };
        self.start_new(id, class, running, &servers, order(id));
        if kind == OperationKind::Duplicate {
            let slot = self.record(id);
            self.set_writing(slot, true);
        }
        Grant::Started { chunk: id, version: ChunkVersion(1), kind }
    }

    fn start_new(
        &mut self,
        id: ChunkId,
        class: ClassId,
        running: Running,
        servers: &[ServerId],
        order: Order,
    ) {
        let slot = self.record(id);
        self.set_class(slot, class, false);
        let replicas: Replicas = servers.iter().map(|s| Replica::new(*s, ReplicaState::Busy)).collect();
        self.store_replicas(slot, &replicas);
        for server in servers {
            self.order(*server, order);
        }
        self.begin(id, slot, running);
    }
}
