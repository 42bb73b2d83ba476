//! One node, one chunk.

use crate::file::count;
use crate::fs::Fs;
use crate::ns::TreeStats;
use crate::ns::nodes::eattr;
use crate::ns::records::{HAS_ACL, HAS_XATTR, NodeRec};
use types::{ChunkId, ChunkIndex, ChunkVersion, Inode, NodeType, Time};

/// What a node is beside its attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeBody {
    /// A file, living, in the trash, or sustained.
    File {
        /// Bytes.
        length: u64,
        /// Slots of its chunk table up to the last one that holds a chunk.
        slots: u32,
    },
    /// A directory.
    Dir {
        /// Names in it.
        entries: u32,
        /// Directories among them.
        subdirs: u32,
    },
    /// A symbolic link; see [`Fs::symlink`].
    Symlink {
        /// Bytes of its target.
        length: u32,
    },
    /// A block or character device.
    Device {
        /// The number, as the client gave it.
        rdev: u32,
    },
    /// A named pipe or a socket.
    Other,
}

/// All attributes of a node. A copy: it does not follow later changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeView {
    /// Its number.
    pub inode: Inode,
    /// Its type.
    pub kind: NodeType,
    /// Storage class; 0 for what is neither file nor directory.
    pub sclass: u8,
    /// Extra attribute bits (`spec/metadata-format.md` 1).
    pub eattr: u8,
    /// A byte for Windows clients.
    pub winattr: u8,
    /// Twelve permission bits as stored; with an access ACL its mask counts (see [`Fs::acl`]).
    pub mode: u16,
    /// Hours a deleted file stays in the trash.
    pub trash_hours: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last access.
    pub atime: Time,
    /// Last change of the content.
    pub mtime: Time,
    /// Last change of the node.
    pub ctime: Time,
    /// Directories: 2 + sub-directories; others: names, 0 for trash and sustained files.
    pub nlink: u32,
    /// True with extended attributes.
    pub has_xattrs: bool,
    /// True with an access or default ACL.
    pub has_acl: bool,
    /// The rest.
    pub body: NodeBody,
}

impl NodeView {
    /// Extra attribute: everybody counts as owner.
    pub const NOOWNER: u8 = eattr::NOOWNER;
    /// Extra attribute: attributes must not be cached.
    pub const NOATTRCACHE: u8 = 0x02;
    /// Extra attribute: names in this directory must not be cached.
    pub const NOENTRYCACHE: u8 = eattr::NOENTRYCACHE;
    /// Extra attribute: data must not be cached.
    pub const NODATACACHE: u8 = 0x08;
    /// Extra attribute: an unchanged copy made by a snapshot.
    pub const SNAPSHOT: u8 = eattr::SNAPSHOT;
    /// Extra attribute: must not be deleted.
    pub const UNDELETABLE: u8 = eattr::UNDELETABLE;
    /// Extra attribute: may only grow.
    pub const APPENDONLY: u8 = eattr::APPENDONLY;
    /// Extra attribute: must not change.
    pub const IMMUTABLE: u8 = eattr::IMMUTABLE;

    /// True for directories.
    pub fn is_dir(&self) -> bool {
        self.kind == NodeType::Dir
    }

    /// Length of a file in bytes, 0 for others.
    pub fn length(&self) -> u64 {
        if let NodeBody::File { length, .. } = self.body { length } else { 0 }
    }

    /// True when any of the bits is set.
    pub fn has_eattr(&self, bits: u8) -> bool {
        self.eattr & bits != 0
    }
}

/// A chunk as metadata knows it. Where its copies are is not known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkInfo {
    /// Its number.
    pub id: ChunkId,
    /// Its version.
    pub version: ChunkVersion,
    /// Unix seconds; the chunk is locked while this is not in the past.
    pub locked_until: u32,
    /// The archive copies of its class count.
    pub archived: bool,
    /// Files (and places in files) that refer to it.
    pub refs: u32,
    /// The class that rules it; 0 without references.
    pub class: u8,
}

impl ChunkInfo {
    /// True while a client holds the right to change it.
    pub fn is_locked(&self, now: u32) -> bool {
        self.locked_until >= now
    }
}

/// A name of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParentLink<'a> {
    /// The directory; 0 for trash and sustained files.
    pub parent: Inode,
    /// The name there; for trash and sustained files the remembered path, at most 1024 bytes.
    pub name: &'a [u8],
    /// The name's id in directory listings.
    pub edge_id: u64,
}

impl Fs {
    /// A node's attributes.
    pub fn get(&self, inode: Inode) -> Option<NodeView> {
        let rec = self.node(inode);
        let kind = rec.node_type()?;
        let [atime, mtime, ctime] = self.times(inode);
        Some(NodeView {
            inode,
            kind,
            sclass: rec.sclass,
            eattr: rec.eattr,
            winattr: rec.winattr,
            mode: rec.mode,
            trash_hours: rec.trash_hours,
            uid: rec.uid,
            gid: rec.gid,
            atime,
            mtime,
            ctime,
            nlink: self.nlink(&rec),
            has_xattrs: rec.has(HAS_XATTR),
            has_acl: rec.has(HAS_ACL),
            body: self.body(kind, &rec),
        })
    }

    fn body(&self, kind: NodeType, rec: &NodeRec) -> NodeBody {
        match kind {
            NodeType::File | NodeType::Trash | NodeType::Sustained => {
                NodeBody::File { length: rec.a, slots: count(rec) }
            }
            NodeType::Dir => NodeBody::Dir { entries: rec.entries(), subdirs: rec.subdirs() },
            NodeType::Symlink => NodeBody::Symlink { length: self.names.get(rec.a as u32).len() as u32 },
            NodeType::BlockDev | NodeType::CharDev => NodeBody::Device { rdev: rec.a as u32 },
            NodeType::Fifo | NodeType::Socket => NodeBody::Other,
        }
    }

    fn nlink(&self, rec: &NodeRec) -> u32 {
        if rec.is_dir() {
            return rec.subdirs().saturating_add(2);
        }
        // Without the names: this is asked for each entry of a listing.
        let (mut edge, mut names) = (rec.parents, 0);
        while edge != 0 {
            let link = self.edges.get(edge);
            names += u32::from(link.parent != 0);
            edge = link.next_parent;
        }
        names
    }

    fn links(&self, first: u32) -> impl Iterator<Item = ParentLink<'_>> {
        let mut edge = first;
        std::iter::from_fn(move || {
            let rec = (edge != 0).then(|| self.edges.get(edge))?;
            edge = rec.next_parent;
            Some(ParentLink { parent: Inode(rec.parent), name: self.names.get(rec.name), edge_id: rec.id })
        })
    }

    /// All names of a node, the newest first. The root has none.
    pub fn parents(&self, inode: Inode) -> impl Iterator<Item = ParentLink<'_>> {
        self.links(self.node(inode).parents)
    }

    /// The remembered path of a trash or sustained file.
    pub fn deleted_path(&self, inode: Inode) -> Option<&[u8]> {
        let rec = self.node(inode);
        let nameless = rec.is(NodeType::Trash) || rec.is(NodeType::Sustained);
        nameless.then(|| self.names.get(self.edges.get(rec.parents).name))
    }

    /// The target of a symbolic link.
    pub fn symlink(&self, inode: Inode) -> Option<&[u8]> {
        let rec = self.node(inode);
        rec.is(NodeType::Symlink).then(|| self.names.get(rec.a as u32))
    }

    /// The chunk at a place in a file; `None` for a hole.
    pub fn chunk_at(&self, inode: Inode, index: ChunkIndex) -> Option<ChunkId> {
        let rec = self.node(inode);
        let id = if rec.has_chunks() { self.tables.get(inode, &rec, index.0) } else { 0 };
        (id != 0).then_some(ChunkId(id))
    }

    /// Places of a file from `from` on that hold a chunk.
    pub fn chunks_of(&self, inode: Inode, from: ChunkIndex) -> Vec<(ChunkIndex, ChunkId)> {
        let rec = self.node(inode);
        if !rec.has_chunks() {
            return Vec::new();
        }
        self.tables.iter_from(inode, &rec, from.0).map(|(i, id)| (ChunkIndex(i), ChunkId(id))).collect()
    }

    /// What is known of a chunk.
    pub fn chunk(&self, id: ChunkId) -> Option<ChunkInfo> {
        self.chunks.get(id.0).map(|rec| rec.info())
    }

    /// References to a chunk by storage class, ascending.
    pub fn chunk_class_refs(&self, id: ChunkId) -> Vec<(u8, u32)> {
        self.chunks.class_refs(id.0)
    }

    /// What lies below a directory; the directory itself is not counted. `None` for other nodes.
    pub fn stats_below(&self, inode: Inode) -> Option<TreeStats> {
        let rec = self.node(inode);
        rec.is_dir().then(|| self.below(&rec))
    }

    /// A node with all below it, as `mfsdirinfo` shows it.
    pub fn stats(&self, inode: Inode) -> Option<TreeStats> {
        let rec = self.node(inode);
        rec.exists().then(|| self.own_stats(inode, &rec))
    }
}
