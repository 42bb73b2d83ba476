//! Sessions, open files, locks.

use crate::fs::Fs;
use crate::tables::flock::Flock;
use crate::tables::plock::PosixChange;
use crate::tables::sessions::Session;
use ondisk::{LockKind, Outcome, SessionFields};
use types::{Inode, SessionId, Status};

impl Fs {
    pub(super) fn session_add(&mut self, fields: &SessionFields<'_>) -> Result<Outcome, Status> {
        let id = self.take_session_id()?;
        self.sessions.insert(id, Session::new(fields, 0));
        Ok(Outcome::one(id.0.into()))
    }

    fn take_session_id(&mut self) -> Result<SessionId, Status> {
        let id = SessionId(self.sessions.next);
        self.sessions.next = id.0.checked_add(1).ok_or(Status::NOSPACE)?;
        Ok(id)
    }

    pub(super) fn session_id_used(&mut self) -> Result<Outcome, Status> {
        self.take_session_id().map(|id| Outcome::one(id.0.into()))
    }

    pub(super) fn session_changed(
        &mut self,
        id: SessionId,
        fields: &SessionFields<'_>,
    ) -> Result<Outcome, Status> {
        let old = self.sessions.get_mut(id).ok_or(Status::MISMATCH)?;
        let (counters, last_hour) = (old.counters, old.last_hour);
        let new = Session::new(fields, old.disconnected);
        *old = new;
        (old.counters, old.last_hour) = (counters, last_hour);
        Ok(Outcome::none())
    }

    pub(super) fn session_delete(&mut self, id: SessionId) -> Result<Outcome, Status> {
        if self.sessions.by_id.remove(&id.0).is_none() {
            return Err(Status::MISMATCH);
        }
        let open: Vec<Inode> = self.open_files(id).collect();
        for inode in open {
            self.opens.remove(id, inode);
            self.flocks.release(inode, id);
        }
        for inode in self.plocks.files_of(id) {
            self.plocks.release(inode, id);
        }
        Ok(Outcome::none())
    }

    pub(super) fn session_disconnected(&mut self, ts: u32, id: SessionId) -> Result<Outcome, Status> {
        self.sessions.get_mut(id).ok_or(Status::MISMATCH)?.disconnected = ts;
        Ok(Outcome::none())
    }

    /// Sets a session's counters. They are not part of what the changelog can rebuild; the master keeps them and
    /// hands them over before an image is written.
    pub fn set_session_counters(&mut self, id: SessionId, current: &[u32; 16], last_hour: &[u32; 16]) {
        if let Some(session) = self.sessions.get_mut(id) {
            (session.counters, session.last_hour) = (*current, *last_hour);
        }
    }

    pub(super) fn acquire(&mut self, session: SessionId, inode: Inode) -> Result<Outcome, Status> {
        if self.opens.add(session, inode) { Ok(Outcome::none()) } else { Err(Status::MISMATCH) }
    }

    pub(super) fn release(&mut self, session: SessionId, inode: Inode) -> Result<Outcome, Status> {
        if !self.opens.remove(session, inode) {
            return Err(Status::MISMATCH);
        }
        self.plocks.release(inode, session);
        self.flocks.release(inode, session);
        Ok(Outcome::none())
    }

    pub(super) fn flock_op(
        &mut self,
        inode: Inode,
        session: SessionId,
        owner: u64,
        kind: LockKind,
    ) -> Result<Outcome, Status> {
        match kind {
            LockKind::Unlock => self.flocks.unlock(inode, session, owner)?,
            LockKind::Shared | LockKind::Exclusive => {
                let exclusive = kind == LockKind::Exclusive;
                self.flocks.lock(inode, Flock { owner, session, exclusive })?;
            }
        }
        Ok(Outcome::none())
    }

    /// Does not look for conflicts with other owners: stock logs the grant to a waiter before the release of the
    /// holder (`spec/metadata-format.md` 20, 22). Who plans a lock asks [`Fs::posix_lock_conflicts`].
    pub(super) fn posix_lock_op(
        &mut self,
        inode: Inode,
        (session, owner, pid): (SessionId, u64, u32),
        kind: LockKind,
        (start, end): (u64, u64),
    ) -> Result<Outcome, Status> {
        let kind = match kind {
            LockKind::Unlock => None,
            LockKind::Shared => Some(false),
            LockKind::Exclusive => Some(true),
        };
        self.plocks.change(inode, &PosixChange { session, owner, pid, start, end, kind })?;
        Ok(Outcome::none())
    }
}
