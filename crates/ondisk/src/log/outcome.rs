//! The numbers behind the `:` of a line.

use std::fmt;

/// What an operation yielded: up to six numbers, whose meaning the operation declares ([`crate::Op::results`]).
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    values: [u64; Outcome::MAX],
    len: u8,
}

impl Outcome {
    /// The most numbers an operation yields.
    pub const MAX: usize = 6;

    /// No numbers.
    pub const fn none() -> Self {
        Outcome { values: [0; Self::MAX], len: 0 }
    }

    /// One number, the commonest case.
    pub const fn one(value: u64) -> Self {
        Outcome { values: [value, 0, 0, 0, 0, 0], len: 1 }
    }

    /// All numbers in order. Panics with more than six, which no operation has.
    pub fn from_slice(values: &[u64]) -> Self {
        let mut all = Self::none();
        for &value in values {
            assert!(all.push(value), "an outcome has at most {} values", Self::MAX);
        }
        all
    }

    /// The numbers in order.
    pub fn as_slice(&self) -> &[u64] {
        &self.values[..usize::from(self.len)]
    }

    /// The number at `index`, if there.
    pub fn get(&self, index: usize) -> Option<u64> {
        self.as_slice().get(index).copied()
    }

    /// Adds one; false when full.
    pub(crate) fn push(&mut self, value: u64) -> bool {
        let Some(slot) = self.values.get_mut(usize::from(self.len)) else { return false };
        *slot = value;
        self.len += 1;
        true
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}
