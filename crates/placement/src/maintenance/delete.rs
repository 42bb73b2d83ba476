//! Deleting copies: bad ones, unused ones, and those there are too many of (`spec/chunk-placement.md` 4.3 steps 3–9).
//!
//! Every deletion goes through [`Cluster::delete_copy`], which never takes the last good copy of a referenced chunk.

use super::assess::Counts;
use super::queues::Level;
use crate::choose::matching;
use crate::chunks::Flags;
use crate::cluster::Chunk;
use crate::{Cluster, LabelTerm, Order, ReplicaState, ServerId};
use types::ChunkVersion;

fn is_bad(state: ReplicaState) -> bool {
    state == ReplicaState::Invalid || state.is_wrong()
}

impl Cluster {
    /// Orders the deletion of the n-th copy. False when a limit, the fence, or its being the last good one forbids it.
    fn delete_copy(&mut self, chunk: &mut Chunk, n: usize) -> bool {
        let replica = chunk.replicas[n];
        let good = chunk.replicas.iter().filter(|r| r.state.is_good()).count();
        let last = chunk.info.references > 0 && good - usize::from(replica.state.is_good()) == 0;
        let limit = self.walk.delete_limit;
        if last || self.fence.is_up || replica.state.is_busy() {
            return false;
        }
        let Some(server) = self.servers.get_mut(replica.server).filter(|s| s.deletions < limit) else {
            return false;
        };
        server.deletions += 1;
        // The exact version where it is known, so that a mistake of ours deletes nothing else.
        let version = match replica.state {
            ReplicaState::Valid | ReplicaState::RemovalValid => chunk.info.version,
            ReplicaState::Wrong | ReplicaState::RemovalWrong => replica.version,
            _ => ChunkVersion(0),
        };
        chunk.replicas[n].set(ReplicaState::Deleting);
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        self.store(chunk);
        self.order(replica.server, Order::Delete { chunk: chunk.id, version });
        true
    }

    /// Copies of a chunk that no file has.
    pub(super) fn delete_unused(&mut self, chunk: &mut Chunk) {
        for n in 0..chunk.replicas.len() {
            if chunk.replicas[n].state != ReplicaState::Deleting {
                let done = self.delete_copy(chunk, n);
                self.walk.running.delete_unused.count(done);
            }
        }
    }

    /// Damaged copies and copies of other versions, once there are enough good ones.
    pub(super) fn delete_bad(&mut self, chunk: &mut Chunk) {
        for n in 0..chunk.replicas.len() {
            if is_bad(chunk.replicas[n].state) {
                let done = self.delete_copy(chunk, n);
                self.walk.running.delete_invalid.count(done);
            }
        }
    }

    /// There is no place for a copy that is missing: one bad copy gives up its place.
    pub(super) fn make_room_on_bad(&mut self, chunk: &mut Chunk) {
        if chunk.replicas.iter().any(|r| r.state == ReplicaState::Deleting) {
            return;
        }
        for n in 0..chunk.replicas.len() {
            if is_bad(chunk.replicas[n].state) {
                let done = self.delete_copy(chunk, n);
                self.walk.running.delete_invalid.count(done);
                if done {
                    return;
                }
            }
        }
    }

    /// More good copies than wanted: the fullest servers give theirs up.
    pub(super) fn reduce(&mut self, chunk: &mut Chunk, terms: &[LabelTerm]) {
        let valid = |chunk: &Chunk, id: ServerId| {
            chunk.replicas.iter().position(|r| r.server == id && r.state == ReplicaState::Valid)
        };
        let mut surplus = Counts::of(chunk).valid.saturating_sub(terms.len().max(1));
        let mut fullest_first = self.walk.usage.clone();
        fullest_first.reverse();
        fullest_first.retain(|id| valid(chunk, *id).is_some());
        if self.is_picky(terms) {
            let kept = self.kept_for_labels(chunk, terms, &fullest_first);
            fullest_first.retain(|id| !kept.contains(id));
        }
        for id in fullest_first {
            if surplus == 0 {
                return;
            }
            let Some(n) = valid(chunk, id) else { continue };
            let done = self.delete_copy(chunk, n);
            self.walk.running.delete_overgoal.count(done);
            if !done {
                // Its server is busy deleting: take this one later rather than an emptier server's now.
                self.enqueue(Level::Overgoal, chunk);
                return;
            }
            surplus -= 1;
        }
    }

    /// Copies that fulfil a term, emptier servers preferred.
    fn kept_for_labels(
        &self,
        chunk: &Chunk,
        terms: &[LabelTerm],
        fullest_first: &[ServerId],
    ) -> Vec<ServerId> {
        let others = chunk.replicas.iter().filter(|r| r.state == ReplicaState::Valid).map(|r| r.server);
        // Copies that cannot be deleted now are kept anyway, so they are preferred to all.
        let mut order: Vec<ServerId> = fullest_first.to_vec();
        order.extend(others.filter(|id| !fullest_first.contains(id)));
        let candidates: Vec<_> =
            order.iter().filter_map(|id| self.servers.get(*id)).map(|s| self.candidate(s)).collect();
        matching(terms, &candidates).into_iter().flatten().map(|n| order[n]).collect()
    }

    /// Every server has a copy, but some are on disks marked for removal: one of those makes room for a copy on a good
    /// disk of the same server. True when one does.
    pub(super) fn make_room_on_removal(&mut self, chunk: &mut Chunk, counts: Counts, goal: usize) -> bool {
        let Counts { valid, removal } = counts;
        let servers = self.servers.valid_count();
        if valid + removal < servers || valid >= goal || removal == 0 || valid + removal <= 1 {
            return false;
        }
        if self.queues.any_before(Level::MarkedForRemoval) {
            return false;
        }
        let movable = |r: &crate::Replica| {
            r.state == ReplicaState::RemovalValid
                && self.servers.get(r.server).is_some_and(crate::Server::takes_replications)
        };
        if valid + chunk.replicas.iter().filter(|r| movable(r)).count() < servers {
            return false;
        }
        let Some(n) = chunk.replicas.iter().position(movable) else { return false };
        let done = self.delete_copy(chunk, n);
        self.walk.running.delete_removal.count(done);
        done
    }
}
