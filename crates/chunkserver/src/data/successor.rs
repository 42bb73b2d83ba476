//! Connections to the next server of a chain (`spec/wire-chunkserver.md` 1.3 and 1.4).

use super::conn::{NOP_FRAME, packet_deadline};
use net::bulk::{BulkSocket, connect_from};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

/// Cached connections at most.
const MAX_CACHED: usize = 250;
/// Timeouts of the attempts to connect, milliseconds.
const ATTEMPTS_MS: [u64; 10] = [200, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800];

/// Idle connections to other chunkservers, the longest idle first.
#[derive(Default)]
pub(crate) struct Successors(Mutex<VecDeque<(SocketAddrV4, BulkSocket)>>);

impl Successors {
    /// A connection to `addr` on which `hello` was sent.
    pub(crate) fn connect(&self, addr: SocketAddrV4, hello: &[u8]) -> io::Result<BulkSocket> {
        while let Some(mut socket) = self.take(addr) {
            if still_good(&mut socket) && socket.write(&[hello], packet_deadline()).is_ok() {
                return Ok(socket);
            }
        }
        let mut last = None;
        for timeout in ATTEMPTS_MS {
            let attempt = connect_from(None, addr, Duration::from_millis(timeout))
                .and_then(BulkSocket::new)
                .and_then(|socket| socket.write(&[hello], packet_deadline()).map(|()| socket));
            match attempt {
                Ok(socket) => return Ok(socket),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::TimedOut.into()))
    }

    /// The connection used last, because it is the most likely to be alive.
    fn take(&self, addr: SocketAddrV4) -> Option<BulkSocket> {
        let mut cached = self.0.lock();
        let at = cached.iter().rposition(|(there, _)| *there == addr)?;
        cached.remove(at).map(|(_, socket)| socket)
    }

    /// Keeps a connection for the next session.
    pub(crate) fn put(&self, addr: SocketAddrV4, socket: BulkSocket) {
        let mut cached = self.0.lock();
        if cached.len() >= MAX_CACHED {
            cached.pop_front();
        }
        cached.push_back((addr, socket));
    }

    /// Called every half second: drops what the other side has ended, and keeps the rest alive.
    pub(crate) fn tick(&self) {
        let mut cached = self.0.lock();
        cached.retain_mut(|(_, socket)| {
            // At once or not at all: an idle connection has room for eight bytes.
            still_good(socket) && socket.write(&[&NOP_FRAME], Instant::now()).is_ok()
        });
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}

/// True if nothing but whole NOPs has come.
fn still_good(socket: &mut BulkSocket) -> bool {
    loop {
        match socket.try_head() {
            Ok(None) => return socket.at_boundary(),
            Ok(Some(head)) if head.id == 0 && head.len == 0 => {}
            _ => return false,
        }
    }
}
