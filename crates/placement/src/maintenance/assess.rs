//! How urgent a chunk is.

use super::queues::Level;
use crate::choose::matching;
use crate::chunks::Flags;
use crate::cluster::{Chunk, wanted};
use crate::meta::has_labels;
use crate::{ChunkMeta, Cluster, LabelTerm, Now, ReplicaState, UniqueMode};

/// A lock that lasts longer than this is not a write: leave the chunk alone.
const LONG_LOCK_S: u32 = 3600;

/// Copies at rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Counts {
    /// On regular disks.
    pub(super) valid: usize,
    /// On disks marked for removal.
    pub(super) removal: usize,
}

impl Counts {
    pub(super) fn of(chunk: &Chunk) -> Counts {
        let count = |state| chunk.replicas.iter().filter(|r| r.state == state).count();
        Counts { valid: count(ReplicaState::Valid), removal: count(ReplicaState::RemovalValid) }
    }

    /// The first that fits; none when nothing is wrong or nothing can be done.
    pub(super) fn level(self, goal: usize, wrong_labels: impl FnOnce() -> bool) -> Option<Level> {
        let Counts { valid, removal } = self;
        match () {
            () if valid + removal == 0 => None,
            () if valid + removal == 1 && goal > 2 => Some(Level::EndangeredHigh),
            () if valid + removal == 1 && goal == 2 => Some(Level::Endangered),
            () if valid < goal && valid == 1 && removal > 0 => Some(Level::OneRegular),
            () if valid < goal && removal > 0 => Some(Level::MarkedForRemoval),
            () if valid < goal => Some(Level::Undergoal),
            () if wrong_labels() => Some(Level::WrongLabels),
            () if valid > goal => Some(Level::Overgoal),
            () => None,
        }
    }
}

impl Cluster {
    /// Labels or uniqueness restrict where copies may be.
    pub(super) fn is_picky(&self, terms: &[LabelTerm]) -> bool {
        self.options.unique_mode != UniqueMode::Server || has_labels(terms)
    }

    /// How many terms no good copy on a regular disk fulfils.
    pub(super) fn unmatched(&self, terms: &[LabelTerm], chunk: &Chunk) -> usize {
        let valid = chunk.replicas.iter().filter(|r| r.state == ReplicaState::Valid);
        let candidates: Vec<_> =
            valid.filter_map(|r| self.servers.get(r.server)).map(|s| self.candidate(s)).collect();
        matching(terms, &candidates).iter().filter(|m| m.is_none()).count()
    }

    /// Queues the chunk when it needs work.
    pub(crate) fn consider(&mut self, now: Now, meta: &dyn ChunkMeta, chunk: &Chunk) {
        let info = &chunk.info;
        let idle = !self.running.contains_key(&chunk.id) && !self.chunks.has(chunk.slot, Flags::QUEUED);
        let settled = info.locked_until < now.unix.saturating_add(LONG_LOCK_S);
        if !idle || !settled || info.references == 0 || info.class == 0 {
            return;
        }
        let terms = wanted(meta, info);
        let wrong = || self.is_picky(terms) && self.unmatched(terms, chunk) > 0;
        if let Some(level) = Counts::of(chunk).level(terms.len(), wrong) {
            self.enqueue(level, chunk);
        }
    }

    pub(super) fn enqueue(&mut self, level: Level, chunk: &Chunk) {
        if self.chunks.has(chunk.slot, Flags::QUEUED) {
            return;
        }
        self.chunks.put(chunk.slot, Flags::QUEUED, true);
        let dropped = self.queues.push(level, chunk.id).and_then(|id| self.chunks.find(id));
        if let Some(slot) = dropped {
            self.chunks.put(slot, Flags::QUEUED, false);
        }
    }

    /// Empties all queues; the full pass finds everything again.
    pub(crate) fn empty_queues(&mut self) {
        for level in Level::ALL {
            while let Some(id) = self.queues.pop(level) {
                if let Some(slot) = self.chunks.find(id) {
                    self.chunks.put(slot, Flags::QUEUED, false);
                }
            }
        }
    }
}
