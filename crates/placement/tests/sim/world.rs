//! The simulated cluster: virtual time, delivery of orders and answers, invariants.

use crate::meta::Meta;
use crate::server::{Disk, Job};
use fastrand::Rng;
use placement::{
    Alarm, Cluster, Event, Instant, Now, OperationKind, Options, Order, Registration, ReplicaState, ServerId,
    Space,
};
use std::collections::{BTreeMap, VecDeque};
use types::{CHUNK_SIZE, ChunkId, OUR_VERSION, Status};

pub(crate) const TICK_MS: u64 = 20;

/// A file of one chunk.
#[derive(Debug)]
pub(crate) struct SimFile {
    pub(crate) class: u8,
    pub(crate) chunk: Option<ChunkId>,
    pub(crate) write: Option<crate::clients::Write>,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) rng: Rng,
    pub(crate) meta: Meta,
    pub(crate) cluster: Cluster,
    pub(crate) disks: Vec<Disk>,
    pub(crate) files: Vec<SimFile>,
    /// Contents that a good copy may have: one, once a change was acknowledged.
    pub(crate) truth: BTreeMap<ChunkId, Vec<u64>>,
    pub(crate) log: VecDeque<String>,
    pub(crate) trouble: bool,
    pub(crate) stamp: u64,
    /// Chunks that metadata does not know, by the number of their disk.
    pub(crate) strangers: BTreeMap<ChunkId, usize>,
    /// When something was ordered last.
    pub(crate) ordered_at: u64,
}

pub(crate) fn options() -> Options {
    Options { delay_init_ms: 2000, loop_min_time_s: 60, quarantine_s: 0, ..Options::default() }
}

impl World {
    pub(crate) fn new(seed: u64, servers: u8) -> World {
        let mut rng = Rng::with_seed(seed);
        let now = Now { at: Instant(0), unix: 1_000_000 };
        let disks = (1..=servers).map(|host| Disk { host, labels: 1 << (host % 2), ..Disk::default() });
        let meta = Meta { redefined: false, chunks: BTreeMap::new(), next: ChunkId(1) };
        World {
            now: 0,
            cluster: Cluster::new(options(), rng.fork(), now),
            rng,
            meta,
            disks: disks.collect(),
            files: (0..60).map(|_| SimFile { class: 1, chunk: None, write: None }).collect(),
            truth: BTreeMap::new(),
            log: VecDeque::new(),
            trouble: true,
            stamp: 1,
            strangers: BTreeMap::new(),
            ordered_at: 0,
        }
    }

    pub(crate) fn clock(&self) -> Now {
        Now { at: Instant(self.now), unix: 1_000_000 + (self.now / 1000) as u32 }
    }

    pub(crate) fn note(&mut self, line: String) {
        if self.log.len() >= 5000 {
            self.log.pop_front();
        }
        self.log.push_back(format!("{:>8} {line}", self.now));
    }

    pub(crate) fn by_conn(&self, id: ServerId) -> Option<usize> {
        self.disks.iter().position(|d| d.conn == Some(id))
    }

    /// Calls the cluster, then does what it asks.
    pub(crate) fn call<T>(&mut self, call: impl FnOnce(&mut Cluster, Now, &Meta) -> T) -> T {
        let now = self.clock();
        let result = call(&mut self.cluster, now, &self.meta);
        self.settle();
        result
    }

    /// Applies events, sends orders, checks.
    pub(crate) fn settle(&mut self) {
        let mut active = false;
        loop {
            let events = self.cluster.take_events();
            if events.is_empty() {
                break;
            }
            active = true;
            let now = self.clock().unix;
            for event in events {
                let Some(event) = self.meta.apply(event.clone(), now) else {
                    self.note(format!("{event:?}"));
                    continue;
                };
                match event {
                    Event::OperationDone { chunk, status } => self.operation_done(chunk, status),
                    Event::Alarm(alarm @ Alarm::MetadataIsOld { .. }) => panic!("{alarm:?}"),
                    Event::Alarm(alarm) => self.note(format!("{alarm:?}")),
                    _ => {}
                }
            }
        }
        let orders = self.cluster.take_orders();
        active |= !orders.is_empty();
        for (server, order) in orders {
            self.deliver(server, order);
        }
        if (active || self.now.is_multiple_of(5000))
            && let Err(wrong) = self.cluster.check()
        {
            panic!("{wrong}");
        }
    }

    fn deliver(&mut self, server: ServerId, order: Order) {
        self.note(format!("{server:?} {order:?}"));
        let n = self.by_conn(server).expect("orders go to connected servers");
        let chunk = order.chunk();
        if !matches!(order, Order::Replicate { .. }) {
            let pending = |j: &Job| j.order.chunk() == chunk && !matches!(j.order, Order::Replicate { .. });
            assert!(!self.disks[n].jobs.iter().any(pending), "two orders for {chunk:X} on {server:?}");
        }
        let others = self.disks.iter().enumerate().filter(|(i, d)| *i != n && d.conn.is_some());
        for job in others.flat_map(|(_, d)| &d.jobs).filter(|j| j.order.chunk() == chunk) {
            let same = std::mem::discriminant(&job.order) == std::mem::discriminant(&order);
            let harmless = |o: &Order| matches!(o, Order::Delete { .. } | Order::Replicate { .. });
            assert!(same || harmless(&job.order) || harmless(&order), "{order:?} while {:?}", job.order);
        }
        if let Order::Delete { chunk, .. } = order {
            self.check_delete(n, chunk);
        }
        self.ordered_at = self.now;
        self.check_limits(n, &order);
        let fetched = match order {
            Order::Replicate { chunk, ip, .. } => {
                let source = self.disks.iter().find(|d| d.alive && d.host == ip.octets()[3]);
                source.and_then(|d| d.files.get(&chunk)).copied()
            }
            _ => None,
        };
        let (delay, fails) = self.luck(&order);
        self.disks[n].jobs.push(Job { at: self.now + delay, order, fetched, fails });
    }

    /// No server gets more work at once than the options allow.
    fn check_limits(&self, n: usize, order: &Order) {
        let options = options();
        let most = |limits: placement::RepLimits| limits.0.into_iter().fold(0.0, f64::max) as usize;
        let running = |pick: &dyn Fn(&Order) -> bool| {
            self.disks.iter().flat_map(|d| &d.jobs).filter(|job| pick(&job.order)).count()
        };
        match *order {
            Order::Replicate { ip, .. } => {
                let here = self.disks[n].jobs.iter().filter(|j| matches!(j.order, Order::Replicate { .. }));
                assert!(
                    here.count() < most(options.write_limits),
                    "too many copies to {}",
                    self.disks[n].host
                );
                let from = |o: &Order| matches!(o, Order::Replicate { ip: other, .. } if *other == ip);
                assert!(running(&from) < most(options.read_limits), "too many copies from {ip}");
            }
            Order::Delete { .. } => {
                let here = self.disks[n].jobs.iter().filter(|j| matches!(j.order, Order::Delete { .. }));
                assert!(here.count() < options.hard_delete_limit as usize, "too many deletions");
            }
            _ => {}
        }
    }

    /// Nothing that is referenced may lose its last good copy.
    fn check_delete(&self, n: usize, chunk: ChunkId) {
        let Some(info) = self.meta.chunks.get(&chunk).filter(|i| i.references > 0) else {
            assert!(self.meta.chunks.contains_key(&chunk), "deletion of a chunk nobody knows");
            return;
        };
        let good = |d: &&Disk| d.files.get(&chunk).is_some_and(|f| f.version == info.version);
        let others = self.disks.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, d)| d);
        let safe = others.filter(good).filter(|d| {
            !d.jobs.iter().any(|j| matches!(j.order, Order::Delete { .. }) && j.order.chunk() == chunk)
        });
        assert!(safe.count() > 0, "deletion of the last good copy of {chunk:X} {info:?}");
    }

    pub(crate) fn register(&mut self, n: usize) {
        let (host, labels) = (self.disks[n].host, self.disks[n].labels);
        let space = self.space(n);
        let registration = Registration {
            ip: [10, 0, 0, host].into(),
            port: 9422,
            csid: u16::from(host),
            version: OUR_VERSION,
            space,
        };
        let id = self.call(|c, now, _| c.register(now, &registration)).expect("noticed before it came back");
        self.disks[n].conn = Some(id);
        self.disks[n].alive = true;
        self.call(|c, _, _| c.set_labels(id, labels));
        let disk = &self.disks[n];
        let found: Vec<_> = disk.files.iter().map(|(id, f)| (*id, disk.raw_version(f))).collect();
        self.note(format!("{id:?} registers as host {host} with {} chunks", found.len()));
        for part in found.chunks(10) {
            self.call(|c, now, meta| c.chunks_found(now, meta, id, part.iter().copied()));
        }
        self.call(|c, _, _| c.registered(id));
    }

    pub(crate) fn space(&self, n: usize) -> Space {
        let files = self.disks[n].files.len() as u64;
        let total = (1000 + 200 * u64::from(self.disks[n].host)) * CHUNK_SIZE;
        Space { used: files * CHUNK_SIZE, total, chunks: files as u32, ..Space::default() }
    }

    pub(crate) fn disconnect(&mut self, n: usize) {
        self.disks[n].jobs.clear();
        if let Some(id) = self.disks[n].conn.take() {
            self.note(format!("{id:?} is gone"));
            self.call(|c, now, meta| c.disconnect(now, meta, id));
        }
    }

    /// Everything due at this moment.
    pub(crate) fn step(&mut self) {
        self.now += TICK_MS;
        let mut happened = false;
        for n in 0..self.disks.len() {
            while let Some(at) = self.disks[n].jobs.iter().position(|j| j.at <= self.now) {
                let job = self.disks[n].jobs.remove(at);
                happened = true;
                if self.disks[n].alive {
                    self.run_job(n, &job);
                }
            }
            if !self.disks[n].alive && self.disks[n].noticed_at <= self.now && self.disks[n].conn.is_some() {
                self.disconnect(n);
            }
            if !self.disks[n].alive && self.disks[n].back_at <= self.now {
                self.disconnect(n);
                self.register(n);
            }
        }
        if self.now.is_multiple_of(1000) {
            for n in 0..self.disks.len() {
                let space = self.space(n);
                if let Some(id) = self.disks[n].conn {
                    self.call(|c, _, _| c.set_space(id, space));
                }
            }
        }
        self.call(|c, now, meta| c.tick(now, meta));
        self.clients();
        if happened || self.now.is_multiple_of(1000) {
            self.check_contents();
        }
    }

    fn run_job(&mut self, n: usize, job: &Job) {
        let status = self.disks[n].execute(job);
        let Some(id) = self.disks[n].conn else { return };
        self.note(format!("{id:?} answers {status:?} to {:?}", job.order));
        let chunk = job.order.chunk();
        if let (Order::Duplicate { from, .. } | Order::DupTrunc { from, .. }, Status::OK) =
            (job.order, status)
        {
            self.note(format!("copied from {from:X}"));
        }
        let kind = match job.order {
            Order::Delete { .. } => {
                return self.call(|c, now, meta| c.delete_answered(now, meta, id, chunk, status));
            }
            Order::Replicate { version, .. } => {
                return self.call(|c, now, meta| c.replicate_answered(now, meta, id, chunk, version, status));
            }
            Order::Create { .. } => OperationKind::Create,
            Order::SetVersion { .. } => OperationKind::SetVersion,
            Order::Duplicate { .. } => OperationKind::Duplicate,
            Order::Truncate { .. } => OperationKind::Truncate,
            Order::DupTrunc { .. } => OperationKind::DupTrunc,
        };
        self.call(|c, now, meta| c.operation_answered(now, meta, id, kind, chunk, status));
    }

    /// Whatever the cluster calls good is the truth.
    fn check_contents(&self) {
        for (id, truth) in &self.truth {
            if self.files.iter().any(|f| f.chunk == Some(*id) && f.write.is_some()) {
                continue;
            }
            let Some(info) = self.meta.chunks.get(id).filter(|i| i.references > 0) else { continue };
            let mut seen = None;
            for (server, replica) in self.cluster.replicas(*id).unwrap_or_default() {
                let good = matches!(replica.state, ReplicaState::Valid | ReplicaState::RemovalValid);
                let Some(n) = self.by_conn(replica.server).filter(|_| good) else { continue };
                let Some(file) = self.disks[n].files.get(id) else { continue };
                assert_eq!(
                    file.version, info.version,
                    "{id:X} on {:?} ({}) is not what it is called",
                    replica, server.ip
                );
                assert!(
                    truth.contains(&file.content),
                    "{id:X} on {replica:?}: {} is not of {truth:?}",
                    file.content
                );
                assert_eq!(*seen.get_or_insert(file.content), file.content, "copies of {id:X} differ");
            }
        }
    }

    /// Chunks that are not as they should be.
    pub(crate) fn unhealed(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (id, info) in &self.meta.chunks {
            let class = placement::ChunkMeta::class(&self.meta, info.class);
            let goal = class.map_or(0, |c| if info.archived { c.archive.len() } else { c.keep.len() });
            let states: Vec<_> = self
                .cluster
                .replicas(*id)
                .unwrap_or_default()
                .iter()
                .map(|(s, r)| (s.labels, r.state))
                .collect();
            let valid = states.iter().filter(|(_, s)| *s == ReplicaState::Valid).count();
            let rest =
                states.iter().filter(|(_, s)| !matches!(s, ReplicaState::Valid | ReplicaState::RemovalValid));
            if info.references == 0 || valid != goal || rest.count() > 0 {
                wrong.push(format!("{id:X} {info:?} wants {goal}: {states:?}"));
            }
            let on = |label| states.iter().any(|(l, s)| *s == ReplicaState::Valid && l & label != 0);
            let labels = match info.class {
                10 => on(1) && on(2),
                13 => on(1 + u32::from(self.meta.redefined)),
                _ => true,
            };
            if !labels {
                wrong.push(format!("{id:X} has wrong labels: {states:?}"));
            }
        }
        for (id, n) in &self.strangers {
            assert!(self.disks[*n].files.contains_key(id), "the unknown chunk {id:X} was deleted");
        }
        wrong
    }
}
