//! Testing chunks in the background, so that rot is found while there are other copies
//! (`spec/wire-chunkserver.md` 4.9).

use crate::Store;
use crate::chunk::Chunk;
use crate::disk::Disk;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use types::{BLOCK_SIZE, ChunkVersion};

/// How many chunks one round picks.
const ROUND: usize = 1024;
/// Pause when there was nothing to test.
const RETRY: Duration = Duration::from_secs(60);

/// Progress on one disk.
#[derive(Default)]
pub(crate) struct Scrub {
    /// Least recently used last.
    round: Vec<Arc<Chunk>>,
    next_round: Option<Instant>,
    shard: usize,
}

impl Scrub {
    /// Tests one chunk, slowly. False if there was none to test.
    pub(crate) fn step(&mut self, store: &Arc<Store>, disk: &Arc<Disk>) -> bool {
        let tunables = store.tunables();
        if tunables.test_speed == 0 || disk.is_removal() {
            return false;
        }
        if self.round.is_empty() {
            if self.next_round.is_some_and(|at| Instant::now() < at) {
                return false;
            }
            self.pick(store, disk, tunables.min_test_interval);
            self.next_round = self.round.is_empty().then(|| Instant::now() + RETRY);
        }
        let Some(chunk) = self.round.pop() else { return false };
        self.test(store, &chunk, tunables.test_speed, tunables.fadvise_min_time);
        true
    }

    fn pick(&mut self, store: &Store, disk: &Arc<Disk>, interval: Duration) {
        let now = store.uptime();
        for _ in 0..crate::registry::SHARDS {
            if self.round.len() >= ROUND {
                break;
            }
            self.shard = (self.shard + 1) % crate::registry::SHARDS;
            for chunk in store.chunks.shard_chunks(self.shard) {
                let unused = now.saturating_sub(chunk.last_used.load(Ordering::Relaxed));
                // Chunks not touched since start count as unused for long.
                let fresh = chunk.last_used.load(Ordering::Relaxed) == 0;
                let wanted = chunk
                    .try_write()
                    .is_some_and(|s| !s.gone && !s.damaged && s.file.is_none() && Arc::ptr_eq(&s.disk, disk));
                if wanted && (fresh || Duration::from_secs(unused.into()) >= interval) {
                    self.round.push(chunk);
                }
            }
        }
        self.round.sort_by_key(|chunk| std::cmp::Reverse(chunk.last_used.load(Ordering::Relaxed)));
    }

    fn test(&mut self, store: &Arc<Store>, chunk: &Arc<Chunk>, speed: u64, forget_after: Option<Duration>) {
        let idle = store.uptime().saturating_sub(chunk.last_used.load(Ordering::Relaxed));
        let untouched = chunk.last_used.load(Ordering::Relaxed) == 0;
        // It may have been deleted since it was picked; that is no reason to call it lost.
        if !store.chunks.contains(chunk.id) {
            return;
        }
        let Ok(handle) = store.open(chunk.id, ChunkVersion(0)) else { return };
        let mut buf = vec![0; BLOCK_SIZE as usize];
        let pause = Duration::from_secs_f64(f64::from(BLOCK_SIZE) / speed as f64);
        for block in 0..handle.blocks().unwrap_or(0) {
            if handle.read_block(block, &mut buf).is_err() || !store.pause(pause) {
                return;
            }
        }
        if forget_after.is_some_and(|after| untouched || Duration::from_secs(idle.into()) >= after) {
            chunk.peek(|state| {
                if let Some(file) = state.file.as_deref() {
                    let _ = rustix::fs::fadvise(&*file.fd, 0, None, rustix::fs::Advice::DontNeed);
                }
            });
        }
    }
}
