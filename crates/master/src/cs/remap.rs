//! Chunkservers behind another network: `REMAP_BITS` and its two classes.

use std::net::Ipv4Addr;

/// Addresses in one network are told as the same hosts of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Remap {
    mask: u32,
    source: u32,
    destination: u32,
}

impl Remap {
    /// The first `bits` bits (at most 32) of `source` are replaced by those of `destination`.
    pub(crate) fn new(bits: u32, source: Ipv4Addr, destination: Ipv4Addr) -> Self {
        let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
        Remap { mask, source: u32::from(source) & mask, destination: u32::from(destination) & mask }
    }

    /// The address as clients are told it.
    pub(crate) fn apply(self, ip: Ipv4Addr) -> Ipv4Addr {
        let ip = u32::from(ip);
        if ip & self.mask == self.source { (ip & !self.mask | self.destination).into() } else { ip.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_source_network_moves() {
        let remap = Remap::new(24, [10, 0, 1, 0].into(), [192, 168, 7, 0].into());
        assert_eq!(remap.apply([10, 0, 1, 5].into()), Ipv4Addr::new(192, 168, 7, 5));
        assert_eq!(remap.apply([10, 0, 2, 5].into()), Ipv4Addr::new(10, 0, 2, 5));
    }
}
