//! One look at one chunk (`spec/chunk-placement.md` 4.3).

use super::assess::Counts;
use super::queues::Level;
use super::replicate::Outcome;
use crate::chunks::{Flags, Slot};
use crate::cluster::{Chunk, wanted};
use crate::grant::is_one_bump;
use crate::{Alarm, ChunkMeta, Cluster, Event, LabelTerm, Now};
use types::ChunkId;

/// Alarms about single chunks per hour; the matrix has the number.
const MAX_ALARMS: usize = 100;

impl Cluster {
    /// From a queue: only what the queues are for. True when the chunk must wait, and is in a queue again.
    pub(super) fn visit_queued(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId) -> bool {
        let Some(slot) = self.chunks.find(id) else { return false };
        self.chunks.put(slot, Flags::QUEUED, false);
        self.visit(now, meta, id, slot, true);
        self.chunks.find(id).is_some_and(|slot| self.chunks.has(slot, Flags::QUEUED))
    }

    /// In the full pass.
    pub(super) fn visit_walked(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId, slot: Slot) {
        self.visit(now, meta, id, slot, false);
    }

    fn visit(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId, slot: Slot, queued: bool) {
        let Some(mut chunk) = self.load(meta, id) else { return self.disowned(now, meta, id, slot) };
        let locked = chunk.info.is_locked(now.unix);
        if !locked {
            self.set_writing(slot, false);
        }
        let terms = wanted(meta, &chunk.info);
        // Even where nothing says how many copies are right, the last one is needed.
        self.mark_needed(&chunk, terms.len().max(usize::from(chunk.info.references > 0)));
        if locked || self.running.contains_key(&id) || self.sources.contains_key(&id) {
            let used = chunk.info.references > 0;
            let stats = &mut self.walk.running;
            *if used { &mut stats.locked_used } else { &mut stats.locked_unused } += u32::from(!queued);
            return;
        }
        if chunk.info.references == 0 {
            if !queued && !self.remove_if_unused(now, &chunk) {
                self.delete_unused(&mut chunk);
            }
            return;
        }
        if terms.is_empty() {
            // Its class is not defined: nothing says how many copies are right.
            return;
        }
        if !chunk.has_usable() {
            return self.unreadable(now, &mut chunk, terms.len());
        }
        let counts = Counts::of(&chunk);
        if counts.valid >= terms.len() {
            self.delete_bad(&mut chunk);
        }
        if counts.valid > terms.len() {
            return self.reduce(&mut chunk, terms);
        }
        if !queued && self.make_room_on_removal(&mut chunk, counts, terms.len()) {
            return;
        }
        let unmatched = if self.is_picky(terms) { self.unmatched(terms, &chunk) } else { 0 };
        if unmatched > 0 || counts.valid < terms.len() {
            match self.replicate(now, meta, &mut chunk, terms, unmatched, queued) {
                Outcome::Started => return,
                Outcome::Impossible => self.make_room_on_bad(&mut chunk),
                Outcome::Waiting => {}
            }
        }
        if !queued {
            self.balance(now, meta, &mut chunk, counts, terms);
        }
    }

    fn balance(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        chunk: &mut Chunk,
        counts: Counts,
        terms: &[LabelTerm],
    ) {
        let crowded = self.servers.iter().any(|(_, s)| s.is_valid() && !s.takes_replications());
        if counts.valid == terms.len() && (crowded || !self.queues.any_before(Level::Overgoal)) {
            self.rebalance(now, meta, chunk, terms);
        }
    }

    /// Servers whose marked disks hold something that is needed.
    fn mark_needed(&mut self, chunk: &Chunk, goal: usize) {
        let regular = chunk.replicas.iter().filter(|r| r.state.is_regular()).count();
        if regular >= goal {
            return;
        }
        for replica in chunk.replicas.iter().filter(|r| r.state.is_on_removal() && r.state.is_usable()) {
            if let Some(server) = self.servers.get_mut(replica.server) {
                server.removal.needed();
            }
        }
    }

    /// A referenced chunk without a good copy.
    fn unreadable(&mut self, now: Now, chunk: &mut Chunk, goal: usize) {
        if !self.revive(now, chunk, goal)
            && !chunk.replicas.is_empty()
            && self.walk.told.len() < MAX_ALARMS
            && self.walk.told.insert(chunk.id)
        {
            self.event(Event::Alarm(Alarm::NeedsRepair { chunk: chunk.id }));
        }
    }

    /// No copy has the chunk's version, but enough have one next to it: an order was given that metadata does not
    /// remember, or one it remembers was never carried out. Their version is the chunk's then.
    pub(crate) fn revive(&mut self, now: Now, chunk: &mut Chunk, goal: usize) -> bool {
        let known = chunk.info.version;
        let wrong = chunk.replicas.iter().filter(|r| r.state.is_wrong());
        let best = wrong.clone().map(|r| r.version).max().unwrap_or_default();
        let (count, complete) = (wrong.count(), self.is_complete(now));
        let idle = !chunk.has_usable() && !self.running.contains_key(&chunk.id);
        let believed = if is_one_bump(known, best) {
            // Made from the known version, so it has all that was ever acknowledged.
            count >= goal.max(1) || complete
        } else if is_one_bump(best, known) {
            // Going back is right only when nobody can come with the newer version. A lock that ran out instead of
            // being given back tells that nobody was told of anything newer.
            complete && (count >= goal.max(1) || chunk.info.locked_until != 0)
        } else {
            false
        };
        if !idle || best.0 == 0 || !believed {
            return false;
        }
        for replica in chunk.replicas.iter_mut().filter(|r| r.state.is_wrong() && r.version == best) {
            replica.set(replica.state.to_valid());
        }
        chunk.info.version = best;
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        self.store(chunk);
        self.event(Event::SetVersion { chunk: chunk.id, version: best });
        true
    }

    /// Removes the chunk when nothing is left of it and nothing can come back.
    pub(crate) fn remove_if_unused(&mut self, now: Now, chunk: &Chunk) -> bool {
        let info = &chunk.info;
        let unused = info.references == 0 && !info.is_locked(now.unix) && chunk.replicas.is_empty();
        if !unused || self.running.contains_key(&chunk.id) || !self.is_complete(now) {
            return false;
        }
        self.event(Event::RemoveChunk { chunk: chunk.id, version: info.version });
        self.forget_chunk(chunk.id, chunk.slot);
        true
    }

    /// Metadata does not know the chunk any more, and not because we said so: its copies are strangers now.
    pub(super) fn disowned(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId, slot: Slot) {
        let replicas = self.chunks.replicas(slot);
        self.forget_chunk(id, slot);
        for replica in replicas {
            if self.servers.get(replica.server).is_some() {
                let found = (replica.version, replica.state.is_on_removal());
                self.unknown_found(now, meta, replica.server, id, found);
            }
        }
    }
}
