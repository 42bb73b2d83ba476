//! One TCP connection to the master, after registration: frames in, frames out.

use super::monotonic_ms;
use crate::sync::lock;
use proto::{FrameHeader, HEADER_SIZE};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use types::Wire;

/// Longer bodies are refused. A directory comes in one piece, so this is large; memory is used as bytes arrive.
const MAX_BODY: usize = 1 << 31;
/// Bytes asked for in one read.
const CHUNK: usize = 64 << 10;
/// A leader looks up this often, to see whether the peer has gone silent.
const READ_TICK: Duration = Duration::from_secs(1);
/// Longest wait for the master to take our bytes.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Conn {
    stream: TcpStream,
    output: Mutex<()>,
    /// Held by the leader only.
    pub(super) input: Mutex<Input>,
    last_read_ms: AtomicU64,
    last_write_ms: AtomicU64,
}

/// Received bytes that are not yet frames.
#[derive(Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
}

impl Conn {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TICK))?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let now = monotonic_ms();
        Ok(Conn {
            stream,
            output: Mutex::default(),
            input: Mutex::default(),
            last_read_ms: now.into(),
            last_write_ms: now.into(),
        })
    }

    /// Sends whole frames.
    pub(super) fn write(&self, frames: &[u8]) -> io::Result<()> {
        let _only_one = lock(&self.output);
        (&self.stream).write_all(frames)?;
        self.last_write_ms.store(monotonic_ms(), Ordering::Relaxed);
        Ok(())
    }

    /// Wakes whoever reads or writes, with an error.
    pub(super) fn shut_down(&self) {
        // Fails only when the peer was faster.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Milliseconds since the peer was last heard.
    pub(super) fn silent_ms(&self) -> u64 {
        monotonic_ms().saturating_sub(self.last_read_ms.load(Ordering::Relaxed))
    }

    /// Milliseconds since we last said something.
    pub(super) fn quiet_ms(&self) -> u64 {
        monotonic_ms().saturating_sub(self.last_write_ms.load(Ordering::Relaxed))
    }

    /// Reads some bytes; false after [`READ_TICK`] without any.
    pub(super) fn fill(&self, input: &mut Input) -> io::Result<bool> {
        let used = input.compact();
        input.buffer.resize(used + CHUNK, 0);
        let result = (&self.stream).read(&mut input.buffer[used..]);
        input.buffer.truncate(used + *result.as_ref().unwrap_or(&0));
        match result {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {
                self.last_read_ms.store(monotonic_ms(), Ordering::Relaxed);
                Ok(true)
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(false),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(e) => Err(e),
        }
    }
}

impl Input {
    /// Moves the rest to the front; returns its length.
    fn compact(&mut self) -> usize {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.len()
    }

    /// The next whole frame, if it has arrived: packet id and body.
    pub(super) fn next(&mut self) -> io::Result<Option<(u32, &[u8])>> {
        let bytes = &self.buffer[self.start..];
        let Some(head) = bytes.get(..HEADER_SIZE) else { return Ok(None) };
        let head = FrameHeader::decode_whole(head).expect("eight bytes");
        let len = head.len as usize;
        if len > MAX_BODY {
            let message = format!("packet {} of {len} bytes", head.id);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        if bytes.len() < HEADER_SIZE + len {
            return Ok(None);
        }
        let body = self.start + HEADER_SIZE;
        self.start = body + len;
        Ok(Some((head.id, &self.buffer[body..body + len])))
    }
}
