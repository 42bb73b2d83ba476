//! Signs of life on a connection whose thread is stuck in a disk (`spec/wire-chunkserver.md` 1.4).
//!
//! A client gives up after two seconds of silence. A thread that is about to wait for a disk or for another server
//! says so; one ticker thread then sends a NOP now and then in its place.

use parking_lot::Mutex;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::SendFlags;
use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Silence after which a NOP is sent.
const QUIET: Duration = Duration::from_millis(600);
/// How often connections are looked at.
pub(crate) const TICK: Duration = Duration::from_millis(250);

const IDLE: u64 = 0;
const SENDING: u64 = 1;

/// One connection. Its thread may only call itself busy between two packets.
pub(crate) struct Pulse {
    /// IDLE, SENDING, or since when the connection has been silent: milliseconds plus 2.
    state: AtomicU64,
    stream: Arc<TcpStream>,
    start: Instant,
}

/// All connections with a pulse.
pub(crate) struct Pulses {
    all: Mutex<HashMap<u64, Arc<Pulse>>>,
    next: AtomicU64,
    start: Instant,
}

/// Takes the connection out again when dropped.
pub(crate) struct Registered {
    pulses: Arc<Pulses>,
    key: u64,
    pulse: Arc<Pulse>,
}

/// While it exists, NOPs are sent.
pub(crate) struct Busy<'a>(Option<&'a Pulse>);

impl Pulses {
    pub(crate) fn new() -> Arc<Pulses> {
        Arc::new(Pulses { all: Mutex::default(), next: AtomicU64::new(0), start: Instant::now() })
    }

    pub(crate) fn register(self: &Arc<Self>, stream: &Arc<TcpStream>) -> Registered {
        let pulse =
            Arc::new(Pulse { state: AtomicU64::new(IDLE), stream: stream.clone(), start: self.start });
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.all.lock().insert(key, pulse.clone());
        Registered { pulses: self.clone(), key, pulse }
    }

    /// Sends what is due.
    pub(crate) fn tick(&self) {
        let quiet: Vec<_> = self.all.lock().values().filter(|p| p.is_quiet()).cloned().collect();
        for pulse in quiet {
            pulse.beat();
        }
    }
}

impl Registered {
    /// Says that nothing will be sent for a while, if `wanted`.
    pub(crate) fn busy(&self, wanted: bool) -> Busy<'_> {
        if wanted {
            self.pulse.state.store(self.pulse.now(), Ordering::Release);
        }
        Busy(wanted.then_some(&self.pulse))
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.pulses.all.lock().remove(&self.key);
    }
}

impl Pulse {
    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64 + 2
    }

    fn is_quiet(&self) -> bool {
        let state = self.state.load(Ordering::Acquire);
        state > SENDING && self.now().saturating_sub(state) >= QUIET.as_millis() as u64
    }

    fn beat(&self) {
        let since = self.state.load(Ordering::Acquire);
        if since <= SENDING
            || self.state.compare_exchange(since, SENDING, Ordering::AcqRel, Ordering::Acquire).is_err()
        {
            return;
        }
        self.send_nop();
        self.state.store(self.now(), Ordering::Release);
    }

    /// A full socket needs no sign of life. Part of a NOP must not stay alone.
    fn send_nop(&self) {
        let mut rest: &[u8] = &[0; proto::HEADER_SIZE];
        while !rest.is_empty() {
            match rustix::net::send(&*self.stream, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(n) => rest = &rest[n..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if rest.len() < proto::HEADER_SIZE => {
                    let deadline = Instant::now() + Duration::from_millis(100);
                    let ready = net::bulk::wait_for(&*self.stream, PollFlags::OUT, deadline);
                    if ready.map_or(true, |events| events.is_empty()) {
                        let _ = self.stream.shutdown(std::net::Shutdown::Both);
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let Some(pulse) = self.0 else { return };
        loop {
            let state = pulse.state.load(Ordering::Acquire);
            if state == SENDING {
                std::thread::yield_now();
                continue;
            }
            if pulse.state.compare_exchange(state, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    #[test]
    fn only_the_busy_beat() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = Arc::new(listener.accept().unwrap().0);
        let pulses = Pulses::new();
        let one = pulses.register(&stream);
        let busy = one.busy(true);
        pulses.tick();
        std::thread::sleep(QUIET);
        pulses.tick();
        drop(busy);
        let not = one.busy(false);
        std::thread::sleep(QUIET);
        pulses.tick();
        drop(not);
        drop(one);
        assert!(pulses.all.lock().is_empty());
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        assert_eq!(got, [0; 8]);
    }
}
