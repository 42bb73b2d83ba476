//! Test data that says where it belongs, so that lost, swapped or stale blocks are seen.
//!
//! Each 4 KiB block is pseudo-random and depends on `(file, generation, block number)`.

/// Size of one block in bytes.
pub(super) const BLOCK: usize = 4096;

/// What a block belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// Number of the file within its test.
    pub(super) file: u64,
    /// 0 for the first content of a file, 1 after it was overwritten.
    pub(super) generation: u64,
}

/// A well-mixed function of its argument (the finalizer of splitmix64).
pub(super) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn word(origin: Origin, block: u64) -> u64 {
    mix(mix(origin.file.wrapping_mul(2).wrapping_add(origin.generation))
        ^ block.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Fills `buf` with the blocks of `origin` from block number `first` on; the last one may be partial.
pub(super) fn fill(origin: Origin, first: u64, buf: &mut [u8]) {
    for (block, chunk) in (first..).zip(buf.chunks_mut(BLOCK)) {
        let seed = word(origin, block);
        let value = |i: u64| seed.wrapping_add(i.wrapping_mul(0x2545_f491_4f6c_dd1d)).to_be_bytes();
        let whole = (chunk.len() / 8) as u64;
        let mut words = chunk.chunks_exact_mut(8);
        for (i, bytes) in (0u64..).zip(&mut words) {
            bytes.copy_from_slice(&value(i));
        }
        let tail = words.into_remainder();
        tail.copy_from_slice(&value(whole)[..tail.len()]);
    }
}

/// The number of the first block in `buf` that is not as [`fill`] made it, if there is one.
pub(super) fn first_bad(origin: Origin, first: u64, buf: &[u8]) -> Option<u64> {
    let mut want = [0; BLOCK];
    (first..).zip(buf.chunks(BLOCK)).find_map(|(block, chunk)| {
        fill(origin, block, &mut want[..chunk.len()]);
        (chunk != &want[..chunk.len()]).then_some(block)
    })
}

/// As [`first_bad`], but looks at the first eight bytes of each whole block only: cheap enough for a timed loop.
pub(super) fn first_misplaced(origin: Origin, first: u64, buf: &[u8]) -> Option<u64> {
    (first..)
        .zip(buf.chunks_exact(BLOCK))
        .find_map(|(block, chunk)| (chunk[..8] != word(origin, block).to_be_bytes()).then_some(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Origin = Origin { file: 7, generation: 0 };

    #[test]
    fn a_changed_byte_a_swapped_block_and_old_content_are_seen() {
        let mut buf = vec![0; 3 * BLOCK + 100];
        fill(A, 5, &mut buf);
        assert_eq!(first_bad(A, 5, &buf), None);
        assert_eq!(first_misplaced(A, 5, &buf), None);
        assert_eq!(first_misplaced(A, 4, &buf), Some(4));
        assert_eq!(first_misplaced(Origin { generation: 1, ..A }, 5, &buf), Some(5));
        assert_eq!(first_bad(Origin { file: 8, ..A }, 5, &buf), Some(5));
        buf[2 * BLOCK + 4000] ^= 1;
        assert_eq!(first_bad(A, 5, &buf), Some(7));
        buf[3 * BLOCK + 99] ^= 1;
        buf[2 * BLOCK + 4000] ^= 1;
        assert_eq!(first_bad(A, 5, &buf), Some(8));
    }

    #[test]
    fn blocks_differ() {
        let mut buf = vec![0; 64 * BLOCK];
        fill(A, 0, &mut buf);
        let mut heads: Vec<_> = buf.chunks(BLOCK).map(|b| &b[..8]).collect();
        heads.sort_unstable();
        heads.dedup();
        assert_eq!(heads.len(), 64);
    }
}
