//! Which inode numbers are taken.

const WORDS: usize = 1024;
const BITS: u32 = WORDS as u32 * 64;

/// A set of `u32` with a fast "lowest one that is not in it". Memory is 8 KiB per 65,536 numbers that were touched.
pub(crate) struct Bitmap {
    pieces: Vec<Option<Box<[u64; WORDS]>>>,
    /// Every number below is in the set.
    full_below: u32,
}

impl Bitmap {
    pub(crate) fn new() -> Self {
        Bitmap { pieces: Vec::new(), full_below: 0 }
    }

    pub(crate) fn contains(&self, n: u32) -> bool {
        let piece = self.pieces.get((n / BITS) as usize).and_then(Option::as_ref);
        piece.is_some_and(|p| p[(n % BITS / 64) as usize] & (1 << (n % 64)) != 0)
    }

    /// Numbers in the set.
    pub(crate) fn len(&self) -> u64 {
        self.pieces
            .iter()
            .flatten()
            .flat_map(|piece| piece.iter())
            .map(|word| u64::from(word.count_ones()))
            .sum()
    }

    pub(crate) fn insert(&mut self, n: u32) {
        let at = (n / BITS) as usize;
        if at >= self.pieces.len() {
            self.pieces.resize_with(at + 1, || None);
        }
        let piece = self.pieces[at].get_or_insert_with(|| Box::new([0; WORDS]));
        piece[(n % BITS / 64) as usize] |= 1 << (n % 64);
        if n == self.full_below {
            self.full_below = n.saturating_add(1);
        }
    }

    pub(crate) fn remove(&mut self, n: u32) {
        if let Some(piece) = self.pieces.get_mut((n / BITS) as usize).and_then(Option::as_mut) {
            piece[(n % BITS / 64) as usize] &= !(1 << (n % 64));
        }
        self.full_below = self.full_below.min(n);
    }

    /// The lowest number that is not in the set; `None` when all 2^32 are.
    pub(crate) fn lowest_absent(&self) -> Option<u32> {
        let (mut piece, mut word) =
            ((self.full_below / BITS) as usize, (self.full_below % BITS / 64) as usize);
        let base = |piece: usize, word: usize| piece as u64 * u64::from(BITS) + word as u64 * 64;
        while let Some(Some(words)) = self.pieces.get(piece) {
            if let Some(i) = (word..WORDS).find(|i| words[*i] != u64::MAX) {
                return u32::try_from(base(piece, i) + u64::from(words[i].trailing_ones())).ok();
            }
            (piece, word) = (piece + 1, 0);
        }
        u32::try_from(base(piece, word)).ok()
    }

    /// As [`Bitmap::lowest_absent`], which is also inserted.
    pub(crate) fn take_lowest(&mut self) -> Option<u32> {
        let n = self.lowest_absent()?;
        self.full_below = n;
        self.insert(n);
        Some(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn lowest_is_lowest(steps in prop::collection::vec((0u32..400, 0u8..4), 1..600)) {
            let mut bits = Bitmap::new();
            let mut model = BTreeSet::new();
            for (n, what) in steps {
                match what {
                    0 => { bits.remove(n); model.remove(&n); }
                    1 => { bits.insert(n); model.insert(n); }
                    _ => {
                        let wanted = (0..).find(|n| !model.contains(n));
                        prop_assert_eq!(bits.take_lowest(), wanted);
                        model.extend(wanted);
                    }
                }
                prop_assert_eq!(bits.contains(n), model.contains(&n));
            }
        }
    }

    #[test]
    fn pieces_are_crossed() {
        let mut bits = Bitmap::new();
        (0..BITS + 70).for_each(|n| bits.insert(n));
        assert_eq!(bits.lowest_absent(), Some(BITS + 70));
        bits.insert(u32::MAX);
        bits.remove(5);
        assert_eq!(bits.take_lowest(), Some(5));
        assert_eq!(bits.take_lowest(), Some(BITS + 70));
    }
}
