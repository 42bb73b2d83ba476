//! Tools' commands that only look (`spec/wire-client-master.md` 3.9).

use super::Member;
use super::tools::Form;
use crate::core::Master;
use metadata::{FIRST_USER_CLASS, NodeView, plan};
use net::reactor::{ConnId, Net};
use placement::ReplicaState;
use proto::client_master as p;
use std::net::SocketAddrV4;
use types::{
    BLOCK_SIZE, CHUNK_HEADER_SIZE, CHUNK_SIZE, ChunkId, ChunkIndex, ChunkVersion, MAX_CHUNK_INDEX, Name,
    Rest, Status, TwoLists,
};

/// Classes of nodes as a reply lists them.
type ClassCounts<'a> = Vec<(p::SclassId<'a>, u32)>;

impl Master {
    pub(super) fn get_trash_time(&self, net: &mut Net, conn: ConnId, m: &Member, q: &p::FuseGettrashtime) {
        let found = plan::trash_times(&self.fs, &m.caps, q.inode, q.gmode);
        let found = found.map(|(files, dirs)| (Vec::from_iter(files), Vec::from_iter(dirs)));
        let reply = found.as_ref().map(|(files, dirs)| TwoLists::new(files, dirs)).map_err(|status| *status);
        net.send(conn, &p::FuseGettrashtimeReply { msgid: q.msgid, reply: reply.into() });
    }

    pub(super) fn get_eattr(&self, net: &mut Net, conn: ConnId, m: &Member, q: &p::FuseGeteattr) {
        let found = plan::extra_attributes(&self.fs, &m.caps, q.inode, q.gmode);
        let found = found.map(|(files, dirs)| (Vec::from_iter(files), Vec::from_iter(dirs)));
        let reply = found.as_ref().map(|(files, dirs)| TwoLists::new(files, dirs)).map_err(|status| *status);
        net.send(conn, &p::FuseGeteattrReply { msgid: q.msgid, reply: reply.into() });
    }

    pub(super) fn get_sclass(&self, net: &mut Net, conn: ConnId, m: &Member, q: &p::FuseGetsclass) {
        let found = plan::storage_classes(&self.fs, &m.caps, q.inode, q.gmode);
        let named = |(id, count): (&u8, &u32)| {
            let name = || Name::new(&self.fs.sclass(*id)?.name);
            let shown = match *id {
                1..FIRST_USER_CLASS => p::SclassId::Goal(*id),
                _ => p::SclassId::Named(name().unwrap_or_default()),
            };
            (shown, *count)
        };
        let found: Result<(ClassCounts<'_>, ClassCounts<'_>), Status> = match &found {
            Ok((files, dirs)) => Ok((files.iter().map(named).collect(), dirs.iter().map(named).collect())),
            Err(status) => Err(*status),
        };
        let reply = found.as_ref().map(|(files, dirs)| TwoLists::new(files, dirs)).map_err(|status| *status);
        net.send(conn, &p::FuseGetsclassReply { msgid: q.msgid, reply: reply.into() });
    }

    pub(super) fn dir_stats(
        &self,
        m: &Member,
        q: &p::FuseGetdirstats,
        form: Form,
    ) -> Result<p::DirStatsReply, Status> {
        let s = plan::tree_stats(&self.fs, &m.caps, q.inode)?;
        Ok(match form {
            Form::Mount => p::DirStatsReply::Mount(p::DirStats {
                inodes: s.inodes,
                dirs: s.dirs,
                files: s.files,
                chunks: s.chunks,
                length: s.length,
                size: s.size,
                real_size: s.real_size,
                ..p::DirStats::default()
            }),
            Form::OldTools => p::DirStatsReply::OldTools(p::OldDirStats {
                inodes: s.inodes,
                dirs: s.dirs,
                files: s.files,
                chunks: s.chunks,
                length: s.length,
                size: s.size,
                real_size: s.real_size,
            }),
        })
    }

    pub(super) fn check_copies(&self, net: &mut Net, conn: ConnId, m: &Member, q: &p::FuseCheck) {
        let file = plan::need_chunk_file(&self.fs, &m.caps, q.inode);
        let (chunk, version, copies);
        let reply = match (file, q.index) {
            (Err(status), _) => Err(status),
            (Ok(_), Some(index)) if index.0 > MAX_CHUNK_INDEX => Err(Status::INDEXTOOBIG),
            (Ok(file), None) => Ok(p::CheckReply::File(self.copy_counts(&file))),
            (Ok(file), Some(index)) => {
                chunk = self.fs.chunk_at(file.inode, index).unwrap_or(ChunkId(0));
                version = self.fs.chunk(chunk).map_or(ChunkVersion(0), |c| c.version);
                copies = self.copies_of(chunk);
                Ok(p::CheckReply::Chunk(p::ChunkCopies { chunk, version, copies: Rest::Items(&copies) }))
            }
        };
        net.send(conn, &p::FuseCheckReply { msgid: q.msgid, reply: reply.into() });
    }

    /// Chunks by their good copies, then holes.
    fn copy_counts(&self, file: &NodeView) -> [u32; 12] {
        const MANY: usize = 10;
        const HOLES: usize = 11;
        let mut counts = [0; 12];
        let mut present = 0;
        for (_, chunk) in self.fs.chunks_of(file.inode, ChunkIndex(0)) {
            present += 1;
            counts[self.cluster.copies(chunk).min(MANY)] += 1;
        }
        if let metadata::NodeBody::File { slots, .. } = file.body {
            counts[HOLES] = slots.saturating_sub(present);
        }
        counts
    }

    fn copies_of(&self, chunk: ChunkId) -> Vec<p::CopyInfo> {
        let replicas = self.cluster.replicas(chunk).unwrap_or_default();
        let shown = replicas.iter().filter_map(|(server, replica)| {
            let kind = match replica.state {
                ReplicaState::Valid | ReplicaState::Busy => 0,
                ReplicaState::RemovalValid | ReplicaState::RemovalBusy => 1,
                ReplicaState::Wrong => 2,
                ReplicaState::RemovalWrong => 3,
                ReplicaState::Invalid => 4,
                ReplicaState::Deleting => return None,
            };
            Some(p::CopyInfo { addr: SocketAddrV4::new(server.ip, server.port), kind })
        });
        shown.collect()
    }

    /// NODE_INFO: entries of a directory or chunks of a file, from a place on.
    pub(super) fn node_info(&mut self, net: &mut Net, conn: ConnId, m: &Member, q: &p::NodeInfoRequest) {
        /// What a packet has room for, whatever is asked for.
        const MOST: u32 = 1_000_000;
        let most = q.max_entries.clamp(1, MOST) as usize;
        let (children, chunks);
        let reply = match plan::resolve(&self.fs, &m.caps, q.inode) {
            Err(status) => Err(status),
            Ok(node) if node.is_dir() => {
                let from = self.bookmarks.cursor(&self.fs, node.inode, q.next);
                let mut entries = self.fs.read_dir(node.inode, from);
                children = entries.by_ref().take(most).map(|entry| entry.inode).collect::<Vec<_>>();
                let next = entries.next().map_or(0, |entry| {
                    self.bookmarks.add(node.inode, entry.cursor);
                    entry.cursor.edge_id
                });
                Ok(p::NodeInfo::Dir { next, children: Rest::Items(&children) })
            }
            Ok(node) if node.kind.has_chunks() => {
                let from = ChunkIndex(u32::try_from(q.next).unwrap_or(u32::MAX));
                let all = self.fs.chunks_of(node.inode, from);
                let next = all.get(most).map_or(0, |(index, _)| u64::from(index.0));
                let length = node.length();
                let info = |(index, chunk): &(ChunkIndex, ChunkId)| p::ChunkInfo {
                    chunk: *chunk,
                    size: stored_size(length, *index),
                    copies: u8::try_from(self.cluster.copies(*chunk)).unwrap_or(u8::MAX),
                };
                chunks = all.iter().take(most).map(info).collect::<Vec<_>>();
                Ok(p::NodeInfo::File { next, length, chunks: Rest::Items(&chunks) })
            }
            Ok(_) => Ok(p::NodeInfo::Other),
        };
        net.send(conn, &p::NodeInfoReply { msgid: q.msgid, reply: reply.into() });
    }
}

/// Bytes that one copy of a chunk takes on a disk, for accounting.
fn stored_size(length: u64, index: ChunkIndex) -> u32 {
    let data = length.saturating_sub(u64::from(index.0) * CHUNK_SIZE).min(CHUNK_SIZE);
    // At most a chunk and its header.
    (data.next_multiple_of(BLOCK_SIZE.into()) + CHUNK_HEADER_SIZE) as u32
}
