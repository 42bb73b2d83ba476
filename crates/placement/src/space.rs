//! Space of the whole cluster.

use crate::{Cluster, ReserveSpace};

/// Bytes over all connected servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClusterSpace {
    /// Size of regular disks.
    pub total: u64,
    /// Not used.
    pub free: u64,
    /// Not used and not reserved for root (`RESERVE_SPACE`).
    pub available: u64,
}

impl Cluster {
    /// Sums over valid servers (`spec/chunk-placement.md` 2.6).
    pub fn space(&self) -> ClusterSpace {
        let servers = || self.servers.iter().filter(|(_, s)| s.is_valid()).map(|(_, s)| s);
        let sum = |of: fn(&crate::Server) -> u64| servers().map(of).fold(0, u64::saturating_add);
        let (total, free) = (sum(|s| s.space.total), sum(crate::Server::free));
        let largest = |of: fn(&crate::Server) -> u64| servers().map(of).max().unwrap_or(0) as f64;
        let reserved = match self.options.reserve_space {
            ReserveSpace::Bytes(bytes) => bytes,
            ReserveSpace::Percent(percent) => (total as f64 * percent / 100.0) as u64,
            ReserveSpace::MostUsed(times) => (largest(|s| s.space.used) * times) as u64,
            ReserveSpace::Largest(times) => (largest(|s| s.space.total) * times) as u64,
        };
        ClusterSpace { total, free, available: free.saturating_sub(reserved) }
    }
}
