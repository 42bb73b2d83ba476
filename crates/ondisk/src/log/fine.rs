//! What a line says of times beyond stock's seconds: `;<event>[,<argument>…]` at its end, the fine part ([`Time::fine`])
//! of the event's time, then of each time among the arguments. A line whose times are all whole seconds has none.
//!
//! Stock reads a line up to its last result and ignores what follows (seen with 3.0.117, `spec/metadata-format.md` 13), so
//! it replays such lines, to the second.

use super::text::decimal;
use types::Time;

/// Times of one line: of the event, and of `AMTIME`, which has three.
const MAX: usize = 4;

/// See the module.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct FineTimes {
    parts: [u32; MAX],
    len: usize,
    /// How many were given out again.
    taken: usize,
}

impl FineTimes {
    pub(crate) fn push(&mut self, time: Time) {
        // No operation has more; one that had would fail every test that writes lines.
        debug_assert!(self.len < MAX);
        if let Some(slot) = self.parts.get_mut(self.len) {
            (*slot, self.len) = (time.fine(), self.len + 1);
        }
    }

    /// Adds what belongs to the line whose event was at `event`, if anything does.
    pub(crate) fn write(&self, event: Time, out: &mut Vec<u8>) {
        let parts = &self.parts[..self.len];
        if event.fine() == 0 && parts.iter().all(|&fine| fine == 0) {
            return;
        }
        out.push(b';');
        decimal(event.fine().into(), out);
        for &fine in parts {
            out.push(b',');
            decimal(fine.into(), out);
        }
    }

    /// Finds what stands at the end of `line`. `None` when something does that is not this.
    pub(crate) fn find(line: &[u8]) -> Option<Self> {
        let mut found = FineTimes::default();
        // A parenthesis within a name is escaped; a semicolon is not.
        let end = line.iter().rposition(|&b| b == b')').unwrap_or(0);
        let Some(at) = line[end..].iter().position(|&b| b == b';') else { return Some(found) };
        let text = std::str::from_utf8(&line[end + at + 1..]).ok()?;
        for number in text.trim_end().split(',') {
            let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            let fine = digits.then(|| number.parse().ok()).flatten()?;
            Time::from_parts(0, fine)?;
            (*found.parts.get_mut(found.len)?, found.len) = (fine, found.len + 1);
        }
        Some(found)
    }

    /// The fine part of the next time in the line; 0 when it says nothing.
    pub(crate) fn next(&mut self) -> u32 {
        let part = self.parts[..self.len].get(self.taken).copied().unwrap_or(0);
        self.taken += 1;
        part
    }

    /// True when the line has said something of a time that it does not have.
    pub(crate) fn left_over(&self) -> bool {
        self.taken < self.len
    }
}
