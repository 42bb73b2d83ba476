//! The keeper: a thread that keeps the connection alive, reads what comes when nobody waits, and reconnects.

use super::conn::Conn;
use super::pending::Pending;
use super::register::{ConnectError, Rejoined, rejoin};
use super::{Link, monotonic_ms, readable};
use crate::Error;
use crate::sync::{lock, wait_for};
use proto::Extensions;
use proto::client_master::{FuseTimeSync, Nop};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use types::MsgId;

/// Without a byte from the master for this long, the connection is dead.
pub(super) const SILENCE_MS: u64 = 10_000;
/// Having said nothing for this long, we say NOP.
const QUIET_MS: u64 = 2_000;
const TIME_SYNC_MS: u64 = 60_000;
/// Pause between attempts to reconnect.
const RECONNECT_PAUSE: Duration = Duration::from_secs(2);
/// Pause before the second attempt: a restarted master is back within moments.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How often the keeper looks for unasked packets while others are at work.
const BUSY_TICK: Duration = Duration::from_millis(10);
/// Longest sleep of an idle keeper; its poll ends at once when something arrives.
const IDLE_POLL_MS: i64 = 500;

pub(super) fn start(link: Arc<Link>) -> io::Result<()> {
    std::thread::Builder::new().name("master-link".into()).spawn(move || run(&link)).map(drop)
}

fn run(link: &Arc<Link>) {
    let mut seen = 0;
    let mut next_sync = 0;
    while !link.closed.load(Ordering::Relaxed) {
        let Some(conn) = lock(&link.state).conn.clone() else {
            reconnect(link);
            next_sync = 0;
            continue;
        };
        if conn.silent_ms() > SILENCE_MS {
            link.broken(&conn, &io::ErrorKind::TimedOut.into());
            continue;
        }
        if monotonic_ms() >= next_sync {
            next_sync = monotonic_ms() + TIME_SYNC_MS;
            link.tell(&FuseTimeSync { msgid: MsgId(0) });
        } else if conn.quiet_ms() > QUIET_MS {
            link.tell(&Nop::CLIENT);
        }
        let requests = link.requests.load(Ordering::Relaxed);
        let busy = std::mem::replace(&mut seen, requests) != requests;
        look(link, &conn, busy);
    }
}

/// Reads unasked packets if nobody else does. While requests are being made the keeper must not sleep in poll(2): it
/// would be woken by every reply that another thread is waiting for.
fn look(link: &Arc<Link>, conn: &Conn, busy: bool) {
    if busy || lock(&link.state).reading {
        std::thread::sleep(BUSY_TICK);
    }
    if readable(conn.stream(), if busy { 0 } else { IDLE_POLL_MS }) && link.take_lead() {
        link.lead(None);
    }
}

fn reconnect(link: &Arc<Link>) {
    let mut state = lock(&link.state);
    while state.reading {
        state = wait_for(&link.changed, state, BUSY_TICK);
    }
    let old = state.info.clone();
    drop(state);
    let mut pause = FIRST_PAUSE;
    let (stream, info, replaced) = loop {
        if link.closed.load(Ordering::Relaxed) {
            return;
        }
        match rejoin(&link.options, &old) {
            Ok(Rejoined::Same(stream, info)) => break (stream, info, false),
            Ok(Rejoined::Replaced(stream, info)) => break (stream, info, true),
            Err(error) => {
                tracing::warn!(%error, "cannot reconnect to the master");
                if matches!(error, ConnectError::Refused(_)) {
                    fail_all(link);
                }
            }
        }
        drop(wait_for(&link.changed, lock(&link.state), pause));
        pause = RECONNECT_PAUSE;
    };
    match Conn::new(stream) {
        Ok(conn) => resume(link, Arc::new(conn), info, replaced),
        Err(error) => tracing::warn!(%error, "cannot use the new connection"),
    }
}

/// Puts the connection into use and repeats all requests that have no answer.
fn resume(link: &Arc<Link>, conn: Arc<Conn>, info: super::MasterInfo, replaced: bool) {
    tracing::info!(session = %info.session, version = %info.version, "connected to the master again");
    let mut state = lock(&link.state);
    if link.closed.load(Ordering::Relaxed) {
        return;
    }
    link.reconnects.fetch_add(1, Ordering::Relaxed);
    let extensions = info.extensions;
    link.fine_times.store(extensions.has(Extensions::FINE_TIMES), Ordering::Relaxed);
    state.info = info;
    state.conn = Some(conn.clone());
    let frames: Vec<Arc<[u8]>> = state.pending.values().map(|p| p.frame_for(extensions)).collect();
    let leader = state.pending.values().find_map(Pending::waiter);
    state.reading = leader.is_some();
    drop(state);
    if replaced {
        link.sink.session_replaced();
    }
    for frame in frames {
        link.write(Some(conn.clone()), &frame);
    }
    if let Some(leader) = leader {
        leader.promote();
    }
}

/// The master is there and does not want us: waiting longer would only hang the callers.
fn fail_all(link: &Arc<Link>) {
    let pending = std::mem::take(&mut lock(&link.state).pending);
    for pending in pending.into_values() {
        pending.to.deliver(Err(Error::IO));
    }
}
