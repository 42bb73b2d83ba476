//! Ports that nobody else uses.

use super::cluster::Ports;
use anyhow::bail;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

/// Below the ports that Linux hands out to outgoing connections (32768 and up).
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;
/// The master's ports.
const MASTER: usize = 3;

/// A free block of ports for a cluster in `dir`. Where the search begins depends on the directory, so that clusters that
/// do not run at the same time rarely get the same ports.
pub(crate) fn choose(dir: &Path, servers: usize) -> anyhow::Result<Ports> {
    let count = u16::try_from(MASTER + servers).unwrap_or(u16::MAX);
    let mut hasher = DefaultHasher::new();
    dir.hash(&mut hasher);
    let blocks = u64::from((LAST - FIRST) / count);
    for i in 0..blocks {
        let block = u16::try_from((hasher.finish() % blocks + i) % blocks).unwrap_or(0);
        let ports: Vec<u16> = (0..count).map(|n| FIRST + block * count + n).collect();
        if ports.iter().all(|&port| is_free(port)) {
            return Ok(Ports {
                metaloggers: ports[0],
                chunkservers: ports[1],
                clients: ports[2],
                data: ports[MASTER..].to_vec(),
            });
        }
    }
    bail!(
        "no {count} free ports in a row between {FIRST} and {LAST} on 127.0.0.1: stop something that listens there"
    )
}

/// Adds chunkservers up to `servers`.
pub(crate) fn extend(ports: &mut Ports, servers: usize) -> anyhow::Result<()> {
    let mut next = ports.data.iter().copied().max().unwrap_or(FIRST);
    while ports.data.len() < servers {
        next += 1;
        let ours = [ports.metaloggers, ports.chunkservers, ports.clients];
        if next > LAST + 1000 {
            bail!("no free port above those of the cluster: use --new-ports");
        }
        if is_free(next) && !ours.contains(&next) {
            ports.data.push(next);
        }
    }
    Ok(())
}

/// True when nobody listens on the port on 127.0.0.1.
pub(crate) fn is_free(port: u16) -> bool {
    // The standard library sets SO_REUSEADDR, so connections that linger are no obstacle, as for the daemons.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_use_are_passed_over() {
        let first = choose(Path::new("/a"), 3).unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.data[1])).unwrap();
        let second = choose(Path::new("/a"), 3).unwrap();
        let all = |p: &Ports| [vec![p.metaloggers, p.chunkservers, p.clients], p.data.clone()].concat();
        assert!(all(&first).iter().all(|port| !all(&second).contains(port)));
        let mut more = second.clone();
        extend(&mut more, 5).unwrap();
        assert_eq!(more.data[..3], second.data[..]);
        let mut unique = all(&more);
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 8);
    }
}
