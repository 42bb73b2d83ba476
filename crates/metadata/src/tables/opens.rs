//! Which session has which file open.

use types::{Inode, SessionId};

/// Open references, with the order images keep: session by session, the newest first.
#[derive(Clone, Default)]
pub(crate) struct Opens {
    /// By session and age; larger numbers are newer.
    by_session: imbl::OrdMap<(u32, u64), u32>,
    by_inode: imbl::OrdMap<(u32, u32), u64>,
    next: u64,
}

impl Opens {
    pub(crate) fn is_open(&self, inode: Inode) -> bool {
        self.sessions(inode).next().is_some()
    }

    pub(crate) fn contains(&self, session: SessionId, inode: Inode) -> bool {
        self.by_inode.contains_key(&(inode.0, session.0))
    }

    /// Sessions that have a file open.
    pub(crate) fn sessions(&self, inode: Inode) -> impl Iterator<Item = SessionId> {
        self.by_inode.range((inode.0, 0)..=(inode.0, u32::MAX)).map(|((_, session), _)| SessionId(*session))
    }

    /// Files of a session, the newest first.
    pub(crate) fn files(&self, session: SessionId) -> impl Iterator<Item = Inode> {
        self.by_session.range((session.0, 0)..=(session.0, u64::MAX)).rev().map(|(_, inode)| Inode(*inode))
    }

    /// Adds a reference; false when it is there already.
    pub(crate) fn add(&mut self, session: SessionId, inode: Inode) -> bool {
        if self.contains(session, inode) {
            return false;
        }
        self.by_inode.insert((inode.0, session.0), self.next);
        self.by_session.insert((session.0, self.next), inode.0);
        self.next += 1;
        true
    }

    /// Drops a reference; false when there is none.
    pub(crate) fn remove(&mut self, session: SessionId, inode: Inode) -> bool {
        let age = self.by_inode.remove(&(inode.0, session.0));
        age.is_some_and(|age| self.by_session.remove(&(session.0, age)).is_some())
    }

    /// Sessions that have files open, ascending.
    pub(crate) fn all_sessions(&self) -> impl Iterator<Item = SessionId> {
        let mut after = Some(0);
        std::iter::from_fn(move || {
            let ((session, _), _) = self.by_session.range((after?, 0)..).next()?;
            after = session.checked_add(1);
            Some(SessionId(*session))
        })
    }
}
