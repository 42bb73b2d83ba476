//! The state, and what all decisions share: loading a chunk, storing its copies, giving out orders.

use crate::chunks::{Flags, Slot, Table};
use crate::maintenance::{Purge, Queues, Walk};
use crate::operation::Running;
use crate::quarantine::{Fence, Quarantine};
use crate::servers::{Flat, Servers};
use crate::stats::{Census, OperationStats};
use crate::{
    ChunkInfo, ChunkMeta, ClassId, Command, Event, Instant, LabelTerm, Maintenance, Now, Options, Order,
    RegistryChange, Replicas, Server, ServerId, ServerReport, Topology,
};
use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use types::{ChunkId, ChunkVersion, Status};

/// After start, and while a server registers, the cluster is not "stable" for so long.
const STABLE_MS: u64 = 10_000;

/// See the crate's documentation.
pub struct Cluster {
    pub(crate) options: Options,
    pub(crate) topology: Box<dyn Topology + Send>,
    pub(crate) rng: fastrand::Rng,
    pub(crate) started: Instant,
    pub(crate) servers: Servers,
    pub(crate) chunks: Table,
    /// Operations by chunk, in order of ids so that the same events give the same orders.
    pub(crate) running: BTreeMap<ChunkId, Running>,
    /// How many running duplications copy from a chunk.
    pub(crate) sources: BTreeMap<ChunkId, u32>,
    /// Replications not answered yet: destination and chunk, then source, if that is still connected.
    pub(crate) replications: BTreeMap<(ServerId, ChunkId), Option<ServerId>>,
    /// The highest version that some copy may have although the chunk's is lower: never give it again.
    pub(crate) burned: HashMap<ChunkId, ChunkVersion>,
    /// Chunks were announced until then; lost until then; servers were lost until then (with the configured delay).
    pub(crate) new_until: Instant,
    pub(crate) lost_until: Instant,
    pub(crate) disconnect_until: Instant,
    pub(crate) creations: u64,
    pub(crate) purge: Purge,
    pub(crate) queues: Queues,
    pub(crate) walk: Walk,
    pub(crate) quarantine: Quarantine,
    pub(crate) fence: Fence,
    pub(crate) census: Census,
    pub(crate) stats: OperationStats,
    orders: Vec<(ServerId, Order)>,
    events: Vec<Event>,
    /// Versions (none = removed) in events that were not taken yet.
    untold: HashMap<ChunkId, Option<ChunkVersion>>,
}

/// A chunk taken out of the table to be worked on.
pub(crate) struct Chunk {
    pub(crate) id: ChunkId,
    pub(crate) slot: Slot,
    pub(crate) info: ChunkInfo,
    pub(crate) replicas: Replicas,
}

impl Chunk {
    pub(crate) fn has_usable(&self) -> bool {
        self.replicas.iter().any(|r| r.state.is_usable())
    }

    pub(crate) fn has_busy(&self) -> bool {
        self.replicas.iter().any(|r| r.state.is_busy())
    }

    pub(crate) fn is_on(&self, server: ServerId) -> bool {
        self.replicas.iter().any(|r| r.server == server)
    }
}

/// The terms that hold for a chunk: none without references or class.
pub(crate) fn wanted<'a>(meta: &'a dyn ChunkMeta, info: &ChunkInfo) -> &'a [LabelTerm] {
    meta.class(info.class).map_or(&[], |class| class.wanted(info.archived))
}

impl Cluster {
    /// A cluster without servers and chunks. The generator gives the randomness of choices.
    pub fn new(options: Options, rng: fastrand::Rng, now: Now) -> Cluster {
        let options = options.clamped();
        Cluster {
            queues: Queues::new(options.queue_length),
            walk: Walk::new(options.soft_delete_limit, now.unix),
            options,
            topology: Box::new(Flat),
            rng,
            started: now.at,
            servers: Servers::default(),
            chunks: Table::default(),
            running: BTreeMap::new(),
            sources: BTreeMap::new(),
            replications: BTreeMap::new(),
            burned: HashMap::new(),
            new_until: Instant::default(),
            lost_until: Instant::default(),
            disconnect_until: Instant::default(),
            creations: 0,
            purge: Purge::default(),
            quarantine: Quarantine::default(),
            fence: Fence::default(),
            census: Census::default(),
            stats: OperationStats::default(),
            orders: Vec::new(),
            events: Vec::new(),
            untold: HashMap::new(),
        }
    }

    /// Options after a reload. A change of the queues' length empties them.
    pub fn set_options(&mut self, options: Options) {
        let options = options.clamped();
        if options.queue_length != self.options.queue_length {
            self.empty_queues();
            self.queues = Queues::new(options.queue_length);
        }
        self.walk.clamp_delete_limit(&options);
        self.options = options;
        self.look_again();
    }

    /// The network map after start or a reload.
    pub fn set_topology(&mut self, topology: Box<dyn Topology + Send>) {
        self.topology = topology;
    }

    /// At start: a server that the metadata image names. `csid` 0 = none yet.
    pub fn restore_server(
        &mut self,
        now: Now,
        (ip, port): (Ipv4Addr, u16),
        csid: u16,
        maintenance: Maintenance,
        until: u32,
    ) {
        let change = RegistryChange { op: 0, ip, port, arg: u32::from(csid) };
        self.servers.restore(now, change, maintenance, until);
    }

    /// At start: a chunk that the metadata image names, so that it is looked after even if nobody reports it.
    pub fn restore_chunk(&mut self, meta: &dyn ChunkMeta, id: ChunkId) {
        if let Some(info) = meta.chunk(id).filter(|_| id.0 != 0) {
            let slot = self.record(id);
            self.refresh(slot, &info);
        }
    }

    /// What chunkservers must be sent, in order.
    pub fn take_orders(&mut self) -> Vec<(ServerId, Order)> {
        std::mem::take(&mut self.orders)
    }

    /// What the master must do, in order (see [`Event`]).
    pub fn take_events(&mut self) -> Vec<Event> {
        self.untold.clear();
        std::mem::take(&mut self.events)
    }

    /// A connected server.
    pub fn server(&self, id: ServerId) -> Option<&Server> {
        self.servers.get(id)
    }

    /// All servers known, connected or not, for operators' lists.
    pub fn servers(&self) -> impl Iterator<Item = ServerReport<'_>> {
        self.servers.report()
    }

    /// An operator's command about a server (packet 524): OK, ACTIVE or NOTFOUND.
    pub fn command(&mut self, now: Now, address: (Ipv4Addr, u16), command: Command) -> Status {
        let Cluster { servers, options, events, .. } = self;
        servers.command(now, address, command, options, events)
    }

    /// How many chunks are looked after.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// The master runs long enough and nobody is registering.
    pub fn is_stable(&self, now: Now) -> bool {
        now.at.since_ms(self.started) > STABLE_MS && !self.servers.registering()
    }

    /// Counters are not final: bit 0 copies of a lost server are being forgotten or chunks were reported lost, bit 1
    /// a server registers or announced chunks (`spec/chunk-placement.md` 0 and 6).
    pub fn progress(&self, now: Now) -> u8 {
        let purging = self.purge.is_active() || now.at < self.lost_until;
        u8::from(purging) | u8::from(self.is_announcing(now)) << 1
    }

    fn is_announcing(&self, now: Now) -> bool {
        self.servers.registering() || now.at < self.new_until
    }

    /// Copies may appear any moment: a chunk short of copies should not be written now.
    pub(crate) fn is_changing(&self, now: Now) -> bool {
        !self.is_stable(now) || self.is_announcing(now)
    }

    /// Whatever is not known now does not exist on any known server.
    pub fn is_complete(&self, now: Now) -> bool {
        self.progress(now) == 0 && self.servers.all_present()
    }

    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::SetVersion { chunk, version } => self.untold.insert(chunk, Some(version)),
            Event::RemoveChunk { chunk, .. } => self.untold.insert(chunk, None),
            _ => None,
        };
        self.events.push(event);
    }

    pub(crate) fn events_mut(&mut self) -> (&mut Servers, &Options, &mut Vec<Event>) {
        (&mut self.servers, &self.options, &mut self.events)
    }

    pub(crate) fn order(&mut self, server: ServerId, order: Order) {
        self.stats.ordered(&order);
        self.orders.push((server, order));
    }

    /// The record of a chunk, made when there is none.
    pub(crate) fn record(&mut self, id: ChunkId) -> Slot {
        let (slot, new) = self.chunks.insert(id);
        if new {
            self.census.add(0, false, (0, 0));
        }
        slot
    }

    /// What metadata knows of the chunk, counting changes it was not told of yet.
    fn info(&self, meta: &dyn ChunkMeta, id: ChunkId) -> Option<ChunkInfo> {
        let mut info = meta.chunk(id).filter(|_| id.0 != 0)?;
        if let Some(untold) = self.untold.get(&id) {
            info.version = (*untold)?;
        }
        Some(info)
    }

    /// Takes a chunk out to work on it, without copies on servers that are gone. None when metadata does not know it.
    pub(crate) fn load(&mut self, meta: &dyn ChunkMeta, id: ChunkId) -> Option<Chunk> {
        let info = self.info(meta, id)?;
        let slot = self.record(id);
        self.refresh(slot, &info);
        let mut chunk = Chunk { id, slot, info, replicas: self.chunks.replicas(slot) };
        self.drop_dead(&mut chunk);
        Some(chunk)
    }

    /// Forgets copies on servers that are gone.
    pub(crate) fn drop_dead(&mut self, chunk: &mut Chunk) {
        let before = chunk.replicas.len();
        chunk.replicas.retain(|r| self.servers.get(r.server).is_some());
        if chunk.replicas.len() != before {
            self.chunks.put(chunk.slot, Flags::BUMP, true);
            self.store(chunk);
        }
    }

    /// Puts the copies back, with all counters.
    pub(crate) fn store(&mut self, chunk: &Chunk) {
        self.store_replicas(chunk.slot, &chunk.replicas);
    }

    pub(crate) fn store_replicas(&mut self, slot: Slot, replicas: &Replicas) {
        let writing = self.chunks.has(slot, Flags::WRITING);
        if writing {
            self.count_writes(slot, false);
        }
        self.chunks.set_replicas(slot, replicas);
        if writing {
            self.count_writes(slot, true);
        }
        let class = (self.chunks.class(slot), self.chunks.has(slot, Flags::ARCHIVED));
        self.census.remove(class.0, class.1, self.chunks.counts(slot));
        let count = |good: fn(crate::ReplicaState) -> bool| {
            replicas.iter().filter(|r| good(r.state)).count().min(10) as u8
        };
        let counts = (count(crate::ReplicaState::is_usable), count(crate::ReplicaState::is_regular));
        self.chunks.set_counts(slot, counts);
        self.census.add(class.0, class.1, counts);
    }

    fn count_writes(&mut self, slot: Slot, up: bool) {
        for replica in self.chunks.replicas(slot).iter().filter(|r| r.state.is_usable()) {
            if let Some(server) = self.servers.get_mut(replica.server) {
                server.writes = if up { server.writes + 1 } else { server.writes.saturating_sub(1) };
            }
        }
    }

    /// Opens or closes the write lease in the servers' counters.
    pub(crate) fn set_writing(&mut self, slot: Slot, on: bool) {
        if self.chunks.has(slot, Flags::WRITING) != on {
            self.count_writes(slot, on);
            self.chunks.put(slot, Flags::WRITING, on);
        }
    }

    /// Takes over what metadata says of the chunk's class.
    pub(crate) fn refresh(&mut self, slot: Slot, info: &ChunkInfo) {
        let class = if info.references == 0 { 0 } else { info.class };
        self.set_class(slot, class, info.archived);
    }

    pub(crate) fn set_class(&mut self, slot: Slot, class: ClassId, archived: bool) {
        let old = (self.chunks.class(slot), self.chunks.has(slot, Flags::ARCHIVED));
        if old != (class, archived) {
            let counts = self.chunks.counts(slot);
            self.census.remove(old.0, old.1, counts);
            self.chunks.set_class(slot, class);
            self.chunks.put(slot, Flags::ARCHIVED, archived);
            self.census.add(class, archived, counts);
        }
    }

    /// Forgets the chunk altogether.
    pub(crate) fn forget_chunk(&mut self, id: ChunkId, slot: Slot) {
        self.set_writing(slot, false);
        self.store_replicas(slot, &Replicas::new());
        let class = (self.chunks.class(slot), self.chunks.has(slot, Flags::ARCHIVED));
        self.census.remove(class.0, class.1, self.chunks.counts(slot));
        self.chunks.remove(slot);
        if let Some(running) = self.running.remove(&id) {
            self.release_source(&running);
        }
        self.burned.remove(&id);
    }
}
