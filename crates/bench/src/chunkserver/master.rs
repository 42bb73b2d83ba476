//! A master that knows how to register chunkservers and how to order creations and deletions, no more.

use super::io::VERSION;
use anyhow::{Context, Result, bail, ensure};
use proto::cs_master::{
    Ack, ChunkCreate, ChunkDelete, ChunkReplicate, CsRegister, CsToMa, MasterAck, Nop, ReplicationSource,
};
use proto::{Direction, Packet};
use std::collections::HashSet;
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use types::{ChunkId, OUR_VERSION, Status};

/// Longest time for a server to come, to answer, to list its chunks.
const PATIENCE: Duration = Duration::from_secs(120);
/// Orders that may be unanswered: fewer than the 250 that a stock server takes.
const WINDOW: usize = 100;
/// The largest list of chunks.
const MAX_BODY: u32 = 500_000_000;

/// The listening side.
pub(super) struct Master(TcpListener);

/// A chunkserver that has registered.
pub(super) struct Server {
    pub(super) addr: SocketAddrV4,
    socket: Arc<Mutex<TcpStream>>,
    /// For one waiter at a time.
    events: Mutex<Receiver<Event>>,
}

enum Event {
    /// An order was answered.
    Done(Status),
    /// Chunks that were not told before; how many are known now.
    Known(usize),
    /// It has told that there is space for chunks.
    Space,
}

impl Master {
    pub(super) fn listen(addr: &str) -> Result<Master> {
        Ok(Master(TcpListener::bind(addr).with_context(|| format!("listen on {addr}"))?))
    }

    /// Waits for servers, and until each has space. In the order of their addresses.
    pub(super) fn accept(&self, count: usize) -> Result<Vec<Server>> {
        let mut servers = Vec::new();
        while servers.len() < count {
            servers.push(self.accept_one()?);
        }
        for server in &servers {
            server.wait(|event| matches!(event, Event::Space)).context("no space on a chunkserver")?;
        }
        servers.sort_by_key(|server| server.addr);
        Ok(servers)
    }

    /// The next server, not necessarily with all its chunks known.
    pub(super) fn accept_one(&self) -> Result<Server> {
        let (mut stream, peer) = self.0.accept().context("accept")?;
        stream.set_nodelay(true)?;
        let socket = Arc::new(Mutex::new(stream.try_clone()?));
        let mut body = Vec::new();
        let id = net::read_frame(&mut stream, &mut body, MAX_BODY)?;
        let CsToMa::CsRegisterPacket(begin) = CsToMa::decode(id, &body)? else { bail!("no BEGIN") };
        let CsRegister::Begin(begin) = begin.step else { bail!("no BEGIN") };
        send(
            &socket,
            &MasterAck { ack: Ack::Accepted { version: OUR_VERSION, timeout: 60, csid: 1, metaid: 0 } },
        )?;
        let (tell, events) = channel();
        let (for_reader, for_nops) = (socket.clone(), socket.clone());
        std::thread::spawn(move || serve(stream, &for_reader, &tell));
        std::thread::spawn(move || {
            while send(&for_nops, &Nop::EMPTY).is_ok() {
                std::thread::sleep(Duration::from_secs(2));
            }
        });
        let mut addr = begin.addr;
        if addr.ip().is_unspecified()
            && let std::net::SocketAddr::V4(peer) = peer
        {
            addr.set_ip(*peer.ip());
        }
        Ok(Server { addr, socket, events: Mutex::new(events) })
    }
}

impl Server {
    fn wait(&self, wanted: impl Fn(&Event) -> bool) -> Result<()> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let event = events.recv_timeout(PATIENCE).context("the chunkserver is gone or silent")?;
            if wanted(&event) {
                return Ok(());
            }
        }
    }

    /// Waits until so many chunks are known to be on the server.
    pub(super) fn wait_known(&self, count: usize) -> Result<()> {
        self.wait(|event| matches!(event, Event::Known(known) if *known >= count))
    }

    pub(super) fn create(&self, ids: &[u64]) -> Result<()> {
        self.order(ids, |id| send(&self.socket, &ChunkCreate { chunk: ChunkId(id), version: VERSION }))
            .context("CREATE")
    }

    pub(super) fn delete(&self, ids: &[u64]) -> Result<()> {
        self.order(ids, |id| send(&self.socket, &ChunkDelete { chunk: ChunkId(id), version: VERSION }))
            .context("DELETE")
    }

    /// Has the server fetch copies from another.
    pub(super) fn replicate(&self, ids: &[u64], source: SocketAddrV4) -> Result<()> {
        let order = |id| ChunkReplicate {
            chunk: ChunkId(id),
            version: VERSION,
            source: ReplicationSource::One(source),
        };
        self.order(ids, |id| send(&self.socket, &order(id))).context("REPLICATE")
    }

    /// Gives an order for each id, several at once, and waits for the answers.
    fn order(&self, ids: &[u64], order: impl Fn(u64) -> Result<()>) -> Result<()> {
        let mut open = 0;
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = || -> Result<()> {
            loop {
                if let Event::Done(status) = events.recv_timeout(PATIENCE).context("no answer")? {
                    ensure!(status == Status::OK, "{status}");
                    return Ok(());
                }
            }
        };
        for id in ids {
            if open == WINDOW {
                answer()?;
                open -= 1;
            }
            order(*id)?;
            open += 1;
        }
        (0..open).try_for_each(|_| answer())
    }
}

fn send<'a>(socket: &Mutex<TcpStream>, packet: &impl Packet<'a>) -> Result<()> {
    let mut stream = socket.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(net::write_frame(&mut *stream, packet)?)
}

/// Reads what a server says until it ends.
fn serve(mut stream: TcpStream, socket: &Mutex<TcpStream>, tell: &Sender<Event>) {
    let mut body = Vec::new();
    let mut known = HashSet::new();
    while let Ok(id) = net::read_frame(&mut stream, &mut body, MAX_BODY) {
        let event = match CsToMa::decode(id, &body) {
            Ok(CsToMa::CsRegisterPacket(packet)) => {
                let CsRegister::Chunks(chunks) = packet.step else { continue };
                known.extend(chunks.iter().map(|chunk| chunk.chunk.0));
                let _ = send(socket, &MasterAck { ack: Ack::Next });
                Event::Known(known.len())
            }
            Ok(CsToMa::ChunkNew(new)) => {
                known.extend(new.chunks.iter().map(|chunk| chunk.chunk.0));
                Event::Known(known.len())
            }
            Ok(CsToMa::ChunkCreateReply(reply)) => Event::Done(reply.status),
            Ok(CsToMa::ChunkDeleteReply(reply)) => Event::Done(reply.status),
            Ok(CsToMa::ChunkReplicateReply(reply)) => Event::Done(reply.status),
            Ok(CsToMa::CsSpace(packet)) if packet.space.total > packet.space.used => Event::Space,
            _ => continue,
        };
        if tell.send(event).is_err() {
            return;
        }
    }
}
