//! What an operator may ask and tell beyond stock: chunks in quarantine, metadata that is older than the data.

use crate::core::Master;
use crate::cs::Meta;
use net::reactor::{ConnId, Net};
use ondisk::{NewNode, Op};
use proto::admin as p;
use proto::client_master::CltoMa;
use std::net::Ipv4Addr;
use types::{ChunkId, ChunkIndex, ChunkVersion, Inode, Name, NodeType, ROOT, Rest, Status};

/// Chunks told in one answer, at most.
const MAX_LISTED: u32 = 10_000;
/// Where files are made for adopted chunks that no file names.
const DIRECTORY: &[u8] = b"adopted";
/// The length of a whole chunk; how much of it was written only chunkservers know. The rest reads as zeros.
const CHUNK: u64 = 64 << 20;

impl Master {
    /// Serves a packet of operators; false when it is another one.
    pub(super) fn admin_packet(&mut self, net: &mut Net, conn: ConnId, packet: &CltoMa<'_>) -> bool {
        match packet {
            CltoMa::QuarantineList(q) => self.send_quarantine(net, conn, q),
            CltoMa::QuarantineCommand(q) => {
                let result = match q.command {
                    0 if self.cluster.release_quarantined(q.chunk) => {
                        tracing::warn!("chunk {:016X}: an operator agrees to its deletion", q.chunk);
                        Ok(Inode(0))
                    }
                    0 => Err(Status::NOCHUNK),
                    1 => self.adopt(q.chunk),
                    _ => Err(Status::EINVAL),
                };
                let status = result.err().unwrap_or(Status::OK);
                let reply = p::QuarantineCommandReply { status, inode: result.unwrap_or(Inode(0)) };
                net.send_held(conn, self.journal.last(), &reply);
            }
            CltoMa::ConfirmMetadata(_) => {
                let fence = self.cluster.fence();
                tracing::warn!(
                    "an operator confirms metadata version {}, although {} chunks with newer ids and {} with newer \
                     versions were found: deletions go on",
                    self.fs.version(),
                    fence.new_ids,
                    fence.new_versions
                );
                self.cluster.confirm_metadata(self.chunk_time());
                net.send(conn, &p::ConfirmMetadataReply { status: Status::OK });
            }
            _ => return false,
        }
        true
    }

    fn send_quarantine(&self, net: &mut Net, conn: ConnId, q: &p::QuarantineList) {
        let limit = q.limit.min(MAX_LISTED) as usize;
        let held = self.cluster.quarantined(self.chunk_time(), q.from, limit);
        let copies = held.iter().flat_map(|held| {
            held.copies.iter().map(|(server, version)| {
                let address = self.cluster.server(*server).map(|server| (server.ip, server.port));
                let (ip, port) = address.unwrap_or((Ipv4Addr::UNSPECIFIED, 0));
                let age = u32::try_from(held.age_ms / 1000).unwrap_or(u32::MAX);
                let released = held.released.into();
                p::QuarantinedCopy { chunk: held.chunk, version: *version, age, released, ip, port }
            })
        });
        let copies: Vec<_> = copies.collect();
        let fence = self.cluster.fence();
        let fence = p::FenceInfo {
            up: fence.is_up.into(),
            new_ids: fence.new_ids,
            new_versions: fence.new_versions,
            quarantined: self.cluster.quarantine_len() as u64,
        };
        net.send(conn, &p::QuarantineListReply { fence, copies: Rest::Items(&copies) });
    }

    /// Makes a chunk in quarantine known. Files that name it already have it again; for one that no file names a file
    /// is made, so that somebody can look at what is in it.
    fn adopt(&mut self, chunk: ChunkId) -> Result<Inode, Status> {
        let held = self.cluster.quarantined(self.chunk_time(), chunk, 1);
        let held = held.first().filter(|held| held.chunk == chunk).ok_or(Status::NOCHUNK)?;
        let version = held.copies.iter().map(|(_, version)| *version).max().ok_or(Status::NOCHUNK)?;
        if self.fs.chunk(chunk).is_none() {
            self.run(&Op::ChunkAdd { chunk, version, locked_to: 0 })?;
        }
        let named = self.fs.chunk(chunk).is_some_and(|info| info.refs > 0);
        let inode = if named { Inode(0) } else { self.file_for(chunk, version)? };
        self.cluster.adopt_quarantined(self.chunk_time(), &Meta(&self.fs), chunk);
        tracing::warn!("chunk {chunk:016X} version {version} is known again: an operator has adopted it");
        Ok(inode)
    }

    fn file_for(&mut self, chunk: ChunkId, version: ChunkVersion) -> Result<Inode, Status> {
        let dir = match self.fs.lookup(ROOT, DIRECTORY) {
            Some(dir) => dir,
            None => self.make_named(ROOT, DIRECTORY, NodeType::Dir, 0o700)?,
        };
        let name = format!("chunk_{:016X}_{:08X}", chunk.0, version.0);
        let inode = self.make_named(dir, name.as_bytes(), NodeType::File, 0o600)?;
        // A place in a file is made by a write only; the chunk made for it is given up for the adopted one.
        let index = ChunkIndex(0);
        let made = self.run(&Op::Write { inode, index, new_version: false, set_mtime: true })?;
        let made = ChunkId(made.get(0).ok_or(Status::EINVAL)?);
        self.run(&Op::SetFileChunk { inode, index, chunk })?;
        self.run(&Op::Unlock { chunk: made })?;
        self.run(&Op::ChunkDel { chunk: made, version: ChunkVersion(1) })?;
        self.run(&Op::Length { inode, length: CHUNK, set_mtime: true })?;
        Ok(inode)
    }

    fn make_named(&mut self, parent: Inode, name: &[u8], kind: NodeType, mode: u16) -> Result<Inode, Status> {
        let name = Name::new(name).ok_or(Status::EINVAL)?;
        let node = NewNode { kind, mode, umask: 0 };
        let outcome = self.run(&Op::Create { parent, name, node, uid: 0, gid: 0, rdev: 0 })?;
        let inode = outcome.get(0).and_then(|inode| u32::try_from(inode).ok());
        inode.map(Inode).ok_or(Status::EINVAL)
    }
}
