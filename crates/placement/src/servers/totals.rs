//! Space of all servers together, and what of it may be used (`spec/chunk-placement.md` 2.6).

use crate::{Cluster, ReserveSpace};

/// Sums over all servers that have sensible figures, bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TotalSpace {
    /// Size of regular disks.
    pub total: u64,
    /// Not used.
    pub free: u64,
    /// Free, without the reserve that is kept for root.
    pub available: u64,
}

impl Cluster {
    /// Space as file systems report it.
    pub fn space(&self) -> TotalSpace {
        let spaces = || self.servers.iter().filter(|(_, s)| s.is_valid()).map(|(_, s)| s.space);
        let total = spaces().fold(0_u64, |sum, s| sum.saturating_add(s.total));
        let free = spaces().fold(0_u64, |sum, s| sum.saturating_add(s.total - s.used));
        let reserve = match self.options.reserve_space {
            ReserveSpace::Bytes(bytes) => bytes,
            ReserveSpace::Percent(percent) => (total as f64 * percent / 100.0) as u64,
            ReserveSpace::MostUsed(times) => {
                (spaces().map(|s| s.used).max().unwrap_or(0) as f64 * times) as u64
            }
            ReserveSpace::Largest(times) => {
                (spaces().map(|s| s.total).max().unwrap_or(0) as f64 * times) as u64
            }
        };
        TotalSpace { total, free, available: free.saturating_sub(reserve) }
    }
}
