//! The state at one moment, for writers of images.

use crate::file::{ChunkRec, TablesView};
use crate::fs::{Buckets, Fs, Nodes};
use crate::ns::records::EdgeRec;
use crate::ns::times::FineTimes;
use crate::store::{Pages, StringsView};
use crate::tables::acl::Acls;
use crate::tables::csdb::Csdb;
use crate::tables::flock::Flocks;
use crate::tables::free::Free;
use crate::tables::opens::Opens;
use crate::tables::plock::Plocks;
use crate::tables::quota::Quotas;
use crate::tables::sclass::ClassList;
use crate::tables::sessions::Sessions;
use crate::tables::xattr::Xattrs;

/// All that an image needs of a state, shared with it. Making one costs a reference count per 32,768 records;
/// holding one makes the live state copy each page it writes for the first time. May be sent to any thread.
pub struct Snapshot {
    pub(super) version: u64,
    pub(super) meta_id: u64,
    pub(super) nodes: Nodes,
    pub(super) fine_times: FineTimes,
    pub(super) node_count: u32,
    pub(super) max_inode: u32,
    pub(super) edges: Pages<EdgeRec, 128>,
    pub(super) names: StringsView,
    pub(super) next_edge_id: u64,
    pub(super) trash: Buckets,
    pub(super) sustained: Buckets,
    pub(super) tables: TablesView,
    pub(super) chunks: Pages<ChunkRec, 128>,
    pub(super) next_chunk_id: u64,
    pub(super) free: Free,
    pub(super) classes: ClassList,
    pub(super) acls: Acls,
    pub(super) xattrs: Xattrs,
    pub(super) quotas: Quotas,
    pub(super) sessions: Sessions,
    pub(super) opens: Opens,
    pub(super) flocks: Flocks,
    pub(super) plocks: Plocks,
    pub(super) csdb: Csdb,
}

impl Fs {
    /// Keeps the state as it is now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            version: self.version,
            meta_id: self.meta_id,
            nodes: self.nodes.clone(),
            fine_times: self.fine_times.clone(),
            node_count: self.node_count,
            max_inode: self.max_inode,
            edges: self.edges.pages().clone(),
            names: self.names.view(),
            next_edge_id: self.next_edge_id,
            trash: self.trash.clone(),
            sustained: self.sustained.clone(),
            tables: self.tables.view(),
            chunks: self.chunks.recs.pages().clone(),
            next_chunk_id: self.chunks.next_id,
            free: self.free.clone(),
            classes: self.classes.list(),
            acls: self.acls.clone(),
            xattrs: self.xattrs.clone(),
            quotas: self.quotas.clone(),
            sessions: self.sessions.clone(),
            opens: self.opens.clone(),
            flocks: self.flocks.clone(),
            plocks: self.plocks.clone(),
            csdb: self.csdb.clone(),
        }
    }
}

impl Snapshot {
    /// The number of the first changelog line that is not in it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The id of the metadata.
    pub fn meta_id(&self) -> u64 {
        self.meta_id
    }
}
