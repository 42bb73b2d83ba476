//! Lines kept in memory for metaloggers (`CHANGELOG_PRESERVE_SECONDS`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most bytes of lines kept, whatever the time.
const MAX_BYTES: usize = 256 << 20;
/// The least time a line is kept, so that connected metaloggers can take it.
const LEAST: Duration = Duration::from_secs(30);

struct Kept {
    at: Instant,
    /// `None` is a rotation.
    line: Option<(u64, Box<[u8]>)>,
}

/// A row of changes and rotations, numbered from 0 since the start.
pub(super) struct History {
    first: u64,
    kept: VecDeque<Kept>,
    bytes: usize,
    preserve: Duration,
}

/// What stands at a position.
pub(super) enum Entry<'a> {
    Line {
        version: u64,
        text: &'a [u8],
    },
    Rotate,
    /// Nothing yet.
    End,
    /// Not any more.
    Forgotten,
}

impl History {
    pub(super) fn new(preserve: Duration) -> Self {
        History { first: 0, kept: VecDeque::new(), bytes: 0, preserve: preserve.max(LEAST) }
    }

    pub(super) fn push_line(&mut self, version: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::with_capacity(96);
        write(&mut text);
        self.bytes += text.len();
        self.kept.push_back(Kept { at: Instant::now(), line: Some((version, text.into())) });
    }

    pub(super) fn push_rotate(&mut self) {
        self.kept.push_back(Kept { at: Instant::now(), line: None });
    }

    pub(super) fn expire(&mut self) {
        while let Some(oldest) = self.kept.front() {
            if self.bytes <= MAX_BYTES && oldest.at.elapsed() <= self.preserve {
                return;
            }
            self.bytes -= oldest.line.as_ref().map_or(0, |(_, text)| text.len());
            self.kept.pop_front();
            self.first += 1;
        }
    }

    pub(super) fn get(&self, position: u64) -> Entry<'_> {
        let Some(index) = position.checked_sub(self.first) else { return Entry::Forgotten };
        match usize::try_from(index).ok().and_then(|i| self.kept.get(i)) {
            None => Entry::End,
            Some(Kept { line: None, .. }) => Entry::Rotate,
            Some(Kept { line: Some((version, text)), .. }) => Entry::Line { version: *version, text },
        }
    }

    /// The position behind everything.
    pub(super) fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// Where the line `wanted` is; the end if it is the next one to come (`current`); none if it is not kept.
    pub(super) fn position_of(&self, wanted: u64, current: u64) -> Option<u64> {
        if wanted == current {
            return Some(self.end());
        }
        let mut lines =
            self.kept.iter().enumerate().filter_map(|(i, k)| k.line.as_ref().map(|(v, _)| (i, *v)));
        lines
            .find(|(_, version)| *version >= wanted)
            .filter(|(_, version)| *version == wanted)
            .map(|(index, _)| self.first + index as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_kept_and_coming_lines() {
        let mut history = History::new(Duration::from_secs(1000));
        for version in 10..13 {
            history.push_line(version, |out| out.extend_from_slice(b"x"));
        }
        history.push_rotate();
        assert_eq!(history.position_of(11, 13), Some(1));
        assert_eq!(history.position_of(13, 13), Some(4));
        assert_eq!(history.position_of(9, 13), None);
        assert_eq!(history.position_of(20, 13), None);
        assert!(matches!(history.get(2), Entry::Line { version: 12, .. }));
        assert!(matches!(history.get(3), Entry::Rotate));
        assert!(matches!(history.get(4), Entry::End));
    }
}
