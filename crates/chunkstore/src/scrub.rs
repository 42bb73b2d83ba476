//! Testing chunks in the background, so that rot is found while there are other copies
//! (`spec/wire-chunkserver.md` 4.9).

use crate::chunk::Chunk;
use crate::disk::Disk;
use crate::{Handle, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use types::{BLOCK_SIZE, ChunkVersion};

/// How many chunks one round picks.
const ROUND: usize = 1024;
/// Pause when there was nothing to test.
const RETRY: Duration = Duration::from_secs(60);
/// The longest pause between two blocks, so that the disk's thread gets to its other work.
const LONGEST: Duration = Duration::from_secs(1);

/// Progress on one disk.
#[derive(Default)]
pub(crate) struct Scrub {
    /// Least recently used last.
    round: Vec<Arc<Chunk>>,
    next_round: Option<Instant>,
    shard: usize,
    current: Option<Current>,
    buf: Vec<u8>,
}

/// The chunk being tested.
struct Current {
    handle: Handle,
    next: u16,
    /// Nobody has used it for long, so its pages need not stay in memory.
    forget: bool,
}

impl Scrub {
    /// Tests one block, or opens a chunk, and pauses. False if there is nothing to test now.
    pub(crate) fn step(&mut self, store: &Arc<Store>, disk: &Arc<Disk>) -> bool {
        let speed = store.tunables().test_speed;
        if speed == 0 || disk.is_removal() {
            self.current = None;
            return false;
        }
        if self.current.is_some() {
            self.test_block();
        } else if !self.next_chunk(store, disk) {
            return false;
        }
        store.pause(Duration::from_secs_f64(f64::from(BLOCK_SIZE) / speed as f64).min(LONGEST));
        true
    }

    /// Tries to open the next chunk. False if there is none.
    fn next_chunk(&mut self, store: &Arc<Store>, disk: &Arc<Disk>) -> bool {
        if self.round.is_empty() {
            if self.next_round.is_some_and(|at| Instant::now() < at) {
                return false;
            }
            self.pick(store, disk);
            self.next_round = self.round.is_empty().then(|| Instant::now() + RETRY);
        }
        let Some(chunk) = self.round.pop() else { return false };
        // It may have been deleted since it was picked; that is no reason to call it lost.
        if store.chunks.contains(chunk.id) {
            let idle = store.uptime().saturating_sub(chunk.last_used.load(Ordering::Relaxed));
            let forget =
                store.tunables().fadvise_min_time.is_some_and(|t| t <= Duration::from_secs(idle.into()));
            let opened = store.open(chunk.id, ChunkVersion(0));
            self.current = opened.ok().map(|handle| Current { handle, next: 0, forget });
        }
        true
    }

    /// Picks chunks that were not used for long.
    fn pick(&mut self, store: &Store, disk: &Arc<Disk>) {
        let (now, interval) = (store.uptime(), store.tunables().min_test_interval);
        for _ in 0..crate::registry::SHARDS {
            if self.round.len() >= ROUND {
                break;
            }
            self.shard = (self.shard + 1) % crate::registry::SHARDS;
            for chunk in store.chunks.shard_chunks(self.shard) {
                let used = chunk.last_used.load(Ordering::Relaxed);
                // Chunks not touched since start count as unused for long.
                if used != 0 && Duration::from_secs(now.saturating_sub(used).into()) < interval {
                    continue;
                }
                let wanted = chunk
                    .try_write()
                    .is_some_and(|s| !s.gone && !s.damaged && s.file.is_none() && Arc::ptr_eq(&s.disk, disk));
                if wanted {
                    self.round.push(chunk);
                }
            }
        }
        self.round.sort_by_key(|chunk| std::cmp::Reverse(chunk.last_used.load(Ordering::Relaxed)));
    }

    fn test_block(&mut self) {
        let Some(current) = &mut self.current else { return };
        self.buf.resize(BLOCK_SIZE as usize, 0);
        let more = current.handle.blocks().is_ok_and(|blocks| current.next < blocks);
        // A fault was reported by whoever found it, and ends the test.
        if more && current.handle.read_block(current.next, &mut self.buf).is_ok() {
            current.next += 1;
            return;
        }
        if current.forget {
            current.handle.forget_pages();
        }
        self.current = None;
    }
}
