//! One write session: pieces of one chunk streamed through a chain of chunkservers
//! (`spec/wire-chunkserver.md` 1.3 and 1.6).

use crate::core::Core;
use crate::cs::CsConn;
use crate::file::{File, Place};
use crate::link::monotonic_ms;
use crate::sync::lock;
use proto::cs_data::{CsToCl, ProtoVer, Write, WriteData, WriteFinish};
use proto::{Direction, FrameHeader, HEADER_SIZE};
use std::io::{self, IoSlice};
use std::net::SocketAddrV4;
use std::time::Duration;
use types::{BulkLen, ChunkIndex, Rest, Status, Wire};

/// Unacknowledged items at most; the chain's own acknowledgement counts as one.
const WINDOW: usize = 63;
/// Pieces per system call.
const BATCH: usize = 16;
/// A session that has lived this long takes no more pieces: the master's lock ends after 120 s.
const MAX_AGE_MS: u64 = 30_000;
/// How long a session without work waits for more.
const LINGER: Duration = Duration::from_millis(100);
/// A piece that is not full waits this long for more bytes.
const RIPE_MS: u64 = 50;

/// Why a session ended early.
pub(super) struct Failure {
    /// What a chunkserver said.
    pub(super) status: Option<Status>,
    pub(super) why: String,
    /// Some pieces were acknowledged: not a failure to count.
    pub(super) progress: bool,
    /// The connection came from the pool and died before the first answer: try a fresh one at once.
    pub(super) stale: bool,
}

struct Session<'a> {
    core: &'a Core,
    file: &'a File,
    index: ChunkIndex,
    place: &'a Place,
    conn: CsConn,
    chain_up: bool,
    next_id: u32,
    acknowledged: u32,
    acknowledged_end: &'a mut u64,
    failed: Option<Status>,
}

/// Writes what is ready of the chunk, and what becomes ready while it does. `fresh` forbids pooled connections;
/// `acknowledged_end` is raised to the end, in the file, of what is safe.
pub(super) fn stream(
    core: &Core,
    file: &File,
    index: ChunkIndex,
    place: &Place,
    failures: u32,
    fresh: bool,
    acknowledged_end: &mut u64,
) -> Result<(), Failure> {
    // Stable: the master's order decides among equals.
    let mut chain = place.copies.to_vec();
    chain.sort_by_key(|copy| core.options.preference(copy.labels));
    let Some(first) = chain.first().copied() else {
        return Err(Failure { status: None, why: "no copies".into(), progress: false, stale: false });
    };
    let _busy = core.pool.occupy(first.addr);
    let conn =
        if fresh { core.pool.connect(first.addr, failures) } else { core.pool.get(first.addr, failures) };
    let conn = conn.map_err(|error| Failure {
        status: None,
        why: format!("cannot connect to {}: {error}", first.addr),
        progress: false,
        stale: false,
    })?;
    let mut session = Session {
        core,
        file,
        index,
        place,
        conn,
        chain_up: false,
        next_id: 1,
        acknowledged: 0,
        acknowledged_end,
        failed: None,
    };
    let behind: Vec<SocketAddrV4> = chain.iter().skip(1).map(|copy| copy.addr).collect();
    match session.run(&behind) {
        Ok(()) => {
            core.pool.put(session.conn);
            Ok(())
        }
        Err(error) => {
            lock(&file.inner).dirty.chunk(index).nothing_sent();
            Err(Failure {
                status: session.failed,
                why: format!("{}: {error}", first.addr),
                progress: session.acknowledged > 0,
                stale: session.conn.reused && !session.chain_up,
            })
        }
    }
}

impl Session<'_> {
    fn run(&mut self, behind: &[SocketAddrV4]) -> io::Result<()> {
        let started = monotonic_ms();
        let mut frames = Vec::with_capacity(256);
        let (chunk, version) = (self.place.chunk, self.place.version);
        let open = Write { protover: ProtoVer::CLIENT, chunk, version, chain: Rest::Items(behind) };
        proto::encode_frame(&open, &mut frames);
        loop {
            let young = monotonic_ms() - started < MAX_AGE_MS;
            let sent = if young { self.send_ready(&mut frames)? } else { false };
            if sent {
                while self.conn.available()? > 0 {
                    self.read_answer()?;
                }
            } else if !self.chain_up || self.in_flight() > 0 {
                self.read_answer()?;
            } else if !young || !self.wait_for_more() {
                break;
            }
        }
        frames.clear();
        proto::encode_frame(&WriteFinish { chunk, version }, &mut frames);
        self.conn.send(&mut [IoSlice::new(&frames)])
    }

    fn in_flight(&self) -> usize {
        (self.next_id - 1 - self.acknowledged) as usize
    }

    /// Sends what is in `frames` and the pieces that are ready; false when there was nothing.
    fn send_ready(&mut self, frames: &mut Vec<u8>) -> io::Result<bool> {
        let mut pieces = Vec::new();
        {
            let mut inner = lock(&self.file.inner);
            let hurry = inner.flushers > 0 || self.core.budget.is_tight();
            let before = if hurry { u64::MAX } else { monotonic_ms().saturating_sub(RIPE_MS) };
            let room = WINDOW.saturating_sub(self.in_flight()).min(BATCH);
            let queue = inner.dirty.chunk(self.index);
            while pieces.len() < room
                && let Some(piece) = queue.send_next(before)
            {
                pieces.push(piece);
            }
        }
        if pieces.is_empty() && frames.is_empty() {
            return Ok(false);
        }
        let mut ends = Vec::with_capacity(pieces.len() + 1);
        for piece in &pieces {
            ends.push(frames.len());
            let head = WriteData {
                chunk: self.place.chunk,
                write_id: self.next_id,
                block: piece.block,
                offset: piece.from as u16,
                size: BulkLen(piece.data.len() as u32),
                crc: crc32fast::hash(&piece.data),
            };
            proto::encode_frame(&head, frames);
            self.next_id += 1;
        }
        ends.push(frames.len());
        let opening = IoSlice::new(&frames[..ends[0]]);
        let mut parts = vec![opening];
        for (i, piece) in pieces.iter().enumerate() {
            parts.push(IoSlice::new(&frames[ends[i]..ends[i + 1]]));
            parts.push(IoSlice::new(&piece.data));
        }
        self.conn.send(&mut parts)?;
        frames.clear();
        Ok(true)
    }

    /// Takes one packet from the chain, waiting for it if need be.
    fn read_answer(&mut self) -> io::Result<()> {
        let bad = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let head = FrameHeader::decode_whole(self.conn.peek(HEADER_SIZE)?).expect("eight bytes");
        self.conn.consume(HEADER_SIZE);
        if (head.id, head.len) == (0, 0) {
            return Ok(());
        }
        if (head.id, head.len) != (211, 13) {
            return Err(bad(format!("packet {} of {} bytes in a write session", head.id, head.len)));
        }
        let body = self.conn.peek(13)?;
        let Ok(CsToCl::WriteStatus(answer)) = CsToCl::decode(head.id, body) else {
            return Err(bad("malformed write status".into()));
        };
        self.conn.consume(13);
        if answer.chunk != self.place.chunk {
            return Err(bad(format!("status of chunk {:X}", answer.chunk)));
        }
        if answer.status != Status::OK {
            self.failed = Some(answer.status);
            return Err(io::Error::other(answer.status));
        }
        match answer.write_id {
            0 if !self.chain_up => self.chain_up = true,
            id if id == self.acknowledged + 1 && id < self.next_id => self.acknowledge(),
            id => return Err(bad(format!("acknowledgement of write {id} out of order"))),
        }
        Ok(())
    }

    fn acknowledge(&mut self) {
        self.acknowledged += 1;
        let mut inner = lock(&self.file.inner);
        if let Some(piece) = inner.dirty.chunk(self.index).acknowledge() {
            let start = u64::from(self.index.0) * types::CHUNK_SIZE;
            *self.acknowledged_end = start.saturating_add(piece.end_in_chunk()).max(*self.acknowledged_end);
            inner
                .ahead
                .invalidate(start + piece.end_in_chunk() - piece.data.len() as u64, piece.data.len() as u64);
            drop(inner);
            self.core.budget.give_back(piece.data.len());
        }
    }

    /// Waits a moment for more pieces, unless somebody waits for this session to end.
    fn wait_for_more(&self) -> bool {
        let deadline = monotonic_ms() + LINGER.as_millis() as u64;
        let mut inner = lock(&self.file.inner);
        loop {
            if inner.flushers > 0 {
                return inner.dirty.chunk(self.index).is_ready(u64::MAX);
            }
            let now = monotonic_ms();
            if inner.dirty.chunk(self.index).is_ready(now.saturating_sub(RIPE_MS)) {
                return true;
            }
            if now >= deadline || self.core.is_closing() {
                return false;
            }
            inner = self.file.wait(inner, Some(Duration::from_millis(deadline - now)));
        }
    }
}
