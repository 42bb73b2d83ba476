//! What a reactor and the one who decides say to each other.

use super::conn::{CloseReason, ConnId};
use super::core::{ListenerId, Net};
use std::net::SocketAddr;

/// What becomes of a connection after one of its frames.
#[derive(Debug)]
pub enum Verdict {
    /// It lives on.
    Keep,
    /// What waits is sent, then it is closed; the text says why.
    Close(String),
}

/// Who decides. All calls come from the reactor's thread.
pub trait Handler {
    /// A peer connected.
    fn accepted(&mut self, net: &mut Net, conn: ConnId, listener: ListenerId, peer: SocketAddr);
    /// A whole frame arrived. NOPs never get here.
    fn frame(&mut self, net: &mut Net, conn: ConnId, id: u32, body: &[u8]) -> Verdict;
    /// A connection is gone; its id is never valid again.
    fn closed(&mut self, net: &mut Net, conn: ConnId, reason: CloseReason);
    /// All events of a turn were handled; answers leave after this.
    fn end_of_turn(&mut self, net: &mut Net);
}

/// What went over the connections of one listening socket since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Packets received, NOPs aside.
    pub packets_in: u64,
    /// Packets queued for sending.
    pub packets_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
}
