//! What each session does, counted (`spec/wire-client-master.md` 2.10). An image keeps it, the changelog does not.

use crate::core::Master;
use metadata::SESSION_COUNTERS;
use proto::client_master::CltoMa;
use types::SessionId;

/// This hour, and the last.
pub(super) type Counters = [[u32; SESSION_COUNTERS]; 2];

/// Which counters a request moves.
fn kinds(packet: &CltoMa<'_>) -> &'static [usize] {
    match packet {
        CltoMa::FuseStatfs(_) => &[0],
        CltoMa::FuseGetattr(_) => &[1],
        CltoMa::FuseSetattr(_) | CltoMa::FuseTruncate(_) => &[2],
        CltoMa::FuseLookup(_) => &[3],
        CltoMa::FuseMkdir(_) => &[4],
        CltoMa::FuseRmdir(_) => &[5],
        CltoMa::FuseSymlink(_) => &[6],
        CltoMa::FuseReadlink(_) => &[7],
        CltoMa::FuseMknod(_) => &[8],
        CltoMa::FuseUnlink(_) => &[9],
        CltoMa::FuseRename(_) => &[10],
        CltoMa::FuseLink(_) => &[11],
        CltoMa::FuseReaddir(_) => &[12],
        CltoMa::FuseOpen(_) => &[13],
        CltoMa::FuseCreate(_) => &[8, 13],
        CltoMa::FuseReadChunk(_) => &[14],
        CltoMa::FuseWriteChunk(_) => &[15],
        _ => &[],
    }
}

impl Master {
    /// A request came.
    pub(super) fn count_operation(&mut self, session: SessionId, packet: &CltoMa<'_>) {
        let kinds = kinds(packet);
        if kinds.is_empty() {
            return;
        }
        let fs = &self.fs;
        let stored = || fs.session(session).map_or_else(Default::default, |s| [s.counters, s.last_hour]);
        let counters = self.sessions.counters.entry(session).or_insert_with(stored);
        for kind in kinds {
            counters[0][*kind] = counters[0][*kind].wrapping_add(1);
            self.charts.operations[*kind] += 1;
        }
    }

    /// What the session did in this hour and in the last.
    pub(super) fn session_counters(&self, session: SessionId) -> Counters {
        let counted = self.sessions.counters.get(&session).copied();
        counted.or_else(|| self.fs.session(session).map(|s| [s.counters, s.last_hour])).unwrap_or_default()
    }

    /// At the top of each hour.
    pub(crate) fn end_counting_hour(&mut self) {
        let sessions: Vec<SessionId> = self.fs.sessions().map(|(id, _)| id).collect();
        for session in sessions {
            let [current, _] = self.session_counters(session);
            self.sessions.counters.insert(session, [[0; SESSION_COUNTERS], current]);
        }
    }

    /// Before an image is written.
    pub(crate) fn hand_over_counters(&mut self) {
        for (session, [current, last]) in &self.sessions.counters {
            self.fs.set_session_counters(*session, current, last);
        }
    }
}
