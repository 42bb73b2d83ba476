//! Moving copies from full servers to empty ones (`spec/chunk-placement.md` 4.5).
//!
//! As in 4.x, and unlike 3.0, the chunk is busy while its copy travels: a write cannot slip in between.

use crate::choose::matching;
use crate::cluster::Chunk;
use crate::meta::has_labels;
use crate::{
    ChunkMeta, Cluster, LabelTerm, LimitClass, Mode, Now, ReplicaState, ServerId, UniqueMode, term_matches,
};

impl Cluster {
    /// Starts a replication that evens out usage, if one is worth it. The surplus copy goes later, from the fullest.
    pub(super) fn rebalance(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        chunk: &mut Chunk,
        terms: &[LabelTerm],
    ) {
        let Some((from, to, difference)) = self.best_move(now, meta, chunk, terms) else { return };
        let pause_ms = (10.0 / difference) as u64;
        let small = difference <= self.options.acceptable_difference;
        if small && self.walk.last_rebalance.is_some_and(|last| now.at.since_ms(last) <= pause_ms) {
            return;
        }
        if self.start_replication(now, chunk, to, &[from]) {
            self.walk.last_rebalance = Some(now.at);
            self.walk.running.rebalance += 1;
        }
    }

    fn best_move(
        &self,
        now: Now,
        meta: &dyn ChunkMeta,
        chunk: &Chunk,
        terms: &[LabelTerm],
    ) -> Option<(ServerId, ServerId, f64)> {
        let usage = |id: ServerId| self.servers.get(id).map_or(0.0, crate::Server::usage);
        let mut best: Option<(ServerId, ServerId, f64)> = None;
        for source in chunk.replicas.iter().filter(|r| r.state == ReplicaState::Valid).map(|r| r.server) {
            for to in self.walk.usage.iter().copied() {
                let difference = usage(source) - usage(to);
                // A move that only turns the difference round is none.
                if difference <= self.least_difference(source, to) || best.is_some_and(|b| difference <= b.2)
                {
                    break;
                }
                let far = difference > 1.5 * self.options.acceptable_difference;
                let class = if far { LimitClass::FarRebalance } else { LimitClass::Rebalance };
                let able = self.can_send(now, source, class)
                    && self.can_receive(now, to, class)
                    && self.servers.get(to).is_some_and(crate::Server::takes_replications);
                if able && !chunk.is_on(to) && self.may_move(meta, chunk, terms, source, to) {
                    best = Some((source, to, difference));
                    break;
                }
            }
        }
        best
    }

    /// What one chunk makes of difference on both servers together.
    fn least_difference(&self, source: ServerId, to: ServerId) -> f64 {
        let part = |id| {
            let total = self.servers.get(id).map_or(1, |s| s.space.total.max(1));
            types::CHUNK_SIZE as f64 / total as f64
        };
        part(source) + part(to)
    }

    /// Labels and uniqueness hold after the move as before.
    fn may_move(
        &self,
        meta: &dyn ChunkMeta,
        chunk: &Chunk,
        terms: &[LabelTerm],
        source: ServerId,
        to: ServerId,
    ) -> bool {
        let Some(target) = self.servers.get(to) else { return false };
        if self.options.unique_mode != UniqueMode::Server {
            let group = self.candidate(target).group;
            let others = chunk.replicas.iter().filter_map(|r| self.servers.get(r.server));
            if others.map(|s| self.candidate(s).group).any(|other| other == group) {
                return false;
            }
        }
        if !has_labels(terms) {
            return true;
        }
        let valid: Vec<ServerId> =
            chunk.replicas.iter().filter(|r| r.state == ReplicaState::Valid).map(|r| r.server).collect();
        let candidates: Vec<_> =
            valid.iter().filter_map(|id| self.servers.get(*id)).map(|s| self.candidate(s)).collect();
        let matched = matching(terms, &candidates);
        match matched.iter().position(|m| m.is_some_and(|n| valid[n] == source)) {
            Some(term) => term_matches(&terms[term], target.labels),
            None => {
                let loose = meta.class(chunk.info.class).is_some_and(|c| c.mode == Mode::Loose);
                let open = terms.iter().zip(&matched).filter(|(_, m)| m.is_none());
                loose || open.map(|(term, _)| term).any(|term| term_matches(term, target.labels))
            }
        }
    }
}
