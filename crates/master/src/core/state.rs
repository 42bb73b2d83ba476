//! What the master knows.

use crate::client::{ClientLinks, sessions::Sessions};
use crate::config::Config;
use crate::data_cache::DataCache;
use crate::exports::Export;
use crate::journal::Journal;
use crate::recovery::Unfinished;
use crate::storage::Storage;
use metadata::Fs;
use placement::Cluster;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;
use types::Inode;

/// All state, owned by the loop's thread.
pub(crate) struct Master {
    /// What it was told to do.
    pub(crate) config: Config,
    /// The data directory.
    pub(crate) storage: Arc<dyn Storage>,
    /// Everything that image and changelog can rebuild.
    pub(crate) fs: Fs,
    /// The changelog.
    pub(crate) journal: Journal,
    /// Everything that registration of chunkservers can rebuild.
    pub(crate) cluster: Cluster,
    /// Clients' connections.
    pub(crate) clients: ClientLinks,
    /// What metadata does not keep of sessions.
    pub(crate) sessions: Sessions,
    /// Chunkservers' connections.
    pub(crate) chunkservers: crate::cs::CsLinks,
    /// Metaloggers' connections, and the lines kept for them.
    pub(crate) metaloggers: crate::metaloggers::Metaloggers,
    /// Requests that wait for chunkservers.
    pub(crate) pending: crate::client::pending::PendingChunks,
    /// Calls that wait for locks.
    pub(crate) locks: crate::client::locks::LockWaiters,
    /// Who may mount what.
    pub(crate) exports: Vec<Export>,
    /// Who may keep what in their caches.
    pub(crate) data_cache: DataCache,
    /// Where listings of directories stopped.
    pub(crate) bookmarks: metadata::plan::Bookmarks,
    /// Ends of the room reserved for appends.
    pub(crate) reservations: HashMap<Inode, u64>,
    /// Writes of before the start that may not have begun.
    pub(crate) unfinished: Vec<Unfinished>,
    /// What placement said and is not done yet.
    pub(crate) chunk_events: VecDeque<placement::Event>,
    /// When the loop began: placement's clock starts here.
    pub(crate) started: Instant,
    /// Unix seconds of the event at hand.
    pub(crate) now: u32,
    /// What was done each minute, for years.
    pub(crate) charts: crate::charts::ChartKeeper,
    /// Nanoseconds that belong to it; 0 when times are kept as stock does.
    pub(crate) now_nanos: u32,
    /// The check of all files.
    pub(crate) file_loop: crate::file_loop::FileLoop,
    /// Timers.
    pub(crate) timers: super::timers::Timers,
    /// Images: the last one, the one being written.
    pub(crate) images: super::images::Images,
    /// Alarms that were told.
    pub(crate) alarms: Vec<String>,
}
