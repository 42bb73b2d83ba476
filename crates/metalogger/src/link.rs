//! The connection to the master: frames in, frames out, nobody waits.

use anyhow::{Context, bail, ensure};
use proto::metalogger::Nop;
use proto::{FrameHeader, HEADER_SIZE, Packet, encode_frame};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};
use types::Wire;

/// Longest body that the master may send.
const MAX_BODY: u32 = 1_500_000;
/// Bytes read at once.
const READ: usize = 256 << 10;

/// A connected link.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    input: Vec<u8>,
    /// Bytes of `input` that were handed out already.
    used: usize,
    last_input: Instant,
    last_output: Instant,
}

impl Link {
    /// Connects from `local` to `master`, giving up after `patience` or when `cancel` says so.
    pub(crate) fn connect(
        local: Ipv4Addr,
        master: SocketAddrV4,
        patience: Duration,
        cancel: impl Fn(Duration) -> bool,
    ) -> anyhow::Result<Link> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).context("socket")?;
        if !local.is_unspecified() {
            bind(&socket, &SocketAddrV4::new(local, 0))
                .context("can't bind socket to given ip (BIND_HOST)")?;
        }
        match connect(&socket, &master) {
            Ok(()) => {}
            Err(Errno::INPROGRESS) => {
                let end = Instant::now() + patience;
                while !writable(&socket) {
                    ensure!(Instant::now() < end, "connection timed out");
                    ensure!(!cancel(Duration::from_millis(20)), "given up");
                }
                sockopt::socket_error(&socket).context("socket")?.context("connection failed")?;
            }
            Err(error) => return Err(error).context("connect failed"),
        }
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true).context("TCP_NODELAY")?;
        let now = Instant::now();
        Ok(Link { stream, input: Vec::new(), used: 0, last_input: now, last_output: now })
    }

    /// Sends a packet. Ours are tiny, so a peer that takes none for so long is as good as gone.
    pub(crate) fn send<'a>(&mut self, packet: &impl Packet<'a>) -> anyhow::Result<()> {
        let mut frame = Vec::with_capacity(64);
        encode_frame(packet, &mut frame);
        self.stream.write_all(&frame).context("write to Master error")?;
        self.last_output = Instant::now();
        Ok(())
    }

    /// Sends a NOP if nothing was sent for a third of `timeout`.
    pub(crate) fn keep_alive(&mut self, timeout: Duration) -> anyhow::Result<()> {
        if self.last_output.elapsed() >= timeout / 3 {
            self.send(&Nop::EMPTY)?;
        }
        Ok(())
    }

    /// An error when the master has been silent for `timeout`.
    pub(crate) fn check_alive(&self, timeout: Duration) -> anyhow::Result<()> {
        ensure!(self.last_input.elapsed() < timeout, "no data from Master for {} seconds", timeout.as_secs());
        Ok(())
    }

    /// Reads what has come, without waiting. False when nothing has.
    pub(crate) fn fill(&mut self) -> anyhow::Result<bool> {
        self.input.drain(..self.used);
        self.used = 0;
        let old = self.input.len();
        self.input.resize(old + READ, 0);
        let result = self.stream.read(&mut self.input[old..]);
        self.input.truncate(old + *result.as_ref().unwrap_or(&0));
        match result {
            Ok(0) => bail!("connection was reset by Master"),
            Ok(_) => {
                self.last_input = Instant::now();
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error).context("read from Master error"),
        }
    }

    /// The next whole packet among what was read.
    pub(crate) fn next_frame(&mut self) -> anyhow::Result<Option<(u32, Vec<u8>)>> {
        let rest = &self.input[self.used..];
        let Some(head) = rest.get(..HEADER_SIZE) else { return Ok(None) };
        let head = FrameHeader::decode_whole(head).context("frame")?;
        ensure!(
            head.len <= MAX_BODY,
            "Master packet too long ({}/{MAX_BODY}) ; command:{}",
            head.len,
            head.id
        );
        let end = HEADER_SIZE + head.len as usize;
        let Some(body) = rest.get(HEADER_SIZE..end) else { return Ok(None) };
        let body = body.to_vec();
        self.used += end;
        Ok(Some((head.id, body)))
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn writable(socket: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(socket, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}
