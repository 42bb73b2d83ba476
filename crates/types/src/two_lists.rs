//! Two counts, then two lists.

use crate::{DecodeError, Reader, Rest, Wire};
use std::fmt::Debug;
use std::marker::PhantomData;

/// An integer that counts list elements on the wire.
pub trait ListCount: for<'a> Wire<'a> {
    /// The count, or the highest one that fits.
    fn saturating(len: usize) -> Self;
    /// As a length.
    fn to_len(&self) -> usize;
}

macro_rules! list_count {
    ($($int:ty),*) => { $(
        impl ListCount for $int {
            fn saturating(len: usize) -> Self {
                <$int>::try_from(len).unwrap_or(<$int>::MAX)
            }
            fn to_len(&self) -> usize {
                *self as usize
            }
        }
    )* };
}
list_count!(u8, u16, u32);

/// `N first | N second | T*first | T*second`: files and directories, users and groups. Elements that the counter
/// cannot count are not sent (stock does the same).
#[derive(Clone, Copy)]
pub struct TwoLists<'a, N, T> {
    /// Files, users.
    pub first: Rest<'a, T>,
    /// Directories, groups.
    pub second: Rest<'a, T>,
    count: PhantomData<N>,
}

impl<'a, N, T> TwoLists<'a, N, T> {
    /// From both lists.
    pub fn new(first: &'a [T], second: &'a [T]) -> Self {
        TwoLists { first: Rest::Items(first), second: Rest::Items(second), count: PhantomData }
    }
}

impl<'a, N: ListCount, T: Wire<'a> + Clone> Wire<'a> for TwoLists<'a, N, T> {
    const MIN_SIZE: usize = 2 * N::MIN_SIZE;

    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (first, second) = (N::decode(r)?.to_len(), N::decode(r)?.to_len());
        let first = Rest::decode_n(r, first)?;
        let second = Rest::decode_n(r, second)?;
        Ok(TwoLists { first, second, count: PhantomData })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let counts = [&self.first, &self.second].map(|list| N::saturating(list.count()));
        counts.iter().for_each(|count| count.encode(out));
        for (list, count) in [&self.first, &self.second].into_iter().zip(&counts) {
            list.iter().take(count.to_len()).for_each(|item| item.encode(out));
        }
    }
}

impl<'a, N, T: Wire<'a> + Clone + PartialEq> PartialEq for TwoLists<'a, N, T> {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.second == other.second
    }
}

impl<'a, N, T: Wire<'a> + Clone + Debug> Debug for TwoLists<'a, N, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entry(&self.first).entry(&self.second).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let lists = TwoLists::<u8, u16>::new(&[1, 2], &[3]);
        let mut bytes = Vec::new();
        lists.encode(&mut bytes);
        assert_eq!(bytes, [2, 1, 0, 1, 0, 2, 0, 3]);
        assert_eq!(TwoLists::<u8, u16>::decode_whole(&bytes), Ok(lists));
        assert!((0..bytes.len()).all(|n| TwoLists::<u8, u16>::decode_whole(&bytes[..n]).is_err()));
    }

    #[test]
    fn no_more_elements_than_the_counter_can_count() {
        let many = vec![7_u8; 300];
        let mut bytes = Vec::new();
        TwoLists::<u8, u8>::new(&many, &[]).encode(&mut bytes);
        assert_eq!(bytes.len(), 2 + 255);
        assert!(TwoLists::<u8, u8>::decode_whole(&bytes).is_ok());
    }
}
