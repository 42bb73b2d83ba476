//! A write session between its WRITE and its WRITE_FINISH.

use super::chain::Next;
use super::packet_deadline;
use crate::counters::add;
use crate::data::conn::{Conn, End, NOP_FRAME};
use chunkstore::Handle;
use net::bulk::Block;
use proto::cs_data::{Nop, Write, WriteData, WriteFinish, WriteStatus};
use proto::{FrameHeader, Packet, encode_frame};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};
use types::{BLOCK_SIZE, ChunkId, ChunkVersion, Status, Wire};

/// Unacknowledged writes at most; clients stop at 64. More simply wait in the socket.
const MAX_PENDING: usize = 256;
/// Acknowledgements held back at most to be sent together.
const MAX_HELD: usize = 8;
/// Body of a WRITE_DATA without its data.
const HEAD: usize = 24;
/// The longest body of a packet on this link.
const MAX_BODY: u32 = 100_000;
/// The longest body that is forwarded unseen.
const MAX_SMALL: usize = 12;
/// NOPs of the sender are echoed no more often.
const ECHO_EVERY: Duration = Duration::from_millis(500);
/// Silence of ours after which we send a NOP.
const NOP_AFTER: Duration = Duration::from_secs(1);
/// A sender that has been silent for so long is gone: clients send NOPs each second.
const DEAD_AFTER: Duration = Duration::from_secs(30);
/// Writes after which a session counts as a stream, whose pauses are waited for before a sync.
const STREAM: u64 = 8;
/// How long a pause of a stream must be.
const STREAM_PAUSE: Duration = Duration::from_millis(5);

/// Why a session ends.
enum Stop {
    /// WRITE_FINISH came.
    Finished,
    /// Tell the sender, then close.
    Failed(u32, Status),
    /// Close.
    Broken(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Broken(error)
    }
}

pub(super) struct Session<'a> {
    conn: &'a mut Conn,
    next: Option<Next>,
    handle: Handle,
    chunk: ChunkId,
    version: ChunkVersion,
    nops: bool,
    block: Block,
    /// Ids of writes not acknowledged to the sender, oldest first.
    pending: VecDeque<u32>,
    /// How many of them the next server has acknowledged (or all, at the end of the chain).
    passed: usize,
    /// Writes received, all of which are in our file.
    received: u64,
    /// Of these, the first so many are durable.
    durable: u64,
    last_id: u32,
    held: usize,
    sent: Instant,
    heard: Instant,
    echoed: Option<Instant>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        conn: &'a mut Conn,
        request: &Write<'_>,
        next: Option<Next>,
        handle: Handle,
    ) -> Session<'a> {
        let block = conn.server.blocks.take();
        let now = Instant::now();
        Session {
            conn,
            next,
            handle,
            chunk: request.chunk,
            version: request.version,
            nops: request.protover.wants_nops(),
            block,
            pending: VecDeque::new(),
            passed: 0,
            received: 0,
            durable: 0,
            last_id: 0,
            held: 0,
            sent: now,
            heard: now,
            echoed: None,
        }
    }

    pub(super) fn run(mut self) -> io::Result<End> {
        match self.work() {
            Stop::Finished => {
                self.keep_next();
                Ok(End::Idle)
            }
            Stop::Failed(write_id, status) => {
                tracing::info!("chunk {:016X}: write {write_id} failed: {status}", self.chunk);
                self.conn.send(&WriteStatus { chunk: self.chunk, write_id, status })?;
                Ok(End::Finish)
            }
            Stop::Broken(error) => Err(error),
        }
    }

    fn work(&mut self) -> Stop {
        loop {
            match self.step() {
                Ok(()) => {}
                Err(stop) => return stop,
            }
        }
    }

    /// Takes what is there; waits if nothing is.
    fn step(&mut self) -> Result<(), Stop> {
        let mut idle = true;
        if self.pending.len() < MAX_PENDING
            && let Some(head) = self.conn.socket.try_head()?
        {
            self.heard = Instant::now();
            self.packet_of_sender(head)?;
            idle = false;
        }
        if self.next.is_some() && (idle || self.pending.len().is_multiple_of(MAX_HELD)) {
            idle &= !self.statuses_of_next()?;
        }
        self.acknowledge();
        if self.held >= MAX_HELD {
            self.flush()?;
        }
        if idle { self.pause() } else { Ok(()) }
    }

    /// Nothing is there: the moment to make things durable, then to wait.
    fn pause(&mut self) -> Result<(), Stop> {
        self.flush()?;
        if self.durable < self.received {
            let grace = if self.received >= STREAM { STREAM_PAUSE } else { Duration::ZERO };
            if grace.is_zero() || !self.wait(grace)? {
                self.make_durable()?;
                self.acknowledge();
                self.flush()?;
            }
            return Ok(());
        }
        if self.nops && self.sent.elapsed() >= NOP_AFTER {
            self.send_nop()?;
        }
        if self.heard.elapsed() >= DEAD_AFTER {
            return Err(Stop::Broken(io::ErrorKind::TimedOut.into()));
        }
        self.wait(NOP_AFTER)?;
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), Stop> {
        let _busy = self.conn.pulse.busy(self.nops);
        self.handle.sync().map_err(|status| Stop::Failed(self.last_id, status))?;
        self.durable = self.received;
        Ok(())
    }

    /// Waits for either side; false when the time is over.
    fn wait(&mut self, time: Duration) -> Result<bool, Stop> {
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        let full = self.pending.len() >= MAX_PENDING;
        let events = if full { PollFlags::empty() } else { PollFlags::IN };
        let sender = PollFd::new(&self.conn.socket, events);
        let result = match &self.next {
            Some(next) => poll(&mut [sender, PollFd::new(&next.socket, PollFlags::IN)], Some(&time)),
            None => poll(&mut [sender], Some(&time)),
        };
        match result {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(Stop::Broken(error.into())),
        }
    }

    /// One packet of the sender, whose head has been read.
    fn packet_of_sender(&mut self, head: FrameHeader) -> Result<(), Stop> {
        if head.id == WriteData::ID {
            return self.data(head.len);
        }
        let len = head.len as usize;
        let may_skip = self.next.is_none() && head.len <= MAX_BODY;
        if len > MAX_SMALL {
            // At the end of a chain unknown packets are ignored; elsewhere they cannot be passed on.
            if !may_skip {
                return Err(broken(format!("packet {} in a write session", head.id)));
            }
            return Ok(self.conn.socket.skip(len, packet_deadline())?);
        }
        let mut frame = [0; 8 + MAX_SMALL];
        frame[..4].copy_from_slice(&head.id.to_be_bytes());
        frame[4..8].copy_from_slice(&head.len.to_be_bytes());
        self.conn.socket.read(&mut [&mut frame[8..8 + len]], packet_deadline())?;
        if let Some(next) = &self.next {
            next.socket.write(&[&frame[..8 + len]], packet_deadline())?;
        }
        match head.id {
            WriteFinish::ID => self.finish(&frame[8..8 + len]),
            Nop::ID => self.echo(),
            id if self.next.is_some() => Err(broken(format!("packet {id} in a write session"))),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, body: &[u8]) -> Result<(), Stop> {
        let finish = WriteFinish::decode_whole(body).map_err(|error| broken(error.to_string()))?;
        if finish.chunk != self.chunk || finish.version != self.version {
            let write_id = if self.next.is_some() { 0 } else { self.last_id };
            return Err(Stop::Failed(write_id, Status::WRONGCHUNKID));
        }
        // A sender that did not wait for its acknowledgements still has its data made durable.
        self.flush()?;
        if self.durable < self.received {
            self.make_durable()?;
        }
        Err(Stop::Finished)
    }

    fn echo(&mut self) -> Result<(), Stop> {
        if self.echoed.is_none_or(|at| at.elapsed() >= ECHO_EVERY) {
            self.echoed = Some(Instant::now());
            self.send_nop()?;
        }
        Ok(())
    }

    fn send_nop(&mut self) -> Result<(), Stop> {
        self.conn.socket.write(&[&NOP_FRAME], packet_deadline())?;
        self.sent = Instant::now();
        Ok(())
    }

    /// A block, or part of one: received, passed on, written.
    fn data(&mut self, len: u32) -> Result<(), Stop> {
        let Some(size) = (len as usize).checked_sub(HEAD).filter(|_| len <= MAX_BODY) else {
            return Err(broken(format!("WRITE_DATA of {len} bytes")));
        };
        let deadline = packet_deadline();
        let mut frame = [0; 8 + HEAD];
        frame[..4].copy_from_slice(&WriteData::ID.to_be_bytes());
        frame[4..8].copy_from_slice(&len.to_be_bytes());
        if size > BLOCK_SIZE as usize {
            self.conn.socket.read(&mut [&mut frame[8..]], deadline)?;
            let head = self.decode(&frame[8..], size)?;
            self.conn.socket.skip(size, deadline)?;
            return Err(Stop::Failed(head.write_id, Status::WRONGSIZE));
        }
        self.conn.socket.read(&mut [&mut frame[8..], &mut self.block[..size]], deadline)?;
        let head = self.decode(&frame[8..], size)?;
        if head.chunk != self.chunk {
            let write_id = if self.next.is_some() { 0 } else { head.write_id };
            return Err(Stop::Failed(write_id, Status::WRONGCHUNKID));
        }
        self.last_id = head.write_id;
        {
            let _busy = self.conn.pulse.busy(self.nops);
            if let Some(next) = &self.next {
                let sent = next.socket.write(&[&frame, &self.block[..size]], packet_deadline());
                sent.map_err(|_| Stop::Failed(0, Status::DISCONNECTED))?;
            }
            self.handle
                .write(head.block, head.offset, &self.block[..size], head.crc)
                .map_err(|status| Stop::Failed(head.write_id, status))?;
        }
        let traffic = &self.conn.server.traffic;
        traffic.client_served();
        add(&traffic.data_in, 8 + u64::from(len));
        if self.next.is_some() {
            add(&traffic.data_out, 8 + u64::from(len));
        }
        self.received += 1;
        self.pending.push_back(head.write_id);
        if self.next.is_none() {
            self.passed = self.pending.len();
        }
        Ok(())
    }

    fn decode(&self, body: &[u8], size: usize) -> Result<WriteData, Stop> {
        let head = WriteData::decode_whole(body).map_err(|error| broken(error.to_string()))?;
        if head.size.0 as usize == size {
            Ok(head)
        } else {
            Err(broken(format!("WRITE_DATA with {size} bytes of data that says {}", head.size.0)))
        }
    }

    /// Statuses of the next server. True if any came.
    fn statuses_of_next(&mut self) -> Result<bool, Stop> {
        let mut any = false;
        loop {
            let Some(next) = &mut self.next else { return Ok(any) };
            let lost = |_| Stop::Failed(0, Status::DISCONNECTED);
            let Some(head) = next.socket.try_head().map_err(lost)? else { return Ok(any) };
            any = true;
            if head.id == Nop::ID && head.len == 0 {
                continue;
            }
            let mut body = [0; 13];
            if head.id != WriteStatus::ID || head.len as usize != body.len() {
                return Err(self.out_of_step(&format!("packet {}", head.id)));
            }
            next.socket.read(&mut [&mut body], packet_deadline()).map_err(lost)?;
            let status =
                WriteStatus::decode_whole(&body).map_err(|error| self.out_of_step(&error.to_string()))?;
            self.status_of_next(&status)?;
        }
    }

    fn status_of_next(&mut self, status: &WriteStatus) -> Result<(), Stop> {
        if status.chunk != self.chunk {
            return Err(self.out_of_step("status of another chunk"));
        }
        if status.status != Status::OK {
            return Err(Stop::Failed(status.write_id, status.status));
        }
        if status.write_id == 0 {
            // The whole chain is up.
            self.hold(0);
            return Ok(());
        }
        if self.pending.get(self.passed) != Some(&status.write_id) {
            return Err(self.out_of_step(&format!("status of write {}", status.write_id)));
        }
        self.passed += 1;
        Ok(())
    }

    /// The next server says what it must not; nothing it says later can be believed.
    fn out_of_step(&self, what: &str) -> Stop {
        tracing::warn!("chunk {:016X}: unexpected {what} from the next server", self.chunk);
        Stop::Failed(0, Status::DISCONNECTED)
    }

    /// Puts into the output what may be acknowledged.
    fn acknowledge(&mut self) {
        while self.passed > 0 {
            let newest = self.pending.len() == 1;
            if newest && self.durable < self.received {
                return;
            }
            let Some(id) = self.pending.pop_front() else { return };
            self.passed -= 1;
            self.hold(id);
        }
    }

    fn hold(&mut self, write_id: u32) {
        let status = WriteStatus { chunk: self.chunk, write_id, status: Status::OK };
        encode_frame(&status, &mut self.conn.out);
        self.held += 1;
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.held > 0 {
            self.held = 0;
            self.conn.flush()?;
            self.sent = Instant::now();
        }
        Ok(())
    }

    /// The connection to the next server is kept if it is at rest.
    fn keep_next(&mut self) {
        if let Some(next) = self.next.take()
            && self.nops
            && self.pending.is_empty()
        {
            self.conn.server.successors.put(next.addr, next.socket);
        }
    }
}

fn broken(message: String) -> Stop {
    Stop::Broken(io::Error::new(io::ErrorKind::InvalidData, message))
}
