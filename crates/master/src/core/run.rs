//! From start to stop.

use super::Master;
use super::timers::Timers;
use crate::client::{ClientLinks, sessions::Sessions};
use crate::config::Config;
use crate::exports::{Export, parse_exports};
use crate::journal::Journal;
use crate::storage::{DirStorage, Storage};
use crate::topology::Topology;
use crate::{images, recovery};
use anyhow::{Context as _, Result, bail};
use daemon::Context;
use net::reactor::{CloseReason, ConnId, ConnLimits, Handler, ListenerId, Net, Reactor, Verdict};
use ondisk::Op;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) const CLIENTS: ListenerId = ListenerId(0);
const CHUNKSERVERS: ListenerId = ListenerId(1);
const METALOGGERS: ListenerId = ListenerId(2);

/// How often placement looks after chunks.
const CHUNK_TICK: Duration = Duration::from_millis(20);

/// How long a signal may wait.
const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(5);

/// Bytes that may wait for one peer before it is not read from any more.
const MAX_PENDING: usize = 16 << 20;

/// The longest body, bytes, from a client that has not registered. It has little to say, and anybody may connect.
const GUEST_BODY: u32 = 1 << 20;

/// Runs a master until told to stop.
pub(super) fn run(ctx: &mut Context) -> Result<()> {
    let config = read_config(ctx)?;
    let storage: Arc<dyn Storage> = Arc::new(DirStorage::new("."));
    let exports = load_exports(&config)?;
    let unix = unix_now();
    let loaded = recovery::load(&*storage, &config.recovery_rules(), unix)?;
    let fs = loaded.fs;
    let mut reactor = Reactor::new().context("can't create the event loop")?;
    listen(&mut reactor, config.client_address, "clients", client_limits())?;
    listen(&mut reactor, config.chunkserver_address, "chunkservers", chunkserver_limits(&config))?;
    listen(&mut reactor, config.metalogger_address, "metaloggers", metalogger_limits())?;
    let waker = reactor.waker();
    let notify = waker.clone();
    let mut journal = Journal::start(storage.clone(), fs.version(), config.durability, move || notify.wake())
        .context("can't start the changelog's thread")?;
    journal.set_base(loaded.base.version);
    let now = Instant::now();
    let chunk_now = placement::Now { at: placement::Instant(0), unix };
    let mut master = Master {
        charts: crate::charts::ChartKeeper::load(&*storage, unix),
        cluster: crate::cs::new_cluster(&config, &fs, chunk_now),
        chunkservers: crate::cs::CsLinks::new(&config),
        metaloggers: crate::metaloggers::Metaloggers::new(config.changelog_preserve, waker.clone()),
        clients: ClientLinks::default(),
        sessions: Sessions::new(now),
        pending: Default::default(),
        locks: Default::default(),
        file_loop: Default::default(),
        data_cache: Default::default(),
        bookmarks: Default::default(),
        reservations: Default::default(),
        timers: Timers::new(now, unix),
        images: super::images::Images::new(now, loaded.base.version),
        alarms: Vec::new(),
        now: unix,
        now_nanos: 0,
        started: now,
        unfinished: loaded.unfinished,
        chunk_events: Default::default(),
        config,
        storage,
        fs,
        journal,
        exports,
    };
    if let Some(topology) = load_topology(&master.config) {
        master.cluster.set_topology(Box::new(topology));
    }
    master.first_changes(reactor.net())?;
    if loaded.replayed > 0 {
        master.start_image(&waker);
    }
    ctx.ready();
    let mut look_at = now;
    loop {
        // Looking costs a system call, and a busy loop turns a hundred thousand times a second.
        if reactor.net().now() >= look_at {
            look_at = reactor.net().now() + LOOK_FOR_SIGNALS;
            let asked = ctx.signals.take();
            if asked.terminate {
                return master.shut_down(reactor);
            }
            if asked.reload {
                master.reload(ctx, reactor.net());
            }
        }
        let timeout = master.timers.until_next(Instant::now()).min(CHUNK_TICK);
        reactor.turn(&mut master, timeout).context("the event loop failed")?;
        master.read_clock();
        master.tick(reactor.net(), &waker);
    }
}

fn read_config(ctx: &Context) -> Result<Config> {
    Config::new(&ctx.config, ctx.recovery).map_err(|problem| ctx.config.error(problem).into())
}

fn unix_now() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

fn listen(reactor: &mut Reactor, at: SocketAddrV4, whom: &str, limits: ConnLimits) -> Result<()> {
    let listener = TcpListener::bind(at).with_context(|| {
        format!(
            "can't listen on {at} for {whom}: is another master running, or does the address not exist here?"
        )
    })?;
    reactor.listen(listener, limits).with_context(|| format!("can't watch {at}"))?;
    tracing::info!("listening on {at} for {whom}");
    Ok(())
}

/// A mount must say something every 10 s; NOPs begin once it has registered.
fn client_limits() -> ConnLimits {
    ConnLimits {
        max_body: GUEST_BODY,
        idle_timeout: Duration::from_secs(10),
        frame_timeout: Duration::from_secs(60),
        nop_interval: None,
        nop_body: 4,
        max_pending: MAX_PENDING,
    }
}

fn chunkserver_limits(config: &Config) -> ConnLimits {
    ConnLimits {
        max_body: 500_000_000,
        idle_timeout: config.chunkserver_timeout,
        frame_timeout: Duration::from_secs(600),
        nop_interval: None,
        nop_body: 0,
        max_pending: MAX_PENDING,
    }
}

fn metalogger_limits() -> ConnLimits {
    ConnLimits {
        max_body: 1_500_000,
        idle_timeout: Duration::from_secs(10),
        frame_timeout: Duration::from_secs(600),
        nop_interval: None,
        nop_body: 0,
        max_pending: 64 << 20,
    }
}

fn load_exports(config: &Config) -> Result<Vec<Export>> {
    let path = &config.exports_file;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("can't read exports file {}: a sample is beside it", path.display()))?;
    let (exports, errors) = parse_exports(&text);
    for error in &errors {
        tracing::warn!("{}: {error}", path.display());
    }
    if exports.is_empty() {
        bail!(
            "no exports defined !!! - {} has no valid line, e.g. '* / rw,alldirs,admin,maproot=0:0'",
            path.display()
        );
    }
    Ok(exports)
}

/// The network map; none when there is no file, and then the old one stays.
fn load_topology(config: &Config) -> Option<Topology> {
    let path = &config.topology_file;
    let Ok(text) = std::fs::read_to_string(path) else {
        tracing::info!("mfstopology configuration file ({}) not found - using defaults", path.display());
        return None;
    };
    let (topology, errors) = Topology::parse(&text);
    for (line, what) in errors {
        tracing::warn!("{}: line {line}: {what} - line ignored", path.display());
    }
    Some(topology)
}

impl Master {
    /// Changes that loading calls for: a metadata id if there is none, edges in order.
    fn first_changes(&mut self, net: &mut Net) -> Result<()> {
        if self.fs.meta_id() == 0 {
            let id = u64::from(self.now) << 32 | crate::random::number() & 0xFFFF_FFFF;
            self.run(&Op::SetMetaId { id }).context("can't give the metadata an id")?;
        }
        if self.fs.needs_renumbering() {
            self.run(&Op::RenumerateEdges {}).context("can't renumber directory entries")?;
        }
        self.end_of_turn(net);
        Ok(())
    }

    /// Takes what can change without a restart; on an error everything stays as it was.
    fn reload(&mut self, ctx: &mut Context, net: &mut Net) {
        let config = ctx.reload().map_err(anyhow::Error::from).and_then(|()| read_config(ctx));
        match config {
            Ok(config) => {
                self.cluster.set_options(config.placement.clone());
                self.chunkservers.auth_code.clone_from(&config.auth_code);
                self.journal.set_durability(config.durability);
                self.config = config;
            }
            Err(error) => tracing::error!("{error:#}; the old configuration stays"),
        }
        if let Some(topology) = load_topology(&self.config) {
            self.cluster.set_topology(Box::new(topology));
        }
        match load_exports(&self.config) {
            Ok(exports) => {
                let old = crate::exports::checksum(&self.exports);
                self.exports = exports;
                tracing::info!("exports file has been loaded");
                if old != crate::exports::checksum(&self.exports) {
                    let mounts: Vec<ConnId> = self.clients.mounts().map(|(conn, _)| conn).collect();
                    for conn in mounts {
                        net.close(conn, "exports have changed: mounts register anew");
                    }
                }
            }
            Err(error) => tracing::error!("{error:#}; the old exports stay"),
        }
    }

    /// Everything to disk: changelog, then an image that a clean start finds.
    fn shut_down(mut self, reactor: Reactor) -> Result<()> {
        drop(reactor);
        self.hand_over_counters();
        self.charts.store(&*self.storage);
        while !self.journal.flush(Duration::from_secs(10)) {
            tracing::error!("changelog cannot be written yet: make room on the disk; the stop waits for it");
        }
        self.journal.rotate(self.config.back_logs);
        loop {
            let source = super::image_source(self.fs.snapshot(), unix_now());
            let stored = images::store(&*self.storage, self.config.keep_images, &source);
            match stored.and_then(|bytes| images::seal(&*self.storage).map(|()| bytes)) {
                Ok(bytes) => {
                    tracing::info!("metadata version {} stored: {bytes} bytes", self.fs.version());
                    return Ok(());
                }
                Err(error) => {
                    tracing::error!(
                        "can't store metadata: {error} - try to make more space on your disk or change privileges - \
                         retrying after 10 seconds"
                    );
                    std::thread::sleep(Duration::from_secs(10));
                }
            }
        }
    }
}

impl Handler for Master {
    fn accepted(&mut self, net: &mut Net, conn: ConnId, listener: ListenerId, peer: SocketAddr) {
        let ip = match peer.ip() {
            IpAddr::V4(ip) => ip,
            IpAddr::V6(ip) => ip.to_ipv4_mapped().unwrap_or(Ipv4Addr::UNSPECIFIED),
        };
        match listener {
            CLIENTS => self.clients.add(conn, ip),
            CHUNKSERVERS => self.chunkservers.add(conn, ip),
            METALOGGERS => self.metaloggers.add(conn, ip),
            _ => net.close(conn, "no such port"),
        }
    }

    fn frame(&mut self, net: &mut Net, conn: ConnId, id: u32, body: &[u8]) -> Verdict {
        if self.clients.get(conn).is_some() {
            self.client_frame(net, conn, id, body)
        } else if self.chunkservers.has(conn) {
            self.chunkserver_frame(net, conn, id, body)
        } else {
            self.metalogger_frame(net, conn, id, body)
        }
    }

    fn closed(&mut self, net: &mut Net, conn: ConnId, reason: CloseReason) {
        if let Some(link) = self.clients.get(conn) {
            match &reason {
                CloseReason::Eof => tracing::debug!("client {}: {reason}", link.ip),
                _ => tracing::warn!("client {}: {reason}", link.ip),
            }
            self.drop_pending(conn);
            if let Some(session) = self.clients.remove(conn) {
                self.session_lost(session);
            }
        } else if self.chunkservers.has(conn) {
            self.chunkserver_closed(net, conn, &reason);
        } else {
            self.metaloggers.remove(conn, &reason);
        }
    }

    fn end_of_turn(&mut self, net: &mut Net) {
        self.settle_chunks(net);
        self.serve_locks(net);
        self.journal.commit();
        let durable = self.journal.durable();
        net.release(durable);
        self.metaloggers.pump(net, durable);
    }
}

/// Builds the newest state that the files give and stores it where a clean start finds it.
pub(super) fn restore(ctx: &mut Context) -> Result<()> {
    let mut config = read_config(ctx)?;
    config.recovery.recover = true;
    let storage = DirStorage::new(".");
    let loaded = recovery::load(&storage, &config.recovery_rules(), unix_now())?;
    let source = super::image_source(loaded.fs.snapshot(), unix_now());
    let bytes = images::store(&storage, config.keep_images, &source)
        .and_then(|bytes| images::seal(&storage).map(|()| bytes))
        .context("can't store metadata")?;
    tracing::info!("metadata version {} stored: {bytes} bytes", loaded.fs.version());
    Ok(())
}
