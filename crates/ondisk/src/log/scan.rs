//! A cursor over the text of a line.

use super::fine::FineTimes;
use super::text::unescape;
use super::{LineError, LineProblem};
use types::Time;

/// Reads arguments from left to right and never steps back.
pub(crate) struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    /// True until the first argument was begun: the others stand behind a comma.
    first: bool,
    /// What the line's end says of its times; nothing unless [`Scan::look_for_fine_times`] found something.
    fine: FineTimes,
    /// Room for what has to be unescaped or turned into binary; pieces are cut off its front.
    scratch: &'a mut [u8],
}

impl<'a> Scan<'a> {
    /// Room that every line fits in: an escaped byte takes one of three, a list's number four of at least two.
    pub(crate) fn scratch_for(text: &[u8]) -> usize {
        text.len() * 2
    }

    pub(crate) fn new(text: &'a [u8], scratch: &'a mut [u8]) -> Self {
        Scan { text, at: 0, first: true, fine: FineTimes::default(), scratch }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// What is left, without reading it.
    pub(crate) fn ahead(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    /// The error that `what` should stand here.
    pub(crate) fn expected(&self, what: &'static str) -> LineError {
        self.problem(LineProblem::Expected(what))
    }

    pub(crate) fn problem(&self, problem: LineProblem) -> LineError {
        LineError { column: self.at + 1, problem }
    }

    /// Reads `byte` if it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), LineError> {
        if self.eat(byte) { Ok(()) } else { Err(self.expected(what)) }
    }

    /// Steps to the next argument.
    pub(crate) fn separator(&mut self) -> Result<(), LineError> {
        if std::mem::replace(&mut self.first, false) { Ok(()) } else { self.expect(b',', "','") }
    }

    /// True while arguments are left.
    pub(crate) fn more(&self) -> bool {
        self.peek() != Some(b')')
    }

    /// A decimal number that fits its type.
    pub(crate) fn number<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, LineError> {
        let start = self.at;
        if let Some(number) = self.digits(10, 20).and_then(|n| T::try_from(n).ok()) {
            return Ok(number);
        }
        self.at = start;
        Err(self.expected(what))
    }

    /// Reads ahead what the line's end says of its times.
    pub(crate) fn look_for_fine_times(&mut self) -> Result<(), LineError> {
        let line = self.ahead().split(|b| *b == 0).next().unwrap_or_default();
        self.fine =
            FineTimes::find(line).ok_or_else(|| self.expected("';' and parts of seconds at the end"))?;
        Ok(())
    }

    /// A time: its seconds stand here, the rest at the line's end.
    pub(crate) fn time(&mut self, what: &'static str) -> Result<Time, LineError> {
        let low = self.number(what)?;
        Ok(Time::from_parts(low, self.fine.next()).unwrap_or(low.into()))
    }

    /// Steps over what [`Scan::look_for_fine_times`] found.
    pub(crate) fn skip_fine_times(&mut self) -> Result<(), LineError> {
        if self.fine.left_over() {
            return Err(self.expected("as many parts of seconds as there are times"));
        }
        if self.peek() == Some(b';') {
            self.at += self.ahead().iter().take_while(|b| matches!(b, b';' | b',' | b'0'..=b'9')).count();
        }
        Ok(())
    }

    /// A number of 1 to `max` upper-case digits; moves only on success.
    pub(crate) fn digits(&mut self, radix: u32, max: usize) -> Option<u64> {
        let is_digit = |b: &&u8| char::from(**b).is_digit(radix) && !b.is_ascii_lowercase();
        let len = self.ahead().iter().take(max).take_while(is_digit).count();
        let text = std::str::from_utf8(&self.ahead()[..len]).ok()?;
        let value = u64::from_str_radix(text, radix).ok()?;
        self.at += len;
        Some(value)
    }

    /// Capital letters: an operation's name.
    pub(crate) fn word(&mut self) -> &'a [u8] {
        let len = self.ahead().iter().take_while(|b| b.is_ascii_uppercase() || **b == b'_').count();
        self.at += len;
        &self.text[self.at - len..self.at]
    }

    /// Escaped bytes up to the next `,` or `)`, at most `max` of them when unescaped.
    pub(crate) fn bytes(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], LineError> {
        let ahead = self.ahead();
        let end = ahead.iter().position(|b| matches!(b, b',' | b')' | b'\n' | 0)).unwrap_or(ahead.len());
        let raw = &ahead[..end];
        let bytes = if raw.contains(&b'%') {
            let room = self.piece(raw.len());
            match unescape(raw, room) {
                Ok(len) => &room[..len],
                Err(offset) => {
                    self.at += offset;
                    return Err(self.expected("'%' and two upper-case hexadecimal digits"));
                }
            }
        } else {
            raw
        };
        if bytes.len() > max {
            return Err(self.expected(what));
        }
        self.at += end;
        Ok(bytes)
    }

    /// Decimal numbers with commas between, up to but without `end`, as big-endian bytes.
    pub(crate) fn numbers(&mut self, end: u8, what: &'static str) -> Result<&'a [u8], LineError> {
        let commas = self.ahead().iter().take_while(|b| **b != end).filter(|b| **b == b',').count();
        let room = self.piece((commas + 1) * 4);
        for (i, slot) in room.chunks_exact_mut(4).enumerate() {
            if i > 0 {
                self.expect(b',', "','")?;
            }
            slot.copy_from_slice(&self.number::<u32>(what)?.to_be_bytes());
        }
        Ok(room)
    }

    /// A number as four big-endian bytes.
    pub(crate) fn keep(&mut self, number: u32) -> &'a [u8] {
        let room = self.piece(4);
        room.copy_from_slice(&number.to_be_bytes()[..room.len()]);
        room
    }

    /// A copy that can be changed, of bytes just read.
    pub(crate) fn owned(&mut self, bytes: &[u8]) -> &'a mut [u8] {
        let room = self.piece(bytes.len());
        room.copy_from_slice(&bytes[..room.len()]);
        room
    }

    /// Nothing but white space may be left.
    pub(crate) fn finish(&mut self) -> Result<(), LineError> {
        self.at += self.ahead().iter().take_while(|b| b.is_ascii_whitespace()).count();
        if self.ahead().is_empty() { Ok(()) } else { Err(self.expected("the end of the line")) }
    }

    /// Cuts `len` bytes off the scratch; [`Self::scratch_for`] says why it suffices.
    fn piece(&mut self, len: usize) -> &'a mut [u8] {
        let scratch = std::mem::take(&mut self.scratch);
        let (piece, rest) = scratch.split_at_mut(len.min(scratch.len()));
        self.scratch = rest;
        piece
    }
}
