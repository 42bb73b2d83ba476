//! What all threads of a chunkserver share.

use crate::Config;
use crate::data::Successors;
use crate::identity::Identity;
use crate::jobs::JobPool;
use crate::pulse::Pulses;
use chunkstore::Store;
use net::bulk::BlockPool;
use parking_lot::{Mutex, RwLock};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Unused blocks kept for the next request.
const KEEP_BLOCKS: usize = 256;
/// Orders that may wait before the master is told NOTDONE.
const MAX_ORDERS: usize = 10_000;
/// Replications at once; the master's own limits are lower.
const REPLICATIONS: usize = 32;

/// Shared state.
pub(crate) struct Server {
    pub(crate) store: Arc<Store>,
    pub(crate) blocks: Arc<BlockPool>,
    pub(crate) pulses: Arc<Pulses>,
    pub(crate) successors: Successors,
    pub(crate) orders: Arc<JobPool>,
    pub(crate) replications: Arc<JobPool>,
    pub(crate) identity: Mutex<Identity>,
    /// The master, while we are registered with it.
    pub(crate) master: Mutex<Option<SocketAddrV4>>,
    /// Where the data port is.
    pub(crate) listen: SocketAddrV4,
    config: RwLock<Arc<Config>>,
    /// Requests in work on data connections.
    active: AtomicU32,
    pub(crate) connections: AtomicUsize,
    stop: AtomicBool,
}

/// A request in work.
pub(crate) struct Active<'a>(&'a AtomicU32);

impl Server {
    pub(crate) fn new(
        config: Config,
        store: Arc<Store>,
        identity: Identity,
        listen: SocketAddrV4,
    ) -> Arc<Server> {
        let (threads, idle) = (config.workers_max as usize, config.workers_max_idle as usize);
        Arc::new(Server {
            store,
            blocks: BlockPool::new(KEEP_BLOCKS),
            pulses: Pulses::new(),
            successors: Successors::default(),
            orders: JobPool::new("order", threads, idle, MAX_ORDERS),
            replications: JobPool::new("replicate", REPLICATIONS, 4, MAX_ORDERS),
            identity: Mutex::new(identity),
            master: Mutex::default(),
            listen,
            config: RwLock::new(Arc::new(config)),
            active: AtomicU32::new(0),
            connections: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        })
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.read().clone()
    }

    pub(crate) fn set_config(&self, config: Config) {
        *self.config.write() = Arc::new(config);
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Starts a request; `None` if as many are in work as may be.
    pub(crate) fn begin(&self) -> Option<Active<'_>> {
        let max = self.config().workers_max;
        let before = self.active.fetch_add(1, Ordering::AcqRel);
        let active = Active(&self.active);
        (before < max).then_some(active)
    }

    /// Requests and orders in work or waiting.
    pub(crate) fn load(&self) -> u32 {
        self.active.load(Ordering::Acquire) + self.orders.load() + self.replications.load()
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
