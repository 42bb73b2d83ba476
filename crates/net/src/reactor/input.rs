//! Received bytes, cut into frames.

use proto::{FrameHeader, HEADER_SIZE};
use std::io::{self, Read};
use types::{Reader, Wire};

/// How much is read at once.
const READ_STEP: usize = 64 * 1024;
/// Size of the buffer that all connections share for reading.
const SHARED: usize = 2 * READ_STEP;
/// An unfinished frame up to this long is moved into the shared buffer and back; a longer one keeps a buffer of its own,
/// no longer than three times what has arrived.
const SMALL: usize = READ_STEP;

/// The input of one connection. Grows with what has arrived, never with what a header announces; without an unfinished
/// frame it takes no memory.
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
    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes of memory taken.
    pub(super) fn memory(&self) -> usize {
        self.buf.capacity()
    }

    /// Before a read: takes the buffer that all share, unless this connection needs one of its own.
    pub(super) fn lend(&mut self, shared: &mut Vec<u8>) {
        if self.buf.len() >= SHARED {
            return;
        }
        let mut buf = std::mem::take(shared);
        buf.resize(SHARED, 0);
        let unread = &self.buf[self.start..self.end];
        buf[..unread.len()].copy_from_slice(unread);
        *self = Input { start: 0, end: unread.len(), buf };
    }

    /// After a read: keeps what is unfinished, and no more memory than that needs.
    pub(super) fn give_back(&mut self, shared: &mut Vec<u8>) {
        let unread = &self.buf[self.start..self.end];
        if unread.len() > SMALL || self.buf.len() < SHARED {
            return;
        }
        let kept = unread.to_vec();
        let end = kept.len();
        let old = std::mem::replace(self, Input { buf: kept, start: 0, end });
        if old.buf.len() == SHARED {
            *shared = old.buf;
        }
    }

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
            self.buf.resize((self.buf.len() * 2).max(SHARED).max(self.end + READ_STEP), 0);
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
}
