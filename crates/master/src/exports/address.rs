//! IPv4 ranges as the configuration files write them.

use std::net::Ipv4Addr;

/// First and last address, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressRange {
    first: u32,
    last: u32,
}

impl AddressRange {
    /// The range that holds no client.
    pub(super) const NOBODY: AddressRange = AddressRange { first: 0, last: 0 };

    /// Reads `*`, `a.b.c.d`, `a.b.c.d/bits`, `a.b.c.d/mask` or `a.b.c.d-e.f.g.h`.
    pub fn parse(text: &str) -> Option<Self> {
        let ip = |s: &str| s.parse::<Ipv4Addr>().ok().map(u32::from);
        if text == "*" {
            return Some(AddressRange { first: 0, last: u32::MAX });
        }
        if let Some((first, last)) = text.split_once('-') {
            let (first, last) = (ip(first)?, ip(last)?);
            return (first <= last).then_some(AddressRange { first, last });
        }
        let Some((net, mask)) = text.split_once('/') else {
            return ip(text).map(|a| AddressRange { first: a, last: a });
        };
        let mask = match mask.parse::<u32>() {
            Ok(bits @ 0..=32) => u32::MAX.checked_shl(32 - bits).unwrap_or(0),
            Ok(_) => return None,
            Err(_) => ip(mask)?,
        };
        let first = ip(net)? & mask;
        Some(AddressRange { first, last: first | !mask })
    }

    /// First and last address.
    pub fn bounds(&self) -> (u32, u32) {
        (self.first, self.last)
    }

    /// True for addresses in it.
    pub fn contains(&self, ip: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&u32::from(ip))
    }
}
