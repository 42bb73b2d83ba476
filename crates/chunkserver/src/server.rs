//! What all threads of a chunkserver share.

use crate::Config;
use crate::charts::ChartKeeper;
use crate::counters::Traffic;
use crate::data::Successors;
use crate::identity::Identity;
use crate::jobs::JobPool;
use crate::pulse::Pulses;
use crate::throttle::Throttle;
use chunkstore::{Job, JobInfo, Store};
use net::bulk::BlockPool;
use parking_lot::{Condvar, Mutex, RwLock};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Unused blocks kept for the next request.
const KEEP_BLOCKS: usize = 256;
/// Orders that may wait before the master is told NOTDONE.
const MAX_ORDERS: usize = 10_000;
/// Replications at once; the master's own limits are lower.
const REPLICATIONS: usize = 32;

/// Which way replicated data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// Shared state.
pub(crate) struct Server {
    pub(crate) store: Arc<Store>,
    pub(crate) blocks: Arc<BlockPool>,
    pub(crate) pulses: Arc<Pulses>,
    pub(crate) successors: Successors,
    pub(crate) orders: Arc<JobPool>,
    pub(crate) replications: Arc<JobPool>,
    pub(crate) replication: Job,
    pub(crate) deletion: Job,
    /// Replication that comes in and that goes out.
    pub(crate) throttles: [Throttle; 2],
    pub(crate) traffic: Traffic,
    pub(crate) charts: ChartKeeper,
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
    stopped: (Mutex<()>, Condvar),
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
            replication: Job::new("replication"),
            deletion: Job::new("deletion"),
            throttles: Default::default(),
            traffic: Traffic::new(),
            charts: ChartKeeper::load(&config.data_path),
            identity: Mutex::new(identity),
            master: Mutex::default(),
            listen,
            config: RwLock::new(Arc::new(config)),
            active: AtomicU32::new(0),
            connections: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            stopped: Default::default(),
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
        // Whoever has seen that it does not stop yet waits by now, and is woken.
        drop(self.stopped.0.lock());
        self.stopped.1.notify_all();
    }

    /// Sleeps; not longer than until the server stops.
    pub(crate) fn pause(&self, time: Duration) {
        let mut held = self.stopped.0.lock();
        if !self.stopping() {
            self.stopped.1.wait_for(&mut held, time);
        }
    }

    /// Starts a request; `None` if as many are in work as may be.
    pub(crate) fn begin(&self) -> Option<Active<'_>> {
        let max = self.config().workers_max;
        let before = self.active.fetch_add(1, Ordering::AcqRel);
        let active = Active(&self.active);
        self.traffic.saw_load(self.load());
        (before < max).then_some(active)
    }

    /// Keeps replication from taking what clients need: called after each block. It waits only while clients are
    /// served.
    pub(crate) fn pace(&self, direction: Direction, bytes: u64) {
        let speed = self.config().replication_busy_speed;
        if speed > 0 && self.traffic.clients_are_served() {
            let wait = self.throttles[direction as usize].wait(bytes, speed, Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
        }
    }

    /// All background jobs.
    pub(crate) fn jobs(&self) -> Vec<JobInfo> {
        let mut jobs = self.store.jobs();
        self.replication.set_left(self.replications.load().into());
        jobs.push(self.replication.info(None, "copies fetched from other servers".into()));
        jobs.push(self.deletion.info(None, "as the master orders".into()));
        jobs
    }

    /// Pauses or resumes jobs; says how many.
    pub(crate) fn pause_jobs(&self, name: &str, disk: Option<&str>, paused: bool) -> usize {
        let mut count = self.store.pause_jobs(name, disk, paused);
        let own = [&self.replication, &self.deletion];
        for job in own.into_iter().filter(|job| job.name() == name && disk.is_none()) {
            job.set_paused(paused);
            count += 1;
        }
        count
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
