//! What arrives, and its way to the handler.

use super::conn::{CloseReason, ConnId};
use super::core::Reactor;
use super::handler::{Handler, Verdict};
use super::input::Front;
use std::io;

/// Reads from one connection in one turn, and frames of it that are handled, so that a flood from one peer leaves the
/// others their share.
const READS_PER_TURN: usize = 4;
const FRAMES_PER_TURN: usize = 256;

impl Reactor {
    pub(super) fn read(&mut self, handler: &mut impl Handler, slot: usize) {
        for _ in 0..READS_PER_TURN {
            let now = self.net.now;
            let Some(conn) = self.net.conns[slot].as_mut() else { return };
            // What has arrived earlier comes first.
            if conn.backlog {
                return;
            }
            conn.input.lend(&mut self.spare);
            match conn.input.fill(&mut conn.stream) {
                Ok(0) => {
                    conn.input.give_back(&mut self.spare);
                    return self.drop_conn(handler, slot, CloseReason::Eof);
                }
                Ok(n) => {
                    conn.last_read = now;
                    self.net.traffic[conn.listener.0].bytes_in += n as u64;
                    self.serve_input(handler, slot);
                    if n < 16 * 1024 {
                        return;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    conn.input.give_back(&mut self.spare);
                    return;
                }
                Err(e) => return self.drop_conn(handler, slot, CloseReason::Io(e)),
            }
        }
    }

    /// Hands whole frames to the handler until the input, or the peer's right to be served, ends.
    pub(super) fn serve_input(&mut self, handler: &mut impl Handler, slot: usize) {
        let now = self.net.now;
        let Some(conn) = self.net.conns[slot].as_mut() else { return };
        let id = ConnId { slot: u32::try_from(slot).expect("MAX_CONNS fits"), serial: conn.serial };
        let (limit, listener) = (conn.limits.max_body, conn.listener);
        // The input leaves the connection while its frames are borrowed, so that handlers can use `Net` freely.
        let mut input = std::mem::take(&mut conn.input);
        let mut too_long = None;
        let mut frames = 0;
        loop {
            let choked = self.net.is_choked(id);
            match self.net.conn(id) {
                Some(conn) if !choked && conn.closing.is_none() => {}
                _ => break,
            }
            if frames == FRAMES_PER_TURN {
                self.net.add_to_backlog(id);
                break;
            }
            frames += 1;
            match input.next(limit) {
                Front::Frame { id: 0, .. } => {}
                Front::Frame { id: packet, from, to } => {
                    self.net.traffic[listener.0].packets_in += 1;
                    match handler.frame(&mut self.net, id, packet, &input.bytes()[from..to]) {
                        Verdict::Keep => {}
                        Verdict::Close(why) => self.net.close(id, why),
                    }
                }
                Front::Incomplete => break,
                Front::TooLong { id, len } => {
                    too_long = Some(CloseReason::TooLong { id, len });
                    break;
                }
            }
        }
        input.give_back(&mut self.spare);
        let mut fits = true;
        if let Some(conn) = self.net.conn(id) {
            let (before, after) = (conn.counted_input, input.memory());
            conn.counted_input = after;
            conn.frame_since = match (conn.frame_since, input.is_empty()) {
                (_, true) => None,
                (Some(since), false) if frames <= 1 => Some(since),
                _ => Some(now),
            };
            conn.input = input;
            let flushed_later = conn.dirty;
            fits = self.net.count_unfinished(before, after);
            // What is about to be flushed is looked at then, when it is known whether the socket takes it all. But a
            // connection that was left with whole frames must be known as not read from, or nobody comes back to it.
            if !flushed_later || self.net.is_choked(id) {
                self.net.watch(slot);
            }
        }
        if let Some(reason) = too_long {
            self.drop_conn(handler, slot, reason);
        } else if !fits {
            let why = "unfinished packets take too much memory".to_owned();
            self.drop_conn(handler, slot, CloseReason::Refused(why));
        }
    }
}
