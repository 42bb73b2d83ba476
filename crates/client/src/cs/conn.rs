//! One connection to a chunkserver's data port.

use crate::link::monotonic_ms;
use proto::cs_data::Nop;
use rustix::net::{RecvFlags, recv};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;

/// Silence of a chunkserver that is given up on. Stock waits 2 s; our own machine may be busier than that.
const SILENCE_MS: u64 = 5_000;
/// How often a waiting client says NOP.
const NOP_TICK: Duration = Duration::from_secs(1);
/// Longest wait for the chunkserver to take our bytes.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// Holds a head, a page of data and a status, so that a small read takes one call.
const BUFFER: usize = 4096 + 64;
/// Behind the wanted bytes of a big read this much more is accepted, for the next packet's head.
const TAIL: usize = 32;

/// See the module.
pub(crate) struct CsConn {
    pub(crate) addr: SocketAddrV4,
    /// It served before: a failure may be old age, and says nothing about the server.
    pub(crate) reused: bool,
    stream: TcpStream,
    buffer: Box<[u8; BUFFER]>,
    start: usize,
    end: usize,
    heard_ms: u64,
}

impl CsConn {
    pub(super) fn new(stream: TcpStream, addr: SocketAddrV4) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(NOP_TICK))?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let heard_ms = monotonic_ms();
        let buffer = Box::new([0; BUFFER]);
        Ok(CsConn { addr, reused: false, stream, buffer, start: 0, end: 0, heard_ms })
    }

    /// Starts the clock of an operation.
    pub(crate) fn begin(&mut self) {
        self.heard_ms = monotonic_ms();
    }

    /// Sends all parts.
    pub(crate) fn send(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut parts = parts;
        while !parts.is_empty() {
            match self.stream.write_vectored(parts) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => IoSlice::advance_slices(&mut parts, n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Makes `n` bytes (at most a head and a status) available without consuming them.
    pub(crate) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.end - self.start < n {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            let got = recv_some(
                &self.stream,
                &mut self.heard_ms,
                &mut [IoSliceMut::new(&mut self.buffer[self.end..])],
            )?;
            self.end += got;
        }
        Ok(&self.buffer[self.start..self.start + n])
    }

    /// Drops bytes that were peeked at.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n;
        debug_assert!(self.start <= self.end, "only what was peeked at");
    }

    /// Fills `dest`, straight from the socket as far as it is not buffered yet.
    pub(crate) fn read_into(&mut self, dest: &mut [u8]) -> io::Result<()> {
        let buffered = dest.len().min(self.end - self.start);
        dest[..buffered].copy_from_slice(&self.buffer[self.start..self.start + buffered]);
        self.start += buffered;
        let mut done = buffered;
        while done < dest.len() {
            let wanted = dest.len() - done;
            let (tail, heard) = (&mut self.buffer[..TAIL], &mut self.heard_ms);
            let got = recv_some(
                &self.stream,
                heard,
                &mut [IoSliceMut::new(&mut dest[done..]), IoSliceMut::new(tail)],
            )?;
            self.start = 0;
            self.end = got.saturating_sub(wanted);
            done += got.min(wanted);
        }
        Ok(())
    }

    /// Bytes that can be had without waiting, at least as far as [`CsConn::peek`] could give them.
    pub(crate) fn available(&mut self) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            match recv(&self.stream, &mut self.buffer[..], RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok((n, _)) => {
                    self.end = n;
                    self.heard_ms = monotonic_ms();
                }
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.end - self.start)
    }

    /// Checks an idle connection: only NOPs may have come. Consumes them.
    pub(super) fn is_fresh(&mut self) -> bool {
        loop {
            match self.available() {
                Ok(0) => return true,
                Ok(n) if n % 8 == 0 && self.buffer[self.start..self.end].iter().all(|&b| b == 0) => {
                    self.start = self.end;
                }
                _ => return false,
            }
        }
    }

    /// Tells an idle server that we are still here.
    pub(crate) fn send_nop(&mut self) -> io::Result<()> {
        send_nop(&self.stream)
    }
}

fn send_nop(mut stream: &TcpStream) -> io::Result<()> {
    let mut frame = Vec::with_capacity(8);
    proto::encode_frame(&Nop::EMPTY, &mut frame);
    stream.write_all(&frame)
}

/// Receives at least a byte, saying NOP each second, until the server has been silent for too long.
fn recv_some(mut stream: &TcpStream, heard_ms: &mut u64, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    loop {
        match stream.read_vectored(into) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                *heard_ms = monotonic_ms();
                return Ok(n);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if monotonic_ms().saturating_sub(*heard_ms) > SILENCE_MS {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                send_nop(stream)?;
            }
            Err(e) => return Err(e),
        }
    }
}
