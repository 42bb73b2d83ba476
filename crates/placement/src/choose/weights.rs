//! Weighted round robin: creations follow total space (`spec/chunk-placement.md` 2.2).

use crate::servers::Servers;
use crate::{Cluster, Server, ServerId};

/// Creations between two on this server, if all were distributed by total space.
fn expected_distance(total: f64, server: &Server) -> f64 {
    total / server.space.total as f64
}

fn total_space(servers: &Servers) -> f64 {
    servers.iter().filter(|(_, s)| s.is_valid()).map(|(_, s)| s.space.total as f64).sum()
}

impl Cluster {
    /// The ids in the order in which new chunks should go to them.
    pub(super) fn sort_by_weight(&self, ids: &mut [ServerId]) {
        let total = total_space(&self.servers);
        let key = |id: &ServerId| {
            let Some(server) = self.servers.get(*id) else { return f64::MAX };
            let base = match server.first {
                true => 1.0,
                false => {
                    (expected_distance(total, server) + server.correction) / f64::from(server.distance + 1)
                }
            };
            base + 1000.0 * f64::from(server.writes + server.incoming)
        };
        ids.sort_by(|a, b| key(a).total_cmp(&key(b)));
    }

    /// Counts the creation on these servers.
    pub(super) fn count_creation(&mut self, chosen: &[ServerId]) {
        let (total, k) = (total_space(&self.servers), chosen.len() as u32);
        let valid = self.servers.valid_count() as u64;
        for (_, server) in self.servers.iter_mut().filter(|(_, s)| s.is_valid()) {
            server.distance = server.distance.saturating_add(k);
        }
        self.creations += u64::from(k);
        if self.creations > 10 * valid {
            self.creations = 0;
            for (_, server) in self.servers.iter_mut().filter(|(_, s)| s.is_valid()) {
                let limit = (expected_distance(total, server) * 1000.0) as u64;
                server.distance = (self.rng.u64(0..=limit) / 1000) as u32;
                server.correction = 0.0;
            }
            return;
        }
        for (i, id) in (0..k).zip(chosen) {
            let Some(server) = self.servers.get_mut(*id) else { continue };
            if server.first {
                server.first = false;
            } else {
                let real = f64::from(server.distance) + f64::from(i + 1) - f64::from(k);
                server.correction += expected_distance(total, server) - real;
            }
            server.distance = k - i - 1;
        }
    }
}
