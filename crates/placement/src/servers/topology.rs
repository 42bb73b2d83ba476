//! How far addresses are from each other; the map itself is the master's.

use std::net::Ipv4Addr;

/// The network map (`spec/chunk-placement.md` 2.3).
pub trait Topology {
    /// 0 for the same address, 1 in the same rack, more the farther.
    fn distance(&self, a: Ipv4Addr, b: Ipv4Addr) -> u32;
    /// The rack's number, the same for the same rack; 0 for addresses without one.
    fn rack(&self, ip: Ipv4Addr) -> u32;
}

/// One rack that is no rack.
pub(crate) struct Flat;

impl Topology for Flat {
    fn distance(&self, a: Ipv4Addr, b: Ipv4Addr) -> u32 {
        u32::from(a != b)
    }
    fn rack(&self, _: Ipv4Addr) -> u32 {
        0
    }
}
