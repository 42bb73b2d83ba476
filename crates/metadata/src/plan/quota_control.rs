//! QUOTACONTROL (`spec/wire-client-master.md` 3.9.11).

use super::caller::{Caller, SessionFlag};
use super::resolve::resolve;
use crate::{Fs, NodeView, Quota};
use ondisk::{Op, QuotaLimits};
use types::{Inode, Status};

/// What to do with a quota.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuotaChange {
    /// Only look at it.
    Get,
    /// Remove the limits with these flags.
    Delete(u8),
    /// Set the limits with these flags; grace 0 stays as it is.
    Set {
        /// Which limits.
        flags: u8,
        /// Seconds.
        grace: u32,
        /// Their values.
        limits: QuotaLimits,
    },
}

/// Checks the request; answers with the directory, and with the operation if something is to be changed.
pub fn plan_quota(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    change: QuotaChange,
) -> Result<(NodeView, Option<Op<'static>>), Status> {
    let caps = caller.caps;
    if change != QuotaChange::Get {
        if caps.root_ids.0 != 0 {
            return Err(Status::EACCES);
        }
        if caps.has(SessionFlag::READ_ONLY) {
            return Err(Status::EROFS);
        }
        if !caps.has(SessionFlag::ADMIN) {
            return Err(Status::EPERM);
        }
    }
    if caps.root == Inode(0) {
        return Err(Status::EPERM);
    }
    let dir = resolve(fs, caps, inode)?;
    if !dir.is_dir() {
        return Err(Status::EPERM);
    }
    let old = fs.quota(dir.inode).copied();
    let new = match change {
        QuotaChange::Get => return Ok((dir, None)),
        QuotaChange::Delete(_) if old.is_none() => return Ok((dir, None)),
        QuotaChange::Delete(flags) => without(old.unwrap_or_default(), flags),
        QuotaChange::Set { flags, grace, limits } => {
            let kept = without(old.unwrap_or_default(), flags);
            let limits = merged(kept.limits, flags, limits);
            let grace = if grace == 0 { kept.grace } else { grace };
            Quota { flags: kept.flags | flags, limits, grace, ..kept }
        }
    };
    if new.flags == 0 && old.is_none() {
        return Ok((dir, None));
    }
    let Quota { grace, exceeded, flags, stamp, limits } = if new.flags == 0 { Quota::default() } else { new };
    Ok((dir, Some(Op::Quota { inode: dir.inode, exceeded, flags, stamp, limits, grace })))
}

/// The quota without some limits. Whether soft limits are passed is found out by the check that runs every second.
fn without(quota: Quota, flags: u8) -> Quota {
    let limits = merged(quota.limits, flags, QuotaLimits::default());
    Quota { flags: quota.flags & !flags, limits, ..quota }
}

/// `old` with the limits that `flags` names taken from `new`.
fn merged(old: QuotaLimits, flags: u8, new: QuotaLimits) -> QuotaLimits {
    let int = |bit: u8, old: u32, new: u32| if flags & bit != 0 { new } else { old };
    let long = |bit: u8, old: u64, new: u64| if flags & bit != 0 { new } else { old };
    QuotaLimits {
        soft_inodes: int(0x01, old.soft_inodes, new.soft_inodes),
        soft_length: long(0x02, old.soft_length, new.soft_length),
        soft_size: long(0x04, old.soft_size, new.soft_size),
        soft_real_size: long(0x08, old.soft_real_size, new.soft_real_size),
        hard_inodes: int(0x10, old.hard_inodes, new.hard_inodes),
        hard_length: long(0x20, old.hard_length, new.hard_length),
        hard_size: long(0x40, old.hard_size, new.hard_size),
        hard_real_size: long(0x80, old.hard_real_size, new.hard_real_size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SessionCaps;

    fn caps(flags: u8, root_uid: u32) -> SessionCaps {
        SessionCaps {
            root: Inode(1),
            flags,
            umask: 0,
            disables: 0,
            root_ids: (root_uid, 0),
            mapall_ids: (0, 0),
            fine_times: false,
            goals: (1, 9),
            trash_times: (0, u32::MAX),
        }
    }

    #[test]
    fn limits_come_and_go_one_by_one() {
        let mut fs = Fs::new_empty(1);
        let caps = caps(SessionFlag::ADMIN, 0);
        let caller = Caller::single(&caps, 0, 0);
        let root = Inode(1);
        let run = |fs: &mut Fs, change| {
            if let (_, Some(op)) = plan_quota(fs, &caller, root, change).unwrap() {
                fs.apply(5, &op).unwrap();
            }
            fs.quota(root).copied()
        };
        let limits = QuotaLimits { soft_inodes: 7, hard_length: 100, hard_size: 9, ..QuotaLimits::default() };
        assert_eq!(run(&mut fs, QuotaChange::Delete(0xFF)), None);
        let set = run(&mut fs, QuotaChange::Set { flags: 0x21, grace: 60, limits }).unwrap();
        assert_eq!(
            (set.flags, set.limits.soft_inodes, set.limits.hard_length, set.limits.hard_size),
            (0x21, 7, 100, 0)
        );
        let set = run(&mut fs, QuotaChange::Set { flags: 0x40, grace: 0, limits }).unwrap();
        assert_eq!((set.flags, set.grace, set.limits.hard_size), (0x61, 60, 9));
        let set = run(&mut fs, QuotaChange::Delete(0x21)).unwrap();
        assert_eq!((set.flags, set.limits.soft_inodes), (0x40, 0));
        assert_eq!(run(&mut fs, QuotaChange::Delete(0xFF)), None);
    }

    #[test]
    fn who_may_change_quotas() {
        let fs = Fs::new_empty(1);
        let ask = |flags, root_uid, change| {
            let caps = caps(flags, root_uid);
            plan_quota(&fs, &Caller::single(&caps, 0, 0), Inode(1), change).map(|_| ())
        };
        assert_eq!(ask(0, 9, QuotaChange::Get), Ok(()));
        assert_eq!(ask(SessionFlag::ADMIN, 9, QuotaChange::Delete(1)), Err(Status::EACCES));
        assert_eq!(ask(SessionFlag::READ_ONLY, 0, QuotaChange::Delete(1)), Err(Status::EROFS));
        assert_eq!(ask(0, 0, QuotaChange::Delete(1)), Err(Status::EPERM));
    }
}
