//! NOPs, and peers that have gone silent.

use super::conn::{CloseReason, ConnId};
use super::core::Reactor;
use super::handler::Handler;
use std::time::Duration;

/// All connections are looked at once in this time, a part of them each turn: ten thousand NOPs at once would keep
/// everybody waiting.
const ROUND: Duration = Duration::from_secs(1);
/// Connections looked at in one turn at least.
const MIN_PART: usize = 64;

impl Reactor {
    /// Looks at the connections that are due.
    pub(super) fn sweep(&mut self, handler: &mut impl Handler) {
        let now = self.net.now;
        // A loop that itself stood still must not blame the peers for it.
        let stall = now.saturating_duration_since(self.last_turn).saturating_sub(2 * ROUND);
        self.last_turn = now;
        if !stall.is_zero() {
            for conn in self.net.conns.iter_mut().flatten() {
                conn.last_read += stall;
                conn.frame_since = conn.frame_since.map(|since| since + stall);
            }
        }
        let since = now.saturating_duration_since(self.round_began);
        let all = self.net.conns.len();
        if since >= ROUND && self.swept == all {
            self.round_began = now;
            self.swept = 0;
            self.resume_listeners();
        }
        let part = since.as_secs_f64() / ROUND.as_secs_f64() * all as f64;
        let until = (part as usize).max(self.swept + MIN_PART).min(all);
        for slot in self.swept..until {
            self.look_at(handler, slot);
        }
        self.swept = until.max(self.swept);
    }

    fn look_at(&mut self, handler: &mut impl Handler, slot: usize) {
        let now = self.net.now;
        let choked = self.net.conns[slot].as_ref().is_some_and(|conn| self.net.chokes(conn));
        let Some(conn) = self.net.conns[slot].as_mut() else { return };
        let limit = conn.limits.idle_timeout;
        // Who is not read from shows by reading that it lives.
        let heard = if choked { conn.last_read.max(conn.last_write) } else { conn.last_read };
        if now.saturating_duration_since(heard) > limit {
            return self.drop_conn(handler, slot, CloseReason::Idle(limit));
        }
        let limit = conn.limits.frame_timeout;
        if !choked && conn.frame_since.is_some_and(|since| now.saturating_duration_since(since) > limit) {
            return self.drop_conn(handler, slot, CloseReason::Slow(limit));
        }
        let quiet = now.saturating_duration_since(conn.last_write);
        if conn.limits.nop_interval.is_some_and(|every| quiet >= every) && !conn.outbox.wants_to_send() {
            let (body, serial) = (conn.limits.nop_body, conn.serial);
            let id = ConnId { slot: u32::try_from(slot).expect("MAX_CONNS fits"), serial };
            self.net.append(id, |out| {
                out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, body]);
                out.extend(std::iter::repeat_n(0, body.into()));
            });
        }
    }
}
