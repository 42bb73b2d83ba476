//! The smaller tables, and totals.

use crate::fs::Fs;
use crate::ns::TreeStats;
use crate::tables::acl::Acl;
use crate::tables::csdb::CsRecord;
use crate::tables::flock::Flock;
use crate::tables::plock::{PosixChange, PosixLocks};
use crate::tables::quota::Quota;
use crate::tables::sclass::StorageClass;
use crate::tables::sessions::Session;
use crate::tables::xattr::Xattr;
use std::sync::Arc;
use types::{ChunkId, Inode, ROOT, SessionId};

/// Numbers of the whole file system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Nodes of all kinds, with the root.
    pub nodes: u32,
    /// The highest inode number ever used.
    pub max_inode: u32,
    /// Everything below the root; names count, so a file with two counts twice.
    pub tree: TreeStats,
    /// Files in the trash.
    pub trash_files: u64,
    /// Bytes of their lengths.
    pub trash_space: u64,
    /// Sustained files.
    pub sustained_files: u64,
    /// Bytes of their lengths.
    pub sustained_space: u64,
    /// Inode numbers that wait before they can be used again.
    pub free_inodes: u64,
    /// Chunks known.
    pub chunks: u32,
}

/// Memory of the large tables: bytes taken, and bytes of what is in them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryUse {
    /// Finds chunks by id.
    pub chunk_index: (u64, u64),
    /// What is known of chunks.
    pub chunks: (u64, u64),
    /// Finds names.
    pub edge_index: (u64, u64),
    /// Directory entries, without their names.
    pub edges: (u64, u64),
    /// Nodes; they need no index.
    pub nodes: (u64, u64),
    /// Numbers that wait until they can be used again.
    pub free_inodes: (u64, u64),
    /// Chunks of files that have more than one.
    pub chunk_tables: (u64, u64),
    /// Names, and targets of symbolic links.
    pub strings: (u64, u64),
    /// Quotas.
    pub quotas: (u64, u64),
}

impl Fs {
    /// The number the next changelog line carries.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The id of this metadata; 0 before it has one.
    pub fn meta_id(&self) -> u64 {
        self.meta_id
    }

    /// True when a loaded image had entries whose ids do not ascend: `RENUMERATEEDGES` is due before anything else.
    pub fn needs_renumbering(&self) -> bool {
        self.renumber
    }

    /// Totals, at no cost.
    pub fn totals(&self) -> Totals {
        Totals {
            nodes: self.node_count,
            max_inode: self.max_inode,
            tree: self.below(&self.node(ROOT)),
            trash_files: self.trash.count,
            trash_space: self.trash.length,
            sustained_files: self.sustained.count,
            sustained_space: self.sustained.length,
            free_inodes: self.free.len() as u64,
            chunks: self.chunks.recs.len(),
        }
    }

    /// Bytes of memory that each large table takes, and bytes that its contents need.
    pub fn memory(&self) -> MemoryUse {
        let free = self.free.len() as u64 * size_of::<(u32, u32)>() as u64;
        let quotas = self.quotas.iter().count() * (size_of::<Quota>() + 4 * size_of::<u64>());
        let node = size_of::<crate::ns::records::NodeRec>() as u64;
        let nodes = u64::from(self.node_count) * node + self.fine_times.bytes();
        MemoryUse {
            chunk_index: self.chunks.index_bytes(),
            chunks: self.chunks.recs.bytes(),
            edge_index: self.by_name.bytes(),
            edges: self.edges.bytes(),
            nodes: (self.nodes.bytes() + self.fine_times.bytes(), nodes),
            free_inodes: (free, free),
            chunk_tables: self.tables.bytes(),
            strings: self.names.bytes(),
            quotas: (quotas as u64, quotas as u64),
        }
    }

    /// The number the next new node gets.
    pub fn next_inode(&self) -> Option<Inode> {
        self.inodes.lowest_absent().map(Inode)
    }

    /// The id the next new chunk gets.
    pub fn next_chunk_id(&self) -> ChunkId {
        ChunkId(self.chunks.next_id)
    }

    /// The id the next session gets.
    pub fn next_session_id(&self) -> SessionId {
        SessionId(self.sessions.next)
    }

    /// An inode number that waits until it can be used again, and since when; the one that waits longest is at 0.
    pub fn waiting_inode(&self, at: usize) -> Option<(Inode, u32)> {
        self.free.get(at)
    }

    /// A session.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// All sessions, ascending.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.by_id.iter().map(|(id, session)| (SessionId(*id), &**session))
    }

    /// True when any session has the file open.
    pub fn is_open(&self, inode: Inode) -> bool {
        self.opens.is_open(inode)
    }

    /// True when this session has the file open.
    pub fn is_open_in(&self, session: SessionId, inode: Inode) -> bool {
        self.opens.contains(session, inode)
    }

    /// Sessions that have a file open, ascending.
    pub fn opened_by(&self, inode: Inode) -> impl Iterator<Item = SessionId> {
        self.opens.sessions(inode)
    }

    /// Files a session has open, the newest first.
    pub fn open_files(&self, session: SessionId) -> impl Iterator<Item = Inode> {
        self.opens.files(session)
    }

    /// Active BSD locks of a file.
    pub fn flocks(&self, inode: Inode) -> &[Flock] {
        self.flocks.list(inode)
    }

    /// All active BSD locks.
    pub fn all_flocks(&self) -> impl Iterator<Item = (Inode, &Flock)> {
        self.flocks.iter()
    }

    /// POSIX locks of a file.
    pub fn posix_locks(&self, inode: Inode) -> &[PosixLocks] {
        self.plocks.list(inode)
    }

    /// All POSIX locks.
    pub fn all_posix_locks(&self) -> impl Iterator<Item = (Inode, &[PosixLocks])> {
        self.plocks.iter()
    }

    /// True when another owner's lock stands against locking `start` to `end` (not included).
    pub fn posix_lock_conflicts(
        &self,
        inode: Inode,
        (session, owner): (SessionId, u64),
        (start, end): (u64, u64),
        exclusive: bool,
    ) -> bool {
        let change = PosixChange { session, owner, pid: 0, start, end, kind: Some(exclusive) };
        self.plocks.conflicts(inode, &change)
    }

    /// The quota of a directory.
    pub fn quota(&self, inode: Inode) -> Option<&Quota> {
        self.quotas.get(inode)
    }

    /// All quotas, the newest first.
    pub fn quotas(&self) -> impl Iterator<Item = (Inode, &Quota)> {
        self.quotas.iter()
    }

    /// A storage class.
    pub fn sclass(&self, id: u8) -> Option<&StorageClass> {
        self.classes.get(id)
    }

    /// The class with this name.
    pub fn sclass_by_name(&self, name: &[u8]) -> Option<u8> {
        self.classes.by_name(name)
    }

    /// All classes, ascending.
    pub fn sclasses(&self) -> impl Iterator<Item = (u8, &StorageClass)> {
        self.classes.iter()
    }

    /// Nodes that have a class.
    pub fn sclass_users(&self, id: u8) -> u64 {
        self.classes.users(id)
    }

    /// Files, living or not, and directories that have a class.
    pub fn sclass_files_and_dirs(&self, id: u8) -> (u64, u64) {
        let dirs = self.classes.dirs(id);
        (self.classes.users(id) - dirs, dirs)
    }

    /// The chunkserver at an address.
    pub fn chunkserver(&self, ip: u32, port: u16) -> Option<&CsRecord> {
        self.csdb.by_address.get(&(ip, port))
    }

    /// The address of the chunkserver with an id.
    pub fn chunkserver_by_id(&self, id: u16) -> Option<(u32, u16)> {
        self.csdb.by_id(id)
    }

    /// All chunkservers, by address.
    pub fn chunkservers(&self) -> impl Iterator<Item = ((u32, u16), &CsRecord)> {
        self.csdb.by_address.iter().map(|(address, cs)| (*address, cs))
    }

    /// An extended attribute.
    pub fn xattr(&self, inode: Inode, name: &[u8]) -> Option<&Xattr> {
        self.xattrs.get(inode, name)
    }

    /// All extended attributes of a node, the newest first.
    pub fn xattrs(&self, inode: Inode) -> &[Arc<Xattr>] {
        self.xattrs.list(inode)
    }

    /// An ACL: [`Acl::ACCESS`] or [`Acl::DEFAULT`].
    pub fn acl(&self, inode: Inode, kind: u8) -> Option<&Acl> {
        self.acls.peek(inode, kind)
    }

    /// Chunk ids that files name although no such chunk is known.
    pub fn missing_chunks(&self) -> impl Iterator<Item = ChunkId> {
        self.chunks.dangling().map(ChunkId)
    }

    /// Every chunk, in no order.
    pub fn chunks(&self) -> impl Iterator<Item = crate::ChunkInfo> {
        self.chunks.recs.pages().iter().filter(|(_, rec)| rec.id != 0).map(|(_, rec)| rec.info())
    }
}
