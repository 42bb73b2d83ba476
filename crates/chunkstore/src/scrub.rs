//! Testing chunks in the background, so that rot is found while there are other copies
//! (`spec/wire-chunkserver.md` 4.9).
//!
//! Stock tests at a fixed rate, which needs months for a large disk. Here a pass over all chunks of a disk comes to its
//! end within HDD_TEST_PASS_DAYS: while the disk has requests the test goes as fast as that needs and no faster, and while
//! it is idle faster, at least at HDD_TEST_SPEED. HDD_TEST_PASS_DAYS = 0 gives stock's fixed rate.

use crate::chunk::Chunk;
use crate::disk::Disk;
use crate::scrub_state::{Pass, needed_rate};
use crate::store::unix_time;
use crate::{Handle, Store, Tunables};
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use types::{BLOCK_SIZE, ChunkId, ChunkVersion};

/// How many chunks one round picks.
const ROUND: usize = 1024;
/// Pause when there was nothing to test.
const RETRY: Duration = Duration::from_secs(60);
/// The longest pause between two blocks, so that the disk's thread gets to its other work.
const LONGEST: Duration = Duration::from_secs(1);
/// A disk without a request for so long is idle.
const IDLE: Duration = Duration::from_millis(500);
/// On an idle disk a pass goes so many times faster than it must.
const HASTE: f64 = 4.0;
/// The state is saved this often.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// Progress on one disk.
pub(crate) struct Scrub {
    pass: Pass,
    /// The next chunks, the lowest id last.
    round: Vec<ChunkId>,
    /// Chunks of the pass behind this round.
    behind: u64,
    /// Nothing to do before that.
    not_before: Option<Instant>,
    current: Option<Current>,
    buf: Vec<u8>,
    saved: Instant,
    /// Requests seen, and when there was one for the last time.
    seen: (u64, Instant),
    /// When the last block was due: pauses are measured from there, so that slow reads do not slow the pass.
    due: Instant,
}

/// The chunk being tested.
struct Current {
    handle: Handle,
    next: u16,
    /// Nobody has used it for long, so its pages need not stay in memory.
    forget: bool,
}

impl Scrub {
    pub(crate) fn new(disk: &Disk) -> Scrub {
        let now = Instant::now();
        Scrub {
            pass: Pass::load(disk, unix_time()),
            round: Vec::new(),
            behind: 0,
            not_before: None,
            current: None,
            buf: Vec::new(),
            saved: now,
            seen: (0, now),
            due: now,
        }
    }

    /// Tests one block, or opens a chunk, and pauses. False if there is nothing to test now.
    pub(crate) fn step(&mut self, store: &Arc<Store>, disk: &Arc<Disk>) -> bool {
        let tunables = store.tunables();
        if tunables.test_speed == 0 || disk.is_removal() || disk.scrub.is_paused() {
            self.current = None;
            return false;
        }
        let _running = disk.scrub.start();
        if self.current.is_some() {
            self.test_block(disk);
        } else if !self.next_chunk(store, disk, &tunables) {
            self.due = Instant::now();
            return false;
        }
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save(disk);
        }
        let pause = f64::from(BLOCK_SIZE) / self.speed(disk, &tunables);
        self.due = (self.due + Duration::from_secs_f64(pause).min(LONGEST)).max(Instant::now() - LONGEST);
        store.pause(self.due.saturating_duration_since(Instant::now()));
        true
    }

    /// Remembers how far it came.
    pub(crate) fn save(&mut self, disk: &Disk) {
        self.saved = Instant::now();
        if let Err(error) = self.pass.save(disk) {
            tracing::debug!("{}: the state of the test is not saved: {error}", disk.path.display());
        }
    }

    /// Bytes per second just now; more than 0.
    fn speed(&mut self, disk: &Disk, tunables: &Tunables) -> f64 {
        let fixed = tunables.test_speed as f64;
        let Some(whole) = tunables.test_pass else { return fixed };
        let requests = disk.requests.load(Ordering::Relaxed);
        if requests != self.seen.0 {
            self.seen = (requests, Instant::now());
        }
        let chunks = self.behind + self.round.len() as u64 + 1;
        let elapsed = Duration::from_secs(unix_time().saturating_sub(self.pass.started));
        let needed = needed_rate(chunks.saturating_mul(disk.known.chunk_bytes()), elapsed, whole);
        let idle = self.seen.1.elapsed() >= IDLE;
        if idle { fixed.max(needed * HASTE) } else { needed }.max(f64::from(BLOCK_SIZE))
    }

    /// Tries to open the next chunk. False if there is none.
    fn next_chunk(&mut self, store: &Arc<Store>, disk: &Arc<Disk>, tunables: &Tunables) -> bool {
        if self.round.is_empty() {
            if self.not_before.is_some_and(|at| Instant::now() < at) {
                return false;
            }
            self.pick(store, disk, tunables);
            if self.round.is_empty() {
                self.end_pass(disk, tunables);
                return false;
            }
        }
        let Some(id) = self.round.pop() else { return false };
        disk.scrub.set_left(self.behind + self.round.len() as u64);
        self.pass.cursor = id.0;
        // It may have been deleted since it was picked; that is no reason to call it lost.
        if let Some(chunk) = store.chunks.get(id) {
            let idle = idle_time(store, &chunk);
            let forget = tunables.fadvise_min_time.is_some_and(|least| least <= idle);
            let opened = store.open_chunk(chunk, ChunkVersion(0));
            self.current = opened.ok().map(|handle| Current { handle, next: 0, forget });
        }
        true
    }

    /// All chunks were tested. The next pass starts at once, unless this one began too short a time ago.
    fn end_pass(&mut self, disk: &Disk, tunables: &Tunables) {
        let now = unix_time();
        let took = Duration::from_secs(now.saturating_sub(self.pass.started));
        if self.pass.cursor > 0 && disk.chunks.load(Ordering::Relaxed) > 0 {
            tracing::info!("{}: all chunks were tested, in {} s", disk.path.display(), took.as_secs());
        }
        let rest = tunables.min_test_interval.saturating_sub(took).max(RETRY);
        if took >= tunables.min_test_interval || self.pass.cursor == 0 {
            self.pass = Pass { started: now, cursor: 0 };
            self.save(disk);
        }
        // A reload may shorten the interval, and chunks may come.
        self.not_before = Some(Instant::now() + rest.min(RETRY));
    }

    /// Picks the next chunks of the pass: those with the lowest ids behind the cursor.
    fn pick(&mut self, store: &Store, disk: &Arc<Disk>, tunables: &Tunables) {
        let mut lowest = BinaryHeap::with_capacity(ROUND + 1);
        let mut all = 0_u64;
        for chunk in store.chunks.all() {
            if chunk.id.0 <= self.pass.cursor || chunk.damaged.load(Ordering::Relaxed) {
                continue;
            }
            // As stock does it, where there is no promise to keep.
            if tunables.test_pass.is_none() && idle_time(store, &chunk) < tunables.min_test_interval {
                continue;
            }
            if !chunk.glance(|state| !state.gone && Arc::ptr_eq(&state.disk, disk)).unwrap_or(true) {
                continue;
            }
            all += 1;
            lowest.push(chunk.id);
            if lowest.len() > ROUND {
                lowest.pop();
            }
        }
        self.round = lowest.into_sorted_vec();
        self.round.reverse();
        self.behind = all - self.round.len() as u64;
    }

    fn test_block(&mut self, disk: &Disk) {
        let Some(current) = &mut self.current else { return };
        self.buf.resize(BLOCK_SIZE as usize, 0);
        let more = current.handle.blocks().is_ok_and(|blocks| current.next < blocks);
        // A fault was reported by whoever found it, and ends the test.
        if more && current.handle.test_block(current.next, &mut self.buf).is_ok() {
            current.next += 1;
            disk.scrub.did(0, BLOCK_SIZE.into());
            return;
        }
        if current.forget {
            current.handle.forget_pages();
        }
        disk.scrub.did(1, 0);
        self.current = None;
    }
}

/// How long ago a chunk was used. One that was not used since the start was unused for long.
fn idle_time(store: &Store, chunk: &Chunk) -> Duration {
    match chunk.last_used.load(Ordering::Relaxed) {
        0 => Duration::MAX,
        used => Duration::from_secs(store.uptime().saturating_sub(used).into()),
    }
}
