//! Which sessions may keep a file's data in their kernel's cache over an open (`spec/wire-client-master.md` 7.3).

use std::collections::{HashMap, VecDeque};
use types::{Inode, SessionId};

/// The most (inode, session) pairs remembered; the oldest inodes go first. Forgetting is always safe: it only means
/// that a cache is not kept.
const CAPACITY: usize = 500_000;

/// Remembers, per file and session, whether the session has fetched data since anybody else changed the file.
#[derive(Default)]
pub(crate) struct DataCache {
    files: HashMap<Inode, Vec<(SessionId, bool)>>,
    order: VecDeque<Inode>,
    pairs: usize,
}

impl DataCache {
    /// OPEN or LOOKUP: may the session keep its cache?
    pub(crate) fn query(&mut self, inode: Inode, session: SessionId) -> bool {
        if let Some((_, fresh)) = self.files.get(&inode).and_then(|f| f.iter().find(|(s, _)| *s == session)) {
            return *fresh;
        }
        self.insert(inode, session, false);
        false
    }

    /// READ_CHUNK, or OPEN of a client that has cleared its cache: what the session caches from now on is fresh.
    pub(crate) fn fetched(&mut self, inode: Inode, session: SessionId) {
        if let Some(pair) = self.files.get_mut(&inode).and_then(|f| f.iter_mut().find(|(s, _)| *s == session))
        {
            pair.1 = true;
        }
    }

    /// The session changed the file: everybody else's cache is stale. Its own is fresh if it was ever asked about.
    pub(crate) fn modified(&mut self, inode: Inode, session: SessionId) {
        let known = self.files.get(&inode).is_some_and(|f| f.iter().any(|(s, _)| *s == session));
        self.removed(inode);
        if known {
            self.insert(inode, session, true);
        }
    }

    /// The file is gone.
    pub(crate) fn removed(&mut self, inode: Inode) {
        if let Some(sessions) = self.files.remove(&inode) {
            self.pairs -= sessions.len();
        }
    }

    fn insert(&mut self, inode: Inode, session: SessionId, fresh: bool) {
        while self.pairs >= CAPACITY {
            let Some(oldest) = self.order.pop_front() else { break };
            self.removed(oldest);
        }
        let sessions = self.files.entry(inode).or_default();
        if sessions.is_empty() {
            self.order.push_back(inode);
        }
        sessions.push((session, fresh));
        self.pairs += 1;
        // Files that came and went leave their names in the queue.
        if self.order.len() > 2 * CAPACITY {
            self.order.retain(|inode| self.files.contains_key(inode));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_until_somebody_else_modifies() {
        let (file, a, b) = (Inode(5), SessionId(1), SessionId(2));
        let mut cache = DataCache::default();
        assert!(!cache.query(file, a));
        cache.fetched(file, a);
        assert!(cache.query(file, a));
        cache.modified(file, b);
        assert!(!cache.query(file, a) && !cache.query(file, b));
        cache.modified(file, b);
        assert!(!cache.query(file, a) && cache.query(file, b));
        cache.removed(file);
        assert!(!cache.query(file, b));
        assert_eq!(cache.pairs, 1);
    }
}
