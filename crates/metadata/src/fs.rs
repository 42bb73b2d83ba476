//! The state as a whole.

use crate::file::{Chunks, Tables};
use crate::ns::TreeStats;
use crate::ns::edges::{FIRST_EDGE_ID, UNSET_EDGE_ID};
use crate::ns::records::{EdgeRec, NodeRec};
use crate::ns::times::FineTimes;
use crate::store::{Bitmap, Chunked, Hasher, Index, Pages, Slab, Strings};
use crate::tables::acl::Acls;
use crate::tables::csdb::Csdb;
use crate::tables::flock::Flocks;
use crate::tables::free::Free;
use crate::tables::opens::Opens;
use crate::tables::plock::Plocks;
use crate::tables::quota::Quotas;
use crate::tables::sclass::Classes;
use crate::tables::sessions::Sessions;
use crate::tables::xattr::Xattrs;
use std::sync::Arc;
use types::{Inode, NodeType, ROOT};

/// Buckets of the trash: inode modulo this.
pub(crate) const TRASH_BUCKETS: u32 = 4096;
/// Buckets of sustained files: inode modulo this.
pub(crate) const SUSTAINED_BUCKETS: u32 = 256;
/// Storage class of a new file system's root: two copies.
const ROOT_CLASS: u8 = 2;

/// Nodes per page: 6 KiB.
pub(crate) type Nodes = Pages<NodeRec, 128>;
/// Names per page: 4 KiB.
pub(crate) type Edges = Slab<EdgeRec, 128>;

/// First edges of the buckets of nameless files.
#[derive(Clone)]
pub(crate) struct Buckets {
    pub(crate) heads: Arc<Vec<u32>>,
    pub(crate) count: u64,
    /// Sum of the files' lengths, bytes.
    pub(crate) length: u64,
}

impl Buckets {
    fn new(buckets: u32) -> Self {
        Buckets { heads: Arc::new(vec![0; buckets as usize]), count: 0, length: 0 }
    }
}

/// The whole metadata. See the crate's page.
pub struct Fs {
    pub(crate) version: u64,
    pub(crate) meta_id: u64,
    pub(crate) nodes: Nodes,
    pub(crate) fine_times: FineTimes,
    pub(crate) node_count: u32,
    pub(crate) max_inode: u32,
    /// Numbers of nodes and of [`Fs::free`], and 0.
    pub(crate) inodes: Bitmap,
    pub(crate) free: Free,
    pub(crate) edges: Edges,
    pub(crate) names: Strings,
    pub(crate) by_name: Index,
    pub(crate) hasher: Hasher,
    pub(crate) next_edge_id: u64,
    /// The ids of entries do not ascend along some list.
    pub(crate) renumber: bool,
    pub(crate) trash: Buckets,
    pub(crate) sustained: Buckets,
    pub(crate) stats: Chunked<TreeStats>,
    pub(crate) stats_end: u32,
    pub(crate) free_stats: Vec<u32>,
    pub(crate) tables: Tables,
    pub(crate) chunks: Chunks,
    pub(crate) classes: Classes,
    pub(crate) acls: Acls,
    pub(crate) xattrs: Xattrs,
    pub(crate) quotas: Quotas,
    pub(crate) sessions: Sessions,
    pub(crate) opens: Opens,
    pub(crate) flocks: Flocks,
    pub(crate) plocks: Plocks,
    pub(crate) csdb: Csdb,
}

impl Fs {
    /// A file system without even a root, for loaders. `seed` keys the table of names.
    pub(crate) fn bare(seed: u64) -> Self {
        let mut inodes = Bitmap::new();
        inodes.insert(0);
        Fs {
            version: 1,
            meta_id: 0,
            nodes: Nodes::new(),
            fine_times: FineTimes::new(),
            node_count: 0,
            max_inode: 0,
            inodes,
            free: Free::default(),
            edges: Edges::new(),
            names: Strings::new(),
            by_name: Index::new(),
            hasher: Hasher::new(seed),
            next_edge_id: UNSET_EDGE_ID,
            renumber: false,
            trash: Buckets::new(TRASH_BUCKETS),
            sustained: Buckets::new(SUSTAINED_BUCKETS),
            stats: Chunked::new(),
            stats_end: 0,
            free_stats: Vec::new(),
            tables: Tables::new(),
            chunks: Chunks::new(),
            classes: Classes::new(),
            acls: Acls::default(),
            xattrs: Xattrs::default(),
            quotas: Quotas::default(),
            sessions: Sessions::new(),
            opens: Opens::default(),
            flocks: Flocks::default(),
            plocks: Plocks::default(),
            csdb: Csdb::default(),
        }
    }

    /// What the 8 bytes `MFSM NEW` stand for (`spec/metadata-format.md` 4), made at `ts`: an empty root, the classes
    /// 1 to 9, version 1, no id yet.
    pub fn new_empty(ts: u32) -> Self {
        let mut fs = Fs::bare(u64::from(ts));
        fs.next_edge_id = FIRST_EDGE_ID;
        fs.inodes.insert(ROOT.0);
        let root = NodeRec {
            kind: NodeType::Dir as u8,
            sclass: ROOT_CLASS,
            mode: 0o777,
            trash_hours: 24,
            atime: ts,
            mtime: ts,
            ctime: ts,
            ..NodeRec::default()
        };
        fs.put_node(ROOT, root);
        fs
    }

    fn buckets_of(&mut self, inode: Inode) -> (&mut Buckets, u32) {
        let is_trash = self.node(inode).is(NodeType::Trash);
        let (buckets, n) = match is_trash {
            true => (&mut self.trash, TRASH_BUCKETS),
            false => (&mut self.sustained, SUSTAINED_BUCKETS),
        };
        (buckets, inode.0 % n)
    }

    /// The first edge of the bucket of a trash or sustained file.
    pub(crate) fn bucket_head(&mut self, inode: Inode) -> &mut u32 {
        let (buckets, at) = self.buckets_of(inode);
        &mut Arc::make_mut(&mut buckets.heads)[at as usize]
    }

    /// Counts a trash or sustained file in (1) or out (-1).
    pub(crate) fn count_deleted(&mut self, inode: Inode, by: i64) {
        let length = self.node(inode).a;
        let buckets = self.buckets_of(inode).0;
        buckets.count = buckets.count.wrapping_add_signed(by);
        buckets.length =
            if by > 0 { buckets.length.wrapping_add(length) } else { buckets.length.wrapping_sub(length) };
    }

    /// The length of a trash or sustained file was another one before.
    pub(crate) fn deleted_length_changed(&mut self, inode: Inode, before: u64) {
        let now = self.node(inode).a;
        let buckets = self.buckets_of(inode).0;
        buckets.length = buckets.length.wrapping_sub(before).wrapping_add(now);
    }
}
