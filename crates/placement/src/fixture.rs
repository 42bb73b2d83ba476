//! A small cluster for unit tests.

use crate::{
    ChunkInfo, ChunkMeta, ClassId, ClassView, Cluster, Event, Grant, Instant, LabelTerm, Mode, Now, Options,
    Order, Registration, ReplicaState, ServerId, Space, WriteRequest,
};
use std::cell::Cell;
use std::collections::BTreeMap;
use types::{CHUNK_SIZE, ChunkId, ChunkVersion, OUR_VERSION, Status};

pub(crate) const ANY: LabelTerm = [0; 4];
pub(crate) const A: LabelTerm = [1, 0, 0, 0];
pub(crate) const B: LabelTerm = [2, 0, 0, 0];

/// Classes 1..=9 are goals; others as set.
#[derive(Default)]
pub(crate) struct FakeMeta {
    pub(crate) chunks: BTreeMap<ChunkId, ChunkInfo>,
    pub(crate) classes: BTreeMap<ClassId, (Mode, Vec<LabelTerm>)>,
    pub(crate) next: u64,
    /// How often a chunk was asked for.
    looks: Cell<usize>,
}

impl FakeMeta {
    pub(crate) fn take_looks(&self) -> usize {
        self.looks.take()
    }
}

impl ChunkMeta for FakeMeta {
    fn chunk(&self, id: ChunkId) -> Option<ChunkInfo> {
        self.looks.set(self.looks.get() + 1);
        self.chunks.get(&id).copied()
    }
    fn class(&self, id: ClassId) -> Option<ClassView<'_>> {
        static GOALS: [LabelTerm; 9] = [ANY; 9];
        let (mode, set) = match id {
            1..=9 => (Mode::Standard, &GOALS[..usize::from(id)]),
            _ => self.classes.get(&id).map(|(mode, set)| (*mode, &set[..]))?,
        };
        Some(ClassView { mode, create: set, keep: set, archive: set })
    }
    fn next_chunk(&self) -> ChunkId {
        ChunkId(self.next.max(1))
    }
}

pub(crate) struct Fixture {
    pub(crate) meta: FakeMeta,
    pub(crate) cluster: Cluster,
    pub(crate) ms: u64,
    pub(crate) servers: Vec<ServerId>,
}

pub(crate) const UNIX: u32 = 1_000_000;

impl Fixture {
    /// Servers on 10.0.0.1 and following with these labels, registered, 20 s after start.
    pub(crate) fn new(labels: &[u32]) -> Fixture {
        Fixture::with(Options { delay_init_ms: 0, ..Options::default() }, labels)
    }

    pub(crate) fn with(options: Options, labels: &[u32]) -> Fixture {
        let now = Now { at: Instant(0), unix: UNIX };
        let cluster = Cluster::new(options, fastrand::Rng::with_seed(7), now);
        let mut f = Fixture { meta: FakeMeta::default(), cluster, ms: 20_000, servers: vec![] };
        for (n, labels) in (1..).zip(labels) {
            let id = f.register(n);
            f.cluster.set_labels(id, *labels);
            f.cluster.registered(id);
            f.servers.push(id);
        }
        f.events();
        f
    }

    pub(crate) fn register(&mut self, host: u8) -> ServerId {
        let space = Space { total: 10_000 * CHUNK_SIZE, ..Space::default() };
        let registration = Registration {
            ip: [10, 0, 0, host].into(),
            port: 9422,
            csid: u16::from(host),
            version: OUR_VERSION,
            space,
        };
        let now = self.now();
        self.cluster.register(now, &registration).unwrap()
    }

    pub(crate) fn now(&self) -> Now {
        Now { at: Instant(self.ms), unix: UNIX + (self.ms / 1000) as u32 }
    }

    /// Puts a chunk into metadata and copies (server number, raw version) into the cluster, quietly.
    pub(crate) fn chunk(
        &mut self,
        id: u64,
        version: u32,
        class: ClassId,
        copies: &[(usize, u32)],
    ) -> ChunkId {
        self.chunk_quietly(id, version, class, copies);
        self.ms += 5000;
        ChunkId(id)
    }

    /// The same without letting time pass.
    pub(crate) fn chunk_quietly(&mut self, id: u64, version: u32, class: ClassId, copies: &[(usize, u32)]) {
        let info = ChunkInfo {
            version: ChunkVersion(version),
            locked_until: 0,
            references: 1,
            class,
            archived: false,
        };
        let id = ChunkId(id);
        self.meta.chunks.insert(id, info);
        self.meta.next = self.meta.next.max(id.0 + 1);
        self.cluster.restore_chunk(&self.meta, id);
        for (n, raw) in copies {
            self.found(*n, id, *raw);
        }
    }

    pub(crate) fn found(&mut self, n: usize, id: ChunkId, raw: u32) {
        let (now, server) = (self.now(), self.servers[n]);
        self.cluster.chunks_found(now, &self.meta, server, [(id, raw)]);
    }

    pub(crate) fn info(&mut self, id: ChunkId) -> &mut ChunkInfo {
        self.meta.chunks.get_mut(&id).unwrap()
    }

    /// Asks to write, and does to metadata what the grant says.
    pub(crate) fn write(&mut self, chunk: Option<ChunkId>, class: ClassId) -> Result<Grant, Status> {
        let request = WriteRequest { chunk, class, client: [10, 0, 1, 1].into(), continue_op: false };
        let now = self.now();
        let grant = self.cluster.write_grant(now, &self.meta, request);
        if let Ok(Grant::Started { chunk: id, version, .. }) = grant {
            let info =
                ChunkInfo { version, locked_until: now.unix + 120, references: 1, class, archived: false };
            self.meta.chunks.insert(id, info);
            self.meta.next = self.meta.next.max(id.0 + 1);
        }
        grant
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        let events = self.cluster.take_events();
        for event in &events {
            match *event {
                Event::SetVersion { chunk, version } => self.info(chunk).version = version,
                Event::RemoveChunk { chunk, .. } => {
                    self.meta.chunks.remove(&chunk);
                }
                Event::RaiseNextChunk { above } => self.meta.next = above.0 + 1,
                _ => {}
            }
        }
        if !events.is_empty() {
            self.cluster.check().unwrap();
        }
        events
    }

    /// Orders with the number of their server, sorted by it.
    pub(crate) fn orders(&mut self) -> Vec<(usize, Order)> {
        let orders = self.cluster.take_orders();
        let mut orders: Vec<_> = orders.into_iter().map(|(id, order)| (self.number(id), order)).collect();
        orders.sort_by_key(|(n, _)| *n);
        orders
    }

    pub(crate) fn number(&self, id: ServerId) -> usize {
        self.servers.iter().position(|s| *s == id).unwrap()
    }

    /// The answer to an order.
    pub(crate) fn answer(&mut self, n: usize, order: Order, status: Status) -> Vec<Event> {
        use crate::OperationKind::*;
        let (now, server, id) = (self.now(), self.servers[n], order.chunk());
        let Fixture { cluster, meta, .. } = self;
        let kind = match order {
            Order::Delete { .. } => {
                cluster.delete_answered(now, meta, server, id, status);
                return self.events();
            }
            Order::Replicate { version, .. } => {
                cluster.replicate_answered(now, meta, server, id, version, status);
                return self.events();
            }
            Order::Create { .. } => Create,
            Order::SetVersion { .. } => SetVersion,
            Order::Duplicate { .. } => Duplicate,
            Order::Truncate { .. } => Truncate,
            Order::DupTrunc { .. } => DupTrunc,
        };
        cluster.operation_answered(now, meta, server, kind, id, status);
        self.events()
    }

    /// State and version of the copies, by server number.
    pub(crate) fn states(&self, id: ChunkId) -> Vec<(usize, ReplicaState, u32)> {
        let all = self.cluster.replicas(id).unwrap_or_default();
        let mut all: Vec<_> =
            all.iter().map(|(_, r)| (self.number(r.server), r.state, r.version.0)).collect();
        all.sort_by_key(|(n, ..)| *n);
        all
    }

    pub(crate) fn disconnect(&mut self, n: usize) -> Vec<Event> {
        let (now, server) = (self.now(), self.servers[n]);
        self.cluster.disconnect(now, &self.meta, server);
        self.events()
    }

    /// Lets time pass in ticks of 20 ms.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<Event> {
        let end = self.ms + ms;
        let mut events = Vec::new();
        while self.ms < end {
            self.ms += 20;
            let now = self.now();
            self.cluster.tick(now, &self.meta);
            events.extend(self.events());
        }
        self.cluster.check().unwrap();
        events
    }
}
