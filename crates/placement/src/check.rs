//! Invariants as code: run after every event in tests.

use crate::chunks::Flags;
use crate::operation::OperationKind;
use crate::stats::Census;
use crate::{Cluster, ReplicaState, ServerId};
use std::collections::HashMap;

impl Cluster {
    /// What must always hold, whatever happened. Walks over everything: for tests.
    ///
    /// # Errors
    /// The first thing found wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let mut census = Census::default();
        let mut writes: HashMap<ServerId, u32> = HashMap::new();
        let mut deleting: HashMap<ServerId, u32> = HashMap::new();
        for (id, slot) in (0..self.chunks.capacity()).filter_map(|n| self.chunks.at(n)) {
            let replicas = self.chunks.replicas(slot);
            let mut seen: Vec<ServerId> = replicas.iter().map(|r| r.server).collect();
            seen.sort_unstable();
            if seen.windows(2).any(|w| w[0] == w[1]) {
                return Err(format!("chunk {id:X}: two copies on one server: {replicas:?}"));
            }
            let busy = replicas.iter().filter(|r| r.state.is_busy()).count();
            let running = self.running.get(&id);
            if (busy > 0) != running.is_some() || running.is_some() != self.chunks.has(slot, Flags::OPERATION)
            {
                return Err(format!("chunk {id:X}: {busy} busy copies with operation {running:?}"));
            }
            let replicating = running.is_some_and(|r| r.kind == OperationKind::Replicate);
            if replicating && busy != 1 {
                return Err(format!("chunk {id:X}: {busy} replications at once"));
            }
            let count =
                |good: fn(ReplicaState) -> bool| replicas.iter().filter(|r| good(r.state)).count().min(10);
            let counts = (count(ReplicaState::is_usable) as u8, count(ReplicaState::is_regular) as u8);
            if counts != self.chunks.counts(slot) {
                return Err(format!("chunk {id:X}: counted {:?}, has {counts:?}", self.chunks.counts(slot)));
            }
            census.add(self.chunks.class(slot), self.chunks.has(slot, Flags::ARCHIVED), counts);
            for replica in &replicas {
                let writing = self.chunks.has(slot, Flags::WRITING) && replica.state.is_usable();
                *writes.entry(replica.server).or_default() += u32::from(writing);
                *deleting.entry(replica.server).or_default() +=
                    u32::from(replica.state == ReplicaState::Deleting);
            }
        }
        if census != self.census {
            return Err("the matrix does not add up".into());
        }
        self.check_servers(&writes, &deleting)
    }

    fn check_servers(
        &self,
        writes: &HashMap<ServerId, u32>,
        deleting: &HashMap<ServerId, u32>,
    ) -> Result<(), String> {
        for (id, server) in self.servers.iter() {
            let incoming = self.replications.keys().filter(|(to, _)| *to == id).count() as u32;
            let outgoing = self.replications.values().filter(|from| **from == Some(id)).count() as u32;
            if (server.incoming, server.outgoing) != (incoming, outgoing) {
                return Err(format!("server {id:?}: replications do not add up"));
            }
            if server.writes != writes.get(&id).copied().unwrap_or_default() {
                return Err(format!("server {id:?}: {} writes, {writes:?}", server.writes));
            }
            if server.deletions < deleting.get(&id).copied().unwrap_or_default() {
                return Err(format!("server {id:?}: {} deletions, {deleting:?}", server.deletions));
            }
        }
        Ok(())
    }
}
