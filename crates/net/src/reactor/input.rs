//! Received bytes, cut into frames.

use proto::{FrameHeader, HEADER_SIZE};
use std::io::{self, Read};
use types::{Reader, Wire};

/// How much is read at once; also what an idle connection's buffer shrinks to.
const READ_STEP: usize = 64 * 1024;

/// The input of one connection. Grows with what has arrived, never with what a header announces.
#[derive(Default)]
pub(super) struct Input {
    buf: Vec<u8>,
    start: usize,
    end: usize,
}

/// What is at the front of the input.
pub(super) enum Front {
    /// A whole frame: its id and the position of its body in [`Input::bytes`].
    Frame { id: u32, from: usize, to: usize },
    /// Not enough has arrived.
    Incomplete,
    /// A header that announces more than the link allows.
    TooLong { id: u32, len: u32 },
}

impl Input {
    /// Reads once. `Ok(0)` is the end of the stream.
    pub(super) fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        if self.buf.len() - self.end < READ_STEP / 4 {
            self.make_room();
        }
        let n = stream.read(&mut self.buf[self.end..])?;
        self.end += n;
        Ok(n)
    }

    fn make_room(&mut self) {
        self.buf.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buf.len() - self.end < READ_STEP {
            self.buf.resize((self.buf.len() * 2).max(READ_STEP * 2).max(self.end + READ_STEP), 0);
        }
    }

    /// Looks at the front; a frame found counts as consumed.
    pub(super) fn next(&mut self, limit: u32) -> Front {
        let unread = &self.buf[self.start..self.end];
        let Ok(head) = FrameHeader::decode(&mut Reader::new(unread)) else {
            return Front::Incomplete;
        };
        if head.len > limit {
            return Front::TooLong { id: head.id, len: head.len };
        }
        let whole = HEADER_SIZE + head.len as usize;
        if unread.len() < whole {
            return Front::Incomplete;
        }
        let from = self.start + HEADER_SIZE;
        self.start += whole;
        Front::Frame { id: head.id, from, to: self.start }
    }

    /// The bytes that positions of [`Front::Frame`] refer to.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buf
    }

    /// Gives memory of an unusually long packet back once it is empty.
    pub(super) fn shrink(&mut self) {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.buf.len() > READ_STEP * 8 {
                self.buf = Vec::new();
            }
        }
    }
}
