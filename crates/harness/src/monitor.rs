//! What the master tells anybody: the list of chunkservers and the matrix of goals and copies
//! (`spec/admin-and-monitoring.md` 5.2), the two packets this crate knows.

use crate::config::{MASTER, MATOCL_PORT};
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const SERVERS: u32 = 500;
const MATRIX: u32 = 516;
/// Bytes of a server in the list.
const RECORD: usize = 69;
/// Rows and columns of a matrix.
const SIDE: usize = 11;
/// A reply longer than this is not from a test cluster.
const LIMIT: usize = 255 * RECORD;

/// A chunkserver, as operators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLine {
    /// It is connected now.
    pub connected: bool,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Bytes its regular disks have; 0 until they are scanned.
    pub total: u64,
    /// Chunks on disks marked for removal.
    pub removal_chunks: u32,
    /// Disk errors since it connected.
    pub errors: u32,
    /// 0 unknown, 1 marked disks are still needed, 2 they can be removed.
    pub removal_state: u8,
}

/// Chunks by goal (row) and copies (column); the last of each means "or more".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Counters may still change: a server registers or is being forgotten.
    pub in_progress: bool,
    /// Counting copies on regular disks only.
    regular: [[u32; SIDE]; SIDE],
    /// Counting all copies.
    all: [[u32; SIDE]; SIDE],
}

impl Matrix {
    fn count(matrix: &[[u32; SIDE]; SIDE], pick: impl Fn(usize, usize) -> bool) -> u32 {
        let cells = (0..SIDE).flat_map(|goal| (0..SIDE).map(move |copies| (goal, copies)));
        cells.filter(|(goal, copies)| pick(*goal, *copies)).map(|(goal, copies)| matrix[goal][copies]).sum()
    }

    /// Chunks of files that nobody has a copy of.
    pub fn missing(&self) -> u32 {
        Self::count(&self.all, |goal, copies| goal > 0 && copies == 0)
    }

    /// Chunks of files with too few copies on regular disks, missing ones included.
    pub fn undergoal(&self) -> u32 {
        Self::count(&self.regular, |goal, copies| copies < goal)
    }

    /// Chunks of files with more copies than wanted.
    pub fn surplus(&self) -> u32 {
        Self::count(&self.all, |goal, copies| goal > 0 && copies > goal)
    }

    /// Chunks of files.
    pub fn chunks(&self) -> u32 {
        Self::count(&self.all, |goal, _| goal > 0)
    }

    /// Every chunk of a file has just the copies it should have, and nothing is known to change.
    pub fn is_at_goal(&self) -> bool {
        !self.in_progress && self.undergoal() == 0 && self.surplus() == 0
    }
}

/// The master's list; to be called inside the namespace.
pub(crate) fn servers() -> Result<Vec<ServerLine>> {
    parse_servers(&ask(SERVERS)?)
}

/// The master's matrix; to be called inside the namespace.
pub(crate) fn matrix() -> Result<Matrix> {
    parse_matrix(&ask(MATRIX)?)
}

/// Sends the empty request `id`; the body of the reply.
fn ask(id: u32) -> Result<Vec<u8>> {
    let address = SocketAddr::from((MASTER, MATOCL_PORT));
    let timeout = Duration::from_secs(10);
    let mut stream = TcpStream::connect_timeout(&address, timeout).context("connect to the master")?;
    stream.set_read_timeout(Some(timeout)).context("set a timeout")?;
    let mut request = id.to_be_bytes().to_vec();
    request.extend([0; 4]);
    stream.write_all(&request).with_context(|| format!("send request {id}"))?;
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).with_context(|| format!("read the reply to {id}"))?;
        let (reply, length) = (u32_at(&head, 0), u32_at(&head, 4) as usize);
        ensure!(length <= LIMIT, "a reply of {length} bytes to {id}");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).with_context(|| format!("read the reply to {id}"))?;
        if reply == id + 1 {
            return Ok(body);
        }
        ensure!(reply == 0, "packet {reply} instead of a reply to {id}");
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn parse_servers(body: &[u8]) -> Result<Vec<ServerLine>> {
    ensure!(body.len().is_multiple_of(RECORD), "a server list of {} bytes", body.len());
    let line = |record: &[u8]| ServerLine {
        connected: record[0] & 1 == 0,
        ip: Ipv4Addr::from(u32_at(record, 4)),
        total: u64::from(u32_at(record, 20)) << 32 | u64::from(u32_at(record, 24)),
        removal_chunks: u32_at(record, 48),
        errors: u32_at(record, 52),
        removal_state: record[68],
    };
    Ok(body.chunks_exact(RECORD).map(line).collect())
}

fn parse_matrix(body: &[u8]) -> Result<Matrix> {
    ensure!(body.len() == 1 + 2 * SIDE * SIDE * 4, "a matrix of {} bytes", body.len());
    let cell = |part: usize, goal: usize, copies: usize| {
        u32_at(body, 1 + 4 * (part * SIDE * SIDE + goal * SIDE + copies))
    };
    let part = |part| std::array::from_fn(|goal| std::array::from_fn(|copies| cell(part, goal, copies)));
    Ok(Matrix { in_progress: body[0] != 0, all: part(0), regular: part(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disconnected_servers_are_told_apart() {
        let mut body = [0; 3 * RECORD];
        for (i, record) in body.chunks_exact_mut(RECORD).enumerate() {
            record[4..8].copy_from_slice(&[10, 99, 0, i as u8]);
        }
        body[RECORD] = 7;
        body[23] = 1;
        body[RECORD - 1] = 2;
        let lines = parse_servers(&body).unwrap();
        assert_eq!(lines[2].ip, Ipv4Addr::new(10, 99, 0, 2));
        assert_eq!(lines.iter().map(|l| l.connected).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!((lines[0].removal_state, lines[1].removal_state), (2, 0));
        assert_eq!((lines[0].total, lines[1].total), (1 << 32, 0));
        assert!(parse_servers(&body[1..]).is_err());
    }

    #[test]
    fn the_matrix_tells_what_is_wrong() {
        let mut body = vec![0; 1 + 2 * SIDE * SIDE * 4];
        let mut set = |part: usize, goal: usize, copies: usize, n: u8| {
            body[4 + 4 * (part * SIDE * SIDE + goal * SIDE + copies)] = n;
        };
        for part in 0..2 {
            set(part, 2, 0, 1);
            set(part, 2, 2, 40);
            set(part, 3, 4, 5);
            set(part, 0, 1, 6);
        }
        set(0, 3, 3, 7);
        set(1, 3, 2, 7);
        let matrix = parse_matrix(&body).unwrap();
        assert_eq!((matrix.missing(), matrix.undergoal(), matrix.surplus()), (1, 8, 5));
        assert_eq!((matrix.chunks(), matrix.is_at_goal()), (53, false));
        assert!(parse_matrix(&body[1..]).is_err());
    }
}
