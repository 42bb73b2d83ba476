//! Locks (`spec/wire-client-master.md` 3.8). Who waits for one is not known here.

use crate::{Flock, Fs, PosixRange};
use ondisk::{LockKind, Op};
use types::{Inode, SessionId, Status};

/// Who holds or wants a lock: the session, and the client's number for the open file or the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockOwner {
    /// The session.
    pub session: SessionId,
    /// The client's number.
    pub owner: u64,
}

/// Part of a file that is to be locked: from `start` up to but without `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PosixWish {
    /// The process.
    pub pid: u32,
    /// First byte.
    pub start: u64,
    /// Byte behind the last; `u64::MAX` is the end of any file.
    pub end: u64,
    /// For writing.
    pub exclusive: bool,
}

/// NOTOPENED unless the session has the file open: only then it may get locks.
pub fn need_open(fs: &Fs, session: SessionId, inode: Inode) -> Result<(), Status> {
    if fs.is_open_in(session, inode) { Ok(()) } else { Err(Status::NOTOPENED) }
}

/// True when the owner has a BSD lock on the file.
pub fn has_flock(fs: &Fs, inode: Inode, who: LockOwner) -> bool {
    fs.flocks(inode).iter().any(|l| (l.session, l.owner) == (who.session, who.owner))
}

/// Operations after which the owner has the BSD lock and no other; nothing to do when that is so already. `None`
/// when another's lock is in the way.
pub fn plan_flock(fs: &Fs, inode: Inode, who: LockOwner, exclusive: bool) -> Option<Vec<Op<'static>>> {
    let (own, others): (Vec<&Flock>, Vec<&Flock>) =
        fs.flocks(inode).iter().partition(|l| (l.session, l.owner) == (who.session, who.owner));
    if others.iter().any(|l| l.exclusive || exclusive) {
        return None;
    }
    if own.iter().any(|l| l.exclusive == exclusive) {
        return Some(Vec::new());
    }
    let kind = if exclusive { LockKind::Exclusive } else { LockKind::Shared };
    let mut ops = plan_funlock(fs, inode, who);
    ops.push(Op::Flock { inode, session: who.session, owner: who.owner, kind });
    Some(ops)
}

/// Operations after which the owner has no BSD lock.
pub fn plan_funlock(fs: &Fs, inode: Inode, who: LockOwner) -> Vec<Op<'static>> {
    let LockOwner { session, owner } = who;
    let own = fs.flocks(inode).iter().filter(|l| (l.session, l.owner) == (session, owner));
    own.map(|_| Op::Flock { inode, session, owner, kind: LockKind::Unlock }).collect()
}

/// The first lock of another owner that stands against the wish, and who has it.
pub fn posix_conflict(
    fs: &Fs,
    inode: Inode,
    who: LockOwner,
    wish: &PosixWish,
) -> Option<(SessionId, u32, PosixRange)> {
    let others = fs.posix_locks(inode).iter().filter(|l| (l.session, l.owner) != (who.session, who.owner));
    let mut ranges = others.flat_map(|l| l.ranges.iter().map(|r| (l.session, l.pid, *r)));
    ranges.find(|(_, _, r)| (r.exclusive || wish.exclusive) && r.start < wish.end && wish.start < r.end)
}

/// The operation that locks a part of a file; `None` when another's lock is in the way.
pub fn plan_posix_lock(fs: &Fs, inode: Inode, who: LockOwner, wish: &PosixWish) -> Option<Op<'static>> {
    if posix_conflict(fs, inode, who, wish).is_some() {
        return None;
    }
    let kind = if wish.exclusive { LockKind::Exclusive } else { LockKind::Shared };
    let PosixWish { pid, start, end, .. } = *wish;
    Some(Op::PosixLock { inode, session: who.session, owner: who.owner, kind, start, end, pid })
}

/// The operation that unlocks a part of a file; `None` when the owner has nothing locked there.
pub fn plan_posix_unlock(fs: &Fs, inode: Inode, who: LockOwner, start: u64, end: u64) -> Option<Op<'static>> {
    let LockOwner { session, owner } = who;
    let own = fs.posix_locks(inode).iter().find(|l| (l.session, l.owner) == (session, owner))?;
    let kind = LockKind::Unlock;
    own.ranges.iter().any(|r| r.start < end && start < r.end).then_some(Op::PosixLock {
        inode,
        session,
        owner,
        kind,
        start,
        end,
        pid: 0,
    })
}

/// Operations that take a file from a session's open ones. Every lock goes by a line of its own before, so that
/// whoever gets it next is granted it after it was free.
pub fn plan_release(fs: &Fs, session: SessionId, inode: Inode) -> Vec<Op<'static>> {
    let kind = LockKind::Unlock;
    let whole = fs.flocks(inode).iter().filter(|l| l.session == session);
    let mut ops: Vec<Op<'static>> =
        whole.map(|l| Op::Flock { inode, session, owner: l.owner, kind }).collect();
    let parts = fs.posix_locks(inode).iter().filter(|l| l.session == session);
    ops.extend(parts.map(|l| Op::PosixLock {
        inode,
        session,
        owner: l.owner,
        kind,
        start: 0,
        end: u64::MAX,
        pid: 0,
    }));
    ops.push(Op::Release { session, inode });
    ops
}

#[cfg(test)]
mod tests {
    use super::*;
    use ondisk::SessionFields;

    const FILE: Inode = Inode(1);

    fn who(session: u32, owner: u64) -> LockOwner {
        LockOwner { session: SessionId(session), owner }
    }

    /// Two sessions that have inode 1 open: locks do not ask what it is.
    fn fs() -> Fs {
        let mut fs = Fs::new_empty(1);
        for session in [SessionId(1), SessionId(2)] {
            fs.apply(1, &Op::SesAdd { fields: SessionFields::default() }).unwrap();
            fs.apply(1, &Op::Acquire { session, inode: FILE }).unwrap();
        }
        fs
    }

    fn run(fs: &mut Fs, ops: impl IntoIterator<Item = Op<'static>>) {
        for op in ops {
            fs.apply(1, &op).unwrap();
        }
    }

    #[test]
    fn whole_file_locks_change_kind_only_when_nobody_else_has_one() {
        let mut fs = fs();
        assert_eq!(need_open(&fs, SessionId(3), FILE), Err(Status::NOTOPENED));
        let ops = plan_flock(&fs, FILE, who(1, 7), false).unwrap();
        run(&mut fs, ops);
        assert_eq!(plan_flock(&fs, FILE, who(1, 7), false).map(|ops| ops.len()), Some(0));
        let ops = plan_flock(&fs, FILE, who(1, 7), true).unwrap();
        assert_eq!(ops.len(), 2);
        let other = plan_flock(&fs, FILE, who(2, 7), false).unwrap();
        run(&mut fs, other);
        assert_eq!(plan_flock(&fs, FILE, who(1, 7), true), None);
        let ops = plan_funlock(&fs, FILE, who(2, 7));
        run(&mut fs, ops);
        let ops = plan_flock(&fs, FILE, who(1, 7), true).unwrap();
        run(&mut fs, ops);
        assert_eq!(plan_flock(&fs, FILE, who(2, 7), false), None);
        assert!(has_flock(&fs, FILE, who(1, 7)) && !has_flock(&fs, FILE, who(2, 7)));
    }

    #[test]
    fn parts_conflict_where_they_meet_and_release_frees_all() {
        let mut fs = fs();
        let wish = |start, end, exclusive| PosixWish { pid: 9, start, end, exclusive };
        let op = plan_posix_lock(&fs, FILE, who(1, 7), &wish(0, 10, true));
        run(&mut fs, op);
        assert_eq!(plan_posix_lock(&fs, FILE, who(2, 7), &wish(9, 20, false)), None);
        let found = posix_conflict(&fs, FILE, who(2, 7), &wish(9, 20, false)).unwrap();
        assert_eq!((found.0, found.1, found.2.end), (SessionId(1), 9, 10));
        assert!(plan_posix_lock(&fs, FILE, who(2, 7), &wish(10, 20, false)).is_some());
        assert_eq!(plan_posix_unlock(&fs, FILE, who(1, 7), 10, u64::MAX), None);
        assert!(plan_posix_unlock(&fs, FILE, who(1, 7), 9, 20).is_some());
        let ops = plan_release(&fs, SessionId(1), FILE);
        assert_eq!(ops.len(), 2);
        run(&mut fs, ops);
        assert!(plan_posix_lock(&fs, FILE, who(2, 7), &wish(0, u64::MAX, true)).is_some());
    }
}
