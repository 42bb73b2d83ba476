//! `mfstopology.cfg`: where addresses are, and how far from each other (`spec/config-and-daemons.md` 8).

use crate::exports::AddressRange;
use std::net::Ipv4Addr;

/// The network map. Addresses it does not name have no location.
#[derive(Default, Debug)]
pub struct Topology {
    lines: Vec<(AddressRange, Vec<String>)>,
}

impl Topology {
    /// Reads the whole file; bad lines are told (number from 1, what is wrong) and left out.
    pub fn parse(text: &str) -> (Topology, Vec<(u32, String)>) {
        let mut map = Topology::default();
        let mut errors = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(address) = words.next() else { continue };
            match (AddressRange::parse(address), words.next(), words.next()) {
                (None, _, _) => errors.push((number, format!("bad address '{address}'"))),
                (_, None, _) => errors.push((number, "location is missing".into())),
                (_, _, Some(more)) => errors.push((number, format!("'{more}' behind the location"))),
                (Some(range), Some(location), None) => {
                    map.lines.push((range, location.split('|').map(str::to_owned).collect()));
                }
            }
        }
        (map, errors)
    }

    fn location(&self, ip: Ipv4Addr) -> &[String] {
        let line = self.lines.iter().rev().find(|(range, _)| range.contains(ip));
        line.map_or(&[], |(_, location)| location)
    }
}

impl placement::Topology for Topology {
    /// 0 for the same address, 1 for the same location, else 1 + the words that follow what both have in common.
    fn distance(&self, a: Ipv4Addr, b: Ipv4Addr) -> u32 {
        if a == b {
            return 0;
        }
        let (a, b) = (self.location(a), self.location(b));
        let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let apart = a.len().max(b.len()) - common;
        1 + u32::try_from(apart).unwrap_or(u32::MAX - 1)
    }

    /// Equal locations are one rack, numbered by the first line that names them.
    fn rack(&self, ip: Ipv4Addr) -> u32 {
        let location = self.location(ip);
        let first = self.lines.iter().position(|(_, other)| other == location);
        first.map_or(0, |line| u32::try_from(line + 1).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use placement::Topology as _;

    #[test]
    fn distances_of_the_spec() {
        let text = "# map\n1.0.0.1 US\n1.0.0.2 DE # here\n1.0.0.3 US|P|A|1\n1.0.0.4 US|P|A|2\n1.0.0.5 US|P|B|7\n\
                    1.0.0.6 US|B\n1.0.0.9 x\n1.0.0.9 US\n1.0.0.300 A\n1.0.0.7\n";
        let (map, errors) = Topology::parse(text);
        assert_eq!(errors.iter().map(|e| e.0).collect::<Vec<_>>(), [10, 11]);
        let d = |a: u8, b: u8| map.distance([1, 0, 0, a].into(), [1, 0, 0, b].into());
        assert_eq!([d(1, 2), d(1, 99), d(3, 4), d(3, 5), d(3, 6), d(1, 9), d(1, 1)], [2, 2, 2, 3, 4, 1, 0]);
    }
}
