//! A hash table of slots that grows one bucket at a time.

use super::Chunked;

/// Entries per two buckets before the table grows.
const LOAD_PER_TWO: u32 = 3;

/// Linear hashing with chains: `heads` holds the first slot of each bucket, `next` the slot after each slot. Keys stay
/// in the records. Growing splits one bucket, so no insertion ever pays for a rehash of the whole table, and no record
/// is written (a snapshot's pages stay shared). Costs 6.7 bytes per entry.
pub(crate) struct Index {
    heads: Chunked<u32>,
    next: Chunked<u32>,
    buckets: u32,
    len: u32,
}

impl Index {
    pub(crate) fn new() -> Self {
        Index { heads: Chunked::new(), next: Chunked::new(), buckets: 1, len: 0 }
    }

    /// Prepares an empty table for this many entries, so that it need not split on the way.
    pub(crate) fn reserve(&mut self, entries: usize) {
        if self.len == 0 {
            let wanted = entries / LOAD_PER_TWO as usize * 2;
            self.buckets = u32::try_from(wanted).unwrap_or(u32::MAX).clamp(1, 1 << 30);
        }
    }

    /// Bytes of memory taken, and bytes that the present entries need.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let entry = u64::from(self.len) * size_of::<u32>() as u64;
        let heads = u64::from(self.buckets) * size_of::<u32>() as u64;
        (self.heads.bytes() + self.next.bytes(), entry + heads)
    }

    fn bucket(&self, hash: u64) -> u32 {
        let mask = self.buckets.next_power_of_two() - 1;
        let low = hash as u32 & mask;
        if low < self.buckets { low } else { low & (mask >> 1) }
    }

    /// The first slot with this hash's bucket for which `is_it` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut slot = self.heads.get(self.bucket(hash));
        while slot != 0 && !is_it(slot) {
            slot = self.next.get(slot);
        }
        (slot != 0).then_some(slot)
    }

    /// Adds a slot that is not in the table; `hash_of` gives the hash of any slot already in it.
    pub(crate) fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) {
        self.push(self.bucket(hash), slot);
        self.len += 1;
        if self.len / LOAD_PER_TWO > self.buckets / 2 && self.buckets < 1 << 31 {
            self.split(hash_of);
        }
    }

    fn push(&mut self, bucket: u32, slot: u32) {
        let head = self.heads.get_mut(bucket);
        *self.next.get_mut(slot) = *head;
        *head = slot;
    }

    fn split(&mut self, hash_of: impl Fn(u32) -> u64) {
        let half = (self.buckets + 1).next_power_of_two() / 2;
        let from = self.buckets - half;
        self.buckets += 1;
        let mut slot = std::mem::take(self.heads.get_mut(from));
        while slot != 0 {
            let next = self.next.get(slot);
            self.push(self.bucket(hash_of(slot)), slot);
            slot = next;
        }
    }

    /// Takes a slot out; nothing happens when it is not in the table.
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        let bucket = self.bucket(hash);
        let after = self.next.get(slot);
        let mut at = self.heads.get(bucket);
        if at == slot {
            *self.heads.get_mut(bucket) = after;
            self.len -= 1;
            return;
        }
        while at != 0 {
            let next = self.next.get(at);
            if next == slot {
                *self.next.get_mut(at) = after;
                self.len -= 1;
                return;
            }
            at = next;
        }
    }

    /// Entries in the table.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }
}

/// A fast keyed hash. The key keeps users who choose names from filling one bucket.
#[derive(Clone, Copy)]
pub(crate) struct Hasher {
    key: u64,
}

impl Hasher {
    pub(crate) fn new(seed: u64) -> Self {
        Hasher { key: fold(seed ^ 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93) | 1 }
    }

    /// Hash of a number.
    #[inline]
    pub(crate) fn number(self, n: u64) -> u64 {
        fold(n ^ self.key, 0xA076_1D64_78BD_642F ^ self.key.rotate_left(32))
    }

    /// Hash of a number with a byte string.
    #[inline]
    pub(crate) fn named(self, n: u32, name: &[u8]) -> u64 {
        let mut hash = self.number(u64::from(n) << 32 | name.len() as u64);
        let words = name.chunks_exact(8);
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        for word in words.map(|w| std::array::from_fn(|i| w[i])).chain([last]) {
            hash = fold(hash ^ u64::from_be_bytes(word), 0xE703_7ED1_A0B4_28DB ^ self.key);
        }
        hash
    }
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    wide as u64 ^ (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn finds_what_is_in_and_nothing_else(steps in prop::collection::vec((1u32..300, any::<bool>()), 1..900)) {
            let hasher = Hasher::new(42);
            // Few distinct hashes, to get chains.
            let hash = |slot: u32| hasher.number(u64::from(slot / 3));
            let mut index = Index::new();
            let mut model = BTreeSet::new();
            for (slot, add) in steps {
                if !add {
                    index.remove(hash(slot), slot);
                    model.remove(&slot);
                } else if model.insert(slot) {
                    index.insert(hash(slot), slot, hash);
                }
                prop_assert_eq!(index.len() as usize, model.len());
                for probe in 1..300 {
                    prop_assert_eq!(index.find(hash(probe), |s| s == probe).is_some(), model.contains(&probe));
                }
            }
        }
    }

    #[test]
    fn chains_stay_short() {
        let hasher = Hasher::new(1);
        let mut index = Index::new();
        (1..=100_000).for_each(|n| index.insert(hasher.number(n.into()), n, |s| hasher.number(s.into())));
        let mut steps = 0;
        for n in 1..=100_000u32 {
            index.find(hasher.number(n.into()), |s| {
                steps += 1;
                s == n
            });
        }
        assert!(steps < 200_000, "{steps} steps for 100,000 searches");
        assert!(
            hasher.named(1, b"a") != hasher.named(2, b"a")
                && hasher.named(1, b"a") != hasher.named(1, b"a\0")
        );
    }
}
