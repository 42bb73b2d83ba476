//! A data connection between requests (state IDLE, `spec/wire-chunkserver.md` 1.1).

use super::{ask, monitor, read, write};
use crate::counters::add;
use crate::pulse::Registered;
use crate::server::Server;
use net::bulk::{BulkSocket, wait_for};
use proto::cs_data::{
    ChunkBlocks, ChunkChecksum, ChunkChecksumTab, CltoCs, CrcTable, ReadStatus, WriteData, WriteFinish,
    WriteStatus,
};
use proto::jobs::JobSwitchReply;
use proto::{Direction, FrameHeader, Packet, PacketError, encode_frame};
use rustix::event::PollFlags;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use types::Status;

/// The longest body on a data connection.
const MAX_BODY: u32 = 100_000;
/// Time for one packet to come or go.
pub(crate) const PACKET_TIME: Duration = Duration::from_secs(5);
/// Silence of ours after which we send a NOP.
const NOP_AFTER: Duration = Duration::from_millis(1666);
/// Silence of the peer after which we close.
const CLOSE_AFTER: Duration = Duration::from_secs(5);
/// Both clocks of a fresh connection start late.
const FRESH: Duration = Duration::from_secs(1);

/// An empty packet that says we live.
pub(crate) const NOP_FRAME: [u8; 8] = [0; 8];

/// How a request leaves its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Ready for the next request.
    Idle,
    /// Useless, but what was sent last must arrive.
    Finish,
}

/// One connection, served by one thread.
pub(crate) struct Conn {
    pub(crate) server: Arc<Server>,
    pub(crate) socket: BulkSocket,
    pub(crate) pulse: Registered,
    pub(crate) out: Vec<u8>,
    sent: Instant,
    heard: Instant,
}

/// When a packet or its answer must be through.
pub(crate) fn packet_deadline() -> Instant {
    Instant::now() + PACKET_TIME
}

fn refused(error: PacketError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl Conn {
    pub(crate) fn new(server: &Arc<Server>, stream: TcpStream) -> io::Result<Conn> {
        let socket = BulkSocket::new(stream)?;
        let pulse = server.pulses.register(socket.stream());
        let start = Instant::now() + FRESH;
        Ok(Conn { server: server.clone(), socket, pulse, out: Vec::new(), sent: start, heard: start })
    }

    /// Serves requests until the connection ends.
    pub(crate) fn run(mut self) {
        let peer = self.socket.stream().peer_addr();
        loop {
            match self.serve_next() {
                Ok(End::Idle) => {
                    let now = Instant::now();
                    (self.sent, self.heard) = (now, now);
                }
                Ok(End::Finish) => return self.socket.finish(Duration::from_secs(1)),
                Err(error) => {
                    if error.kind() == io::ErrorKind::InvalidData {
                        let peer = peer.map_or_else(|_| "?".into(), |peer| peer.to_string());
                        tracing::warn!("data connection from {peer} closed: {error}");
                    } else {
                        tracing::debug!("data connection from {peer:?} closed: {error}");
                    }
                    return;
                }
            }
        }
    }

    /// Waits for a request and serves it.
    fn serve_next(&mut self) -> io::Result<End> {
        let head = self.wait_request()?;
        if head.len > MAX_BODY {
            let message = format!("packet {} of {} bytes", head.id, head.len);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        if head.id == WriteData::ID || head.id == WriteFinish::ID {
            // The rest of a session that failed; closing silently is what stock does too.
            return Err(io::Error::other("write packet without a session"));
        }
        let mut body = vec![0; head.len as usize];
        self.socket.read(&mut [&mut body], packet_deadline())?;
        add(&self.server.traffic.data_in, 8 + u64::from(head.len));
        match CltoCs::decode(head.id, &body).map_err(refused)? {
            CltoCs::Nop(_) | CltoCs::UnknownCommand(_) | CltoCs::BadCommandSize(_) => Ok(End::Idle),
            CltoCs::Read(request) => {
                let server = self.server.clone();
                let Some(_active) = server.begin() else {
                    return self.send(&ReadStatus { chunk: request.chunk, status: Status::NOTDONE });
                };
                read::serve(self, &request)
            }
            CltoCs::Write(request) => {
                let server = self.server.clone();
                let Some(_active) = server.begin() else {
                    let status = WriteStatus { chunk: request.chunk, write_id: 0, status: Status::NOTDONE };
                    return self.send(&status);
                };
                write::serve(self, &request)
            }
            CltoCs::WriteData(_) | CltoCs::WriteFinish(_) => unreachable!("dealt with above"),
            other => self.tell(&other),
        }
    }

    /// Answers what asks about the server or a chunk and moves no data.
    fn tell(&mut self, request: &CltoCs<'_>) -> io::Result<End> {
        match request {
            CltoCs::GetVersion(request) => {
                monitor::version(request.msgid, &mut self.out);
                self.flush()
            }
            CltoCs::GetConfig(request) => {
                monitor::config_value(&self.server, request, &mut self.out);
                self.flush()
            }
            CltoCs::GetChunkBlocks(q) => {
                let (blocks, status) = ask::blocks(&self.server.store, q.chunk, q.version);
                self.send(&ChunkBlocks { chunk: q.chunk, version: q.version, blocks, status })
            }
            CltoCs::GetChunkChecksum(q) => {
                let checksum = ask::checksum(&self.server.store, q.chunk, q.version).into();
                self.send(&ChunkChecksum { chunk: q.chunk, version: q.version, checksum })
            }
            CltoCs::GetChunkChecksumTab(q) => {
                let table = ask::checksum_table(&self.server.store, q.chunk, q.version);
                let table = table.as_ref().map(CrcTable::new).map_err(|status| *status).into();
                self.send(&ChunkChecksumTab { chunk: q.chunk, version: q.version, table })
            }
            CltoCs::HddList(_) => {
                monitor::hdd_list(&self.server, &mut self.out);
                self.flush()
            }
            CltoCs::ModuleInfo(request) => {
                monitor::module_info(&self.server, request.msgid, &mut self.out);
                self.flush()
            }
            CltoCs::MonotonicData(_) => {
                monitor::monotonic(&self.server, &mut self.out);
                self.flush()
            }
            CltoCs::JobList(_) => {
                monitor::jobs(&self.server, &mut self.out);
                self.flush()
            }
            CltoCs::JobSwitch(request) => {
                let jobs = monitor::switch(&self.server, request);
                self.send(&JobSwitchReply { jobs })
            }
            CltoCs::Chart(request) => {
                self.server.charts.picture(request, &mut self.out);
                self.flush()
            }
            CltoCs::ChartData(request) => {
                self.server.charts.data(request, &mut self.out);
                self.flush()
            }
            other => {
                let message = format!("{} is no question", other.name());
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }

    /// The next packet's head. Sends NOPs meanwhile; an error when the peer is silent for too long.
    fn wait_request(&mut self) -> io::Result<FrameHeader> {
        loop {
            if let Some(head) = self.socket.try_head()? {
                self.heard = Instant::now();
                return Ok(head);
            }
            let now = Instant::now();
            if now >= self.heard + CLOSE_AFTER || self.server.stopping() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if now >= self.sent + NOP_AFTER {
                self.socket.write(&[&NOP_FRAME], packet_deadline())?;
                self.sent = now;
            }
            let until = (self.sent + NOP_AFTER).min(self.heard + CLOSE_AFTER);
            wait_for(&self.socket, PollFlags::IN, until)?;
        }
    }

    /// Sends one packet.
    pub(crate) fn send<'a>(&mut self, packet: &impl Packet<'a>) -> io::Result<End> {
        encode_frame(packet, &mut self.out);
        self.flush()
    }

    /// Sends what was put into `out`.
    pub(crate) fn flush(&mut self) -> io::Result<End> {
        let result = self.socket.write(&[&self.out], packet_deadline());
        add(&self.server.traffic.data_out, self.out.len() as u64);
        self.out.clear();
        result?;
        Ok(End::Idle)
    }
}
