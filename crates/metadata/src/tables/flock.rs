//! BSD locks.

use std::sync::Arc;
use types::{Inode, SessionId, Status};

/// A BSD lock on a whole file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Flock {
    /// The client's number for the open file.
    pub owner: u64,
    /// The session it belongs to.
    pub session: SessionId,
    /// True for an exclusive lock.
    pub exclusive: bool,
}

/// All active BSD locks, by inode.
#[derive(Clone, Default)]
pub(crate) struct Flocks {
    by_inode: imbl::OrdMap<u32, Arc<Vec<Flock>>>,
}

impl Flocks {
    pub(crate) fn list(&self, inode: Inode) -> &[Flock] {
        self.by_inode.get(&inode.0).map_or(&[], |list| list)
    }

    /// Adds a lock. It conflicts even with a lock of the same owner: a change of kind is an unlock and a lock.
    pub(crate) fn lock(&mut self, inode: Inode, lock: Flock) -> Result<(), Status> {
        let held = self.list(inode);
        let conflict = if lock.exclusive { !held.is_empty() } else { held.iter().any(|l| l.exclusive) };
        if conflict {
            return Err(Status::MISMATCH);
        }
        Arc::make_mut(self.by_inode.entry(inode.0).or_default()).push(lock);
        Ok(())
    }

    /// Removes all locks of an owner (a shared one that is asked for again makes a second record).
    pub(crate) fn unlock(&mut self, inode: Inode, session: SessionId, owner: u64) -> Result<(), Status> {
        if !self.list(inode).iter().any(|l| (l.session, l.owner) == (session, owner)) {
            return Err(Status::MISMATCH);
        }
        self.retain(inode, |l| (l.session, l.owner) != (session, owner));
        Ok(())
    }

    fn retain(&mut self, inode: Inode, keep: impl Fn(&Flock) -> bool) {
        let Some(list) = self.by_inode.get_mut(&inode.0).map(Arc::make_mut) else { return };
        list.retain(keep);
        if list.is_empty() {
            self.by_inode.remove(&inode.0);
        }
    }

    /// Removes what a session still holds on a file.
    pub(crate) fn release(&mut self, inode: Inode, session: SessionId) {
        self.retain(inode, |l| l.session != session);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Inode, &Flock)> {
        self.by_inode.iter().flat_map(|(inode, list)| list.iter().map(|lock| (Inode(*inode), lock)))
    }
}
