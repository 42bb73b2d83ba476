//! Signs that metadata is older than the data.

use crate::cluster::Chunk;
use crate::grant::is_one_bump;
use crate::{Alarm, Cluster, Event, Instant, Now};
use types::{ChunkId, ChunkVersion};

/// While it is up nothing is deleted.
#[derive(Clone, Copy, Default, Debug)]
pub struct Fence {
    /// Chunks found with ids that metadata never gave out.
    pub new_ids: u64,
    /// Chunks found with versions that metadata never gave.
    pub new_versions: u64,
    /// An operator has not confirmed the metadata since.
    pub is_up: bool,
    told: bool,
    /// When the fence came down last.
    healthy_since: Option<Instant>,
}

impl Fence {
    pub(super) fn new_id(&mut self) {
        self.new_ids += 1;
        self.is_up = true;
    }

    /// For how long nothing spoke against the metadata.
    pub(super) fn healthy_ms(&self, now: Now, started: Instant) -> u64 {
        if self.is_up { 0 } else { now.at.since_ms(self.healthy_since.unwrap_or(started)) }
    }
}

impl Cluster {
    /// A copy of another version was found.
    pub(crate) fn wrong_found(&mut self, chunk: &Chunk, version: ChunkVersion) {
        let known = chunk.info.version;
        if version <= known {
            return;
        }
        let burned = self.burned.entry(chunk.id).or_default();
        let explained = is_one_bump(known, version) || version <= *burned;
        *burned = (*burned).max(version);
        // One step above may be a change that was ordered and stepped back from; more is a later life.
        if !explained {
            self.fence.new_versions += 1;
            self.fence.is_up = true;
            self.tell_fence(chunk.id, version, known);
        }
    }

    pub(super) fn tell_fence(&mut self, chunk: ChunkId, found: ChunkVersion, known: ChunkVersion) {
        if !std::mem::replace(&mut self.fence.told, true) {
            self.event(Event::Alarm(Alarm::MetadataIsOld { chunk, found, known }));
        }
    }

    /// Whether metadata looks older than the data; while it does, nothing is deleted.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// An operator says that this metadata is what he wants: deletions go on.
    pub fn confirm_metadata(&mut self, now: Now) {
        self.fence = Fence { healthy_since: Some(now.at), ..Fence::default() };
    }
}
