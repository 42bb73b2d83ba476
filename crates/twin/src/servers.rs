//! Chunkservers that keep nothing and do everything they are told at once, so that no answer of a master depends on a
//! disk. Both masters get the same ones.

use anyhow::{Context, Result, bail};
use harness::{Cluster, Role};
use proto::cs_master::{self as p, Ack, CsBegin, CsRegister, CsRegisterPacket, Labels, MatoCs, Nop, Space};
use proto::{Direction, Packet, encode_frame};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use types::{ChunkId, OUR_VERSION, Status};

use crate::link::Link;

/// Labels of each server.
pub const LABELS: [u32; 3] = [0b001, 0b010, 0b101];

/// Where server number `index` is.
pub fn address(index: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 99, 0, 100 + index as u8)
}

/// The servers of one cluster; they stop when this is dropped.
#[derive(Debug)]
pub struct Servers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Servers {
    /// Connects them to the cluster's master and returns when all are registered.
    pub fn start(cluster: &Cluster) -> Result<Servers> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for index in 0..LABELS.len() {
            let mut link = Link::new(cluster.connect(address(index), Role::Chunkserver)?)?;
            register(&mut link, index)?;
            let stop = Arc::clone(&stop);
            threads.push(std::thread::spawn(move || serve(&mut link, &stop)));
        }
        Ok(Servers { stop, threads })
    }

    /// An error if one of them has ended.
    pub fn check(&self) -> Result<()> {
        if self.threads.iter().any(JoinHandle::is_finished) {
            bail!("a master has dropped a chunkserver");
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The same space at each, so that masters take them in turn.
fn space() -> Space {
    Space { used: 100 << 30, total: 1 << 40, ..Space::default() }
}

fn register(link: &mut Link, index: usize) -> Result<()> {
    let begin = CsBegin {
        digest: None,
        version: OUR_VERSION,
        addr: SocketAddrV4::new(address(index), 9422),
        timeout: 60,
        csid: 0,
        space: space(),
    };
    say(link, &CsRegisterPacket { step: CsRegister::Begin(begin) });
    let frame =
        link.receive(Instant::now() + Duration::from_secs(20)).context("no answer to a chunkserver")?;
    match MatoCs::decode(frame.id, &frame.body)? {
        MatoCs::MasterAck(p::MasterAck { ack: Ack::Accepted { .. } }) => {}
        other => bail!("a chunkserver's registration was answered by {other:?}"),
    }
    say(link, &Labels { mask: LABELS[index] });
    say(link, &CsRegisterPacket { step: CsRegister::End });
    Ok(())
}

fn say<'a>(link: &mut Link, packet: &impl Packet<'a>) {
    let mut out = Vec::new();
    encode_frame(packet, &mut out);
    link.send(&out);
}

fn serve(link: &mut Link, stop: &AtomicBool) -> Result<()> {
    let mut told = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        if let Some(frame) = link.receive(Instant::now() + Duration::from_millis(200)) {
            obey(link, &MatoCs::decode(frame.id, &frame.body)?)?;
        } else if link.closed() {
            bail!("closed by the master");
        }
        if told.elapsed() > Duration::from_secs(1) {
            say(link, &Nop::EMPTY);
            told = Instant::now();
        }
    }
    Ok(())
}

/// Some operations fail, on every server alike, as the chunk's number says: both masters meet the same failures.
fn outcome(chunk: ChunkId, every: u64, failure: Status) -> Status {
    if chunk.0 % every == every - 1 { failure } else { Status::OK }
}

fn obey(link: &mut Link, order: &MatoCs<'_>) -> Result<()> {
    match order {
        MatoCs::ChunkCreate(q) => {
            let status = outcome(q.chunk, 61, Status::NOSPACE);
            say(link, &p::ChunkCreateReply { chunk: q.chunk, status });
        }
        MatoCs::ChunkDelete(q) => say(link, &p::ChunkDeleteReply { chunk: q.chunk, status: Status::OK }),
        MatoCs::ChunkDuplicate(q) => {
            let status = outcome(q.new_chunk, 67, Status::NOSPACE);
            say(link, &p::ChunkDuplicateReply { chunk: q.new_chunk, status });
        }
        MatoCs::ChunkSetVersion(q) => {
            say(link, &p::ChunkSetVersionReply { chunk: q.chunk, status: Status::OK });
        }
        MatoCs::ChunkReplicate(q) => {
            let status = Status::OK;
            say(link, &p::ChunkReplicateReply { chunk: q.chunk, version: q.version, status });
        }
        MatoCs::ChunkTruncate(q) => {
            say(link, &p::ChunkTruncateReply { chunk: q.chunk, status: Status::OK });
        }
        MatoCs::ChunkDuptrunc(q) => {
            let status = outcome(q.new_chunk, 59, Status::NOSPACE);
            say(link, &p::ChunkDuptruncReply { chunk: q.new_chunk, status });
        }
        MatoCs::Nop(_) | MatoCs::MasterAck(_) => {}
        other => bail!("unexpected {} from a master", other.name()),
    }
    Ok(())
}
