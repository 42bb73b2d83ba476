//! A cursor over received bytes that checks before it advances.

use thiserror::Error;

/// Why bytes are not what they should be. The caller adds which packet or record it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The input ends before the value does.
    #[error("{wanted} bytes wanted at offset {at}, {left} left")]
    Short {
        /// Offset of the value from the start of the input.
        at: usize,
        /// Bytes the value needs.
        wanted: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// Bytes follow the last field.
    #[error("{left} bytes too many at offset {at}")]
    Trailing {
        /// Offset of the first byte too many.
        at: usize,
        /// How many there are.
        left: usize,
    },
    /// A value is outside its range.
    #[error("bad {what} at offset {at}")]
    Bad {
        /// Which value.
        what: &'static str,
        /// Offset just behind the value.
        at: usize,
    },
}

/// A cursor over one packet or record. Never reads past the end, never allocates.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    whole: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(whole: &'a [u8]) -> Self {
        Reader { whole, at: 0 }
    }

    /// Bytes not read yet.
    pub fn left(&self) -> usize {
        self.whole.len() - self.at
    }

    /// True at the end.
    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (at, left) = (self.at, self.left());
        if n > left {
            return Err(DecodeError::Short { at, wanted: n, left });
        }
        self.at += n;
        Ok(&self.whole[at..at + n])
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.take(N)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let bytes = &self.whole[self.at..];
        self.at = self.whole.len();
        bytes
    }

    /// Refuses input that goes on.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            left => Err(DecodeError::Trailing { at: self.at, left }),
        }
    }

    /// The error for a value just read that is out of range.
    pub fn bad(&self, what: &'static str) -> DecodeError {
        DecodeError::Bad { what, at: self.at }
    }
}
