//! One connection to a master with many requests in flight.

use anyhow::{Context, Result, bail, ensure};
use net::{read_frame, write_frame};
use proto::client_master::{FuseRegister, FuseRegisterReply, Register, RegisterReply, SessionTail};
use proto::{FrameHeader, HEADER_SIZE, Packet, encode_frame};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use types::{Bytes32, Inode, MsgId, OUR_VERSION, SessionId, Status, Wire};

/// No answer is longer: a listing of a thousand names with attributes is 70 kB.
const MAX_ANSWER: usize = 16 << 20;
/// A master that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registered connection.
pub struct Link {
    stream: TcpStream,
    session: SessionId,
    metaid: u64,
    input: Vec<u8>,
    /// What of `input` has arrived and was not looked at.
    unread: std::ops::Range<usize>,
    output: Vec<u8>,
}

/// A request: writes the whole frame with this message id.
pub(super) type Request<'a> = &'a mut dyn FnMut(usize, MsgId, &mut Vec<u8>);
/// Takes an answer's body behind the message id.
pub(super) type Answer<'a> = &'a mut dyn FnMut(usize, &[u8]) -> Result<()>;

impl Link {
    /// Connects and makes a session at the root of the file system.
    pub fn connect(host: &str, port: u16) -> Result<Link> {
        let mut stream = connect(host, port)?;
        let tail = SessionTail::default();
        let (info, path) = (Bytes32::new(b"elkfs bench\0"), Bytes32::new(b"/\0"));
        let request = Register::NewSession { version: OUR_VERSION, info, path, tail };
        write_frame(&mut stream, &FuseRegister { request }).context("register")?;
        let mut body = Vec::new();
        read_frame(&mut stream, &mut body, 4096).context("read the answer to the registration")?;
        match FuseRegisterReply::decode_whole(&body)?.reply {
            RegisterReply::NewSession(new, _) => Ok(Link {
                stream,
                session: new.session,
                metaid: new.metaid,
                input: vec![0; 256 << 10],
                unread: 0..0,
                output: Vec::new(),
            }),
            RegisterReply::Status(status) => bail!("the master refuses: {status}"),
            other => bail!("the master answers a registration with {other:?}"),
        }
    }

    /// Sends one request and returns the body of its answer, message id and status included.
    pub fn call<'a>(&mut self, packet: &impl Packet<'a>, answer_id: u32) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        self.drive(1, 1, answer_id, &mut |_, _, out| encode_frame(packet, out), &mut |_, answer| {
            body = answer.to_vec();
            Ok(())
        })?;
        Ok(body)
    }

    /// Sends `count` requests, at most `in_flight` of them unanswered, and returns how long each took.
    pub fn drive(
        &mut self,
        count: usize,
        in_flight: usize,
        answer_id: u32,
        request: Request<'_>,
        answer: Answer<'_>,
    ) -> Result<Vec<Duration>> {
        let (mut sent, mut done) = (Vec::with_capacity(count), 0);
        let mut times = Vec::with_capacity(count);
        while done < count {
            let now = Instant::now();
            while sent.len() < count && sent.len() - done < in_flight {
                let id = MsgId(u32::try_from(sent.len()).context("too many requests")?);
                request(sent.len(), id, &mut self.output);
                sent.push(now);
            }
            self.stream.write_all(&self.output).context("send")?;
            self.output.clear();
            self.receive()?;
            let now = Instant::now();
            while let Some((id, body)) = next_frame(&self.input, &mut self.unread)? {
                // NOPs and notices come in between. With one request at a time its id is not looked at.
                if id != answer_id {
                    continue;
                }
                let (msgid, rest) = body.split_first_chunk::<4>().context("an answer without message id")?;
                let n = if count == 1 { 0 } else { u32::from_be_bytes(*msgid) as usize };
                let began = *sent.get(n).context("an answer to what was not asked")?;
                times.push(now - began);
                answer(n, rest)?;
                done += 1;
            }
        }
        Ok(times)
    }

    /// Reads at least one byte.
    fn receive(&mut self) -> Result<()> {
        self.input.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        if self.unread.end == self.input.len() {
            ensure!(self.input.len() < MAX_ANSWER, "an answer is longer than {MAX_ANSWER} bytes");
            self.input.resize(self.input.len() * 2, 0);
        }
        let n = self.stream.read(&mut self.input[self.unread.end..]).context("receive")?;
        ensure!(n > 0, "the master closed the connection");
        self.unread.end += n;
        Ok(())
    }

    /// Ends the session.
    pub(super) fn close(mut self) -> Result<()> {
        let request = Register::Close { session: self.session, metaid: Some(self.metaid) };
        write_frame(&mut self.stream, &FuseRegister { request }).context("close the session")
    }
}

fn connect(host: &str, port: u16) -> Result<TcpStream> {
    let mut addresses = (host, port).to_socket_addrs().with_context(|| format!("resolve {host}"))?;
    let address = addresses.next().with_context(|| format!("{host} has no address"))?;
    let stream =
        TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("connect to {address}"))?;
    stream.set_nodelay(true).context("set TCP_NODELAY")?;
    stream.set_read_timeout(Some(PATIENCE)).context("set a timeout")?;
    Ok(stream)
}

/// Takes the next whole frame off the input.
fn next_frame<'a>(input: &'a [u8], unread: &mut std::ops::Range<usize>) -> Result<Option<(u32, &'a [u8])>> {
    let bytes = &input[unread.clone()];
    let Some((head, rest)) = bytes.split_at_checked(HEADER_SIZE) else { return Ok(None) };
    let head = FrameHeader::decode_whole(head)?;
    ensure!((head.len as usize) < MAX_ANSWER, "packet {} of {} bytes", head.id, head.len);
    let Some(body) = rest.get(..head.len as usize) else { return Ok(None) };
    unread.start += HEADER_SIZE + body.len();
    Ok(Some((head.id, body)))
}

/// An error if an answer is a status and nothing else, and not OK.
pub fn expect_ok(what: &str, body: &[u8]) -> Result<()> {
    match body {
        [0] => Ok(()),
        [status] => bail!("{what}: {}", Status(*status)),
        _ => Ok(()),
    }
}

/// The inode an answer begins with.
pub fn inode_of(body: &[u8]) -> Result<Inode> {
    let bytes = body.first_chunk::<4>().context("an answer without inode")?;
    Ok(Inode(u32::from_be_bytes(*bytes)))
}
