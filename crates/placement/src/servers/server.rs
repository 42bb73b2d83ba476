//! One connected chunkserver.

use super::RemovalState;
use crate::{Instant, Options};
use std::net::Ipv4Addr;
use types::{CHUNK_SIZE, Version};

/// A connection of a chunkserver. Reused only after everything that the old connection held is forgotten.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerId(pub u16);

/// Space as a chunkserver reports it, bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Space {
    /// Used on regular disks.
    pub used: u64,
    /// Size of regular disks.
    pub total: u64,
    /// Chunks on regular disks.
    pub chunks: u32,
    /// Used on disks marked for removal.
    pub removal_used: u64,
    /// Size of disks marked for removal.
    pub removal_total: u64,
    /// Chunks on disks marked for removal.
    pub removal_chunks: u32,
}

/// How busy a server says it is (`spec/chunk-placement.md` 2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum HeavyLoad {
    /// An old server that does not say.
    Default = 0,
    /// Fine.
    Ok = 1,
    /// Takes no more.
    Overloaded = 2,
    /// Moves chunks between its own disks.
    Rebalance = 3,
    /// Found too busy by the master, for a while.
    Graceful = 4,
}

impl HeavyLoad {
    /// As received; what is not known counts as overloaded (4.x has more kinds, all of them busy).
    pub fn from_wire(byte: u8) -> HeavyLoad {
        match byte {
            0 => HeavyLoad::Default,
            1 => HeavyLoad::Ok,
            3 => HeavyLoad::Rebalance,
            _ => HeavyLoad::Overloaded,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Server {
    /// Its address, as told to clients.
    pub ip: Ipv4Addr,
    /// Its data port.
    pub port: u16,
    /// Its id in the database.
    pub csid: u16,
    /// Its program's version.
    pub version: Version,
    /// Label mask.
    pub labels: u32,
    /// Space as last told.
    pub space: Space,
    /// Load as last told.
    pub load: u32,
    /// Disk errors told since it connected.
    pub errors: u32,
    /// True until its list of chunks is complete.
    pub registering: bool,
    pub(crate) maintained: bool,
    pub(crate) reported: HeavyLoad,
    pub(crate) grace_until: Instant,
    /// Chunks with an open write lease and a usable copy here.
    pub(crate) writes: u32,
    /// Replications to this server.
    pub(crate) incoming: u32,
    /// Replications from this server.
    pub(crate) outgoing: u32,
    /// Deletions ordered and not answered.
    pub(crate) deletions: u32,
    pub(crate) removal: RemovalState,
    /// Weighted round robin: creations since it was last chosen, whether it never was, accumulated error.
    pub(crate) distance: u32,
    pub(crate) first: bool,
    pub(crate) correction: f64,
}

impl Server {
    /// Has space figures that make sense.
    pub(crate) fn is_valid(&self) -> bool {
        self.space.total > 0 && self.space.used <= self.space.total
    }

    pub(crate) fn free(&self) -> u64 {
        self.space.total.saturating_sub(self.space.used)
    }

    /// Room for a new chunk beside those being written.
    pub(crate) fn has_room(&self) -> bool {
        self.free() > CHUNK_SIZE * (1 + 10 * u64::from(self.writes))
    }

    /// More than one percent free: what replication asks for.
    pub(crate) fn takes_replications(&self) -> bool {
        self.space.total > 0 && self.free() > self.space.total / 100
    }

    pub(crate) fn usage(&self) -> f64 {
        self.space.used as f64 / self.space.total.max(1) as f64
    }

    /// How busy it is, with the master's own judgement of servers that do not say.
    pub fn heavy_load(&self, at: Instant) -> HeavyLoad {
        match self.reported {
            HeavyLoad::Default if at < self.grace_until => HeavyLoad::Graceful,
            reported => reported,
        }
    }

    /// May be used for replication without need.
    pub(crate) fn is_relaxed(&self, at: Instant) -> bool {
        let load = self.heavy_load(at);
        !self.maintained && matches!(load, HeavyLoad::Default | HeavyLoad::Ok | HeavyLoad::Rebalance)
    }

    /// Milliseconds until a server found too busy is normal again.
    pub fn grace_left_ms(&self, at: Instant) -> u64 {
        if self.reported == HeavyLoad::Default { self.grace_until.since_ms(at) } else { 0 }
    }

    /// Whether its marked disks may be pulled.
    pub fn removal_progress(&self) -> super::RemovalProgress {
        self.removal.shown()
    }

    /// A load report; `average` is that of the other servers.
    pub(crate) fn judge_load(&mut self, at: Instant, load: u32, average: f64, options: &Options) {
        self.load = load;
        if load > options.heavy_load_threshold && f64::from(load) > options.heavy_load_ratio * average {
            self.grace_until = at.after_ms(u64::from(options.heavy_load_grace_s) * 1000);
        }
    }
}
