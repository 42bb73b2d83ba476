//! Questions to the master of a cluster, with the packets that monitors use (`spec/admin-and-monitoring.md`).

use anyhow::{Context, bail, ensure};
use net::{read_frame, write_frame};
use proto::Packet;
use proto::client_master::FuseInvalidateChunkCache;
use proto::info::{
    CservInfo, CservList, CservListReply, Info, InfoReply, MasterInfo, MlogList, MlogListReply,
};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;
use types::Wire;

/// How long an answer may take before the master counts as not healthy.
const PATIENCE: Duration = Duration::from_secs(10);
/// Answers are lists of servers; larger ones are not believed.
const MAX_ANSWER: u32 = 4 << 20;

/// A connection to a master's client port.
#[derive(Debug)]
pub(crate) struct Master {
    stream: TcpStream,
}

impl Master {
    /// Connects to a master of this machine.
    pub(crate) fn connect(port: u16) -> anyhow::Result<Master> {
        Master::connect_to((Ipv4Addr::LOCALHOST, port).into())
    }

    /// Connects.
    pub(crate) fn connect_to(address: SocketAddr) -> anyhow::Result<Master> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .with_context(|| format!("connect to {address}"))?;
        stream.set_read_timeout(Some(PATIENCE)).context("read timeout")?;
        stream.set_write_timeout(Some(PATIENCE)).context("write timeout")?;
        stream.set_nodelay(true).context("TCP_NODELAY")?;
        Ok(Master { stream })
    }

    /// Answers may take so long from now on.
    pub(crate) fn be_patient(&mut self, limit: Duration) -> anyhow::Result<()> {
        self.stream.set_read_timeout(Some(limit)).context("read timeout")
    }

    /// Asks one question; the answer's body replaces the content of `body`.
    pub(crate) fn ask<'a, Q: Packet<'a>>(
        &mut self,
        question: &Q,
        answer: u32,
        body: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        write_frame(&mut self.stream, question).context("ask the master")?;
        let mut id = 0;
        // Locations of chunks that are out of date are told to everybody, at any moment.
        while id == 0 || id == FuseInvalidateChunkCache::ID {
            id = read_frame(&mut self.stream, body, MAX_ANSWER).context("answer of the master")?;
        }
        ensure!(id == answer, "the master answered {} with packet {id}", Q::NAME);
        Ok(())
    }

    /// The chunkservers it knows, connected or not.
    pub(crate) fn chunkservers(&mut self) -> anyhow::Result<Vec<CservInfo>> {
        let mut body = Vec::new();
        self.ask(&CservList {}, CservListReply::ID, &mut body)?;
        let reply = CservListReply::decode_whole(&body).context("list of chunkservers")?;
        Ok(reply.servers.iter().collect())
    }

    /// How many metaloggers are connected.
    pub(crate) fn metaloggers(&mut self) -> anyhow::Result<usize> {
        let mut body = Vec::new();
        self.ask(&MlogList {}, MlogListReply::ID, &mut body)?;
        let reply = MlogListReply::decode_whole(&body).context("list of metaloggers")?;
        Ok(reply.metaloggers.iter().count())
    }

    /// Its figures.
    pub(crate) fn info(&mut self) -> anyhow::Result<MasterInfo> {
        let mut body = Vec::new();
        self.ask(&Info {}, InfoReply::ID, &mut body)?;
        if body.is_empty() {
            bail!("the master gives no information");
        }
        Ok(InfoReply::decode_whole(&body).context("information of the master")?.info)
    }
}

/// True for a chunkserver that is connected.
pub(crate) fn is_connected(server: &CservInfo) -> bool {
    server.flags & 1 == 0
}
