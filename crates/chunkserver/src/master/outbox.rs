//! What goes to the master, and the bell that wakes the link.

use parking_lot::Mutex;
use proto::{Packet, encode_frame};
use rustix::event::{EventfdFlags, eventfd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Rings from any thread; the link waits for it together with its socket.
pub(crate) struct Bell(OwnedFd);

impl Bell {
    pub(crate) fn new() -> io::Result<Arc<Bell>> {
        Ok(Arc::new(Bell(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)))
    }

    pub(crate) fn ring(&self) {
        // Some number that is not 0, in whatever byte order. Full means that it rings already.
        let _ = rustix::io::write(&self.0, &[0, 0, 0, 0, 0, 0, 0, 1]);
    }

    pub(crate) fn silence(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Answers to orders, for one connection: those that come after it has ended are dropped with it. Bounded by the
/// number of orders in work.
pub(crate) struct Outbox {
    frames: Mutex<Vec<u8>>,
    bell: Arc<Bell>,
}

impl Outbox {
    pub(crate) fn new(bell: &Arc<Bell>) -> Arc<Outbox> {
        Arc::new(Outbox { frames: Mutex::default(), bell: bell.clone() })
    }

    pub(crate) fn put<'a>(&self, packet: &impl Packet<'a>) {
        encode_frame(packet, &mut self.frames.lock());
        self.bell.ring();
    }

    /// Moves everything behind `out`.
    pub(crate) fn drain(&self, out: &mut Vec<u8>) {
        out.append(&mut self.frames.lock());
    }
}
