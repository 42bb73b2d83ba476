//! The store: all disks and all chunks of one chunkserver.

use crate::chunk::{Chunk, ChunkState};
use crate::chunkdb::{self, Entry};
use crate::counters::OrderCounts;
use crate::disk::{Disk, DiskError, DiskState};
use crate::fault::Fault;
use crate::fds::OpenFiles;
use crate::job::Job;

use crate::registry::{Registry, SHARDS};
use crate::reports::Reports;
use crate::stats::IoTotals;
use crate::{StoreConfig, Tunables};
use parking_lot::{Condvar, Mutex, RwLock};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use thiserror::Error;
use types::{ChunkId, ChunkVersion, Status};

/// Why a store cannot start.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A configured folder cannot be used.
    #[error("cannot use folder {} (line {line}): {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Its line in `mfshdd.cfg`.
        line: usize,
        /// Why not.
        source: std::io::Error,
    },
    /// A folder belongs to another instance.
    #[error(
        "folder {} (line {line}) belongs to instance {found:016X}, not {wanted:016X}; remove its .metaid to adopt it",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its line in `mfshdd.cfg`.
        line: usize,
        /// What its `.metaid` says.
        found: u64,
        /// What we are.
        wanted: u64,
    },
    /// Two lines name one folder.
    #[error("folder {} (line {line}) is the same as {}", path.display(), other.display())]
    Twice {
        /// The later one.
        path: PathBuf,
        /// Its line in `mfshdd.cfg`.
        line: usize,
        /// The earlier one.
        other: PathBuf,
    },
    /// No folder is left.
    #[error("no usable chunk folder")]
    NoFolder,
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// Disks and chunks. All methods may be called from any thread.
pub struct Store {
    pub(crate) disks: RwLock<Vec<Arc<Disk>>>,
    /// Configured folders that are not in use, as shown to operators.
    pub(crate) unused: Mutex<Vec<PathBuf>>,
    pub(crate) chunks: Registry,
    pub(crate) reports: Reports,
    pub(crate) open_files: OpenFiles,
    /// Deletion of what was kept aside.
    pub(crate) cleanup: Job,
    /// Moves of chunks between disks.
    pub(crate) moves: crate::rebalance::Moves,
    pub(crate) totals: Arc<IoTotals>,
    pub(crate) orders: OrderCounts,
    /// Chunks of given-up disks that were busy at that moment.
    pub(crate) strays: Mutex<Vec<Arc<Chunk>>>,
    pub(crate) metaid: Mutex<Option<u64>>,
    pub(crate) started: Instant,
    tunables: RwLock<Arc<Tunables>>,
    pub(crate) placer: Mutex<crate::place::Placer>,
    disk_threads: u32,
    stop: (Mutex<bool>, Condvar),
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Takes the folders and starts to scan them, one thread per disk. Requests are served at once; a chunk that was
    /// not found yet is NOCHUNK.
    pub fn start(config: StoreConfig) -> Result<Arc<Store>, StoreError> {
        let store = Arc::new(Store {
            disks: RwLock::default(),
            unused: Mutex::default(),
            chunks: Registry::new(),
            reports: Reports::new(config.on_report),
            open_files: OpenFiles::new(config.max_open),
            cleanup: Job::new("cleanup"),
            moves: crate::rebalance::Moves::new(),
            totals: Arc::default(),
            orders: OrderCounts::default(),
            strays: Mutex::default(),
            metaid: Mutex::new(config.metaid),
            started: Instant::now(),
            tunables: RwLock::new(Arc::new(config.tunables)),
            placer: Mutex::default(),
            disk_threads: config.disk_threads,
            stop: (Mutex::new(false), Condvar::new()),
            threads: Mutex::default(),
        });
        for spec in &config.disks {
            match store.take_folder(spec, None) {
                Ok(disk) => store.disks.write().push(disk),
                Err(error) if config.allow_invalid_disks => {
                    tracing::error!("{error}; starting without it");
                    store.unused.lock().push(spec.path.clone());
                }
                Err(error) => return Err(error),
            }
        }
        if store.disks.read().is_empty() {
            return Err(StoreError::NoFolder);
        }
        let disks = store.disks.read().clone();
        for disk in disks {
            store.spawn_disk(disk)?;
        }
        let (sweeper, mover) = (store.clone(), store.clone());
        store.spawn("sweep".into(), move || sweeper.sweep_until_stop())?;
        store.spawn("rebalance".into(), move || mover.rebalance_until_stop())?;
        Ok(store)
    }

    /// Opens, locks and checks one folder.
    pub(crate) fn take_folder(
        &self,
        spec: &crate::DiskSpec,
        before: Option<&Disk>,
    ) -> Result<Arc<Disk>, StoreError> {
        let fail = |source| StoreError::Folder { path: spec.path.clone(), line: spec.line, source };
        let disk = Disk::open(spec, self.disk_threads, &self.totals, before).map_err(fail)?;
        let identity = disk.identity().map_err(fail)?;
        let is_before = |other: &Arc<Disk>| before.is_some_and(|before| std::ptr::eq(before, &**other));
        for other in self.disks.read().iter().filter(|other| !is_before(other)) {
            let there = other.identity().map_err(fail)?;
            if there == identity {
                let (path, line) = (spec.path.clone(), spec.line);
                return Err(StoreError::Twice { path, line, other: other.path.clone() });
            }
            if there.0 == identity.0 {
                tracing::warn!("{} and {} are on one device", spec.path.display(), other.path.display());
            }
        }
        let mut known = self.metaid.lock();
        match (*known, disk.metaid().map_err(fail)?) {
            (Some(wanted), Some(found)) if found != wanted => {
                let (path, line) = (spec.path.clone(), spec.line);
                return Err(StoreError::Foreign { path, line, found, wanted });
            }
            // Without an id of our own, the first disk's is ours.
            (None, Some(found)) => *known = Some(found),
            (Some(ours), None) => {
                let shown = spec.path.display();
                tracing::warn!(
                    "{shown} is a new folder (it has no .metaid); is the disk that belongs there mounted?"
                );
                disk.set_metaid(ours).map_err(fail)?;
            }
            _ => {}
        }
        drop(known);
        Ok(Arc::new(disk))
    }

    pub(crate) fn spawn_disk(self: &Arc<Self>, disk: Arc<Disk>) -> Result<(), StoreError> {
        let store = self.clone();
        let name = format!("disk {}", disk.path.display());
        self.spawn(name, move || store.run_disk(&disk))
    }

    fn spawn(&self, name: String, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let name = name.chars().filter(|c| *c != '\0').collect();
        let thread = std::thread::Builder::new().name(name).stack_size(256 << 10);
        self.threads.lock().push(thread.spawn(run).map_err(StoreError::Thread)?);
        Ok(())
    }

    /// Stops background work and closes all files, making durable what is not. Handles that are left stay usable.
    pub fn stop(&self) {
        *self.stop.0.lock() = true;
        self.stop.1.notify_all();
        for thread in std::mem::take(&mut *self.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("a thread of the chunk store had panicked");
            }
        }
        self.close_idle(Duration::ZERO);
        if self.chunks.all().all(|chunk| chunk.sessions.load(Ordering::Acquire) == 0) {
            let disks = self.disks.read().clone();
            for disk in disks.iter() {
                disk.forget_intents();
                if disk.state() == DiskState::Working
                    && let Some(list) = self.list_of(disk)
                {
                    self.write_list(disk, list);
                }
            }
        }
    }

    /// The chunks of a disk, for its next start. `None` if one of them is in use, because it could still change.
    pub(crate) fn list_of(&self, disk: &Arc<Disk>) -> Option<Vec<Entry>> {
        let mut list = Vec::new();
        for chunk in self.chunks.all() {
            let idle = chunk.sessions.load(Ordering::Acquire) == 0;
            list.extend(chunk.glance(|s| match Arc::ptr_eq(&s.disk, disk) && !s.gone {
                true => idle.then_some(Some(Entry {
                    id: chunk.id,
                    version: s.version,
                    blocks: s.blocks,
                    header: s.header,
                    folder: s.folder,
                })),
                false => Some(None),
            })??);
        }
        Some(list)
    }

    /// Leaves a disk's list of chunks for its next start. Nothing on it may change any more.
    pub(crate) fn write_list(&self, disk: &Disk, list: Vec<Entry>) {
        if disk.read_only {
            return;
        }
        if let Err(error) = chunkdb::write(disk, list.into_iter()) {
            tracing::warn!("{}: no list of chunks for the next start: {error}", disk.path.display());
        }
    }

    /// Ends the threads as if the process had died: nothing is tidied up.
    #[cfg(test)]
    pub(crate) fn die(&self) {
        *self.stop.0.lock() = true;
        self.stop.1.notify_all();
        for thread in std::mem::take(&mut *self.threads.lock()) {
            thread.join().expect("no panic");
        }
    }

    /// Sleeps; false when the store stops.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let mut stop = self.stop.0.lock();
        let deadline = Instant::now() + time;
        while !*stop && !self.stop.1.wait_until(&mut stop, deadline).timed_out() {}
        !*stop
    }

    pub(crate) fn stopping(&self) -> bool {
        *self.stop.0.lock()
    }

    /// The settings in force.
    pub fn tunables(&self) -> Arc<Tunables> {
        self.tunables.read().clone()
    }

    /// Puts new settings in force.
    pub fn set_tunables(&self, tunables: Tunables) {
        *self.tunables.write() = Arc::new(tunables);
        for disk in self.disks.read().iter() {
            disk.changed.store(true, Ordering::Relaxed);
        }
    }

    /// True as long as a disk is being scanned.
    pub fn is_scanning(&self) -> bool {
        self.disks.read().iter().any(|disk| disk.state() == DiskState::Scanning)
    }

    /// The instance our disks belong to; `None` if they belong to none yet.
    pub fn metaid(&self) -> Option<u64> {
        *self.metaid.lock()
    }

    /// Marks all disks as belonging to an instance.
    pub fn set_metaid(&self, metaid: u64) {
        *self.metaid.lock() = Some(metaid);
        for disk in self.disks.read().iter() {
            if let Err(error) = disk.set_metaid(metaid) {
                tracing::error!("cannot write {}/.metaid: {error}", disk.path.display());
            }
        }
    }

    /// Number of parts in which [`Store::list_part`] hands out the chunks.
    pub const LIST_PARTS: usize = SHARDS;

    /// The whole list is about to be sent to a master: reports it makes superfluous are dropped.
    pub fn start_list(&self) {
        self.reports.start_list();
    }

    /// Appends one part of the list of all chunks: id, version, and whether the disk is marked for removal.
    pub fn list_part(&self, part: usize, out: &mut Vec<(ChunkId, ChunkVersion, bool)>) {
        for chunk in self.chunks.shard_chunks(part) {
            let listed = chunk.glance(|s| (!s.gone).then(|| (chunk.id, s.version, s.disk.is_removal())));
            match listed {
                Some(listed) => out.extend(listed),
                // Some request has it, and may have it for long; it is told when that is over.
                None => self.reports.new_chunk(chunk.id, false),
            }
        }
    }

    /// The chunk; NOCHUNK, and a report to the master, if there is none.
    pub(crate) fn find(&self, id: ChunkId) -> Result<Arc<Chunk>, Status> {
        match self.chunks.get(id) {
            Some(chunk) => {
                chunk.last_used.store(self.uptime(), Ordering::Relaxed);
                Ok(chunk)
            }
            None => {
                self.reports.lost(id);
                Err(Status::NOCHUNK)
            }
        }
    }

    pub(crate) fn uptime(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    /// Turns a fault into a status; a fault of the chunk is remembered, logged and reported.
    pub(crate) fn fault(&self, id: ChunkId, state: &mut ChunkState, fault: Fault) -> Status {
        if !matches!(fault, Fault::Refused(_)) {
            self.fault_shared(id, &state.disk.clone(), fault);
        }
        fault.status()
    }

    /// As [`Store::fault`] for who holds the chunk shared only.
    pub(crate) fn fault_shared(&self, id: ChunkId, disk: &Arc<Disk>, fault: Fault) -> Status {
        if !matches!(fault, Fault::Refused(_)) {
            if let Some(chunk) = self.chunks.get(id) {
                chunk.damaged.store(true, Ordering::Relaxed);
            }
            self.disk_fault(id, disk, fault);
            self.reports.damaged(id);
        }
        fault.status()
    }

    /// Counts a fault against its disk, which is given up when it has too many.
    pub(crate) fn disk_fault(&self, id: ChunkId, disk: &Arc<Disk>, fault: Fault) {
        tracing::error!("chunk {id:016X} on {}: {fault}", disk.path.display());
        let (at, unix_time) = (Instant::now(), unix_time() as u32);
        let error = DiskError { chunk: id, errno: fault.errno(), at, unix_time };
        let tunables = self.tunables();
        let recent = disk.remember_error(error, tunables.error_period);
        self.reports.error();
        if recent > tunables.error_count as usize {
            self.give_up_disk(disk, &format!("{recent} errors within {} s", tunables.error_period.as_secs()));
        }
    }
}

/// Seconds since 1970.
pub(crate) fn unix_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
