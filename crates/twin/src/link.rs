//! One connection to one master: frames out, frames in, NOPs left out.

use anyhow::{Context, Result};
use proto::{FrameHeader, HEADER_SIZE};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use types::Wire;

/// A packet as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which packet.
    pub id: u32,
    /// Its body.
    pub body: Vec<u8>,
}

impl Frame {
    /// The message id; of packets that have none, their first four bytes, which nobody asks for.
    pub fn msgid(&self) -> Option<u32> {
        self.body.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }
}

/// A connection. Once the peer has closed it, everything more is lost silently and [`Link::closed`] says so.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    input: Vec<u8>,
    ready: VecDeque<Frame>,
    closed: bool,
}

impl Link {
    /// Takes a connected socket.
    pub fn new(stream: TcpStream) -> Result<Link> {
        stream.set_nodelay(true).context("set TCP_NODELAY")?;
        stream.set_nonblocking(true).context("set a socket to non-blocking")?;
        Ok(Link { stream, input: Vec::new(), ready: VecDeque::new(), closed: false })
    }

    /// True when the peer has closed it.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Sends bytes, all of them.
    pub fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.closed {
            match self.stream.write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(PollFlags::OUT, Duration::from_secs(1));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.closed = true,
            }
        }
    }

    /// The next packet that is no NOP; none when there is none before the deadline, or ever.
    pub fn receive(&mut self, deadline: Instant) -> Option<Frame> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            if self.closed {
                return None;
            }
            self.read();
            if self.ready.is_empty() && !self.closed {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return None;
                }
                self.wait(PollFlags::IN, left);
            }
        }
    }

    fn wait(&self, what: PollFlags, time: Duration) {
        let time = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
        // An error shows at the next read or write.
        let _ = poll(&mut [PollFd::new(&self.stream, what)], Some(&time));
    }

    fn read(&mut self) {
        let mut buffer = [0; 65536];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(n) => {
                    self.input.extend_from_slice(&buffer[..n]);
                    if n == buffer.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.closed = true,
            }
            break;
        }
        let mut at = 0;
        while let Some((head, behind)) = self.input[at..].split_at_checked(HEADER_SIZE) {
            let head = FrameHeader::decode_whole(head).expect("eight bytes");
            let Some(body) = behind.get(..head.len as usize) else { break };
            if head.id != 0 {
                self.ready.push_back(Frame { id: head.id, body: body.to_vec() });
            }
            at += HEADER_SIZE + body.len();
        }
        self.input.drain(..at);
    }
}
