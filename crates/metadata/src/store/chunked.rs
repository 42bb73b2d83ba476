//! A growable array that never moves what it holds, so that growing never pauses.

const LEN: usize = 4096;

/// Like `Vec`, in pieces of 4096.
pub(crate) struct Chunked<T> {
    pieces: Vec<Box<[T]>>,
}

impl<T: Copy + Default> Chunked<T> {
    pub(crate) fn new() -> Self {
        Chunked { pieces: Vec::new() }
    }

    /// Bytes of memory taken.
    pub(crate) fn bytes(&self) -> u64 {
        (self.pieces.len() * LEN * size_of::<T>()) as u64
    }

    /// The value, `T::default()` where nothing was written.
    #[inline]
    pub(crate) fn get(&self, at: u32) -> T {
        let at = at as usize;
        self.pieces.get(at / LEN).map_or_else(T::default, |piece| piece[at % LEN])
    }

    /// The value for writing; grows up to `at`.
    #[inline]
    pub(crate) fn get_mut(&mut self, at: u32) -> &mut T {
        let at = at as usize;
        while at / LEN >= self.pieces.len() {
            self.pieces.push(vec![T::default(); LEN].into_boxed_slice());
        }
        &mut self.pieces[at / LEN][at % LEN]
    }
}
