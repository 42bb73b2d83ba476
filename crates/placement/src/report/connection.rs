//! A chunkserver comes, tells its state, and goes.

use crate::cluster::Chunk;
use crate::{ChunkMeta, Cluster, Event, HeavyLoad, Now, Registration, Rejected, ServerId, Space};
use types::ChunkId;

impl Cluster {
    /// A chunkserver connected and may be taken. The answer's `csid` is in [`Cluster::server`].
    ///
    /// # Errors
    /// The connection must be closed.
    pub fn register(&mut self, now: Now, registration: &Registration) -> Result<ServerId, Rejected> {
        let (servers, _, out) = self.events_mut();
        servers.register(now, registration, out)
    }

    /// The server told all of its chunks.
    pub fn registered(&mut self, server: ServerId) {
        if self.servers.registered(server) {
            self.event(Event::ForgetLocations);
            self.look_again();
        }
    }

    /// The server said that it stops for a while; a disconnect follows.
    pub fn announced_stop(&mut self, now: Now, server: ServerId) {
        let (servers, options, out) = self.events_mut();
        servers.announced_stop(now, server, options, out);
    }

    /// The connection ended. Its copies are forgotten: at once where an operation runs, little by little elsewhere.
    pub fn disconnect(&mut self, now: Now, meta: &dyn ChunkMeta, server: ServerId) {
        if self.servers.disconnect(now, server).is_none() {
            return;
        }
        self.event(Event::ForgetLocations);
        self.disconnect_until = now.at.after_ms(self.options.delay_disconnect_ms);
        self.quarantine.server_gone(server);
        let received = self.replications.keys().filter(|(to, _)| *to == server).map(|(_, id)| *id);
        for id in received.collect::<Vec<ChunkId>>() {
            self.release_replication(server, id);
        }
        // One from the lost server stays in the books of its destination until that answers.
        for from in self.replications.values_mut().filter(|from| **from == Some(server)) {
            *from = None;
        }
        let ids: Vec<ChunkId> = self.running.keys().copied().collect();
        for id in ids {
            self.operation_lost_server(now, meta, id, server);
        }
        self.purge.add(server);
    }

    fn operation_lost_server(&mut self, now: Now, meta: &dyn ChunkMeta, id: ChunkId, server: ServerId) {
        let Some(slot) = self.chunks.find(id) else { return };
        // A copy that was done counts too: it has the new version and misses what is written now.
        let took_part = self.chunks.replicas(slot).iter().any(|r| r.server == server && r.state.is_usable());
        let Some(mut chunk): Option<Chunk> = self.load(meta, id) else { return };
        if took_part {
            self.copy_vanished(id);
            self.finish_if_done(now, meta, &mut chunk);
        }
    }

    /// New space figures.
    pub fn set_space(&mut self, server: ServerId, space: Space) {
        let Some(server) = self.servers.get_mut(server) else { return };
        let marked = space.removal_total > 0 && server.space.removal_total == 0;
        server.space = space;
        if marked {
            self.look_again();
        }
    }

    /// New labels.
    pub fn set_labels(&mut self, server: ServerId, labels: u32) {
        if let Some(server) = self.servers.get_mut(server) {
            server.labels = labels;
        }
    }

    /// New load, and what the server thinks of it (`Default` when it does not say).
    pub fn set_load(&mut self, now: Now, server: ServerId, load: u32, heavy: HeavyLoad) {
        let others = self.servers.iter().filter(|(id, _)| *id != server).map(|(_, s)| f64::from(s.load));
        let (sum, n) = others.fold((0.0, 0.0), |(sum, n), load| (sum + load, n + 1.0));
        let average = if n > 0.0 { sum / n } else { f64::from(load) };
        let (servers, options, _) = self.events_mut();
        if let Some(server) = servers.get_mut(server) {
            server.reported = heavy;
            server.judge_load(now.at, load, average, options);
        }
    }

    /// The server told of a disk error.
    pub fn disk_error(&mut self, server: ServerId) {
        if let Some(server) = self.servers.get_mut(server) {
            server.errors = server.errors.saturating_add(1);
        }
    }
}
