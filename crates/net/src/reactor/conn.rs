//! One connection.

use super::core::ListenerId;
use super::input::Input;
use super::outbox::Outbox;
use std::fmt;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Names a connection for as long as the reactor lives; never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ConnId {
    pub(super) slot: u32,
    pub(super) serial: u32,
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.serial)
    }
}

/// What a link allows.
#[derive(Clone, Copy, Debug)]
pub struct ConnLimits {
    /// The longest body accepted, bytes.
    pub max_body: u32,
    /// A peer that sends nothing for this long is dropped.
    pub idle_timeout: Duration,
    /// A peer that needs longer than this for one frame is dropped.
    pub frame_timeout: Duration,
    /// A NOP is sent when nothing else was for this long; `None` sends none.
    pub nop_interval: Option<Duration>,
    /// Bytes of the NOP's body, all zero: 4 on the client link, 0 elsewhere.
    pub nop_body: u8,
    /// Input is not read while more than this waits to be sent, bytes.
    pub max_pending: usize,
}

/// Why a connection is gone.
#[derive(Debug)]
pub enum CloseReason {
    /// The peer closed it.
    Eof,
    /// The socket failed.
    Io(std::io::Error),
    /// The peer said nothing for the link's time limit.
    Idle(Duration),
    /// A frame did not become complete within the link's time limit.
    Slow(Duration),
    /// A header announced a body over the link's limit.
    TooLong {
        /// Packet id.
        id: u32,
        /// Announced length, bytes.
        len: u32,
    },
    /// The handler wanted it closed, and why.
    Refused(String),
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseReason::Eof => f.write_str("closed by peer"),
            CloseReason::Io(e) => write!(f, "connection failed: {e}"),
            CloseReason::Idle(limit) => write!(f, "nothing received for {} s", limit.as_secs()),
            CloseReason::Slow(limit) => write!(f, "no whole packet within {} s", limit.as_secs()),
            CloseReason::TooLong { id, len } => write!(f, "packet {id} of {len} bytes is over the limit"),
            CloseReason::Refused(why) => f.write_str(why),
        }
    }
}

pub(super) struct Conn {
    pub(super) serial: u32,
    pub(super) listener: ListenerId,
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) limits: ConnLimits,
    pub(super) input: Input,
    pub(super) outbox: Outbox,
    /// Bytes of the input that are in the sum of all.
    pub(super) counted_input: usize,
    pub(super) last_read: Instant,
    /// When the frame that is not complete yet began to arrive.
    pub(super) frame_since: Option<Instant>,
    pub(super) last_write: Instant,
    /// Set by the handler: send what waits, then close.
    pub(super) closing: Option<String>,
    /// What epoll watches for, so that it is told only of changes.
    pub(super) watching: (bool, bool),
    /// In the list of connections to flush.
    pub(super) dirty: bool,
    /// Whole frames may be in the input although nothing new arrives (it was not read from for a while).
    pub(super) backlog: bool,
}
