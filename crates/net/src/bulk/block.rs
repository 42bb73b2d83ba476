//! Buffers for blocks, used again and again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use types::BLOCK_SIZE;

/// Buffers of one block each. Keeps a bounded number of unused ones.
pub struct BlockPool {
    unused: Mutex<Vec<Box<[u8]>>>,
    keep: usize,
}

/// A buffer of 64 KiB that goes back to its pool. What it holds when taken is whatever was in it.
pub struct Block {
    bytes: Box<[u8]>,
    pool: Arc<BlockPool>,
}

impl BlockPool {
    /// A pool that keeps at most `keep` unused buffers.
    pub fn new(keep: usize) -> Arc<BlockPool> {
        Arc::new(BlockPool { unused: Mutex::default(), keep })
    }

    /// An unused buffer, or a new one.
    pub fn take(self: &Arc<Self>) -> Block {
        let unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let bytes = unused.unwrap_or_else(|| vec![0; BLOCK_SIZE as usize].into_boxed_slice());
        Block { bytes, pool: self.clone() }
    }
}

impl Deref for Block {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut unused = self.pool.unused.lock().unwrap_or_else(PoisonError::into_inner);
        if unused.len() < self.pool.keep {
            unused.push(bytes);
        }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back() {
        let pool = BlockPool::new(1);
        let (mut a, b) = (pool.take(), pool.take());
        assert_eq!(a.len(), 65536);
        a[0] = 7;
        drop(a);
        drop(b);
        assert_eq!(pool.unused.lock().unwrap().len(), 1);
        assert_eq!(pool.take()[0], 7);
    }
}
