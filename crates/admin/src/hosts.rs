//! From names to addresses.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

/// All IPv4 addresses of the names in `text`, which are separated by `;`, `,` or blanks. Names that mean nothing are
/// left out.
pub fn addresses(text: &str) -> BTreeSet<Ipv4Addr> {
    let names = text.split([';', ',', ' ']).filter(|name| !name.is_empty());
    let resolve = |name: &str| (name, 0).to_socket_addrs().into_iter().flatten();
    let v4 = |addr: SocketAddr| if let SocketAddr::V4(addr) = addr { Some(*addr.ip()) } else { None };
    names.flat_map(resolve).filter_map(v4).collect()
}

/// `HOST`, `HOST:PORT` or `:PORT`, the parts there are.
pub fn host_and_port(text: &str) -> Option<(Option<&str>, Option<u16>)> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    Some(((!host.is_empty()).then_some(host), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_names() {
        let found = addresses("10.0.0.2; 10.0.0.1,10.0.0.2");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)]
        );
        assert!(addresses("").is_empty());
    }
}
