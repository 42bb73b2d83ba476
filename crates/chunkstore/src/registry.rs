//! Which chunks there are. Sharded, so that requests for different chunks rarely meet.

use crate::chunk::Chunk;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use types::ChunkId;

/// Number of shards; also the grain in which the list of chunks is handed out.
pub(crate) const SHARDS: usize = 1024;

/// Ids are handed out one after the other, so their bits need spreading, not protection.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
}

type Shard = HashMap<ChunkId, Arc<Chunk>, BuildHasherDefault<IdHasher>>;

/// All chunks by id. No lock of a chunk is ever taken while a shard is locked; the other way round is fine.
pub(crate) struct Registry {
    shards: Box<[Mutex<Shard>]>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Registry { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, id: ChunkId) -> &Mutex<Shard> {
        let mut hasher = IdHasher::default();
        hasher.write_u64(id.0);
        &self.shards[(hasher.finish() >> 48) as usize % SHARDS]
    }

    pub(crate) fn get(&self, id: ChunkId) -> Option<Arc<Chunk>> {
        self.shard(id).lock().get(&id).cloned()
    }

    pub(crate) fn contains(&self, id: ChunkId) -> bool {
        self.shard(id).lock().contains_key(&id)
    }

    /// Adds a chunk unless its id is taken; then hands back the one that is there.
    pub(crate) fn insert(&self, chunk: &Arc<Chunk>) -> Result<(), Arc<Chunk>> {
        let mut shard = self.shard(chunk.id).lock();
        if let Some(there) = shard.get(&chunk.id) {
            return Err(there.clone());
        }
        shard.insert(chunk.id, chunk.clone());
        Ok(())
    }

    /// Removes this very chunk, not another that has taken its id.
    pub(crate) fn remove(&self, chunk: &Arc<Chunk>) {
        let mut shard = self.shard(chunk.id).lock();
        if shard.get(&chunk.id).is_some_and(|there| Arc::ptr_eq(there, chunk)) {
            shard.remove(&chunk.id);
        }
    }

    /// The chunks of one shard, in no order.
    pub(crate) fn shard_chunks(&self, shard: usize) -> Vec<Arc<Chunk>> {
        self.shards[shard].lock().values().cloned().collect()
    }

    /// Every chunk, shard by shard.
    pub(crate) fn all(&self) -> impl Iterator<Item = Arc<Chunk>> + '_ {
        (0..SHARDS).flat_map(|shard| self.shard_chunks(shard))
    }
}
