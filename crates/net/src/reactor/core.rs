//! The loop itself.

use super::conn::{CloseReason, Conn, ConnId, ConnLimits};
use super::handler::{Handler, Traffic};
use proto::{Packet, encode_frame};
use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::fd::OwnedFd;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names a listening socket: its position in the order of [`Reactor::listen`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListenerId(pub usize);

const WAKE: u64 = u64::MAX;
pub(super) const LISTENER_BASE: u64 = 1 << 48;
/// Bytes that may wait to be sent on all connections together; then those are not read from that have more than their
/// share of it.
const MAX_PENDING: usize = 256 << 20;
const PENDING_SHARE: usize = 256 << 10;
/// Bytes of unfinished frames of all connections together; then connections with long ones are closed.
const MAX_UNFINISHED: usize = 1 << 30;
const UNFINISHED_SHARE: usize = 1 << 20;

/// The connections, as handlers see them.
pub struct Net {
    pub(super) epoll: OwnedFd,
    pub(super) conns: Vec<Option<Conn>>,
    pub(super) free: Vec<u32>,
    pub(super) dirty: Vec<u32>,
    backlog: Vec<u32>,
    /// Connections with something held, so that a release need not look at all of them.
    holders: Vec<u32>,
    /// Bytes that wait to be sent on all connections.
    pending: usize,
    /// Bytes of memory that unfinished frames take.
    unfinished: usize,
    pub(super) next_serial: u32,
    pub(super) now: Instant,
    /// For each listener.
    pub(super) traffic: Vec<Traffic>,
}

/// Owns the sockets. See the module.
pub struct Reactor {
    pub(super) net: Net,
    pub(super) listeners: Vec<(TcpListener, ConnLimits)>,
    /// Listeners that are not watched because there are no descriptors left.
    pub(super) paused: Vec<usize>,
    /// What connections read into.
    pub(super) spare: Vec<u8>,
    wake: Arc<OwnedFd>,
    pub(super) last_turn: Instant,
    /// When the present round of looking at all connections began, and how many were looked at.
    pub(super) round_began: Instant,
    pub(super) swept: usize,
}

/// Wakes a reactor from another thread.
#[derive(Clone)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// Makes the current or next [`Reactor::turn`] return early. Cheap, never blocks.
    #[expect(clippy::host_endian_bytes, reason = "an eventfd counts in the host's order")]
    pub fn wake(&self) {
        // The only possible failure is a full counter, and then a wake-up is due anyway.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }
}

impl Net {
    pub(super) fn conn(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id.slot as usize)?.as_mut().filter(|c| c.serial == id.serial)
    }

    fn touch(&mut self, id: ConnId) -> Option<&mut Conn> {
        let conn = self.conns.get_mut(id.slot as usize)?.as_mut().filter(|c| c.serial == id.serial)?;
        if !conn.dirty {
            conn.dirty = true;
            self.dirty.push(id.slot);
        }
        Some(conn)
    }

    /// Appends bytes that may leave at once.
    pub(super) fn append(&mut self, id: ConnId, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(conn) = self.touch(id) else { return };
        let (before, listener) = (conn.outbox.pending(), conn.listener);
        write(conn.outbox.ready());
        let added = conn.outbox.pending() - before;
        self.pending += added;
        self.traffic[listener.0].packets_out += 1;
    }

    /// True while the peer must first take what waits for it.
    pub(super) fn chokes(&self, conn: &Conn) -> bool {
        let pending = conn.outbox.pending();
        pending > conn.limits.max_pending || self.pending > MAX_PENDING && pending > PENDING_SHARE
    }

    pub(super) fn is_choked(&self, id: ConnId) -> bool {
        self.conns.get(id.slot as usize).and_then(Option::as_ref).is_some_and(|conn| self.chokes(conn))
    }

    /// Frames that have arrived are served in the next turn, whether more arrives or not.
    pub(super) fn add_to_backlog(&mut self, id: ConnId) {
        if let Some(conn) = self.conn(id).filter(|conn| !conn.backlog) {
            conn.backlog = true;
            self.backlog.push(id.slot);
        }
    }

    /// Counts the memory that a connection's input takes now and took before. False when it must be closed for it.
    pub(super) fn count_unfinished(&mut self, before: usize, after: usize) -> bool {
        self.unfinished = self.unfinished + after - before;
        self.unfinished <= MAX_UNFINISHED || after <= UNFINISHED_SHARE
    }

    /// The time this turn began.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Queues a packet. Silently dropped when the connection is gone: its `closed` call tells.
    pub fn send<'a>(&mut self, conn: ConnId, packet: &impl Packet<'a>) {
        self.append(conn, |out| encode_frame(packet, out));
    }

    /// Queues a packet that leaves when `mark` is released. Marks must not decrease from call to call.
    pub fn send_held<'a>(&mut self, conn: ConnId, mark: u64, packet: &impl Packet<'a>) {
        self.hold(conn, mark, |out| encode_frame(packet, out));
    }

    /// Queues bytes of a whole frame made elsewhere.
    pub fn send_bytes(&mut self, conn: ConnId, frame: &[u8]) {
        self.append(conn, |out| out.extend_from_slice(frame));
    }

    /// Like [`Net::send_bytes`], held under a mark.
    pub fn send_bytes_held(&mut self, conn: ConnId, mark: u64, frame: &[u8]) {
        self.hold(conn, mark, |out| out.extend_from_slice(frame));
    }

    fn hold(&mut self, id: ConnId, mark: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(conn) = self.conn(id) else { return };
        let (held_before, before) = (conn.outbox.holds(), conn.outbox.pending());
        conn.outbox.hold(mark, write);
        let listener = conn.listener;
        let added = conn.outbox.pending() - before;
        self.pending += added;
        self.traffic[listener.0].packets_out += 1;
        if !held_before {
            self.holders.push(id.slot);
        }
    }

    /// Lets everything go that is held under marks up to `mark`.
    pub fn release(&mut self, mark: u64) {
        for slot in std::mem::take(&mut self.holders) {
            let Some(conn) = self.conns[slot as usize].as_mut() else { continue };
            conn.outbox.release(mark);
            if conn.outbox.holds() {
                self.holders.push(slot);
            }
            if !conn.dirty && conn.outbox.wants_to_send() {
                conn.dirty = true;
                self.dirty.push(slot);
            }
        }
    }

    /// Closes a connection after what waits for it has been sent (as far as the peer takes it at once).
    pub fn close(&mut self, conn: ConnId, why: impl Into<String>) {
        if let Some(conn) = self.touch(conn) {
            conn.closing.get_or_insert(why.into());
        }
    }

    /// Changes what a link allows, once the handler knows who the peer is.
    pub fn set_limits(&mut self, conn: ConnId, limits: impl FnOnce(&mut ConnLimits)) {
        if let Some(conn) = self.conn(conn) {
            limits(&mut conn.limits);
        }
    }

    /// Bytes that wait to be sent; 0 when the connection is gone.
    pub fn pending(&mut self, conn: ConnId) -> usize {
        self.conn(conn).map_or(0, |c| c.outbox.pending())
    }

    /// What went over the connections of a listener since the start.
    pub fn traffic(&self, listener: ListenerId) -> Traffic {
        self.traffic[listener.0]
    }

    /// Where the peer is.
    pub fn peer(&mut self, conn: ConnId) -> Option<SocketAddr> {
        self.conn(conn).map(|c| c.peer)
    }

    pub(super) fn watch(&mut self, slot: usize) {
        let choked = self.conns[slot].as_ref().is_some_and(|conn| self.chokes(conn));
        let Some(conn) = self.conns[slot].as_mut() else { return };
        let want = (!choked && conn.closing.is_none(), conn.outbox.wants_to_send());
        if want == conn.watching {
            return;
        }
        if want.0 && !conn.watching.0 && !conn.backlog {
            conn.backlog = true;
            self.backlog.push(u32::try_from(slot).expect("MAX_CONNS fits"));
        }
        conn.watching = want;
        let mut flags = epoll::EventFlags::empty();
        flags.set(epoll::EventFlags::IN, want.0);
        flags.set(epoll::EventFlags::OUT, want.1);
        // Cannot fail: both descriptors are open and the connection was added when it was accepted.
        let _ = epoll::modify(&self.epoll, &conn.stream, epoll::EventData::new_u64(slot as u64), flags);
    }
}

impl Reactor {
    /// An empty reactor.
    pub fn new() -> io::Result<Reactor> {
        let poller = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        epoll::add(&poller, &*wake, epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        let now = Instant::now();
        let net = Net {
            epoll: poller,
            conns: Vec::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            backlog: Vec::new(),
            holders: Vec::new(),
            pending: 0,
            unfinished: 0,
            next_serial: 1,
            now,
            traffic: Vec::new(),
        };
        let (listeners, paused, spare) = Default::default();
        Ok(Reactor { net, listeners, paused, spare, wake, last_turn: now, round_began: now, swept: 0 })
    }

    /// Adds a listening socket; its peers start with `limits`.
    pub fn listen(&mut self, listener: TcpListener, limits: ConnLimits) -> io::Result<ListenerId> {
        listener.set_nonblocking(true)?;
        let id = self.listeners.len();
        let data = epoll::EventData::new_u64(LISTENER_BASE + id as u64);
        epoll::add(&self.net.epoll, &listener, data, epoll::EventFlags::IN)?;
        self.listeners.push((listener, limits));
        self.net.traffic.push(Traffic::default());
        Ok(ListenerId(id))
    }

    /// Something other threads can wake the loop with.
    pub fn waker(&self) -> Waker {
        Waker(self.wake.clone())
    }

    /// The connections.
    pub fn net(&mut self) -> &mut Net {
        &mut self.net
    }

    /// Waits up to `timeout` for events, handles them, sends the answers.
    pub fn turn(&mut self, handler: &mut impl Handler, timeout: Duration) -> io::Result<()> {
        let timeout = if self.net.backlog.is_empty() { timeout } else { Duration::ZERO };
        let timeout = rustix::event::Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let mut events = [const { std::mem::MaybeUninit::uninit() }; 256];
        let ready = match epoll::wait(&self.net.epoll, &mut events, Some(&timeout)) {
            Ok((ready, _)) => ready,
            Err(rustix::io::Errno::INTR) => &mut [],
            Err(e) => return Err(e.into()),
        };
        self.net.now = Instant::now();
        for slot in std::mem::take(&mut self.net.backlog) {
            if let Some(conn) = self.net.conns[slot as usize].as_mut() {
                conn.backlog = false;
                self.serve_input(handler, slot as usize);
            }
        }
        for event in ready {
            let flags = event.flags;
            match event.data.u64() {
                WAKE => {
                    let _ = rustix::io::read(&*self.wake, &mut [0; 8]);
                }
                n if n >= LISTENER_BASE => self.accept(handler, (n - LISTENER_BASE) as usize),
                slot => self.ready(handler, slot as usize, flags),
            }
        }
        self.sweep(handler);
        handler.end_of_turn(&mut self.net);
        self.flush_dirty(handler);
        Ok(())
    }

    fn ready(&mut self, handler: &mut impl Handler, slot: usize, flags: epoll::EventFlags) {
        let Some(Some(conn)) = self.net.conns.get_mut(slot) else { return };
        if flags.contains(epoll::EventFlags::OUT) && !conn.dirty {
            conn.dirty = true;
            self.net.dirty.push(u32::try_from(slot).expect("MAX_CONNS fits"));
        }
        let readable = epoll::EventFlags::IN | epoll::EventFlags::HUP | epoll::EventFlags::ERR;
        if flags.intersects(readable) {
            self.read(handler, slot);
        }
    }

    fn flush_dirty(&mut self, handler: &mut impl Handler) {
        let now = self.net.now;
        for slot in std::mem::take(&mut self.net.dirty) {
            let Some(conn) = self.net.conns[slot as usize].as_mut() else { continue };
            conn.dirty = false;
            let before = conn.outbox.pending();
            let flushed = conn.outbox.flush(&mut conn.stream);
            self.net.pending -= before - conn.outbox.pending();
            match flushed {
                Ok(0) => {}
                Ok(bytes) => {
                    conn.last_write = now;
                    self.net.traffic[conn.listener.0].bytes_out += bytes as u64;
                }
                Err(e) => {
                    self.drop_conn(handler, slot as usize, CloseReason::Io(e));
                    continue;
                }
            }
            if !conn.outbox.wants_to_send()
                && !conn.outbox.holds()
                && let Some(why) = conn.closing.take()
            {
                self.drop_conn(handler, slot as usize, CloseReason::Refused(why));
                continue;
            }
            self.net.watch(slot as usize);
        }
    }

    pub(super) fn drop_conn(&mut self, handler: &mut impl Handler, slot: usize, reason: CloseReason) {
        let Some(conn) = self.net.conns[slot].take() else { return };
        self.net.pending -= conn.outbox.pending();
        self.net.unfinished -= conn.counted_input;
        let slot = u32::try_from(slot).expect("MAX_CONNS fits");
        let id = ConnId { slot, serial: conn.serial };
        let _ = epoll::delete(&self.net.epoll, &conn.stream);
        drop(conn);
        self.net.free.push(slot);
        handler.closed(&mut self.net, id, reason);
    }
}
