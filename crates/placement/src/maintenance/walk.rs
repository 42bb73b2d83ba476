//! The full pass over all chunks (`spec/chunk-placement.md` 4.1, 4.7).

use crate::{Instant, LoopStats, Options, ServerId};
use std::collections::HashSet;
use types::ChunkId;

#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) cursor: usize,
    /// Where the pass ends: chunks made since it began are the next one's, else it might never end.
    pub(crate) end: usize,
    /// Counted in the running pass, and in the last finished one.
    pub(crate) running: LoopStats,
    pub(crate) published: LoopStats,
    passes: u32,
    /// Deletions per server at the same time; grows when work piles up.
    pub(crate) delete_limit: u32,
    deletions: (u64, u64),
    last_total: u64,
    /// Records still to be looked at as fast as allowed.
    pub(crate) hurry: usize,
    /// Since when servers come and go without a pause.
    pub(crate) unsettled: Option<Instant>,
    pub(crate) last_tick: Instant,
    pub(crate) last_second: Instant,
    pub(crate) last_cleanup: Instant,
    pub(crate) last_rebalance: Option<Instant>,
    /// Chunks that alarms were told about lately.
    pub(crate) told: HashSet<ChunkId>,
    pub(crate) last_forgotten: Instant,
    pub(crate) pass_start: Instant,
    /// Servers by usage, the emptiest first, as of this tick.
    pub(crate) usage: Vec<ServerId>,
}

impl Walk {
    pub(crate) fn new(delete_limit: u32, unix: u32) -> Walk {
        Walk {
            cursor: 0,
            end: 0,
            running: LoopStats { start: unix, ..LoopStats::default() },
            published: LoopStats::default(),
            passes: 0,
            delete_limit,
            deletions: (0, 0),
            last_total: 0,
            hurry: 0,
            unsettled: None,
            last_tick: Instant::default(),
            last_second: Instant::default(),
            last_cleanup: Instant::default(),
            last_rebalance: None,
            told: HashSet::new(),
            last_forgotten: Instant::default(),
            pass_start: Instant::default(),
            usage: Vec::new(),
        }
    }

    pub(crate) fn clamp_delete_limit(&mut self, options: &Options) {
        self.delete_limit = self.delete_limit.clamp(options.soft_delete_limit, options.hard_delete_limit);
    }

    /// The pass ended.
    pub(crate) fn publish(&mut self, unix: u32, options: &Options) {
        self.running.end = unix;
        self.published = self.running;
        self.running = LoopStats { start: unix, ..LoopStats::default() };
        let stats = &self.published;
        for tally in [stats.delete_invalid, stats.delete_unused, stats.delete_removal, stats.delete_overgoal]
        {
            self.deletions.0 += u64::from(tally.done);
            self.deletions.1 += u64::from(tally.not_done);
        }
        self.passes += 1;
        if self.passes.is_multiple_of(16) {
            self.adapt(options);
        }
    }

    fn adapt(&mut self, options: &Options) {
        let (done, not_done) = std::mem::take(&mut self.deletions);
        let total = done + not_done;
        if not_done > done && total > self.last_total {
            self.delete_limit = (self.delete_limit.saturating_mul(3) / 2).max(self.delete_limit + 1);
        } else if total < self.last_total {
            self.delete_limit = self.delete_limit * 2 / 3;
        }
        self.clamp_delete_limit(options);
        self.last_total = total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tally;

    #[test]
    fn the_deletion_limit_follows_the_work() {
        let options = Options::default();
        let mut walk = Walk::new(options.soft_delete_limit, 0);
        let sixteen = |walk: &mut Walk, not_done: u32| {
            for _ in 0..16 {
                walk.running.delete_unused = Tally { done: 1, not_done };
                walk.publish(0, &options);
            }
            walk.delete_limit
        };
        assert_eq!(sixteen(&mut walk, 5), 15);
        assert_eq!(sixteen(&mut walk, 6), 22);
        assert_eq!(sixteen(&mut walk, 6), 22);
        assert_eq!([sixteen(&mut walk, 7), sixteen(&mut walk, 8)], [30, 30]);
        assert_eq!([sixteen(&mut walk, 1), sixteen(&mut walk, 0)], [20, 13]);
    }
}
