//! The loop itself.

use super::conn::{CloseReason, Conn, ConnId, ConnLimits};
use super::handler::{Handler, Traffic, Verdict};
use super::input::{Front, Input};
use super::outbox::Outbox;
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
const LISTENER_BASE: u64 = 1 << 48;
/// Reads from one connection in one turn, so that a flood from one peer leaves the others their share.
const READS_PER_TURN: usize = 4;
/// The most connections at once; more are refused at once.
const MAX_CONNS: usize = 60_000;

/// The connections, as handlers see them.
pub struct Net {
    epoll: OwnedFd,
    conns: Vec<Option<Conn>>,
    free: Vec<u32>,
    dirty: Vec<u32>,
    backlog: Vec<u32>,
    /// Connections with something held, so that a release need not look at all of them.
    holders: Vec<u32>,
    next_serial: u32,
    now: Instant,
    /// For each listener.
    traffic: Vec<Traffic>,
}

/// Owns the sockets. See the module.
pub struct Reactor {
    net: Net,
    listeners: Vec<(TcpListener, ConnLimits)>,
    wake: Arc<OwnedFd>,
    last_sweep: Instant,
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
    fn conn(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id.slot as usize)?.as_mut().filter(|c| c.serial == id.serial)
    }

    /// The connection, about to get a packet.
    fn recipient(&mut self, id: ConnId) -> Option<&mut Conn> {
        let listener = self.conn(id)?.listener;
        self.traffic[listener.0].packets_out += 1;
        self.touch(id)
    }

    fn touch(&mut self, id: ConnId) -> Option<&mut Conn> {
        let conn = self.conns.get_mut(id.slot as usize)?.as_mut().filter(|c| c.serial == id.serial)?;
        if !conn.dirty {
            conn.dirty = true;
            self.dirty.push(id.slot);
        }
        Some(conn)
    }

    /// The time this turn began.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Queues a packet. Silently dropped when the connection is gone: its `closed` call tells.
    pub fn send<'a>(&mut self, conn: ConnId, packet: &impl Packet<'a>) {
        if let Some(conn) = self.recipient(conn) {
            encode_frame(packet, conn.outbox.ready());
        }
    }

    /// Queues a packet that leaves when `mark` is released. Marks must not decrease from call to call.
    pub fn send_held<'a>(&mut self, conn: ConnId, mark: u64, packet: &impl Packet<'a>) {
        self.hold(conn, mark, |out| encode_frame(packet, out));
    }

    /// Queues bytes of a whole frame made elsewhere.
    pub fn send_bytes(&mut self, conn: ConnId, frame: &[u8]) {
        if let Some(conn) = self.recipient(conn) {
            conn.outbox.ready().extend_from_slice(frame);
        }
    }

    /// Like [`Net::send_bytes`], held under a mark.
    pub fn send_bytes_held(&mut self, conn: ConnId, mark: u64, frame: &[u8]) {
        self.hold(conn, mark, |out| out.extend_from_slice(frame));
    }

    fn hold(&mut self, id: ConnId, mark: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(conn) = self.conn(id) else { return };
        let held_before = conn.outbox.holds();
        conn.outbox.hold(mark, write);
        let listener = conn.listener;
        if !held_before {
            self.holders.push(id.slot);
        }
        self.traffic[listener.0].packets_out += 1;
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

    fn watch(&mut self, slot: usize) {
        let Some(conn) = self.conns[slot].as_mut() else { return };
        let want = (!conn.is_choked() && conn.closing.is_none(), conn.outbox.wants_to_send());
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
            next_serial: 1,
            now,
            traffic: Vec::new(),
        };
        Ok(Reactor { net, listeners: Vec::new(), wake, last_sweep: now })
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
        for slot in std::mem::take(&mut self.net.backlog) {
            if let Some(conn) = self.net.conns[slot as usize].as_mut() {
                conn.backlog = false;
                self.serve_input(handler, slot as usize);
            }
        }
        self.sweep(handler);
        handler.end_of_turn(&mut self.net);
        self.flush_dirty(handler);
        Ok(())
    }

    fn accept(&mut self, handler: &mut impl Handler, which: usize) {
        for _ in 0..64 {
            let (listener, limits) = &self.listeners[which];
            let Ok((stream, peer)) = listener.accept() else { return };
            if self.net.conns.len() - self.net.free.len() >= MAX_CONNS
                || stream.set_nonblocking(true).is_err()
                || stream.set_nodelay(true).is_err()
            {
                continue;
            }
            let net = &mut self.net;
            let slot = net.free.pop().unwrap_or_else(|| {
                net.conns.push(None);
                u32::try_from(net.conns.len() - 1).expect("MAX_CONNS fits")
            });
            let data = epoll::EventData::new_u64(slot.into());
            if epoll::add(&net.epoll, &stream, data, epoll::EventFlags::IN).is_err() {
                net.free.push(slot);
                continue;
            }
            let id = ConnId { slot, serial: net.next_serial };
            net.next_serial += 1;
            net.conns[slot as usize] = Some(Conn {
                serial: id.serial,
                listener: ListenerId(which),
                stream,
                peer,
                limits: *limits,
                input: Input::default(),
                outbox: Outbox::default(),
                last_read: net.now,
                last_write: net.now,
                closing: None,
                watching: (true, false),
                dirty: false,
                backlog: false,
            });
            handler.accepted(net, id, ListenerId(which), peer);
        }
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

    fn read(&mut self, handler: &mut impl Handler, slot: usize) {
        for _ in 0..READS_PER_TURN {
            let now = self.net.now;
            let Some(conn) = self.net.conns[slot].as_mut() else { return };
            match conn.input.fill(&mut conn.stream) {
                Ok(0) => return self.drop_conn(handler, slot, CloseReason::Eof),
                Ok(n) => {
                    conn.last_read = now;
                    self.net.traffic[conn.listener.0].bytes_in += n as u64;
                    self.serve_input(handler, slot);
                    if n < 16 * 1024 {
                        return;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return self.drop_conn(handler, slot, CloseReason::Io(e)),
            }
        }
    }

    /// Hands whole frames to the handler until the input, or the peer's right to be served, ends.
    fn serve_input(&mut self, handler: &mut impl Handler, slot: usize) {
        let Some(conn) = self.net.conns[slot].as_mut() else { return };
        let id = ConnId { slot: u32::try_from(slot).expect("MAX_CONNS fits"), serial: conn.serial };
        let (limit, listener) = (conn.limits.max_body, conn.listener);
        // The input leaves the connection while its frames are borrowed, so that handlers can use `Net` freely.
        let mut input = std::mem::take(&mut conn.input);
        let mut too_long = None;
        loop {
            match self.net.conn(id) {
                Some(conn) if !conn.is_choked() && conn.closing.is_none() => {}
                _ => break,
            }
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
        input.shrink();
        if let Some(conn) = self.net.conn(id) {
            conn.input = input;
            self.net.watch(slot);
        }
        if let Some(reason) = too_long {
            self.drop_conn(handler, slot, reason);
        }
    }

    fn flush_dirty(&mut self, handler: &mut impl Handler) {
        let now = self.net.now;
        for slot in std::mem::take(&mut self.net.dirty) {
            let Some(conn) = self.net.conns[slot as usize].as_mut() else { continue };
            conn.dirty = false;
            match conn.outbox.flush(&mut conn.stream) {
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

    /// Once a second: NOPs, and peers that have gone silent.
    fn sweep(&mut self, handler: &mut impl Handler) {
        let now = self.net.now;
        let since = now - self.last_sweep;
        if since < Duration::from_secs(1) {
            return;
        }
        self.last_sweep = now;
        // A loop that itself stood still must not blame the peers for it.
        let stall = since.saturating_sub(Duration::from_secs(2));
        for slot in 0..self.net.conns.len() {
            let Some(conn) = self.net.conns[slot].as_mut() else { continue };
            conn.last_read += stall;
            let limit = conn.limits.idle_timeout;
            if now.saturating_duration_since(conn.last_read) > limit {
                self.drop_conn(handler, slot, CloseReason::Idle(limit));
                continue;
            }
            let quiet = now.saturating_duration_since(conn.last_write);
            if conn.limits.nop_interval.is_some_and(|every| quiet >= every) && !conn.outbox.wants_to_send() {
                let body = conn.limits.nop_body;
                let out = conn.outbox.ready();
                out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, body]);
                out.extend(std::iter::repeat_n(0, body.into()));
                if !conn.dirty {
                    conn.dirty = true;
                    self.net.dirty.push(u32::try_from(slot).expect("MAX_CONNS fits"));
                }
            }
        }
    }

    fn drop_conn(&mut self, handler: &mut impl Handler, slot: usize, reason: CloseReason) {
        let Some(conn) = self.net.conns[slot].take() else { return };
        let slot = u32::try_from(slot).expect("MAX_CONNS fits");
        let id = ConnId { slot, serial: conn.serial };
        let _ = epoll::delete(&self.net.epoll, &conn.stream);
        drop(conn);
        self.net.free.push(slot);
        handler.closed(&mut self.net, id, reason);
    }
}
