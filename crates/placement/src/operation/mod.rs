//! Operations on all copies of a chunk: one at a time per chunk (`spec/chunk-placement.md` 3.7, 3.8).

mod answers;
mod finish;
#[cfg(test)]
mod tests;

use crate::chunks::{Flags, Slot};
use crate::{Cluster, Event, Instant};
use types::{ChunkId, ChunkVersion, Status};

/// What runs on a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OperationKind {
    /// A new empty chunk.
    Create,
    /// A higher version before a write, or after an operation that only some copies did.
    SetVersion,
    /// A private copy of a shared chunk.
    Duplicate,
    /// A new length.
    Truncate,
    /// A private copy with a new length.
    DupTrunc,
    /// One more copy.
    Replicate,
}

impl OperationKind {
    /// Changes copies that were good before.
    pub(crate) fn is_in_place(self) -> bool {
        matches!(self, OperationKind::SetVersion | OperationKind::Truncate)
    }
}

/// An operation that has not ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) kind: OperationKind,
    /// The version before; 0 for a new chunk.
    pub(crate) old: ChunkVersion,
    /// The version of copies that did it.
    pub(crate) new: ChunkVersion,
    /// A copy failed or vanished: those that did it must be told from it.
    pub(crate) interrupted: bool,
    /// A copy vanished, or failed half-way: it may have the new version.
    pub(crate) burned: bool,
    /// Failures so far were all for lack of space; none = no failure yet.
    pub(crate) only_no_space: Option<bool>,
    /// Duplication only: the chunk that is copied, which must not change meanwhile.
    pub(crate) source: Option<ChunkId>,
    /// Replication only: given up then.
    pub(crate) until: Instant,
}

impl Running {
    pub(crate) fn new(kind: OperationKind, old: ChunkVersion, new: ChunkVersion) -> Running {
        Running {
            kind,
            old,
            new,
            interrupted: false,
            burned: false,
            only_no_space: None,
            source: None,
            until: Instant(u64::MAX),
        }
    }

    /// Somebody waits for the end.
    pub(crate) fn is_awaited(&self) -> bool {
        self.kind != OperationKind::Replicate
    }

    /// A copy failed with this status.
    pub(crate) fn failed(&mut self, status: Status) {
        let no_space = status == Status::NOSPACE;
        self.only_no_space = Some(self.only_no_space.unwrap_or(true) && no_space);
        if status != Status::NOTDONE {
            self.interrupted = true;
            self.burned = true;
        }
    }

    /// A copy vanished.
    pub(crate) fn vanished(&mut self) {
        self.interrupted = true;
        self.burned = true;
    }
}

impl Cluster {
    pub(crate) fn begin(&mut self, id: ChunkId, slot: Slot, running: Running) {
        self.chunks.put(slot, Flags::OPERATION, true);
        if let Some(source) = running.source {
            *self.sources.entry(source).or_default() += 1;
        }
        self.running.insert(id, running);
    }

    /// The chunk that was being copied may change again.
    pub(crate) fn release_source(&mut self, running: &Running) {
        let Some(source) = running.source else { return };
        let Some(count) = self.sources.get_mut(&source) else { return };
        *count -= 1;
        if *count == 0 {
            self.sources.remove(&source);
            self.event(Event::Retry { chunk: source });
        }
    }
}
