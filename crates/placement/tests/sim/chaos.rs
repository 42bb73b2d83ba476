//! Bad luck, and the end of it.

use crate::server::{Disk, File};
use crate::world::{TICK_MS, World, options};
use placement::{Cluster, Order, ReplicaState};
use types::{ChunkId, ChunkVersion, Status};

impl World {
    /// How long an order takes, and whether it fails.
    pub(crate) fn luck(&mut self, order: &Order) -> (u64, Option<Status>) {
        let rng = &mut self.rng;
        let replicate = matches!(order, Order::Replicate { .. });
        let mut delay = if replicate { rng.u64(200..3000) } else { rng.u64(1..200) };
        if !self.trouble {
            return (delay, None);
        }
        if rng.u8(..) < 3 {
            delay += rng.u64(0..if replicate { 200_000 } else { 20_000 });
        }
        let fails = match rng.u8(..) {
            0..8 => Some(Status::NOTDONE),
            8..10 if matches!(order, Order::Create { .. } | Order::Duplicate { .. }) => Some(Status::NOSPACE),
            8..11 if replicate => Some(Status::DISCONNECTED),
            8..10 if matches!(order, Order::Delete { .. }) => Some(Status::IO),
            _ => None,
        };
        (delay, fails)
    }

    pub(crate) fn chaos_for(&mut self, ms: u64) {
        for n in 0..self.disks.len() {
            self.register(n);
        }
        let end = self.now + ms;
        while self.now < end {
            self.step();
            if self.rng.u32(0..250) == 0 {
                self.misfortune();
            }
        }
    }

    fn misfortune(&mut self) {
        let n = self.rng.usize(0..self.disks.len());
        match self.rng.u8(0..40) {
            0..14 => self.crash(n),
            14..20 => self.lose_chunks(n, 30),
            20..25 => self.damage_chunks(n),
            25..28 => self.toggle_removal(n),
            28 => self.restart_master(),
            29 => self.lose_chunks(n, 100),
            30..34 => self.reclassify(),
            34 => self.redefine(),
            35 => self.stranger(n),
            _ => {}
        }
    }

    /// The process dies; what it was told may have been done.
    fn crash(&mut self, n: usize) {
        if !self.disks[n].alive {
            return;
        }
        self.note(format!("host {} dies", self.disks[n].host));
        for job in std::mem::take(&mut self.disks[n].jobs) {
            if self.rng.bool() {
                self.disks[n].execute(&job);
            }
        }
        let noticed = self.now + if self.rng.bool() { 0 } else { self.rng.u64(0..10_000) };
        let disk = &mut self.disks[n];
        disk.alive = false;
        disk.noticed_at = noticed;
        disk.back_at = noticed + self.rng.u64(100..60_000);
    }

    /// Copies that may be lost without losing the chunk: another one is at rest and good.
    fn expendable(&self, n: usize) -> Vec<ChunkId> {
        let Some(me) = self.disks[n].conn else { return vec![] };
        let spare = |id: &ChunkId| {
            let good = |(_, r): &(_, placement::Replica)| {
                r.server != me
                    && matches!(r.state, ReplicaState::Valid | ReplicaState::RemovalValid)
                    && self.by_conn(r.server).is_some_and(|i| self.disks[i].files.contains_key(id))
            };
            self.cluster.replicas(*id).unwrap_or_default().iter().any(good)
        };
        let quiet =
            |id: &ChunkId| !self.disks.iter().any(|d: &Disk| d.jobs.iter().any(|j| j.order.chunk() == *id));
        self.disks[n].files.keys().filter(|id| quiet(id) && spare(id)).copied().collect()
    }

    fn lose_chunks(&mut self, n: usize, percent: u8) {
        let mut lost = self.expendable(n);
        lost.retain(|_| self.rng.u8(0..100) < percent);
        self.note(format!("host {} loses {} chunks", self.disks[n].host, lost.len()));
        for id in &lost {
            self.disks[n].files.remove(id);
        }
        let Some(server) = self.disks[n].conn.filter(|_| self.disks[n].alive) else { return };
        self.call(|c, _, _| c.disk_error(server));
        self.call(|c, now, meta| c.chunks_lost(now, meta, server, lost));
    }

    fn damage_chunks(&mut self, n: usize) {
        let mut bad = self.expendable(n);
        bad.retain(|_| self.rng.u8(0..100) < 10);
        let Some(server) = self.disks[n].conn.filter(|_| self.disks[n].alive) else { return };
        self.note(format!("host {} finds damaged {bad:?}", self.disks[n].host));
        for id in &bad {
            // A damaged file is not offered again.
            self.disks[n].files.remove(id);
        }
        self.call(|c, now, meta| c.chunks_damaged(now, meta, server, bad));
    }

    fn toggle_removal(&mut self, n: usize) {
        let marked = self.disks.iter().filter(|d| d.removal).count();
        if !self.disks[n].removal && marked > 0 {
            return;
        }
        self.disks[n].removal = !self.disks[n].removal;
        self.report_all(n);
    }

    /// A file gets another class, or is archived.
    fn reclassify(&mut self) {
        let n = self.rng.usize(0..self.files.len());
        let Some(id) = self.files[n].chunk else { return };
        let class = [1, 2, 3, 10, 12, 13][self.rng.usize(0..6)];
        let archived = self.rng.bool();
        let info = self.meta.chunks.get_mut(&id).expect("referenced");
        // One that files of several classes share has a class of its own, which is not the point here.
        if info.references == 1 {
            (info.class, info.archived, self.files[n].class) = (class, archived, class);
            self.note(format!("{id:X} gets class {class}, archived {archived}"));
            self.call(|c, now, meta| c.chunk_changed(now, meta, id));
        }
    }

    /// A class means something else from now on.
    fn redefine(&mut self) {
        self.meta.redefined = !self.meta.redefined;
        self.note(format!("class 13 is redefined: {}", self.meta.redefined));
        self.call(|c, _, _| c.look_again());
    }

    /// A chunk turns up that nobody knows. It is never deleted.
    fn stranger(&mut self, n: usize) {
        let Some(server) = self.disks[n].conn.filter(|_| self.disks[n].alive) else { return };
        let id = self.meta.next;
        self.meta.next.0 += 1;
        let file = File { version: ChunkVersion(1), content: u64::MAX };
        self.disks[n].files.insert(id, file);
        self.strangers.insert(id, n);
        self.note(format!("host {} has the unknown {id:X}", self.disks[n].host));
        let raw = self.disks[n].raw_version(&file);
        self.call(|c, now, meta| c.chunks_found(now, meta, server, [(id, raw)]));
    }

    fn report_all(&mut self, n: usize) {
        let disk = &self.disks[n];
        let Some(server) = disk.conn.filter(|_| disk.alive) else { return };
        let all: Vec<_> = disk.files.iter().map(|(id, f)| (*id, disk.raw_version(f))).collect();
        self.call(|c, now, meta| c.chunks_found(now, meta, server, all));
    }

    /// A new master from the metadata: all connections end, orders are forgotten.
    fn restart_master(&mut self) {
        self.note("the master restarts".into());
        let now = self.clock();
        let restored: Vec<_> = self.cluster.servers().map(|s| ((s.ip, s.port), s.csid)).collect();
        self.cluster = Cluster::new(options(), self.rng.fork(), now);
        for (address, csid) in restored {
            self.cluster.restore_server(now, address, csid, placement::Maintenance::Off, 0);
        }
        self.abandon_operations();
        for id in self.meta.chunks.keys() {
            self.cluster.restore_chunk(&self.meta, *id);
        }
        for n in 0..self.disks.len() {
            for job in std::mem::take(&mut self.disks[n].jobs) {
                if self.rng.bool() {
                    self.disks[n].execute(&job);
                }
            }
            self.disks[n].conn = None;
            if self.disks[n].alive {
                self.register(n);
            }
        }
    }

    /// The trouble ends, clients finish, servers come back: then nobody helps.
    pub(crate) fn heal(&mut self) {
        self.trouble = false;
        for n in 0..self.disks.len() {
            self.disks[n].removal = false;
            self.crash(n);
            self.disks[n].back_at = self.disks[n].noticed_at + 100;
            for _ in 0..2000 {
                self.step();
            }
        }
        for disk in &self.disks {
            assert!(disk.alive);
        }
        let deadline = self.now + 30 * 60_000;
        while self.now < deadline {
            for _ in 0..10_000 / TICK_MS {
                self.step();
            }
            let busy = self.files.iter().any(|f| f.write.is_some());
            if !busy && self.unhealed().is_empty() {
                return self.settle_down();
            }
        }
        panic!("not healed: {:#?}", self.unhealed());
    }

    /// Once all is well nothing moves to and fro: what is evened out ends too.
    fn settle_down(&mut self) {
        let (deadline, quiet_ms) = (self.now + 30 * 60_000, 5 * 60_000);
        while self.now < self.ordered_at + quiet_ms {
            assert!(self.now < deadline, "still copying and deleting after half an hour");
            self.step();
        }
        assert!(self.unhealed().is_empty(), "healed, then not: {:#?}", self.unhealed());
    }
}
