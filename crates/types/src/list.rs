//! Lists that go on to the end of a packet.

use crate::{DecodeError, Reader, Wire};
use std::fmt;

/// `T*`, as many as the packet has bytes for. Received, it borrows the bytes (each element was checked once);
/// to be sent, it borrows a slice. Nothing is allocated either way.
#[derive(Clone, Copy)]
pub enum Rest<'a, T> {
    /// As received.
    Raw(&'a [u8]),
    /// To be sent.
    Items(&'a [T]),
}

impl<'a, T: Wire<'a> + Clone> Rest<'a, T> {
    /// The elements in order.
    pub fn iter(&self) -> RestIter<'a, T> {
        match *self {
            Rest::Raw(bytes) => RestIter::Raw(Reader::new(bytes)),
            Rest::Items(items) => RestIter::Items(items.iter()),
        }
    }

    /// How many there are. Walks over received elements of varying size.
    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// True without elements.
    pub fn is_empty(&self) -> bool {
        match self {
            Rest::Raw(bytes) => bytes.is_empty(),
            Rest::Items(items) => items.is_empty(),
        }
    }
}

/// See [`Rest::iter`].
pub enum RestIter<'a, T> {
    #[doc(hidden)]
    Raw(Reader<'a>),
    #[doc(hidden)]
    Items(std::slice::Iter<'a, T>),
}

impl<'a, T: Wire<'a> + Clone> Iterator for RestIter<'a, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        match self {
            // Each element decoded when the packet was, so it decodes again.
            RestIter::Raw(r) => (!r.is_empty()).then(|| T::decode(r).ok()).flatten(),
            RestIter::Items(items) => items.next().cloned(),
        }
    }
}

impl<'a, T: Wire<'a>> Rest<'a, T> {
    /// Reads exactly `count` elements; a count that was not checked is fine, nothing is allocated for it.
    pub fn decode_n(r: &mut Reader<'a>, count: usize) -> Result<Self, DecodeError> {
        let mut all = r.clone();
        let start = r.left();
        for _ in 0..count {
            let before = r.left();
            T::decode(r)?;
            if r.left() == before {
                return Err(r.bad("list element"));
            }
        }
        all.take(start - r.left()).map(Rest::Raw)
    }
}

impl<'a, T: Wire<'a>> Wire<'a> for Rest<'a, T> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let start = r.clone();
        let len = r.left();
        while !r.is_empty() {
            let before = r.left();
            T::decode(r)?;
            if r.left() == before {
                return Err(r.bad("list element"));
            }
        }
        let mut all = start;
        all.take(len).map(Rest::Raw)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Rest::Raw(bytes) => out.extend_from_slice(bytes),
            Rest::Items(items) => items.iter().for_each(|item| item.encode(out)),
        }
    }
}

impl<'a, T: Wire<'a> + Clone + PartialEq> PartialEq for Rest<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Wire<'a> + Clone + fmt::Debug> fmt::Debug for Rest<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
