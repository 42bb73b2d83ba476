//! Which chunks move between the disks of this server (`spec/wire-chunkserver.md` 4.9): from disks that are to be emptied
//! (`<`), to disks that are to be filled (`>`), or from fuller to emptier ones.

use crate::chunk::Chunk;
use crate::counters::bump;
use crate::disk::Disk;
use crate::fault::Fault;
use crate::job::Job;
use crate::moving::NotMoved;
use crate::registry::SHARDS;
use crate::{Store, Tunables};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Pause when nothing is to be moved any more.
const REST: Duration = Duration::from_secs(60);
/// How often a job that has nothing to do looks whether that has changed.
const LOOK: Duration = Duration::from_secs(1);
/// After a chunk that could not be moved.
const RETRY: Duration = Duration::from_millis(100);
/// A target this full takes no more.
const FULL: f64 = 0.99;
/// Smaller disks are not balanced, bytes.
const SMALL: u64 = 1_000_000_000;
/// By how much a disk must differ from the mean for moves to begin, and to go on.
const BEGIN: f64 = 0.01;
const GO_ON: f64 = 0.005;
/// All moves at once.
const MOST: usize = 64;

/// State of the moves.
pub(crate) struct Moves {
    pub(crate) job: Job,
    /// Moves go on, and fast.
    fast: AtomicBool,
    shard: AtomicUsize,
    /// Targets of moves that go on, one entry each.
    targets: Mutex<Vec<Arc<Disk>>>,
}

impl Moves {
    pub(crate) fn new() -> Moves {
        Moves {
            job: Job::new("rebalance"),
            fast: AtomicBool::new(false),
            shard: AtomicUsize::new(0),
            targets: Mutex::default(),
        }
    }
}

/// What the master is told about moves between disks (`hlstatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveLoad {
    /// None.
    None,
    /// Slow ones: 3, REBALANCE.
    Slow,
    /// Fast ones: 2, OVERLOADED.
    Fast,
}

/// A disk as the choice sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    used: u64,
    total: u64,
    chunks: u32,
    drain: bool,
    fill: bool,
    /// Moves to it that go on.
    coming: usize,
}

impl Candidate {
    fn share(&self) -> f64 {
        if self.total == 0 { 1.0 } else { self.used as f64 / self.total as f64 }
    }
}

/// From which to which disk the next chunk moves, by their indices. `most` moves to one disk at once; `going`: moves
/// have begun, and end a little later than they begin.
fn choose(disks: &[Candidate], most: usize, going: bool) -> Option<(usize, usize)> {
    let marked = disks.iter().any(|d| d.drain || d.fill);
    let fills = disks.iter().any(|d| d.fill);
    let takes = |d: &Candidate| d.share() < FULL && d.coming < most;
    let (from, to): (Vec<usize>, Vec<usize>) = if marked {
        let is_source = |d: &Candidate| d.chunks > 0 && if fills { !d.fill } else { d.drain };
        let is_target = |d: &Candidate| takes(d) && if fills { d.fill } else { !d.drain };
        let all =
            |wanted: &dyn Fn(&Candidate) -> bool| (0..disks.len()).filter(|i| wanted(&disks[*i])).collect();
        // A disk to be emptied goes before one that only gives because others are to be filled.
        let drains: Vec<usize> = all(&|d| is_source(d) && d.drain);
        (if drains.is_empty() { all(&is_source) } else { drains }, all(&is_target))
    } else {
        let large: Vec<_> = (0..disks.len()).filter(|i| disks[*i].total > SMALL).collect();
        let sum = |field: fn(&Candidate) -> u64| large.iter().map(|i| field(&disks[*i])).sum::<u64>() as f64;
        let mean = sum(|d| d.used) / sum(|d| d.total).max(1.0);
        let margin = if going { GO_ON } else { BEGIN };
        let over = |i: &&usize| disks[**i].chunks > 0 && disks[**i].share() > mean + margin;
        let under = |i: &&usize| takes(&disks[**i]) && disks[**i].share() < mean - margin;
        (large.iter().filter(over).copied().collect(), large.iter().filter(under).copied().collect())
    };
    let by_share = |a: &usize, b: &usize| disks[*a].share().total_cmp(&disks[*b].share());
    let from = from.into_iter().max_by(by_share)?;
    let to = to.into_iter().filter(|to| *to != from).min_by(by_share)?;
    Some((from, to))
}

impl Store {
    /// Moves chunks until the store stops.
    pub(crate) fn rebalance_until_stop(self: &Arc<Self>) {
        let mut going = false;
        let mut rest_until = Instant::now();
        while self.pause(if going { Duration::ZERO } else { LOOK }) {
            let tunables = self.tunables();
            let wanted = !self.moves.job.is_paused()
                && (tunables.move_percent > 0 || tunables.fast_moves > 0)
                && (going || Instant::now() >= rest_until)
                && self.next_move(1, going).is_some();
            if !wanted {
                if going {
                    tracing::info!("moves between disks are over");
                    rest_until = Instant::now() + REST;
                }
                going = false;
                continue;
            }
            if !going {
                tracing::info!("moves between disks begin");
                going = true;
            }
            let _running = self.moves.job.start();
            if tunables.fast_moves > 0 {
                self.move_fast(&tunables);
            } else {
                self.move_slowly(&tunables);
            }
        }
    }

    /// One chunk, then a pause that keeps to the share of time.
    fn move_slowly(&self, tunables: &Tunables) {
        let start = Instant::now();
        let moved = self.move_one(1);
        if moved {
            bump(&self.orders.slow_moves);
        }
        let rest =
            f64::from(100 - tunables.move_percent.clamp(1, 100)) / f64::from(tunables.move_percent.max(1));
        let rest = start.elapsed().mul_f64(rest);
        self.pause(if moved { rest } else { rest.max(RETRY) });
    }

    /// As many at once as the targets may take, until nothing is to be moved.
    fn move_fast(&self, tunables: &Tunables) {
        let most = tunables.fast_moves as usize;
        let threads = (most * self.disks.read().len()).min(MOST);
        self.moves.fast.store(true, Ordering::Relaxed);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let work = || {
                    while !self.stopping()
                        && !self.moves.job.is_paused()
                        && self.tunables().fast_moves as usize == most
                        && self.next_move(most, true).is_some()
                    {
                        if self.move_one(most) {
                            bump(&self.orders.fast_moves);
                        } else {
                            self.pause(RETRY);
                        }
                    }
                };
                if std::thread::Builder::new().name("move".into()).spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
        });
        self.moves.fast.store(false, Ordering::Relaxed);
    }

    /// Moves one chunk. False if none could be moved now.
    fn move_one(&self, most: usize) -> bool {
        let Some((source, target)) = self.next_move(most, true) else { return false };
        self.moves.targets.lock().push(target.clone());
        let moved = self.pick_chunk(&source).is_some_and(|chunk| match self.move_chunk(&chunk, &target) {
            Ok(_) => true,
            Err(NotMoved::Busy | NotMoved::Target(Fault::Refused(_))) => false,
            Err(why) => {
                tracing::warn!("chunk {:016X} was not moved to {}: {why:?}", chunk.id, target.path.display());
                false
            }
        });
        let mut targets = self.moves.targets.lock();
        if let Some(at) = targets.iter().position(|disk| Arc::ptr_eq(disk, &target)) {
            targets.swap_remove(at);
        }
        drop(targets);
        if moved {
            self.moves.job.did(1, 0);
        }
        moved
    }

    fn next_move(&self, most: usize, going: bool) -> Option<(Arc<Disk>, Arc<Disk>)> {
        let all: Vec<_> = self.disks.read().iter().filter(|d| d.takes_part_in_moves()).cloned().collect();
        let targets = self.moves.targets.lock();
        let candidates: Vec<_> = all
            .iter()
            .map(|disk| {
                let space = *disk.space.lock();
                Candidate {
                    used: space.used(),
                    total: space.total,
                    chunks: disk.chunks.load(Ordering::Relaxed),
                    drain: disk.drain.load(Ordering::Relaxed),
                    fill: disk.fill.load(Ordering::Relaxed),
                    coming: targets.iter().filter(|target| Arc::ptr_eq(target, disk)).count(),
                }
            })
            .collect();
        drop(targets);
        let (from, to) = choose(&candidates, most, going)?;
        Some((all[from].clone(), all[to].clone()))
    }

    /// A chunk of this disk that nobody uses.
    fn pick_chunk(&self, source: &Arc<Disk>) -> Option<Arc<Chunk>> {
        for _ in 0..SHARDS {
            let shard = self.moves.shard.fetch_add(1, Ordering::Relaxed) % SHARDS;
            let found = self.chunks.shard_chunks(shard).into_iter().find(|chunk| {
                chunk.sessions.load(Ordering::Acquire) == 0
                    && !chunk.damaged.load(Ordering::Relaxed)
                    && chunk.glance(|s| !s.gone && Arc::ptr_eq(&s.disk, source)).unwrap_or(false)
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Whether chunks are moved between disks just now.
    pub fn move_load(&self) -> MoveLoad {
        match (self.moves.targets.lock().is_empty(), self.moves.fast.load(Ordering::Relaxed)) {
            (_, true) => MoveLoad::Fast,
            (false, false) => MoveLoad::Slow,
            (true, false) => MoveLoad::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = 1_000_000_000_000;

    fn disk(percent: u64) -> Candidate {
        Candidate { used: T / 100 * percent, total: T, chunks: 100, drain: false, fill: false, coming: 0 }
    }

    #[test]
    fn from_the_fullest_to_the_emptiest() {
        assert_eq!(choose(&[disk(50), disk(10), disk(60)], 1, false), Some((2, 1)));
        assert_eq!(choose(&[disk(50)], 1, false), None);
        assert_eq!(choose(&[], 1, false), None);
        // Small disks stay as they are.
        let small = Candidate { used: 0, total: SMALL, ..disk(0) };
        assert_eq!(choose(&[disk(50), small], 1, false), None);
        // A target takes so many at once.
        let busy = Candidate { coming: 1, ..disk(10) };
        assert_eq!(choose(&[disk(50), busy, disk(60)], 1, false), None);
        assert_eq!(choose(&[disk(50), busy, disk(60)], 2, false), Some((2, 1)));
    }

    #[test]
    fn begins_later_than_it_ends() {
        let at = |thousandths: u64| Candidate { used: T / 1000 * thousandths, ..disk(0) };
        let near = [at(500), at(516)];
        assert_eq!(choose(&near, 1, false), None);
        assert_eq!(choose(&near, 1, true), Some((1, 0)));
        assert_eq!(choose(&[at(500), at(508)], 1, true), None);
    }

    #[test]
    fn marks_go_first() {
        let drain = |percent| Candidate { drain: true, ..disk(percent) };
        let fill = |percent| Candidate { fill: true, ..disk(percent) };
        assert_eq!(choose(&[drain(10), disk(50), disk(40)], 1, false), Some((0, 2)));
        assert_eq!(choose(&[disk(10), fill(90), disk(40)], 1, false), Some((2, 1)));
        assert_eq!(choose(&[disk(10), fill(99)], 1, false), None, "full");
        assert_eq!(choose(&[drain(5), disk(60), fill(20)], 1, false), Some((0, 2)));
        assert_eq!(choose(&[drain(5), drain(1)], 1, false), None, "nowhere to go");
        let empty = Candidate { chunks: 0, ..drain(1) };
        assert_eq!(choose(&[empty, disk(50), disk(10)], 1, false), None, "done; marks keep balancing away");
    }
}
