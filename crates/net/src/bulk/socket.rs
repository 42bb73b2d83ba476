//! A non-blocking connection that is read and written in turns, each step with a deadline.

use proto::{FrameHeader, HEADER_SIZE};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use types::Wire;

/// The most slices one packet is sent from or received into.
const MAX_PARTS: usize = 4;

/// A connection for data packets. While a body is read, the eight bytes behind it (the next packet's head) are
/// taken along if they are there, so that a stream of blocks costs one system call each.
#[derive(Debug)]
pub struct BulkSocket {
    stream: Arc<TcpStream>,
    ahead: [u8; HEADER_SIZE],
    have: usize,
}

/// Waits until one of `events` is true of `fd`, or something is wrong with it. Empty at the deadline.
pub fn wait_for(fd: impl AsFd, events: PollFlags, deadline: Instant) -> io::Result<PollFlags> {
    let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), events)];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match rustix::event::poll(&mut fds, Some(&timespec(left))) {
            Ok(_) => return Ok(fds[0].revents()),
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: time.as_secs().min(1 << 31) as i64, tv_nsec: time.subsec_nanos().into() }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the peer")
}

fn too_slow(doing: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("timeout while {doing}"))
}

impl BulkSocket {
    /// Takes a connection over.
    pub fn new(stream: TcpStream) -> io::Result<BulkSocket> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(BulkSocket { stream: Arc::new(stream), ahead: [0; HEADER_SIZE], have: 0 })
    }

    /// The connection itself, to ask for addresses or to shut it down.
    pub fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// True if [`BulkSocket::try_head`] has a head without looking at the connection: then `poll` must not be waited
    /// for.
    pub fn has_head(&self) -> bool {
        self.have == HEADER_SIZE
    }

    /// True at a boundary between packets as far as is known without looking.
    pub fn at_boundary(&self) -> bool {
        self.have == 0
    }

    /// The next packet's head, if it is there now; its body must be read next. An error at the end of the stream.
    pub fn try_head(&mut self) -> io::Result<Option<FrameHeader>> {
        while self.have < HEADER_SIZE {
            match rustix::net::recv(&*self.stream, &mut self.ahead[self.have..], RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return Err(closed()),
                Ok((_, n)) => self.have += n,
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.have = 0;
        Ok(Some(FrameHeader::decode_whole(&self.ahead).expect("eight bytes")))
    }

    /// Waits for the next packet's head.
    pub fn head(&mut self, deadline: Instant) -> io::Result<FrameHeader> {
        loop {
            if let Some(head) = self.try_head()? {
                return Ok(head);
            }
            if wait_for(&*self.stream, PollFlags::IN, deadline)?.is_empty() {
                return Err(too_slow("waiting for a packet"));
            }
        }
    }

    /// Reads a body into at most 3 slices, filling each.
    pub fn read(&mut self, parts: &mut [&mut [u8]], deadline: Instant) -> io::Result<()> {
        debug_assert!(self.have == 0 && parts.len() < MAX_PARTS);
        let mut left: usize = parts.iter().map(|part| part.len()).sum();
        let mut ahead = [0; HEADER_SIZE];
        let mut slices: [IoSliceMut<'_>; MAX_PARTS] = std::array::from_fn(|_| IoSliceMut::new(&mut []));
        let used = parts.len() + 1;
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSliceMut::new(part);
        }
        slices[used - 1] = IoSliceMut::new(&mut ahead);
        let mut slices = &mut slices[..used];
        while left > 0 {
            match rustix::io::readv(&*self.stream, slices) {
                Ok(0) => return Err(closed()),
                Ok(n) if n >= left => {
                    self.have = n - left;
                    left = 0;
                }
                Ok(n) => {
                    left -= n;
                    IoSliceMut::advance_slices(&mut slices, n);
                }
                Err(Errno::AGAIN) => {
                    if wait_for(&*self.stream, PollFlags::IN, deadline)?.is_empty() {
                        return Err(too_slow("receiving a packet"));
                    }
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.ahead = ahead;
        Ok(())
    }

    /// Reads and forgets `len` bytes of body.
    pub fn skip(&mut self, mut len: usize, deadline: Instant) -> io::Result<()> {
        let mut sink = [0; 4096];
        while len > 0 {
            let now = len.min(sink.len());
            self.read(&mut [&mut sink[..now]], deadline)?;
            len -= now;
        }
        Ok(())
    }

    /// Sends at most 4 slices, whole.
    pub fn write(&self, parts: &[&[u8]], deadline: Instant) -> io::Result<()> {
        debug_assert!(parts.len() <= MAX_PARTS);
        let mut slices: [IoSlice<'_>; MAX_PARTS] =
            std::array::from_fn(|i| IoSlice::new(parts.get(i).copied().unwrap_or_default()));
        let mut slices = &mut slices[..];
        let mut left: usize = parts.iter().map(|part| part.len()).sum();
        while left > 0 {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match rustix::net::sendmsg(&*self.stream, slices, &mut SendAncillaryBuffer::default(), flags) {
                Ok(n) => {
                    left -= n;
                    IoSlice::advance_slices(&mut slices, n);
                }
                Err(Errno::AGAIN) => {
                    if wait_for(&*self.stream, PollFlags::OUT, deadline)?.is_empty() {
                        return Err(too_slow("sending a packet"));
                    }
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    /// Ends a connection whose peer may still be sending: what was sent to it arrives, instead of being destroyed by
    /// the reset that closing with unread input causes.
    pub fn finish(mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        if self.stream.shutdown(std::net::Shutdown::Write).is_err() {
            return;
        }
        self.have = 0;
        let mut sink = [0; 16384];
        while Instant::now() < deadline
            && wait_for(&*self.stream, PollFlags::IN, deadline).is_ok_and(|events| !events.is_empty())
        {
            match rustix::net::recv(&*self.stream, &mut sink, RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return,
                Ok(_) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }
}

impl AsFd for BulkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};

    fn pair() -> (BulkSocket, BulkSocket) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let SocketAddr::V4(addr) = listener.local_addr().unwrap() else { unreachable!() };
        let a = super::super::connect_from(Some(Ipv4Addr::LOCALHOST), addr, Duration::from_secs(5)).unwrap();
        (BulkSocket::new(a).unwrap(), BulkSocket::new(listener.accept().unwrap().0).unwrap())
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn heads_are_taken_along() {
        let (a, mut b) = pair();
        assert_eq!(b.try_head().unwrap(), None);
        let head = |id: u8, len: u8| [0, 0, 0, id, 0, 0, 0, len];
        a.write(&[&head(200, 3), b"ab", b"c", &head(201, 0)[..5]], soon()).unwrap();
        assert_eq!(b.head(soon()).unwrap(), FrameHeader { id: 200, len: 3 });
        let (mut x, mut y) = ([0; 1], [0; 2]);
        wait_for(&b, PollFlags::IN, soon()).unwrap();
        b.read(&mut [&mut x, &mut y], soon()).unwrap();
        assert_eq!((&x, &y), (b"a", b"bc"));
        assert_eq!(b.try_head().unwrap(), None);
        a.write(&[&head(201, 0)[5..], &head(0, 0)], soon()).unwrap();
        assert_eq!(b.head(soon()).unwrap().id, 201);
        assert_eq!(b.head(soon()).unwrap().id, 0);
        drop(a);
        assert_eq!(b.head(soon()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn deadlines() {
        let (a, mut b) = pair();
        let now = Instant::now();
        assert_eq!(b.head(now).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(b.read(&mut [&mut [0; 4]], now).unwrap_err().kind(), io::ErrorKind::TimedOut);
        let much = vec![0; 1 << 26];
        let error = a.write(&[&much], Instant::now() + Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn the_last_words_arrive() {
        let (a, b) = pair();
        a.write(&[&[1; 100_000]], soon()).unwrap();
        b.write(&[&[9; 8]], soon()).unwrap();
        let end = std::thread::spawn(move || b.finish(Duration::from_secs(5)));
        let mut a = a;
        assert_eq!(a.head(soon()).unwrap().id, 0x0909_0909);
        drop(a);
        end.join().unwrap();
    }
}
