//! The link to the master: one connection, requests of all threads multiplexed over it by message id.
//!
//! Whoever waits for a reply and finds nobody reading becomes the *leader*: it reads the socket itself, delivers
//! the replies of others, and passes the lead on once it has its own. A lone request thus costs no switch of
//! threads. The keeper thread reads only when nobody waits, keeps the connection alive and brings it back; requests
//! wait meanwhile and are sent again unchanged (`spec/wire-client-master.md` 1.8).

mod conn;
mod keeper;
mod pending;
mod register;

pub(crate) use register::connect_from;
pub use register::{ConnectError, Limits, MasterInfo};

use crate::sync::lock;
use crate::{Error, Options, Result};
use conn::Conn;
use pending::{Deliver, Pending, Waiter};
use proto::client_master::{FineAmtimeInodes, FuseAmtimeInodes};
use proto::{Extensions, Packet};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use types::{Inode, MsgId, Rest, Time};

/// What the master says without having been asked (packets with message id 0).
pub(crate) trait Unsolicited: Send + Sync {
    /// Called by the leader: must not block and must not call the master.
    fn packet(&self, id: u32, body: &[u8]);
    /// The connection was lost: chunk locations may be out of date.
    fn connection_lost(&self);
    /// The session is a new one: the master knows nothing of what we have open.
    fn session_replaced(&self);
}

/// See the module.
pub(crate) struct Link {
    options: Options,
    state: Mutex<State>,
    /// The connection came or went, or the link was closed.
    changed: Condvar,
    /// Requests so far; tells the keeper whether anybody is at work.
    requests: AtomicU64,
    /// How often the connection was made anew.
    reconnects: AtomicU64,
    closed: AtomicBool,
    /// As `state.info` has it, for those who ask with every write.
    fine_times: AtomicBool,
    sink: Arc<dyn Unsolicited>,
}

struct State {
    conn: Option<Arc<Conn>>,
    /// Oldest first, because ids grow (and wrap after four thousand million requests).
    pending: BTreeMap<u32, Pending>,
    next_id: u32,
    /// Somebody reads the socket.
    reading: bool,
    info: MasterInfo,
}

/// Milliseconds since some fixed moment.
pub(crate) fn monotonic_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000
}

impl Link {
    /// Connects and registers, and starts the keeper.
    pub(crate) fn connect(
        options: Options,
        sink: Arc<dyn Unsolicited>,
    ) -> std::result::Result<Arc<Link>, ConnectError> {
        let (stream, info) = register::connect_new(&options)?;
        let mut options = options;
        if options.forget_password {
            options.password = None;
        }
        let conn = Conn::new(stream).map_err(ConnectError::Io)?;
        let fine_times = AtomicBool::new(info.extensions.has(Extensions::FINE_TIMES));
        let state =
            State { conn: Some(Arc::new(conn)), pending: BTreeMap::new(), next_id: 1, reading: false, info };
        let link = Arc::new(Link {
            options,
            state: Mutex::new(state),
            changed: Condvar::new(),
            requests: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            fine_times,
            sink,
        });
        keeper::start(link.clone()).map_err(ConnectError::Io)?;
        Ok(link)
    }

    /// What the master granted at the last registration.
    pub(crate) fn info(&self) -> MasterInfo {
        lock(&self.state).info.clone()
    }

    /// True when the master keeps times beyond stock's seconds.
    pub(crate) fn has_fine_times(&self) -> bool {
        self.fine_times.load(Ordering::Relaxed)
    }

    /// True while the master is there.
    pub(crate) fn is_connected(&self) -> bool {
        lock(&self.state).conn.is_some()
    }

    /// Sends a request and waits for its answer's whole body, however long the master is away.
    pub(crate) fn call<'p, P: Packet<'p>>(&self, build: impl FnOnce(MsgId) -> P) -> Result<Vec<u8>> {
        let waiter = Arc::new(Waiter::default());
        self.submit(build, Deliver::Waiter(waiter.clone()))?;
        self.await_answer(&waiter)
    }

    /// How often the connection was made anew: while this stays the same, no request was repeated.
    pub(crate) fn reconnects(&self) -> u64 {
        self.reconnects.load(Ordering::Relaxed)
    }

    /// As [`Link::call`], with another form of the request for the case that it has to be repeated on a new
    /// connection: the master may have executed it already.
    pub(crate) fn call_or_repeat<'p, P: Packet<'p>>(
        &self,
        build: impl FnOnce(MsgId) -> P,
        again: impl FnOnce(MsgId) -> P,
    ) -> Result<Vec<u8>> {
        let waiter = Arc::new(Waiter::default());
        let frames = |msgid| Forms { again: Some(frame_of(&again(msgid))), ..Forms::one(&build(msgid)) };
        self.submit_frame(frames, Some(P::ID + 1), Deliver::Waiter(waiter.clone()))?;
        self.await_answer(&waiter)
    }

    /// As [`Link::call`], with a request that says more than stock's does to a master that understands times beyond
    /// seconds; `plain` is for all others. Both have the same answer.
    pub(crate) fn call_fine<'p, F: Packet<'p>, P: Packet<'p>>(
        &self,
        fine: impl FnOnce(MsgId) -> F,
        plain: impl FnOnce(MsgId) -> P,
    ) -> Result<Vec<u8>> {
        let waiter = Arc::new(Waiter::default());
        let frames = |msgid| Forms { plain: Some(frame_of(&plain(msgid))), ..Forms::one(&fine(msgid)) };
        self.submit_frame(frames, Some(P::ID + 1), Deliver::Waiter(waiter.clone()))?;
        self.await_answer(&waiter)
    }

    /// Sends a request whose answer `done` gets, on whatever thread happens to read: it must not block and must not
    /// call the master.
    pub(crate) fn call_async<'p, P: Packet<'p>>(
        &self,
        build: impl FnOnce(MsgId) -> P,
        done: impl FnOnce(Result<Vec<u8>>) + Send + 'static,
    ) -> Result<MsgId> {
        self.submit(build, Deliver::Callback(Box::new(done)))
    }

    /// Sends a request made of raw bytes (behind the message id), for tools; returns the answer's id and body.
    pub(crate) fn call_raw(&self, id: u32, body: &[u8]) -> Result<(u32, Vec<u8>)> {
        let packet = pending::RawPacket { id, body };
        let waiter = Arc::new(Waiter::default());
        self.submit_frame(|msgid| Forms::of(packet.frame(msgid)), None, Deliver::Waiter(waiter.clone()))?;
        let answer = self.await_answer(&waiter)?;
        // The answer's id takes the place of the message id (see `dispatch`).
        let (id, rest) = answer.split_first_chunk::<4>().ok_or(Error::IO)?;
        Ok((u32::from_be_bytes(*id), rest.to_vec()))
    }

    fn await_answer(&self, waiter: &Arc<Waiter>) -> Result<Vec<u8>> {
        loop {
            if self.take_lead() {
                self.lead(Some(waiter));
            }
            let mut slot = waiter.sleep();
            if let Some(result) = slot.result.take() {
                return result;
            }
            slot.promoted = false;
            drop(slot);
            self.lead(Some(waiter));
        }
    }

    /// Reads what has arrived, if nobody else does.
    pub(crate) fn read_some(&self) {
        if self.take_lead() {
            self.lead(None);
        }
    }

    /// Sends a packet that has no answer. Lost when the master is away.
    pub(crate) fn tell<'p, P: Packet<'p>>(&self, packet: &P) {
        let mut frame = Vec::with_capacity(64);
        proto::encode_frame(packet, &mut frame);
        self.write(lock(&self.state).conn.clone(), &frame);
    }

    /// Tells the master times that were observed here, to the second if it does not keep more.
    pub(crate) fn tell_times(&self, times: &[(Inode, Time, Time)]) {
        let state = lock(&self.state);
        let frame = if state.info.extensions.has(Extensions::FINE_TIMES) {
            frame_of(&FineAmtimeInodes { times: Rest::Items(times) })
        } else {
            let coarse: Vec<_> =
                times.iter().map(|(i, atime, mtime)| (*i, atime.low(), mtime.low())).collect();
            frame_of(&FuseAmtimeInodes { times: Rest::Items(&coarse) })
        };
        let conn = state.conn.clone();
        drop(state);
        self.write(conn, &frame);
    }

    fn submit<'p, P: Packet<'p>>(&self, build: impl FnOnce(MsgId) -> P, to: Deliver) -> Result<MsgId> {
        self.submit_frame(|msgid| Forms::one(&build(msgid)), Some(P::ID + 1), to)
    }

    fn submit_frame(
        &self,
        encode: impl FnOnce(MsgId) -> Forms,
        answer: Option<u32>,
        to: Deliver,
    ) -> Result<MsgId> {
        let mut state = lock(&self.state);
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::IO);
        }
        while state.next_id == 0 || state.pending.contains_key(&state.next_id) {
            state.next_id = state.next_id.wrapping_add(1);
        }
        let id = state.next_id;
        state.next_id = id.wrapping_add(1);
        let Forms { first, again, plain } = encode(MsgId(id));
        let frame: Arc<[u8]> = first.into();
        let again = again.map_or_else(|| frame.clone(), Arc::from);
        let mut pending = Pending { frame, plain: plain.map(Arc::from), answer, to };
        let frame = pending.frame_for(state.info.extensions);
        // Without a connection the first form was never sent, so the keeper may send it.
        if state.conn.is_some() {
            pending.frame = again;
        }
        state.pending.insert(id, pending);
        let conn = state.conn.clone();
        drop(state);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.write(conn, &frame);
        Ok(MsgId(id))
    }

    fn write(&self, conn: Option<Arc<Conn>>, frame: &[u8]) {
        if let Some(conn) = conn
            && let Err(error) = conn.write(frame)
        {
            self.broken(&conn, &error);
        }
    }

    /// Becomes the leader if nobody is and there is something to read from.
    fn take_lead(&self) -> bool {
        let mut state = lock(&self.state);
        let free = !state.reading && state.conn.is_some();
        state.reading |= free;
        free
    }

    /// Reads until `own` has its answer (without `own`: until nothing has arrived), then passes the lead on. The
    /// caller holds the lead (`state.reading`).
    fn lead(&self, own: Option<&Waiter>) {
        let Some(conn) = lock(&self.state).conn.clone() else {
            lock(&self.state).reading = false;
            self.changed.notify_all();
            return;
        };
        if let Err(error) = self.read_as_leader(&conn, own) {
            self.broken(&conn, &error);
        }
        let mut state = lock(&self.state);
        let next = state.conn.is_some().then(|| state.pending.values().find_map(Pending::waiter)).flatten();
        state.reading = next.is_some();
        let lost = state.conn.is_none();
        drop(state);
        if let Some(waiter) = next {
            waiter.promote();
        } else if lost {
            self.changed.notify_all();
        }
    }

    fn read_as_leader(&self, conn: &Conn, own: Option<&Waiter>) -> std::io::Result<()> {
        let mut input = lock(&conn.input);
        loop {
            while let Some((id, body)) = input.next()? {
                self.dispatch(id, body)?;
            }
            match own {
                Some(own) if lock(&own.slot).result.is_some() => return Ok(()),
                None if !readable(conn.stream(), 0) => return Ok(()),
                _ => {}
            }
            if !conn.fill(&mut input)? && conn.silent_ms() > keeper::SILENCE_MS {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
        }
    }

    fn dispatch(&self, id: u32, body: &[u8]) -> std::io::Result<()> {
        let bad = |what: String| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
        let Some((msgid, rest)) = body.split_first_chunk::<4>() else {
            return if id == 0 { Ok(()) } else { Err(bad(format!("packet {id} of {} bytes", body.len()))) };
        };
        let msgid = u32::from_be_bytes(*msgid);
        if msgid == 0 {
            if id != 0 {
                self.sink.packet(id, body);
            }
            return Ok(());
        }
        let Some(pending) = lock(&self.state).pending.remove(&msgid) else {
            return Err(bad(format!("packet {id} answers request {msgid}, which was never made")));
        };
        match pending.answer {
            None => {
                let mut whole = id.to_be_bytes().to_vec();
                whole.extend_from_slice(rest);
                pending.to.deliver(Ok(whole));
            }
            Some(answer) if answer == id => pending.to.deliver(Ok(body.to_vec())),
            // Unknown command, bad size of command.
            Some(_) if id == 1 || id == 2 => pending.to.deliver(Err(Error::NOTSUP)),
            Some(answer) => {
                lock(&self.state).pending.insert(msgid, pending);
                return Err(bad(format!("packet {id} where {answer} was expected")));
            }
        }
        Ok(())
    }

    /// Forgets a connection that failed; the keeper makes another.
    fn broken(&self, conn: &Arc<Conn>, error: &std::io::Error) {
        conn.shut_down();
        let mut state = lock(&self.state);
        if state.conn.as_ref().is_some_and(|current| Arc::ptr_eq(current, conn)) {
            state.conn = None;
            drop(state);
            if !self.closed.load(Ordering::Relaxed) {
                tracing::warn!(%error, "connection to the master lost");
                self.sink.connection_lost();
            }
            self.changed.notify_all();
        }
    }

    /// Ends the link: tells the master, fails what still waits.
    pub(crate) fn close(&self) {
        if self.closed.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut state = lock(&self.state);
        let conn = state.conn.take();
        let pending = std::mem::take(&mut state.pending);
        let info = state.info.clone();
        drop(state);
        if let Some(conn) = conn {
            register::say_goodbye(&conn, &info);
            conn.shut_down();
        }
        for pending in pending.into_values() {
            pending.to.deliver(Err(Error::IO));
        }
        self.changed.notify_all();
    }
}

/// The frames one request can be.
struct Forms {
    first: Vec<u8>,
    /// To repeat it with on a new connection, if that is another.
    again: Option<Vec<u8>>,
    /// For a master that does not know the extension `first` is of.
    plain: Option<Vec<u8>>,
}

impl Forms {
    fn of(first: Vec<u8>) -> Self {
        Forms { first, again: None, plain: None }
    }

    fn one<'p, P: Packet<'p>>(packet: &P) -> Self {
        Self::of(frame_of(packet))
    }
}

fn frame_of<'p, P: Packet<'p>>(packet: &P) -> Vec<u8> {
    let mut frame = Vec::with_capacity(96);
    proto::encode_frame(packet, &mut frame);
    frame
}

/// Waits up to `timeout_ms` for something to read.
fn readable(stream: &std::net::TcpStream, timeout_ms: i64) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let timeout = Timespec { tv_sec: timeout_ms / 1000, tv_nsec: timeout_ms % 1000 * 1_000_000 };
    matches!(poll(&mut [PollFd::new(stream, PollFlags::IN)], Some(&timeout)), Ok(n) if n > 0)
}
