//! What is done when time passes (`spec/chunk-placement.md` 4.1).

use super::queues::Level;
use crate::operation::OperationKind;
use crate::{Alarm, ChunkMeta, Cluster, Event, Now, RemovalProgress, ReplicaState};
use types::ChunkId;

/// Ticks per second that rates are computed for.
const TICKS_PER_SECOND: u32 = 50;
const CLEANUP_MS: u64 = 600_000;
/// Alarms about single chunks are told again after so long.
const FORGET_ALARMS_MS: u64 = 3_600_000;
const MIN_PASS_MS: u64 = 1000;
/// Ticks at least; calls in between do nothing.
const TICK_MS: u64 = 1000 / TICKS_PER_SECOND as u64;
/// While servers come and go nothing is started, but chunks with one good copy left wait no longer than this.
const PATIENCE_MS: u64 = 120_000;
/// So many chunks of a queue one after the other that must wait tell that the others would wait too.
const MAX_WAITS: usize = 100;

impl Cluster {
    /// Time passed: to be called at least every 20 ms; more often does no more. A bounded amount of work.
    pub fn tick(&mut self, now: Now, meta: &dyn ChunkMeta) {
        if now.at.since_ms(self.walk.last_tick) < TICK_MS {
            return;
        }
        self.walk.last_tick = now.at;
        self.purge_tick(now, meta);
        if now.at.since_ms(self.walk.last_second) >= 1000 {
            self.walk.last_second = now.at;
            self.each_second(now, meta);
        }
        let early = now.at.since_ms(self.started) < self.options.delay_init_ms;
        if early || self.servers.valid_count() == 0 {
            return;
        }
        self.walk.usage = self.servers_by_usage(now);
        if self.progress(now) != 0 {
            let since = *self.walk.unsettled.get_or_insert(now.at);
            if now.at.since_ms(since) >= PATIENCE_MS {
                self.serve_queues(now, meta, &[Level::EndangeredHigh, Level::Endangered]);
            }
            return;
        }
        self.walk.unsettled = None;
        self.serve_queues(now, meta, &Level::ALL);
        self.walk_on(now, meta);
        if !self.fence().is_up {
            self.quarantine_tick(now, self.walk.delete_limit);
        }
    }

    fn each_second(&mut self, now: Now, meta: &dyn ChunkMeta) {
        let (servers, _, out) = self.events_mut();
        servers.check_maintenance(now, out);
        let expired: Vec<ChunkId> = self
            .running
            .iter()
            .filter(|(_, r)| r.kind == OperationKind::Replicate && r.until < now.at)
            .map(|(id, _)| *id)
            .collect();
        for id in expired {
            self.replication_expired(now, meta, id);
        }
        if now.at.since_ms(self.walk.last_forgotten) >= FORGET_ALARMS_MS {
            self.walk.last_forgotten = now.at;
            self.walk.told.clear();
        }
        if now.at.since_ms(self.walk.last_cleanup) >= CLEANUP_MS {
            self.walk.last_cleanup = now.at;
            let (servers, options, out) = self.events_mut();
            servers.forget_unused(now, options, out);
        }
    }

    /// What a destination has after so long is not to be trusted.
    fn replication_expired(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId) {
        let Some(mut chunk) = self.load(meta, id) else {
            self.running.remove(&id);
            return;
        };
        for replica in chunk.replicas.iter_mut().filter(|r| r.state.is_busy()) {
            replica.set(ReplicaState::Invalid);
        }
        self.store(&chunk);
        self.end_replication(now, meta, &mut chunk);
    }

    /// Chunks per tick, for queues and for the walk each.
    fn per_tick(&self) -> usize {
        self.options.loop_max_cps.div_ceil(TICKS_PER_SECOND) as usize
    }

    fn serve_queues(&mut self, now: Now, meta: &dyn ChunkMeta, levels: &[Level]) {
        let limit = self.per_tick();
        let mut used = 0;
        for level in levels.iter().copied() {
            let most = (limit as f64 * (1.0 - level.share())) as usize;
            used = used.min(most);
            // Chunks that must wait go to the end again: each is looked at once per tick.
            let (mut left, mut waits) = (self.queues.len(level), 0);
            while used < limit && left > 0 && waits < MAX_WAITS {
                let Some(id) = self.queues.pop(level) else { break };
                left -= 1;
                used += 1;
                let waiting = self.visit_queued(now, meta, id);
                waits = if waiting { waits + 1 } else { 0 };
            }
        }
    }

    fn walk_on(&mut self, now: Now, meta: &dyn ChunkMeta) {
        let capacity = self.chunks.capacity();
        let ticks = (self.options.loop_min_time_s * TICKS_PER_SECOND) as usize;
        let records = (1 + capacity / ticks.max(1)).max(self.walk.hurry).min(self.per_tick());
        for _ in 0..records {
            if self.walk.cursor >= self.walk.end {
                self.loop_ended(now);
                return;
            }
            let at = self.chunks.at(self.walk.cursor);
            self.walk.cursor += 1;
            self.walk.hurry = self.walk.hurry.saturating_sub(1);
            if let Some((id, slot)) = at {
                self.visit_walked(now, meta, id, slot);
            }
        }
    }

    fn loop_ended(&mut self, now: Now) {
        // Few chunks make short passes, but not so short that one says nothing.
        if now.at.since_ms(self.walk.pass_start) < MIN_PASS_MS {
            return;
        }
        self.walk.cursor = 0;
        self.walk.end = self.chunks.capacity();
        self.walk.pass_start = now.at;
        self.walk.publish(now.unix, &self.options);
        self.mark_quarantined();
        let (mut emptied, mut emptying) = (Vec::new(), false);
        for (id, server) in self.servers.iter_mut() {
            let before = server.removal_progress();
            server.removal.loop_ended();
            if server.space.removal_total == 0 {
                continue;
            }
            let can_be = server.removal_progress() == RemovalProgress::CanBeRemoved;
            emptying |= !can_be;
            if can_be && before != RemovalProgress::CanBeRemoved {
                emptied.push(Event::Alarm(Alarm::DisksEmptied { server: id }));
            }
        }
        emptied.into_iter().for_each(|event| self.event(event));
        if emptying {
            // It takes two more passes to know that nothing is needed there.
            self.look_again();
        }
    }

    /// Something changed that may concern any chunk: all of them are looked at as fast as allowed
    /// (`CHUNKS_LOOP_MAX_CPS`), not in the time a pass takes otherwise.
    pub fn look_again(&mut self) {
        self.walk.hurry = self.chunks.capacity();
    }
}
