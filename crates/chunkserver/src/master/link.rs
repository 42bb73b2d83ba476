//! Keeps the link to the master up, for ever.

use super::outbox::Bell;
use super::session::{End, Session};
use crate::data::resolve_v4;
use crate::server::Server;
use anyhow::{Context, Result};
use parking_lot::{Condvar, Mutex};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const CONNECT: Duration = Duration::from_secs(1);
/// A scan is waited for no longer than this before we register with what was found so far.
const SCAN: Duration = Duration::from_secs(2);
/// A name server that says nothing for so long is not waited for.
const RESOLVE: Duration = Duration::from_secs(10);

/// What others want of the link.
#[derive(Default)]
pub(crate) struct Wanted {
    state: Mutex<WantedState>,
    changed: Condvar,
}

#[derive(Default)]
struct WantedState {
    stop: bool,
    reconnect: bool,
    labels: bool,
    failed: Option<String>,
}

impl Wanted {
    fn set(&self, set: impl FnOnce(&mut WantedState)) {
        set(&mut self.state.lock());
        self.changed.notify_all();
    }

    /// The connection is to end.
    pub(super) fn change(&self) -> bool {
        let state = self.state.lock();
        state.stop || state.reconnect
    }

    pub(super) fn take_new_labels(&self) -> bool {
        std::mem::take(&mut self.state.lock().labels)
    }

    /// Something no new connection will help against.
    pub(super) fn fail(&self, why: String) {
        self.set(|state| state.failed = Some(why));
    }

    /// Why the chunkserver cannot go on.
    pub(crate) fn failure(&self) -> Option<String> {
        self.state.lock().failed.clone()
    }

    /// Sleeps; false if the link is to stop.
    fn pause(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut state = self.state.lock();
        while !state.stop && state.failed.is_none() && !state.reconnect {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.reconnect = false;
        !state.stop && state.failed.is_none()
    }
}

/// The link's side that others hold.
pub(crate) struct Link {
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) bell: Arc<Bell>,
}

impl Link {
    pub(crate) fn new() -> Result<Link> {
        Ok(Link { wanted: Arc::default(), bell: Bell::new().context("make an eventfd")? })
    }

    /// Ends the connection and the link's thread.
    pub(crate) fn stop(&self) {
        self.wanted.set(|state| state.stop = true);
        self.bell.ring();
    }

    /// Says goodbye and connects anew, with the configuration of then.
    pub(crate) fn reconnect(&self) {
        self.wanted.set(|state| state.reconnect = true);
        self.bell.ring();
    }

    /// LABELS have changed.
    pub(crate) fn send_labels(&self) {
        self.wanted.set(|state| state.labels = true);
        self.bell.ring();
    }

    /// Runs until [`Link::stop`].
    pub(crate) fn run(&self, server: &Arc<Server>) {
        let mut known: Option<SocketAddrV4> = None;
        // One line per new kind of trouble, not one every five seconds.
        let mut told = String::new();
        // Chunks found before the first registration go into its list; later ones are told one by one.
        let patience = Instant::now() + SCAN;
        while server.store.is_scanning() && Instant::now() < patience {
            if !self.wanted.pause(Duration::from_millis(5)) {
                return;
            }
        }
        loop {
            let config = server.config();
            let target = (config.master_host.clone(), config.master_port);
            let result = self.once(server, &mut known);
            match result {
                Ok(End::Wanted) => known = None,
                Err(error) => {
                    let text = format!("{error:#}");
                    if text != told {
                        tracing::warn!("master {}:{}: {text}", target.0, target.1);
                    }
                    told = text;
                }
            }
            let delay = server.config().reconnection_delay;
            if !self.wanted.pause(delay) {
                return;
            }
        }
    }

    /// One attempt. `known` keeps the address as long as a master answers there.
    fn once(&self, server: &Arc<Server>, known: &mut Option<SocketAddrV4>) -> Result<End> {
        let config = server.config();
        let addr = match known.take() {
            Some(addr) => addr,
            None => SocketAddrV4::new(resolve(&config.master_host)?, config.master_port),
        };
        let bind = resolve_v4(&config.bind_host).context("BIND_HOST")?;
        let from = Some(bind).filter(|addr| *addr != Ipv4Addr::UNSPECIFIED);
        let stream: TcpStream =
            net::bulk::connect_from(from, addr, CONNECT).with_context(|| format!("connect to {addr}"))?;
        let mut session = Session::new(server, &self.wanted, &self.bell, addr, stream);
        let result = session.run();
        if session.answered {
            *known = Some(addr);
        }
        result
    }
}

/// Resolves on a thread of its own, so that a dead name server cannot keep us from stopping.
fn resolve(host: &str) -> Result<Ipv4Addr> {
    if let Ok(addr) = host.parse() {
        return Ok(addr);
    }
    let (send, receive) = mpsc::channel();
    let name = host.to_owned();
    let resolver = std::thread::Builder::new().name("resolve".into()).spawn(move || {
        let _ = send.send(resolve_v4(&name));
    });
    resolver.context("start a thread")?;
    receive.recv_timeout(RESOLVE).with_context(|| format!("resolve {host}: no answer"))?
}
