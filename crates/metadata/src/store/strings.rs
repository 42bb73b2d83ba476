//! Names, trash paths and symlink targets.

use super::{Runs, RunsView};

/// Bytes per allocation unit.
const UNIT: usize = 4;
/// Units per page: the longest string (4096 bytes and 3 of length) must fit.
const PAGE: usize = 2048;
/// First byte of strings whose length follows in two more bytes.
const LONG: u8 = 255;
/// The longest string this arena holds, bytes.
const MAX: usize = 8000;

/// An arena of byte strings. Each is stored as its length (one byte below 255, else three) and its bytes, rounded up
/// to four; it is named by a `u32`. 15-byte names take exactly 16 bytes.
pub(crate) struct Strings {
    runs: Runs<[u8; UNIT], PAGE>,
}

fn units(len: usize) -> usize {
    let head = if len < LONG as usize { 1 } else { 3 };
    (head + len).div_ceil(UNIT)
}

fn read(tail: &[[u8; UNIT]]) -> &[u8] {
    let bytes = tail.as_flattened();
    match bytes {
        [LONG, hi, lo, rest @ ..] => {
            rest.get(..usize::from(u16::from_be_bytes([*hi, *lo]))).unwrap_or_default()
        }
        [len, rest @ ..] => rest.get(..usize::from(*len)).unwrap_or_default(),
        [] => &[],
    }
}

impl Strings {
    pub(crate) fn new() -> Self {
        Strings { runs: Runs::new() }
    }

    /// Bytes of memory taken, and bytes of the strings in it.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        self.runs.bytes()
    }

    /// Stores a string of at most 8000 bytes; what is longer is cut (callers check their own, smaller limits).
    pub(crate) fn insert(&mut self, text: &[u8]) -> u32 {
        let text = &text[..text.len().min(MAX)];
        let units = units(text.len());
        let start = self.runs.allocate(units);
        let bytes = self.runs.get_mut(start, units).as_flattened_mut();
        let body = if text.len() < LONG as usize {
            bytes[0] = text.len() as u8;
            &mut bytes[1..]
        } else {
            bytes[0] = LONG;
            bytes[1..3].copy_from_slice(&(text.len() as u16).to_be_bytes());
            &mut bytes[3..]
        };
        body[..text.len()].copy_from_slice(text);
        start
    }

    pub(crate) fn get(&self, at: u32) -> &[u8] {
        read(self.runs.tail(at))
    }

    pub(crate) fn remove(&mut self, at: u32) {
        let units = units(self.get(at).len());
        self.runs.free(at, units);
    }

    /// Units left before 32-bit references run out.
    pub(crate) fn room(&self) -> u32 {
        self.runs.room()
    }

    /// The content alone, shared.
    pub(crate) fn view(&self) -> StringsView {
        StringsView(self.runs.view())
    }
}

/// What the arena held when the view was taken.
pub(crate) struct StringsView(RunsView<[u8; UNIT], PAGE>);

impl StringsView {
    pub(crate) fn get(&self, at: u32) -> &[u8] {
        read(self.0.tail(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        let mut strings = Strings::new();
        let text: Vec<u8> = (0..4096u32).map(|i| (i % 251) as u8).collect();
        let at: Vec<u32> = (0..=4096).map(|len| strings.insert(&text[..len])).collect();
        let view = strings.view();
        for (len, at) in at.iter().enumerate() {
            assert_eq!(strings.get(*at), &text[..len]);
        }
        for at in at.iter().step_by(2) {
            strings.remove(*at);
        }
        let again = strings.insert(&text[..100]);
        assert_eq!(strings.get(again), &text[..100]);
        for (len, at) in at.iter().enumerate() {
            assert_eq!(view.get(*at), &text[..len]);
            assert!(len % 2 == 0 || strings.get(*at) == &text[..len]);
        }
        assert_eq!(units(15), 4);
    }
}
