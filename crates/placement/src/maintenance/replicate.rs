//! One more copy where it is needed most (`spec/chunk-placement.md` 2.7, 4.4).

use super::assess::Counts;
use super::queues::Level;
use crate::choose::matching;
use crate::chunks::Flags;
use crate::cluster::Chunk;
use crate::operation::{OperationKind, Running};
use crate::{ChunkMeta, Cluster, LabelTerm, LimitClass, Mode, Now, Order, Replica, ReplicaState, ServerId};

/// A replication is given up after so long.
const REPLICATION_MS: u64 = 120_000;

/// Servers by what they can take.
#[derive(Default, Debug)]
struct Destinations {
    /// Ready; in random order.
    ready: Vec<ServerId>,
    /// Too busy, or in maintenance.
    overloaded: Vec<ServerId>,
    /// They receive enough already.
    limited: Vec<ServerId>,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It runs.
    Started,
    /// Later.
    Waiting,
    /// No server could take a copy, not even later.
    Impossible,
}

/// Where a copy could go.
enum Choice {
    To(ServerId),
    /// Somebody could take it later.
    Wait,
    /// Nobody can.
    Never,
}

/// A fraction in 0..1 that changes each second and differs between servers: it makes fractional limits work.
pub(super) fn dither(server: ServerId, unix: u32) -> f64 {
    let a = u32::from(server.0).wrapping_mul(0x9874_BF31).wrapping_add(unix.wrapping_mul(0xB489_FC37));
    f64::from(a) / 4_294_967_296.0
}

impl Cluster {
    /// Valid and relaxed servers, the emptiest first.
    pub(super) fn servers_by_usage(&self, now: Now) -> Vec<ServerId> {
        let mut list: Vec<(f64, ServerId)> = self
            .servers
            .iter()
            .filter(|(_, s)| s.is_valid() && s.is_relaxed(now.at))
            .map(|(id, s)| (s.usage(), id))
            .collect();
        list.sort_by(|a, b| a.0.total_cmp(&b.0));
        list.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn can_receive(&self, now: Now, id: ServerId, class: LimitClass) -> bool {
        let limit = self.options.write_limits.of(class);
        self.servers.get(id).is_some_and(|s| f64::from(s.incoming) + dither(id, now.unix) < limit)
    }

    pub(super) fn can_send(&self, now: Now, id: ServerId, class: LimitClass) -> bool {
        let limit = self.options.read_limits.of(class);
        self.servers.get(id).is_some_and(|s| f64::from(s.outgoing) + dither(id, now.unix) < limit)
    }

    fn destinations(&mut self, now: Now, class: LimitClass) -> Destinations {
        let mut found = Destinations::default();
        for (id, server) in self.servers.iter().filter(|(_, s)| s.takes_replications()) {
            if !self.can_receive(now, id, class) {
                found.limited.push(id);
            } else if server.is_relaxed(now.at) {
                found.ready.push(id);
            } else {
                found.overloaded.push(id);
            }
        }
        self.rng.shuffle(&mut found.ready);
        self.rng.shuffle(&mut found.overloaded);
        found
    }

    /// Starts a replication for a chunk that has too few copies or the wrong ones.
    pub(super) fn replicate(
        &mut self,
        now: Now,
        meta: &dyn ChunkMeta,
        chunk: &mut Chunk,
        terms: &[LabelTerm],
        unmatched: usize,
        queued: bool,
    ) -> Outcome {
        let Some(level) = Counts::of(chunk).level(terms.len(), || unmatched > 0) else {
            return Outcome::Waiting;
        };
        if self.servers.only_maintained_absent() || now.at < self.disconnect_until {
            return Outcome::Waiting;
        }
        if !queued && self.queues.any_before(level) {
            self.enqueue(level, chunk);
            return Outcome::Waiting;
        }
        let urgent = level <= Level::Endangered;
        let class = if urgent { LimitClass::Endangered } else { LimitClass::Undergoal };
        let mut all = self.destinations(now, class);
        if urgent {
            all.ready.append(&mut all.overloaded);
        }
        let sources: Vec<ServerId> = chunk
            .replicas
            .iter()
            .filter(|r| r.state.is_good() && self.can_send(now, r.server, class))
            .map(|r| r.server)
            .collect();
        if self.options.replications_respect_topology >= 2 {
            self.near_first(&mut all.ready, &sources);
        }
        let choice = if self.is_picky(terms) {
            let mode = meta.class(chunk.info.class).map_or(Mode::Standard, |c| c.mode);
            self.labelled_destination(chunk, terms, mode, &all)
        } else {
            plain_destination(chunk, &all)
        };
        let started = match choice {
            Choice::To(to) => self.start_replication(now, chunk, to, &sources),
            Choice::Wait => false,
            Choice::Never => {
                self.walk.running.labels_unmatched += u32::from(level == Level::WrongLabels);
                return Outcome::Impossible;
            }
        };
        let stats = &mut self.walk.running;
        let tally = match level {
            Level::WrongLabels => &mut stats.replicate_wrong_labels,
            _ => &mut stats.replicate_undergoal,
        };
        tally.count(started);
        if started {
            return Outcome::Started;
        }
        self.enqueue(level, chunk);
        Outcome::Waiting
    }

    /// Servers in the rack of a source come first.
    fn near_first(&self, ready: &mut [ServerId], sources: &[ServerId]) {
        let sources: Vec<_> = sources.iter().filter_map(|id| self.servers.get(*id)).map(|s| s.ip).collect();
        ready.sort_by_key(|id| {
            let Some(server) = self.servers.get(*id) else { return true };
            !sources.iter().any(|ip| self.topology.distance(*ip, server.ip) == 1)
        });
    }

    /// Where the first term that is not fulfilled gets its copy.
    fn labelled_destination(
        &self,
        chunk: &Chunk,
        terms: &[LabelTerm],
        mode: Mode,
        all: &Destinations,
    ) -> Choice {
        let empty = |id: &&ServerId| !chunk.is_on(**id);
        let ready: Vec<ServerId> = all.ready.iter().filter(empty).copied().collect();
        let busy = all.limited.iter().chain(&all.overloaded).filter(|id| !ready.contains(id)).filter(empty);
        // From least to most preferred.
        let mut order: Vec<ServerId> = busy.copied().collect();
        let first_ready = order.len();
        order.extend(ready.iter().rev());
        let first_copy = order.len();
        let valid = chunk.replicas.iter().filter(|r| r.state == ReplicaState::Valid).map(|r| r.server);
        order.extend(valid);
        let candidates: Vec<_> =
            order.iter().filter_map(|id| self.servers.get(*id)).map(|s| self.candidate(s)).collect();
        let matched = matching(terms, &candidates);
        let any_other = || {
            let groups: Vec<u64> = matched.iter().flatten().map(|n| candidates[*n].group).collect();
            (first_ready..first_copy)
                .rev()
                .find(|n| !groups.contains(&candidates[*n].group))
                .map(|n| order[n])
        };
        // A copy that fulfils no term does for one that nobody can fulfil: no copies are made in vain.
        let valid_count = order.len() - first_copy;
        let placed = matched.iter().flatten().filter(|n| **n >= first_copy).count();
        let mut spare = valid_count - placed;
        let mut choice = Choice::Never;
        for term in &matched {
            let other = match *term {
                Some(n) if n >= first_copy => continue,
                Some(n) if n >= first_ready => return Choice::To(order[n]),
                Some(_) if mode == Mode::Loose => any_other(),
                Some(_) => {
                    choice = Choice::Wait;
                    continue;
                }
                None if mode == Mode::Strict => continue,
                None => any_other(),
            };
            if spare > 0 {
                spare -= 1;
            } else if let Some(id) = other {
                return Choice::To(id);
            } else if !all.limited.is_empty() || !all.overloaded.is_empty() {
                choice = Choice::Wait;
            }
        }
        choice
    }

    /// Orders the replication, when some source can be read.
    pub(super) fn start_replication(
        &mut self,
        now: Now,
        chunk: &mut Chunk,
        to: ServerId,
        sources: &[ServerId],
    ) -> bool {
        let Some(from) = self.choose_source(chunk, to, sources) else { return false };
        let Some(address) = self.servers.get(from).map(|s| (s.ip, s.port)) else { return false };
        if self.replications.contains_key(&(to, chunk.id)) || chunk.is_on(to) {
            return false;
        }
        let (ip, port) = address;
        let version = chunk.info.version;
        self.order(to, Order::Replicate { chunk: chunk.id, version, ip, port });
        self.replications.insert((to, chunk.id), Some(from));
        if let Some(server) = self.servers.get_mut(to) {
            server.incoming += 1;
        }
        if let Some(server) = self.servers.get_mut(from) {
            server.outgoing += 1;
        }
        chunk.replicas.push(Replica::new(to, ReplicaState::Busy));
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        self.store(chunk);
        let until = now.at.after_ms(REPLICATION_MS);
        let running = Running { until, ..Running::new(OperationKind::Replicate, version, version) };
        self.begin(chunk.id, chunk.slot, running);
        true
    }

    /// A random one of the nearest; regular disks first.
    fn choose_source(&mut self, chunk: &Chunk, to: ServerId, sources: &[ServerId]) -> Option<ServerId> {
        let target = self.servers.get(to)?.ip;
        let with_topology = self.options.replications_respect_topology > 0;
        let rank = |id: &ServerId| {
            let server = self.servers.get(*id)?;
            let distance = if with_topology { self.topology.distance(target, server.ip) } else { 0 };
            let removal = !chunk.replicas.iter().any(|r| r.server == *id && r.state == ReplicaState::Valid);
            Some((distance, removal))
        };
        let best = sources.iter().filter_map(rank).min()?;
        let equal: Vec<ServerId> = sources.iter().filter(|id| rank(id) == Some(best)).copied().collect();
        equal.get(self.rng.usize(0..equal.len())).copied()
    }
}

/// Any server that has nothing of the chunk.
fn plain_destination(chunk: &Chunk, all: &Destinations) -> Choice {
    let empty = |id: &&ServerId| !chunk.is_on(**id);
    if let Some(id) = all.ready.iter().find(empty) {
        return Choice::To(*id);
    }
    let later = all.limited.iter().chain(&all.overloaded).any(|id| !chunk.is_on(*id));
    if later { Choice::Wait } else { Choice::Never }
}
