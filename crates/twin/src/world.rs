//! What the driver knows of the file system from stock's answers: enough to ask for things that exist.

use crate::clients::CLIENTS;
use crate::link::Frame;
use proto::Direction;
use proto::client_master::{CltoMa, MatoCl, Register, RegisterReply};
use std::collections::{BTreeMap, BTreeSet};
use types::{Inode, NodeType, Reply};

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The directory, as the real root sees it.
    pub parent: u32,
    /// The name.
    pub name: Vec<u8>,
    /// The node.
    pub inode: u32,
    /// True for a directory.
    pub dir: bool,
}

/// A chunk that a client has locked for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Who.
    pub client: usize,
    /// The chunk.
    pub chunk: u64,
    /// The file.
    pub inode: u32,
    /// Where in the file.
    pub index: u32,
    /// The file's length.
    pub length: u64,
}

/// All of it.
#[derive(Debug, Default)]
pub struct World {
    /// Names, most of those that exist.
    pub entries: Vec<Entry>,
    /// Inodes that names were removed from.
    pub removed: Vec<u32>,
    /// Files in the trash, as far as somebody looked.
    pub trash: Vec<u32>,
    /// What each client has open.
    pub open: BTreeMap<usize, BTreeSet<u32>>,
    /// Deleted files that nobody has open any more: they go when their bucket's second comes, which is not the same
    /// second at both masters, so nobody asks for them any more.
    pub limbo: BTreeSet<u32>,
    /// Writes that have begun.
    pub writes: Vec<Write>,
    /// Each client's session.
    pub sessions: BTreeMap<usize, u32>,
    /// The inode of each client's root.
    pub roots: BTreeMap<usize, u32>,
    /// The metadata's id at stock and at ours.
    pub metaids: [u64; 2],
    /// Nodes below the root, when somebody last asked.
    pub size: u32,
    /// A client's requests that have no answer yet.
    pub waiting: BTreeMap<u32, usize>,
}

impl World {
    /// What the inode in a client's request is.
    fn real(&self, client: usize, inode: Inode) -> u32 {
        if inode.0 == 1 { self.roots.get(&client).copied().unwrap_or(1) } else { inode.0 }
    }

    fn add(&mut self, client: usize, parent: Inode, name: &[u8], inode: Inode, dir: bool) {
        let entry = Entry { parent: self.real(client, parent), name: name.to_vec(), inode: inode.0, dir };
        self.entries.push(entry);
    }

    fn remove(&mut self, client: usize, parent: Inode, name: &[u8]) -> Option<Entry> {
        let parent = self.real(client, parent);
        let at = self.entries.iter().position(|e| e.parent == parent && e.name == name)?;
        Some(self.entries.swap_remove(at))
    }

    /// Learns from a request and stock's answer to it.
    pub fn learn(&mut self, client: usize, request: &CltoMa<'_>, frame: &Frame) {
        let Ok(reply) = MatoCl::decode(frame.id, &frame.body) else { return };
        match (request, &reply) {
            (CltoMa::FuseMkdir(q), MatoCl::FuseMkdirReply(r)) => {
                if let Reply::Body((inode, _)) = r.reply {
                    self.add(client, q.parent, q.name.as_bytes(), inode, true);
                }
            }
            (CltoMa::FuseMknod(q), MatoCl::FuseMknodReply(r)) => {
                if let Reply::Body((inode, _)) = r.reply {
                    self.add(client, q.parent, q.name.as_bytes(), inode, false);
                }
            }
            (CltoMa::FuseSymlink(q), MatoCl::FuseSymlinkReply(r)) => {
                if let Reply::Body((inode, _)) = r.reply {
                    self.add(client, q.parent, q.name.as_bytes(), inode, false);
                }
            }
            (CltoMa::FuseLink(q), MatoCl::FuseLinkReply(r)) => {
                if let Reply::Body((inode, _)) = r.reply {
                    self.add(client, q.parent, q.name.as_bytes(), inode, false);
                }
            }
            (CltoMa::FuseCreate(q), MatoCl::FuseCreateReply(r)) => {
                if let Reply::Body((_, inode, _)) = r.reply {
                    self.add(client, q.parent, q.name.as_bytes(), inode, false);
                    self.open.entry(client).or_default().insert(inode.0);
                }
            }
            (CltoMa::FuseLookup(q), MatoCl::FuseLookupReply(r)) => {
                if let Reply::Body(found) = &r.reply
                    && q.name.is_file_name()
                    && self
                        .remove(client, q.parent, q.name.as_bytes())
                        .is_none_or(|e| e.inode == found.inode.0)
                {
                    let dir = found.attr.kind == NodeType::Dir;
                    self.add(client, q.parent, q.name.as_bytes(), found.inode, dir);
                }
            }
            _ => self.learn_changes(client, request, &reply),
        }
    }

    fn learn_changes(&mut self, client: usize, request: &CltoMa<'_>, reply: &MatoCl<'_>) {
        match (request, reply) {
            (CltoMa::FuseUnlink(q), MatoCl::FuseUnlinkReply(r)) => {
                if let Reply::Body(inode) = r.reply {
                    self.remove(client, q.parent, q.name.as_bytes());
                    self.removed.push(inode.0);
                }
            }
            (CltoMa::FuseRmdir(q), MatoCl::FuseRmdirReply(r)) => {
                if let Reply::Body(inode) = r.reply {
                    self.remove(client, q.parent, q.name.as_bytes());
                    self.removed.push(inode.0);
                }
            }
            (CltoMa::FuseRename(q), MatoCl::FuseRenameReply(r)) => {
                if let Reply::Body((inode, attr)) = r.reply {
                    self.remove(client, q.src, q.src_name.as_bytes());
                    let replaced = self.remove(client, q.dst, q.dst_name.as_bytes());
                    self.removed.extend(replaced.map(|entry| entry.inode));
                    let dir = attr.kind == NodeType::Dir;
                    self.add(client, q.dst, q.dst_name.as_bytes(), inode, dir);
                }
            }
            (CltoMa::FuseOpen(q), MatoCl::FuseOpenReply(r)) => {
                if let Reply::Body(_) = r.reply {
                    let inode = self.real(client, q.inode);
                    self.open.entry(client).or_default().insert(inode);
                }
            }
            (CltoMa::FuseWriteChunk(q), MatoCl::FuseWriteChunkReply(r)) => {
                if let Reply::Body((_, found)) = &r.reply {
                    let (chunk, inode, index) = (found.place.chunk.0, q.inode.0, q.index.0);
                    self.writes.push(Write { client, chunk, inode, index, length: found.file_length });
                }
            }
            (CltoMa::FuseWriteChunkEnd(q), MatoCl::FuseWriteChunkEndReply(r)) => {
                if r.status == types::Status::OK {
                    self.writes.retain(|w| w.chunk != q.chunk.0);
                }
            }
            (CltoMa::FuseGettrash(_), MatoCl::FuseGettrashReply(r)) => {
                if let Reply::Body(list) = &r.reply {
                    self.trash = list.iter().map(|(_, inode)| inode.0).collect();
                }
            }
            (CltoMa::FuseGetdirstats(q), MatoCl::FuseGetdirstatsReply(r))
                if client == 0 && q.inode.0 == 1 =>
            {
                if let Reply::Body(proto::client_master::DirStatsReply::Mount(stats)) = r.reply {
                    self.size = stats.inodes;
                }
            }
            _ => self.learn_sessions(client, request, reply),
        }
    }

    fn learn_sessions(&mut self, client: usize, request: &CltoMa<'_>, reply: &MatoCl<'_>) {
        let (CltoMa::FuseRegister(q), MatoCl::FuseRegisterReply(r)) = (request, reply) else { return };
        match (&q.request, r.reply) {
            (Register::NewSession { .. }, RegisterReply::NewSession(new, _)) => {
                self.sessions.insert(client, new.session.0);
            }
            (Register::NewMetaSession { .. }, RegisterReply::NewMetaSession(new)) => {
                self.sessions.insert(client, new.session.0);
                self.roots.insert(client, 0);
            }
            _ => {}
        }
    }

    /// True when a client other than `client` has the file open.
    pub fn open_elsewhere(&self, client: usize, inode: u32) -> bool {
        self.open.iter().any(|(who, open)| *who != client && open.contains(&inode))
    }

    /// Clients that are in a session.
    pub fn mounted(&self, client: usize) -> bool {
        client < CLIENTS.len() && self.sessions.contains_key(&client)
    }
}
