//! Accepts data connections: one thread each, bounded in number.

use super::conn::Conn;
use crate::server::Server;
use anyhow::{Context, Result};
use net::bulk::wait_for;
use rustix::event::PollFlags;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Stack of a connection's thread: its blocks are elsewhere.
const STACK: usize = 256 << 10;
/// How often a quiet listener looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(200);

/// The listening socket.
pub(crate) struct Listener(TcpListener);

/// Wakes the listener's thread, so that a stop need not wait for it.
pub(crate) struct Waker(TcpListener);

impl Waker {
    /// Nobody can connect any more.
    pub(crate) fn wake(&self) {
        let _ = rustix::net::shutdown(&self.0, rustix::net::Shutdown::Both);
    }
}

/// `*` or a name or address, as an IPv4 address.
pub(crate) fn resolve_v4(host: &str) -> Result<Ipv4Addr> {
    if host == "*" || host.is_empty() {
        return Ok(Ipv4Addr::UNSPECIFIED);
    }
    let found = (host, 0).to_socket_addrs().with_context(|| format!("resolve {host}"))?;
    let v4 = found.into_iter().find_map(|addr| match addr {
        SocketAddr::V4(addr) => Some(*addr.ip()),
        SocketAddr::V6(_) => None,
    });
    v4.with_context(|| format!("{host} has no IPv4 address, and MooseFS has no other"))
}

impl Listener {
    pub(crate) fn bind(host: &str, port: u16) -> Result<(Listener, SocketAddrV4)> {
        let addr = SocketAddrV4::new(resolve_v4(host)?, port);
        let socket = TcpListener::bind(addr)
            .with_context(|| format!("listen on {addr} (CSSERV_LISTEN_HOST and CSSERV_LISTEN_PORT)"))?;
        socket.set_nonblocking(true)?;
        let SocketAddr::V4(addr) = socket.local_addr()? else { unreachable!("bound to IPv4") };
        Ok((Listener(socket), addr))
    }

    /// For whoever stops the server.
    pub(crate) fn waker(&self) -> Result<Waker> {
        Ok(Waker(self.0.try_clone().context("share the listening socket")?))
    }

    /// Accepts until the server stops. At most `max` connections at once.
    pub(crate) fn run(self, server: &Arc<Server>, max: usize) {
        let mut complained = Instant::now() - Duration::from_secs(60);
        while !server.stopping() {
            let stream = match self.0.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let _ = wait_for(&self.0, PollFlags::IN, Instant::now() + LOOK);
                    continue;
                }
                Err(_) if server.stopping() => return,
                Err(error) => {
                    // Out of descriptors, or the peer is gone already.
                    tracing::warn!("accept: {error}");
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                }
            };
            if server.connections.load(Ordering::Acquire) >= max {
                if complained.elapsed() > Duration::from_secs(10) {
                    complained = Instant::now();
                    tracing::warn!("{max} data connections are open; more are refused");
                }
                continue;
            }
            server.connections.fetch_add(1, Ordering::AcqRel);
            let shared = server.clone();
            let run = move || {
                let _count = Counted(&shared);
                match Conn::new(&shared, stream) {
                    Ok(conn) => conn.run(),
                    Err(error) => tracing::debug!("data connection: {error}"),
                }
            };
            if let Err(error) = std::thread::Builder::new().name("data".into()).stack_size(STACK).spawn(run) {
                server.connections.fetch_sub(1, Ordering::AcqRel);
                tracing::warn!("no thread for a data connection: {error}");
            }
        }
    }
}

struct Counted<'a>(&'a Server);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}
