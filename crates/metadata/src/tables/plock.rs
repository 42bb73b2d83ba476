//! POSIX byte-range locks.

use std::sync::Arc;
use types::{Inode, SessionId, Status};

/// Locked bytes from `start` up to but without `end`; `u64::MAX` is the end of any file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PosixRange {
    /// First byte.
    pub start: u64,
    /// Byte behind the last.
    pub end: u64,
    /// True for a write lock.
    pub exclusive: bool,
}

/// The locks of one owner on one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PosixLocks {
    /// The session.
    pub session: SessionId,
    /// The client's number for the process.
    pub owner: u64,
    /// The process, as its first lock told.
    pub pid: u32,
    /// Ascending, disjoint, and no two of a kind touch.
    pub ranges: Vec<PosixRange>,
}

impl PosixLocks {
    /// Puts a range over what the owner has; `kind` `None` unlocks.
    fn apply(&mut self, start: u64, end: u64, kind: Option<bool>) {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 2);
        for old in &self.ranges {
            if old.start < start {
                ranges.push(PosixRange { end: old.end.min(start), ..*old });
            }
            if old.end > end {
                ranges.push(PosixRange { start: old.start.max(end), ..*old });
            }
        }
        if let Some(exclusive) = kind {
            ranges.push(PosixRange { start, end, exclusive });
        }
        ranges.sort_unstable_by_key(|r| r.start);
        ranges.dedup_by(|next, before| {
            let joins = next.start == before.end && next.exclusive == before.exclusive;
            if joins {
                before.end = next.end;
            }
            joins
        });
        self.ranges = ranges;
    }
}

/// All POSIX locks, by inode; owners in the order of their first lock.
#[derive(Clone, Default)]
pub(crate) struct Plocks {
    by_inode: imbl::OrdMap<u32, Arc<Vec<PosixLocks>>>,
}

/// One change of the locks of one owner.
#[derive(Clone, Copy)]
pub(crate) struct PosixChange {
    pub(crate) session: SessionId,
    pub(crate) owner: u64,
    pub(crate) pid: u32,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// `None` unlocks, `Some(true)` is a write lock.
    pub(crate) kind: Option<bool>,
}

impl Plocks {
    pub(crate) fn list(&self, inode: Inode) -> &[PosixLocks] {
        self.by_inode.get(&inode.0).map_or(&[], |list| list)
    }

    /// True when another owner's lock stands against the change.
    pub(crate) fn conflicts(&self, inode: Inode, change: &PosixChange) -> bool {
        let Some(exclusive) = change.kind else { return false };
        let others =
            self.list(inode).iter().filter(|l| (l.session, l.owner) != (change.session, change.owner));
        others
            .flat_map(|l| &l.ranges)
            .any(|r| (r.exclusive || exclusive) && r.start < change.end && change.start < r.end)
    }

    pub(crate) fn change(&mut self, inode: Inode, change: &PosixChange) -> Result<(), Status> {
        if change.start >= change.end {
            return Err(Status::EINVAL);
        }
        if change.kind.is_none() && self.list(inode).is_empty() {
            return Err(Status::MISMATCH);
        }
        let PosixChange { session, owner, pid, start, end, kind } = *change;
        let list = Arc::make_mut(self.by_inode.entry(inode.0).or_default());
        match list.iter().position(|l| (l.session, l.owner) == (session, owner)) {
            Some(at) => {
                list[at].apply(start, end, kind);
                if list[at].ranges.is_empty() {
                    list.remove(at);
                }
            }
            None => {
                let ranges = kind.map(|exclusive| PosixRange { start, end, exclusive });
                list.extend(ranges.map(|r| PosixLocks { session, owner, pid, ranges: vec![r] }));
            }
        }
        if list.is_empty() {
            self.by_inode.remove(&inode.0);
        }
        Ok(())
    }

    /// Adds an owner's locks as an image has them.
    pub(crate) fn append(&mut self, inode: Inode, locks: PosixLocks) {
        Arc::make_mut(self.by_inode.entry(inode.0).or_default()).push(locks);
    }

    /// Removes what a session holds on a file.
    pub(crate) fn release(&mut self, inode: Inode, session: SessionId) {
        let Some(list) = self.by_inode.get_mut(&inode.0).map(Arc::make_mut) else { return };
        list.retain(|l| l.session != session);
        if list.is_empty() {
            self.by_inode.remove(&inode.0);
        }
    }

    /// Files on which a session holds locks.
    pub(crate) fn files_of(&self, session: SessionId) -> Vec<Inode> {
        let held = self.by_inode.iter().filter(|(_, list)| list.iter().any(|l| l.session == session));
        held.map(|(inode, _)| Inode(*inode)).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Inode, &[PosixLocks])> {
        self.by_inode.iter().map(|(inode, list)| (Inode(*inode), list.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ranges_say_what_each_byte_has(steps in prop::collection::vec((0u64..30, 1u64..30, prop::option::of(any::<bool>())), 1..40)) {
            let mut locks = PosixLocks { session: SessionId(1), owner: 1, pid: 1, ranges: Vec::new() };
            let mut bytes = [None; 64];
            for (start, len, kind) in steps {
                locks.apply(start, start + len, kind);
                bytes[start as usize..(start + len) as usize].fill(kind);
                for (at, wanted) in bytes.iter().enumerate() {
                    let has = locks.ranges.iter().find(|r| (r.start..r.end).contains(&(at as u64)));
                    prop_assert_eq!(&has.map(|r| r.exclusive), wanted);
                }
                for pair in locks.ranges.windows(2) {
                    let touch = pair[0].end == pair[1].start && pair[0].exclusive == pair[1].exclusive;
                    prop_assert!(pair[0].end <= pair[1].start && !touch);
                }
            }
        }
    }

    #[test]
    fn conflicts_and_pids() {
        let mut plocks = Plocks::default();
        let lock = |session, pid, start, end, kind| PosixChange {
            session: SessionId(session),
            owner: 7,
            pid,
            start,
            end,
            kind,
        };
        let file = Inode(5);
        assert_eq!(plocks.change(file, &lock(1, 9, 0, 5, None)), Err(Status::MISMATCH));
        plocks.change(file, &lock(1, 9, 0, 10, Some(true))).unwrap();
        assert!(plocks.conflicts(file, &lock(2, 8, 9, 12, Some(false))));
        assert!(!plocks.conflicts(file, &lock(2, 8, 10, 12, Some(false))));
        plocks.change(file, &lock(2, 8, 10, 12, Some(false))).unwrap();
        plocks.change(file, &lock(1, 3, 20, 22, Some(false))).unwrap();
        assert_eq!(plocks.list(file)[0].pid, 9);
        plocks.change(file, &lock(1, 0, 0, u64::MAX, None)).unwrap();
        assert_eq!(plocks.list(file).len(), 1);
    }
}
