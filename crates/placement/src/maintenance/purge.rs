//! Forgetting the copies of lost servers, little by little (`spec/chunk-placement.md` 3.9).

use crate::{ChunkMeta, Cluster, Now, ServerId};

/// Records looked at per tick: a millisecond when all of them lose a copy.
const RECORDS_PER_TICK: usize = 10_000;

/// Servers lost while a pass runs wait for the next one, so that each sees a whole pass.
#[derive(Default, Debug)]
pub(crate) struct Purge {
    now: Vec<ServerId>,
    next: Vec<ServerId>,
    cursor: usize,
}

impl Purge {
    pub(crate) fn is_active(&self) -> bool {
        !self.now.is_empty() || !self.next.is_empty()
    }

    pub(crate) fn add(&mut self, server: ServerId) {
        self.next.push(server);
    }
}

impl Cluster {
    pub(super) fn purge_tick(&mut self, now: Now, meta: &dyn ChunkMeta) {
        if self.purge.now.is_empty() {
            if self.purge.next.is_empty() {
                return;
            }
            self.purge.now = std::mem::take(&mut self.purge.next);
            self.purge.cursor = 0;
        }
        let end = (self.purge.cursor + RECORDS_PER_TICK).min(self.chunks.capacity());
        for n in self.purge.cursor..end {
            let Some((id, slot)) = self.chunks.at(n) else { continue };
            let dead = |r: &crate::Replica| self.servers.get(r.server).is_none();
            if !self.chunks.replicas(slot).iter().any(dead) {
                continue;
            }
            match self.load(meta, id) {
                Some(chunk) => self.consider(now, meta, &chunk),
                None => self.disowned(now, meta, id, slot),
            }
        }
        self.purge.cursor = end;
        if end == self.chunks.capacity() {
            for server in std::mem::take(&mut self.purge.now) {
                self.servers.bury(server);
            }
        }
    }
}
