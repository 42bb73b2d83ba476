//! What waits to be sent to one peer.

use std::collections::VecDeque;
use std::io::{self, Write};

/// Bytes ready to leave, and bytes held back under marks.
#[derive(Default)]
pub(super) struct Outbox {
    ready: Vec<u8>,
    sent: usize,
    held: VecDeque<(u64, Vec<u8>)>,
    held_bytes: usize,
}

impl Outbox {
    /// Where ready bytes are appended.
    pub(super) fn ready(&mut self) -> &mut Vec<u8> {
        &mut self.ready
    }

    /// Lets `write` append bytes that leave when `mark` is released. Marks never decrease.
    pub(super) fn hold(&mut self, mark: u64, write: impl FnOnce(&mut Vec<u8>)) {
        if self.held.back().is_none_or(|(last, _)| *last != mark) {
            self.held.push_back((mark, Vec::new()));
        }
        let (_, bytes) = self.held.back_mut().expect("just pushed");
        let before = bytes.len();
        write(bytes);
        self.held_bytes += bytes.len() - before;
    }

    /// Makes everything held under marks up to `mark` ready.
    pub(super) fn release(&mut self, mark: u64) {
        while self.held.front().is_some_and(|(held, _)| *held <= mark) {
            let (_, bytes) = self.held.pop_front().expect("front exists");
            self.held_bytes -= bytes.len();
            self.ready.extend_from_slice(&bytes);
        }
    }

    /// True when something is held.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Bytes not sent yet.
    pub(super) fn pending(&self) -> usize {
        self.ready.len() - self.sent + self.held_bytes
    }

    /// True when ready bytes wait.
    pub(super) fn wants_to_send(&self) -> bool {
        self.sent < self.ready.len()
    }

    /// Sends what the socket takes; returns how many bytes.
    pub(super) fn flush(&mut self, stream: &mut impl Write) -> io::Result<usize> {
        let mut sent = 0;
        while self.wants_to_send() {
            match stream.write(&self.ready[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.sent += n;
                    sent += n;
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(sent),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.sent = 0;
        if self.ready.capacity() > 1 << 20 {
            self.ready = Vec::new();
        } else {
            self.ready.clear();
        }
        Ok(sent)
    }
}
