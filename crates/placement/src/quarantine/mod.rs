//! Chunks that chunkservers have and metadata does not know, and the suspicion that metadata is old.
//!
//! Stock makes such chunks known and deletes them after seven days. Ours keeps them apart, so that restoring an old
//! image never costs data: nothing here is deleted before an operator agrees, or before a configured time has passed
//! during which nothing spoke against the metadata.

mod fence;
#[cfg(test)]
mod tests;

pub use fence::Fence;

use crate::{Alarm, ChunkMeta, Cluster, Event, Instant, Now, Order, ServerId};
use std::collections::BTreeMap;
use types::{ChunkId, ChunkVersion};

/// Ids farther above the next one than this are nonsense and do not raise it.
const MAX_JUMP: u64 = 1_000_000_000;
/// Chunks of the quarantine looked at per tick.
const PER_TICK: usize = 50;
/// Alarms about single chunks; after so many the number must do.
const MAX_ALARMS: u32 = 20;

#[derive(Clone, Copy, Debug)]
struct Copy {
    server: ServerId,
    version: ChunkVersion,
    /// On a disk marked for removal.
    removal: bool,
    deleting: bool,
}

#[derive(Debug)]
struct Held {
    since: Instant,
    released: bool,
    copies: Vec<Copy>,
}

/// A chunk in quarantine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    /// Its id.
    pub chunk: ChunkId,
    /// How long it is here, ms.
    pub age_ms: u64,
    /// An operator agreed to its deletion.
    pub released: bool,
    /// Who has it, and which version.
    pub copies: Vec<(ServerId, ChunkVersion)>,
}

#[derive(Default, Debug)]
pub(crate) struct Quarantine {
    held: BTreeMap<ChunkId, Held>,
    cursor: ChunkId,
    alarms: u32,
    /// The highest id asked to be skipped.
    raised: ChunkId,
}

impl Quarantine {
    fn drop_copies(&mut self, id: ChunkId, gone: impl Fn(&Copy) -> bool) {
        if let Some(held) = self.held.get_mut(&id) {
            held.copies.retain(|c| !gone(c));
            if held.copies.is_empty() {
                self.held.remove(&id);
            }
        }
    }

    pub(crate) fn lost(&mut self, server: ServerId, id: ChunkId) {
        self.drop_copies(id, |c| c.server == server);
    }

    pub(crate) fn delete_answered(&mut self, server: ServerId, id: ChunkId, gone: bool) {
        if gone {
            self.lost(server, id);
        } else if let Some(held) = self.held.get_mut(&id) {
            for copy in held.copies.iter_mut().filter(|c| c.server == server) {
                copy.deleting = false;
            }
        }
    }

    pub(crate) fn server_gone(&mut self, server: ServerId) {
        self.held.retain(|_, held| {
            held.copies.retain(|c| c.server != server);
            !held.copies.is_empty()
        });
    }
}

impl Cluster {
    /// A server has a chunk that metadata does not know.
    pub(crate) fn unknown_found(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        server: ServerId,
        id: ChunkId,
        (version, removal): (ChunkVersion, bool),
    ) {
        let next = meta.next_chunk();
        if id >= next && id.0 - next.0 <= MAX_JUMP {
            self.fence.new_id();
            self.tell_fence(id, version, ChunkVersion(0));
            if id > self.quarantine.raised {
                self.quarantine.raised = id;
                self.event(Event::RaiseNextChunk { above: id });
            }
        }
        let held =
            self.quarantine.held.entry(id).or_insert(Held { since: now.at, released: false, copies: vec![] });
        match held.copies.iter_mut().find(|c| c.server == server) {
            Some(copy) => (copy.version, copy.removal) = (version, removal),
            None => held.copies.push(Copy { server, version, removal, deleting: false }),
        }
        if self.quarantine.alarms < MAX_ALARMS {
            self.quarantine.alarms += 1;
            self.event(Event::Alarm(Alarm::Quarantined { chunk: id, version, server }));
        }
    }

    /// Servers whose marked disks have the only copies of something unknown: they are not to be pulled.
    pub(crate) fn mark_quarantined(&mut self) {
        for held in self.quarantine.held.values().filter(|held| held.copies.iter().all(|c| c.removal)) {
            for copy in &held.copies {
                if let Some(server) = self.servers.get_mut(copy.server) {
                    server.removal.needed();
                }
            }
        }
    }

    /// How many chunks are in quarantine.
    pub fn quarantine_len(&self) -> usize {
        self.quarantine.held.len()
    }

    /// Chunks in quarantine from this id on, at most `limit`.
    pub fn quarantined(&self, now: Now, from: ChunkId, limit: usize) -> Vec<Quarantined> {
        let tell = |(chunk, held): (&ChunkId, &Held)| Quarantined {
            chunk: *chunk,
            age_ms: now.at.since_ms(held.since),
            released: held.released,
            copies: held.copies.iter().map(|c| (c.server, c.version)).collect(),
        };
        self.quarantine.held.range(from..).take(limit).map(tell).collect()
    }

    /// An operator agrees that the chunk is deleted. False when it is not in quarantine.
    pub fn release_quarantined(&mut self, id: ChunkId) -> bool {
        let held = self.quarantine.held.get_mut(&id);
        held.is_some_and(|held| std::mem::replace(&mut held.released, true) || held.released)
    }

    /// Metadata knows the chunk now (an operator adopted it): its copies are looked after like all others.
    pub fn adopt_quarantined(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId) -> bool {
        if meta.chunk(id).is_none() {
            return false;
        }
        let Some(held) = self.quarantine.held.remove(&id) else { return false };
        for copy in held.copies.iter().filter(|c| !c.deleting) {
            let raw = copy.version.0 | u32::from(copy.removal) << 31;
            self.chunks_found(now, meta, copy.server, [(id, raw)]);
        }
        true
    }

    /// Orders deletions that are due, a few per tick.
    pub(crate) fn quarantine_tick(&mut self, now: Now, delete_limit: u32) {
        let wait_ms = self.options.quarantine_s.saturating_mul(1000);
        let healthy_ms = self.fence.healthy_ms(now, self.started);
        let from = self.quarantine.cursor;
        let mut orders = Vec::new();
        let mut last = None;
        for (id, held) in self.quarantine.held.range_mut(from..).take(PER_TICK) {
            last = Some(*id);
            let waited = now.at.since_ms(held.since).min(healthy_ms);
            if !(held.released || wait_ms > 0 && waited >= wait_ms) {
                continue;
            }
            for copy in held.copies.iter_mut().filter(|c| !c.deleting) {
                let Some(server) = self.servers.get_mut(copy.server) else { continue };
                if server.deletions < delete_limit {
                    server.deletions += 1;
                    copy.deleting = true;
                    orders.push((copy.server, Order::Delete { chunk: *id, version: copy.version }));
                }
            }
        }
        self.quarantine.cursor = last.map_or(ChunkId(0), |id| ChunkId(id.0.saturating_add(1)));
        for (server, order) in orders {
            self.order(server, order);
        }
    }
}
