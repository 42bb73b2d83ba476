//! The master's list of chunkservers (`spec/admin-and-monitoring.md` 5.2), the one packet this crate knows.

use crate::config::{MASTER, MATOCL_PORT};
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const REQUEST: u32 = 500;
const REPLY: u32 = 501;
const RECORD: usize = 69;
/// A reply longer than this is not from a test cluster.
const LIMIT: usize = 255 * RECORD;

/// Addresses of the chunkservers that are registered and connected now; to be called inside the namespace.
pub(crate) fn connected() -> Result<Vec<Ipv4Addr>> {
    let address = SocketAddr::from((MASTER, MATOCL_PORT));
    let timeout = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, timeout).context("connect to the master")?;
    stream.set_read_timeout(Some(timeout)).context("set a timeout")?;
    let mut request = REQUEST.to_be_bytes().to_vec();
    request.extend([0; 4]);
    stream.write_all(&request).context("ask for the server list")?;
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).context("read the server list")?;
        let id = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        ensure!(length <= LIMIT, "a server list of {length} bytes");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).context("read the server list")?;
        if id == REPLY {
            return parse(&body);
        }
        ensure!(id == 0, "packet {id} instead of the server list");
    }
}

fn parse(body: &[u8]) -> Result<Vec<Ipv4Addr>> {
    ensure!(body.len().is_multiple_of(RECORD), "a server list of {} bytes", body.len());
    let records = body.chunks_exact(RECORD).filter(|record| record[0] & 1 == 0);
    Ok(records.map(|record| Ipv4Addr::new(record[4], record[5], record[6], record[7])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disconnected_servers_do_not_count() {
        let mut body = [0; 3 * RECORD];
        for (i, record) in body.chunks_exact_mut(RECORD).enumerate() {
            record[4..8].copy_from_slice(&[10, 99, 0, i as u8]);
        }
        body[RECORD] = 7;
        assert_eq!(parse(&body).unwrap(), [Ipv4Addr::new(10, 99, 0, 0), Ipv4Addr::new(10, 99, 0, 2)]);
        assert!(parse(&body[1..]).is_err());
    }
}
