//! Idle connections, kept warm, and how busy each server is.

use super::CsConn;
use crate::link::connect_from;
use crate::sync::lock;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Mutex;
use std::time::Duration;

/// Most idle connections, over all servers.
const MAX_IDLE: usize = 200;
/// Ticks of one second after which an unused connection is closed.
const MAX_AGE_TICKS: u32 = 30;

/// See the module.
pub(crate) struct Pool {
    bind: Option<Ipv4Addr>,
    servers: Mutex<HashMap<SocketAddrV4, Server>>,
}

#[derive(Default)]
struct Server {
    /// The most recently used last.
    idle: Vec<(CsConn, u32)>,
    /// Operations of ours that are running there.
    busy: u32,
}

impl Pool {
    pub(crate) fn new(bind: Option<Ipv4Addr>) -> Self {
        Pool { bind, servers: Mutex::default() }
    }

    /// A connection to `addr`, warm if there is one. `failures` so far decide how long to try.
    pub(crate) fn get(&self, addr: SocketAddrV4, failures: u32) -> io::Result<CsConn> {
        while let Some((mut conn, _)) = lock(&self.servers).entry(addr).or_default().idle.pop() {
            if conn.is_fresh() {
                conn.reused = true;
                conn.begin();
                return Ok(conn);
            }
        }
        self.connect(addr, failures)
    }

    /// A new connection.
    pub(crate) fn connect(&self, addr: SocketAddrV4, failures: u32) -> io::Result<CsConn> {
        let attempts = (2 * failures + 2).min(10);
        let mut attempt = 0;
        loop {
            // 200, 300, 400, 600, 800 ... ms (`spec/wire-chunkserver.md` 1.3).
            let base = if attempt % 2 == 0 { 200 } else { 300 };
            let timeout = Duration::from_millis(base << (attempt / 2));
            attempt += 1;
            match connect_from(self.bind, addr, timeout).and_then(|stream| CsConn::new(stream, addr)) {
                Err(_) if attempt < attempts => {}
                result => return result,
            }
        }
    }

    /// Keeps a connection on which the last operation ended well.
    pub(crate) fn put(&self, conn: CsConn) {
        let mut servers = lock(&self.servers);
        if servers.values().map(|s| s.idle.len()).sum::<usize>() < MAX_IDLE {
            servers.entry(conn.addr).or_default().idle.push((conn, 0));
        }
    }

    /// Counts an operation on `addr` while the guard lives.
    pub(crate) fn occupy(&self, addr: SocketAddrV4) -> Busy<'_> {
        lock(&self.servers).entry(addr).or_default().busy += 1;
        Busy { pool: self, addr }
    }

    /// How many operations of ours run on `addr`.
    pub(crate) fn load(&self, addr: SocketAddrV4) -> u32 {
        lock(&self.servers).get(&addr).map_or(0, |s| s.busy)
    }

    /// To be called every second: keeps idle connections alive, closes the dead and the old.
    pub(crate) fn tick(&self) {
        let mut servers = lock(&self.servers);
        for server in servers.values_mut() {
            server.idle.retain_mut(|(conn, age)| {
                *age += 1;
                *age <= MAX_AGE_TICKS && conn.is_fresh() && conn.send_nop().is_ok()
            });
        }
        servers.retain(|_, server| server.busy > 0 || !server.idle.is_empty());
    }
}

/// See [`Pool::occupy`].
pub(crate) struct Busy<'a> {
    pool: &'a Pool,
    addr: SocketAddrV4,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some(server) = lock(&self.pool.servers).get_mut(&self.addr) {
            server.busy = server.busy.saturating_sub(1);
        }
    }
}
