//! Who waits for locks, in the order in which they came.

use metadata::plan::LockOwner;
use std::collections::{BTreeSet, HashMap, VecDeque};
use types::{Inode, MsgId, SessionId};

/// The most calls that wait for locks of one kind at once.
const MAX_CALLS: usize = 100_000;

/// A blocking call of a client that has no answer yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    /// The message it came in.
    pub(crate) msgid: MsgId,
    /// The number by which it can be interrupted.
    pub(crate) reqid: u32,
}

/// One lock that is waited for, perhaps by several calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Waiter<L> {
    /// For whom.
    pub(crate) who: LockOwner,
    /// What kind of lock.
    pub(crate) lock: L,
    /// All are answered together.
    pub(crate) calls: Vec<Call>,
}

/// All waiters for locks of a kind.
pub(crate) struct LockQueue<L> {
    by_inode: HashMap<Inode, VecDeque<Waiter<L>>>,
    calls: usize,
    /// Files whose locks have changed since they were last looked at.
    changed: BTreeSet<Inode>,
}

impl<L> Default for LockQueue<L> {
    fn default() -> Self {
        LockQueue { by_inode: HashMap::new(), calls: 0, changed: BTreeSet::new() }
    }
}

impl<L: Copy + PartialEq> LockQueue<L> {
    /// True when nobody waits for a lock on the file.
    pub(crate) fn is_empty(&self, inode: Inode) -> bool {
        !self.by_inode.contains_key(&inode)
    }

    /// True when the owner waits for a lock on the file.
    pub(crate) fn waits(&self, inode: Inode, who: LockOwner) -> bool {
        self.by_inode.get(&inode).is_some_and(|queue| queue.iter().any(|w| w.who == who))
    }

    /// The waiter at a place in the file's queue.
    pub(crate) fn get(&self, inode: Inode, at: usize) -> Option<&Waiter<L>> {
        self.by_inode.get(&inode)?.get(at)
    }

    /// Lets a call wait; a call that was sent again after a reconnect waits once. False when too many wait already.
    pub(crate) fn push(&mut self, inode: Inode, who: LockOwner, lock: L, call: Call) -> bool {
        if self.calls >= MAX_CALLS {
            return false;
        }
        self.changed.insert(inode);
        let queue = self.by_inode.entry(inode).or_default();
        match queue.iter_mut().find(|w| (w.who, w.lock) == (who, lock)) {
            Some(waiter) if waiter.calls.contains(&call) => return true,
            Some(waiter) => waiter.calls.push(call),
            None => queue.push_back(Waiter { who, lock, calls: vec![call] }),
        }
        self.calls += 1;
        true
    }

    /// Takes the waiter at a place out.
    pub(crate) fn remove(&mut self, inode: Inode, at: usize) -> Vec<Call> {
        let Some(queue) = self.by_inode.get_mut(&inode) else { return Vec::new() };
        let calls = queue.remove(at).map(|w| w.calls).unwrap_or_default();
        if queue.is_empty() {
            self.by_inode.remove(&inode);
        }
        self.calls -= calls.len();
        calls
    }

    /// Takes the calls out that `which` says, and waiters without calls.
    pub(crate) fn take(
        &mut self,
        inode: Inode,
        which: impl Fn(&LockOwner, &Call) -> bool,
    ) -> Vec<(SessionId, Call)> {
        let mut taken = Vec::new();
        let Some(queue) = self.by_inode.get_mut(&inode) else { return taken };
        queue.retain_mut(|w| {
            let (session, who) = (w.who.session, w.who);
            w.calls.retain(|call| {
                let out = which(&who, call);
                taken.extend(out.then_some((session, *call)));
                !out
            });
            !w.calls.is_empty()
        });
        if queue.is_empty() {
            self.by_inode.remove(&inode);
        }
        self.calls -= taken.len();
        self.changed.insert(inode);
        taken
    }

    /// The session cannot be answered any more.
    pub(crate) fn forget(&mut self, session: SessionId) {
        let files: Vec<Inode> = self.by_inode.keys().copied().collect();
        for inode in files {
            if self.by_inode[&inode].iter().any(|w| w.who.session == session) {
                self.take(inode, |who, _| who.session == session);
            }
        }
    }

    /// Locks of the file have changed: somebody may get one.
    pub(crate) fn touch(&mut self, inode: Inode) {
        if !self.is_empty(inode) {
            self.changed.insert(inode);
        }
    }

    /// The next file whose waiters are to be looked at.
    pub(crate) fn next_changed(&mut self) -> Option<Inode> {
        self.changed.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(session: u32) -> LockOwner {
        LockOwner { session: SessionId(session), owner: 5 }
    }

    fn call(n: u32) -> Call {
        Call { msgid: MsgId(n), reqid: n }
    }

    #[test]
    fn calls_wait_in_order_and_leave_nothing_behind() {
        let mut queue = LockQueue::<bool>::default();
        let file = Inode(9);
        assert!(queue.push(file, who(1), true, call(1)));
        assert!(queue.push(file, who(1), true, call(1)));
        assert!(queue.push(file, who(1), true, call(2)));
        assert!(queue.push(file, who(2), false, call(3)));
        assert_eq!(queue.calls, 3);
        assert_eq!(queue.take(file, |_, c| c.reqid == 1), [(SessionId(1), call(1))]);
        assert_eq!(queue.get(file, 0).map(|w| w.calls.clone()), Some(vec![call(2)]));
        assert_eq!(queue.next_changed(), Some(file));
        queue.forget(SessionId(1));
        assert_eq!(queue.get(file, 0).map(|w| w.who), Some(who(2)));
        assert_eq!(queue.next_changed(), Some(file));
        assert_eq!(queue.remove(file, 0), [call(3)]);
        assert!(queue.is_empty(file) && queue.calls == 0 && queue.by_inode.is_empty());
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut queue = LockQueue::<bool> { calls: MAX_CALLS, ..Default::default() };
        assert!(!queue.push(Inode(2), who(1), true, call(1)));
    }
}
