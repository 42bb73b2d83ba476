//! How long sessions live (`spec/wire-client-master.md` 2.10).

use super::counters::Counters;
use crate::core::Master;
use net::reactor::Net;
use ondisk::Op;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};
use types::{Inode, SessionId};

/// After a start, clients get this long to come back before any session is removed.
const GRACE_AFTER_START: Duration = Duration::from_secs(120);

/// Files closed and sessions removed in one turn of the loop.
const REMOVED_AT_ONCE: usize = 100;

/// What metadata does not keep of sessions.
pub(crate) struct Sessions {
    started: Instant,
    closed: HashSet<SessionId>,
    /// Sessions that are being removed, a part each turn.
    leaving: VecDeque<SessionId>,
    /// What sessions did in this hour and the last.
    pub(super) counters: HashMap<SessionId, Counters>,
}

impl Sessions {
    pub(crate) fn new(now: Instant) -> Self {
        let (closed, leaving, counters) = Default::default();
        Sessions { started: now, closed, leaving, counters }
    }

    /// A connection registered for the session.
    pub(crate) fn connected(&mut self, session: SessionId) {
        self.closed.remove(&session);
    }

    /// The client said that it is done.
    pub(crate) fn close(&mut self, session: SessionId) {
        self.closed.insert(session);
    }
}

impl Master {
    /// The session's last connection is gone.
    pub(crate) fn session_lost(&mut self, session: SessionId) {
        self.locks.forget(session);
        if self.fs.session(session).is_some() {
            self.run_or_tell(&Op::SesDisconnected { session });
        }
    }

    /// Every ten seconds: looks for sessions that were closed, or that nobody came back to in time.
    pub(crate) fn check_sessions(&mut self, now: Instant) {
        if !self.sessions.leaving.is_empty() {
            return;
        }
        let grace = now.duration_since(self.sessions.started) < GRACE_AFTER_START;
        let over: VecDeque<SessionId> = self
            .fs
            .sessions()
            .filter(|(id, _)| self.clients.of_session(*id).is_empty())
            .filter(|(id, session)| {
                let expired = session.disconnected.saturating_add(self.config.session_sustain) < self.now;
                self.sessions.closed.contains(id) || expired && !grace
            })
            .map(|(id, _)| id)
            .collect();
        self.sessions.leaving = over;
    }

    /// Every turn: removes some of what sessions that are over hold, and sessions that hold nothing any more.
    pub(crate) fn remove_sessions(&mut self, net: &mut Net) {
        let mut left = REMOVED_AT_ONCE;
        while left > 0 {
            let Some(&session) = self.sessions.leaving.front() else { return };
            // Somebody may have come back, or removed it.
            if self.fs.session(session).is_none() || !self.clients.of_session(session).is_empty() {
                self.sessions.leaving.pop_front();
                continue;
            }
            let open: Vec<Inode> = self.fs.open_files(session).take(left).collect();
            left -= open.len();
            for inode in open {
                self.release(net, session, inode);
            }
            if left > 0 {
                left -= 1;
                tracing::info!("session {session} removed");
                self.remove_session(net, session);
            }
        }
    }

    /// Removes a session with everything it holds.
    pub(crate) fn remove_session(&mut self, net: &mut Net, session: SessionId) {
        let open: Vec<Inode> = self.fs.open_files(session).collect();
        for inode in open {
            self.release(net, session, inode);
        }
        self.run_or_tell(&Op::SesDel { session });
        self.sessions.closed.remove(&session);
        self.sessions.counters.remove(&session);
    }
}
