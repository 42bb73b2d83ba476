//! How full a disk is, and how full it may get (`spec/wire-chunkserver.md` 4.7).

use crate::SpaceLimit;
use std::sync::atomic::{AtomicU64, Ordering};
use types::{BLOCK_SIZE, BLOCKS_PER_CHUNK};

/// Bytes of a disk, as reported to the master.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) total: u64,
    pub(crate) avail: u64,
    /// The volume's size, to notice when it changes.
    pub(crate) volume: u64,
}

impl Space {
    pub(crate) fn used(&self) -> u64 {
        self.total.saturating_sub(self.avail)
    }
}

/// Chunks of a disk whose number of blocks is known, and their blocks.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) chunks: AtomicU64,
    pub(crate) blocks: AtomicU64,
}

impl Known {
    /// Bytes a chunk takes on average, as far as is known; a whole one if nothing is.
    pub(crate) fn chunk_bytes(&self) -> u64 {
        let (chunks, blocks) = (self.chunks.load(Ordering::Relaxed), self.blocks.load(Ordering::Relaxed));
        let blocks = if chunks == 0 { u64::from(BLOCKS_PER_CHUNK) } else { blocks.div_ceil(chunks) };
        blocks.saturating_mul(BLOCK_SIZE.into())
    }

    /// A chunk's block count changes; `None` is unknown.
    pub(crate) fn change(&self, from: Option<u16>, to: Option<u16>) {
        if let Some(blocks) = from {
            self.chunks.fetch_sub(1, Ordering::Relaxed);
            self.blocks.fetch_sub(blocks.into(), Ordering::Relaxed);
        }
        if let Some(blocks) = to {
            self.chunks.fetch_add(1, Ordering::Relaxed);
            self.blocks.fetch_add(blocks.into(), Ordering::Relaxed);
        }
    }
}

/// What a file system says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Volume {
    pub(crate) frsize: u64,
    pub(crate) blocks: u64,
    pub(crate) bfree: u64,
    pub(crate) bavail: u64,
    /// All inodes; 0 if the file system has no fixed number.
    pub(crate) files: u64,
    pub(crate) favail: u64,
}

/// Chunks on the disk, and the average number of blocks of those whose size is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) chunks: u64,
    pub(crate) known_chunks: u64,
    pub(crate) known_blocks: u64,
}

impl Load {
    fn chunk_bytes(&self, each: u64) -> Option<u64> {
        (self.known_chunks > 0).then(|| {
            let bytes = u128::from(self.known_blocks) * u128::from(each) / u128::from(self.known_chunks);
            u64::try_from(bytes).unwrap_or(u64::MAX)
        })
    }
}

/// Space by the rules of 4.7.
pub(crate) fn space(volume: Volume, load: Load, limit: SpaceLimit, leave_default: u64) -> Space {
    let size = volume.frsize.saturating_mul(volume.blocks);
    // Blocks reserved for root count for nobody.
    let reserved = volume.bfree.saturating_sub(volume.bavail);
    let total = volume.frsize.saturating_mul(volume.blocks.saturating_sub(reserved));
    let free = volume.frsize.saturating_mul(volume.bavail);
    let leave = match limit {
        SpaceLimit::Leave(bytes) => bytes,
        _ => leave_default,
    };
    let mut space = match limit {
        SpaceLimit::AtMost(limit) if limit <= total => {
            let block = u64::from(BLOCK_SIZE);
            let used = match load.chunk_bytes(block) {
                Some(bytes) => load.chunks.saturating_mul(bytes.saturating_add(8192)),
                None if load.chunks == 0 => 0,
                None => total.saturating_sub(free),
            };
            // The limit is a promise, the volume a fact: never offer what is not there.
            Space { total: limit, avail: limit.saturating_sub(used).min(free), volume: size }
        }
        _ => Space { total, avail: free.saturating_sub(leave), volume: size },
    };
    if volume.files > 0 {
        let average = load.chunk_bytes(u64::from(BLOCK_SIZE)).unwrap_or(0).saturating_add(8192);
        let most = volume.favail.saturating_mul(average);
        if space.avail > most {
            space.total -= space.avail - most;
            space.avail = most;
        }
    }
    space
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOLUME: Volume =
        Volume { frsize: 4096, blocks: 1 << 20, bfree: 3 << 18, bavail: 1 << 19, files: 0, favail: 0 };
    const LOAD: Load = Load { chunks: 10, known_chunks: 5, known_blocks: 50 };

    #[test]
    fn whole_volume() {
        let all = space(VOLUME, LOAD, SpaceLimit::Default, 1 << 20);
        assert_eq!((all.total, all.avail), (4096 * ((1 << 20) - (1 << 18)), (4096 << 19) - (1 << 20)));
        assert_eq!(space(VOLUME, LOAD, SpaceLimit::Leave(1 << 40), 0).avail, 0);
    }

    #[test]
    fn size_limit() {
        let limited = space(VOLUME, LOAD, SpaceLimit::AtMost(1 << 30), 1 << 20);
        // 1024·(64·10·10 + 8·10) by the spec's formula.
        assert_eq!((limited.total, limited.avail), (1 << 30, (1 << 30) - 1024 * (64 * 10 * 10 + 8 * 10)));
        // A limit larger than the volume is none.
        assert_eq!(
            space(VOLUME, LOAD, SpaceLimit::AtMost(1 << 50), 5),
            space(VOLUME, LOAD, SpaceLimit::Default, 5)
        );
        let empty = Load { chunks: 0, known_chunks: 0, known_blocks: 0 };
        assert_eq!(space(VOLUME, empty, SpaceLimit::AtMost(1 << 30), 0).used(), 0);
    }

    #[test]
    fn few_inodes_left() {
        let few = Volume { files: 1000, favail: 3, ..VOLUME };
        let limited = space(few, LOAD, SpaceLimit::Default, 0);
        assert_eq!(limited.avail, 3 * (10 * 65536 + 8192));
        assert_eq!(limited.used(), space(VOLUME, LOAD, SpaceLimit::Default, 0).used());
    }
}
