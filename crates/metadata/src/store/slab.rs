//! Records that come and go, addressed by slot.

use super::Pages;

/// A pool of records in pages. Slot 0 is never handed out, so 0 can mean "none" in links.
pub(crate) struct Slab<T, const N: usize> {
    pages: Pages<T, N>,
    /// Slots given back, used before new ones. Not part of a snapshot: an image does not need it.
    free: Vec<u32>,
    /// The first slot never used.
    end: u32,
}

impl<T: Copy + Default, const N: usize> Slab<T, N> {
    pub(crate) fn new() -> Self {
        Slab { pages: Pages::new(), free: Vec::new(), end: 1 }
    }

    /// Stores a record. The caller has made sure that [`Slab::room`] is not 0.
    pub(crate) fn insert(&mut self, record: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = self.end;
            self.end = self.end.saturating_add(1);
            slot
        });
        *self.pages.get_mut(slot) = record;
        slot
    }

    /// Gives a slot back.
    pub(crate) fn remove(&mut self, slot: u32) {
        *self.pages.get_mut(slot) = T::default();
        self.free.push(slot);
    }

    /// The record in a slot that was handed out; a default record for any other.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> T {
        self.pages.get(slot).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        self.pages.get_mut(slot)
    }

    /// Records stored.
    pub(crate) fn len(&self) -> u32 {
        self.end - 1 - self.free.len() as u32
    }

    /// Bytes of memory taken, and bytes of the records in it.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let free = self.free.capacity() * size_of::<u32>();
        (self.pages.bytes() + free as u64, u64::from(self.len()) * size_of::<T>() as u64)
    }

    /// Records that still fit.
    pub(crate) fn room(&self) -> u32 {
        u32::MAX - 1 - self.len()
    }

    /// The pages alone, shared: what an image writer reads.
    pub(crate) fn pages(&self) -> &Pages<T, N> {
        &self.pages
    }
}
