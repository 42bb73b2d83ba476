//! Starting and stopping a chunkserver.

use crate::data::{Listener, Waker};
use crate::identity::Identity;
use crate::master::Link;
use crate::pulse::TICK;
use crate::server::Server;
use crate::{Config, Counters};
use anyhow::{Context, Result, bail};
use chunkstore::{DiskSpec, HddCfgError, Store, StoreConfig, parse_hdd_cfg};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Descriptors we ask for.
const DESCRIPTORS: u64 = 16_384;
/// Requests inside one disk at once.
const DISK_THREADS: u32 = 64;
/// Time for requests in work when we stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// A chunkserver at work.
pub struct Running {
    server: Arc<Server>,
    link: Arc<Link>,
    waker: Waker,
    threads: Vec<JoinHandle<()>>,
}

/// Runs a chunkserver until `stop` is true. An error if it cannot start, or finds that it belongs to another master.
pub fn run(config: Config, stop: &AtomicBool) -> Result<()> {
    let running = start(config)?;
    while !stop.load(Ordering::Acquire) {
        if let Some(why) = running.failure() {
            running.stop();
            bail!(why);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    running.stop();
    Ok(())
}

/// Starts a chunkserver: takes its folders, listens, and begins to look for its master.
pub fn start(config: Config) -> Result<Running> {
    let descriptors = raise_limit();
    let (disks, errors) = read_disks(&config)?;
    if let Some(first) = errors.into_iter().next()
        && !config.allow_invalid_disks
    {
        return Err(first.into());
    }
    let (listener, listen) = Listener::bind(&config.listen_host, config.listen_port)?;
    let waker = listener.waker()?;
    let identity = Identity::load(&config.data_path)?;
    let link = Arc::new(Link::new()?);
    let bell = link.bell.clone();
    let store = Store::start(StoreConfig {
        disks,
        allow_invalid_disks: config.allow_invalid_disks,
        metaid: (identity.metaid != 0).then_some(identity.metaid),
        disk_threads: DISK_THREADS,
        max_open: (descriptors / 3) as usize,
        tunables: config.disks.clone(),
        on_report: Box::new(move || bell.ring()),
    })?;
    let server = Server::new(config, store, identity, listen);
    let mut running = Running { server: server.clone(), link: link.clone(), waker, threads: Vec::new() };
    let shared = server.clone();
    running.spawn("accept", move || listener.run(&shared, (descriptors / 3) as usize))?;
    let shared = server.clone();
    running.spawn("ticker", move || tick(&shared))?;
    running.spawn("master", move || link.run(&server))?;
    tracing::info!("serving chunks on {listen}");
    Ok(running)
}

/// Reads `mfshdd.cfg`. What cannot be obeyed is logged.
fn read_disks(config: &Config) -> Result<(Vec<DiskSpec>, Vec<HddCfgError>)> {
    let file = &config.hdd_cfg;
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("read {} (HDD_CONF_FILENAME)", file.display()))?;
    let (disks, errors) = parse_hdd_cfg(file, &text);
    for error in &errors {
        tracing::error!("{error}");
    }
    Ok((disks, errors))
}

/// Asks for more file descriptors; says how many there are.
fn raise_limit() -> u64 {
    let now = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: Some(DESCRIPTORS), maximum: now.maximum.map(|max| max.max(DESCRIPTORS)) };
    if now.current.is_some_and(|current| current < DESCRIPTORS)
        && setrlimit(Resource::Nofile, wanted).is_err()
    {
        let most = Rlimit { current: now.maximum, maximum: now.maximum };
        let _ = setrlimit(Resource::Nofile, most);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(DESCRIPTORS)
}

/// Signs of life, until the server stops.
fn tick(server: &Server) {
    let mut even = false;
    while !server.stopping() {
        server.pause(TICK);
        server.pulses.tick();
        even = !even;
        if even {
            server.successors.tick();
        }
        server.charts.tick(server);
    }
}

impl Running {
    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(run);
        self.threads.push(thread.context("start a thread")?);
        Ok(())
    }

    /// Where the data port is.
    pub fn addr(&self) -> SocketAddrV4 {
        self.server.listen
    }

    /// True while a master has accepted all our chunks.
    pub fn is_registered(&self) -> bool {
        self.server.master.lock().is_some()
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.server.counters()
    }

    /// The chunks, for tests and tools.
    pub fn store(&self) -> &Arc<Store> {
        &self.server.store
    }

    /// Why it cannot go on, if so.
    pub fn failure(&self) -> Option<String> {
        self.link.wanted.failure()
    }

    /// Takes a new configuration (SIGHUP) and reads the list of disks again. What concerns the link makes it connect
    /// anew; DATA_PATH and the listening address stay as they are until a restart, which is logged if they differ.
    pub fn reload(&self, config: Config) {
        let old = self.server.config();
        let link = |c: &Config| {
            let Config { bind_host, master_host, master_port, master_timeout, auth_code, .. } = c.clone();
            (bind_host, master_host, master_port, master_timeout, auth_code)
        };
        let fixed = |c: &Config| (c.data_path.clone(), c.listen_host.clone(), c.listen_port);
        if fixed(&old) != fixed(&config) {
            tracing::warn!("DATA_PATH, CSSERV_LISTEN_HOST and CSSERV_LISTEN_PORT change at a restart");
        }
        let (reconnect, labels) = (link(&old) != link(&config), old.labels != config.labels);
        self.server.store.set_tunables(config.disks.clone());
        match read_disks(&config) {
            Ok((disks, errors)) => self.reload_disks(disks, &errors, &config),
            Err(error) => tracing::error!("{error:#}; the list of disks stays as it was"),
        }
        self.server.set_config(config);
        if reconnect {
            self.link.reconnect();
        } else if labels {
            self.link.send_labels();
        }
    }

    /// Of a file with bad lines, the good ones count. A folder in use that a bad line may have meant stays as it is: a
    /// slip of the pen must not take a disk out.
    fn reload_disks(&self, mut disks: Vec<DiskSpec>, errors: &[HddCfgError], config: &Config) {
        for spec in self.server.store.disk_specs() {
            let named = disks.iter().any(|disk| disk.path == spec.path);
            if !named && let Some(error) = errors.iter().find(|error| error.may_mean(&spec.path)) {
                tracing::warn!(
                    "{} stays in use as it was: line {} is not clear",
                    spec.path.display(),
                    error.line
                );
                disks.push(spec);
            }
        }
        if let Err(failed) = self.server.store.reload_disks(&disks) {
            tracing::error!("{failed} folders of {} cannot be used", config.hdd_cfg.display());
        }
    }

    /// Says goodbye to the master, ends the connections, makes everything durable.
    pub fn stop(mut self) {
        self.link.stop();
        self.server.stop();
        self.waker.wake();
        for thread in std::mem::take(&mut self.threads) {
            if thread.join().is_err() {
                tracing::error!("a thread had panicked");
            }
        }
        self.server.successors.clear();
        self.server.orders.stop(PATIENCE);
        self.server.replications.stop(PATIENCE);
        let deadline = Instant::now() + PATIENCE;
        while self.server.connections.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.server.store.stop();
        self.server.charts.store();
    }
}
