//! What is due by the clock, and sums that statfs shows.

use crate::{Fs, Quota};
use ondisk::Op;
use types::{Inode, ROOT, Time};

/// Quota flags of soft limits.
const SOFT: u8 = 0x0F;

/// True when a file in the bucket has been in the trash for long enough.
pub fn trash_is_due(fs: &Fs, bucket: u32, now: u32) -> bool {
    fs.trash(bucket).filter_map(|(inode, _)| fs.get(inode)).any(|node| {
        let newest = [node.atime, node.mtime, node.ctime].map(Time::low).into_iter().fold(0, u32::max);
        newest.saturating_add(u32::from(node.trash_hours) * 3600) < now
    })
}

/// True when nobody has a file in the bucket open any more.
pub fn sustained_is_due(fs: &Fs, bucket: u32) -> bool {
    fs.sustained(bucket).any(|(inode, _)| !fs.is_open(inode))
}

/// Gives back inode numbers that have waited for `delay` seconds. When very many have, the delay that the operation
/// carries is longer, so that it gives back about `most` and the rest is left for the next one.
pub fn plan_free_inodes(fs: &Fs, now: u32, delay: u32, most: usize) -> Option<Op<'static>> {
    let due = |since: u32| since.saturating_add(delay) < now;
    let (_, oldest) = fs.waiting_inode(0)?;
    if !due(oldest) {
        return None;
    }
    let delay = match fs.waiting_inode(most) {
        Some((_, since)) if due(since) => now - since - 1,
        _ => delay,
    };
    Some(Op::FreeInodes { delay })
}

/// Total and available space of a session, cut down to what the quotas of its root and of all above allow.
pub fn space_within_quotas(fs: &Fs, root: Inode, total: u64, available: u64) -> (u64, u64) {
    let (mut total, mut available) = (total, available);
    let mut dir = root;
    while let Some(below) = fs.stats_below(dir) {
        if let Some(q) = fs.quota(dir) {
            let l = &q.limits;
            let kinds = [
                (below.length, l.soft_length, l.hard_length),
                (below.size, l.soft_size, l.hard_size),
                (below.real_size, l.soft_real_size, l.hard_real_size),
            ];
            for (bit, (used, soft, hard)) in (1..).zip(kinds) {
                let limit = |flag: u8, limit: u64| if q.flags & flag != 0 { limit } else { u64::MAX };
                let limit = limit(0x01 << bit, soft).min(limit(0x10 << bit, hard));
                available = available.min(limit.saturating_sub(used));
                total = total.min(limit).min(used.saturating_add(available));
            }
        }
        match fs.parent_dir(dir) {
            Some(parent) if parent != dir && dir != ROOT => dir = parent,
            _ => break,
        }
    }
    (total, available)
}

/// Once a second: quotas whose soft limits were passed, or whose grace period ended, or that are met again.
pub fn quota_changes(fs: &Fs, now: u32, default_grace: u32) -> Vec<Op<'static>> {
    fs.quotas().filter_map(|(inode, quota)| quota_change(fs, inode, quota, now, default_grace)).collect()
}

fn quota_change(fs: &Fs, inode: Inode, quota: &Quota, now: u32, default_grace: u32) -> Option<Op<'static>> {
    let over = is_over_soft(fs, inode, quota);
    let grace = if quota.grace == 0 { default_grace } else { quota.grace };
    let stamp = match (over, quota.stamp) {
        (false, _) => 0,
        (true, 0) => now,
        (true, since) => since,
    };
    let exceeded = over && stamp.saturating_add(grace) < now;
    if (stamp, exceeded) == (quota.stamp, quota.exceeded) {
        return None;
    }
    let (flags, limits, grace) = (quota.flags, quota.limits, quota.grace);
    Some(Op::Quota { inode, exceeded, flags, stamp, limits, grace })
}

fn is_over_soft(fs: &Fs, inode: Inode, quota: &Quota) -> bool {
    let below = fs.stats_below(inode).unwrap_or_default();
    let l = &quota.limits;
    let over = [
        u64::from(below.inodes) > l.soft_inodes.into(),
        below.length > l.soft_length,
        below.size > l.soft_size,
        below.real_size > l.soft_real_size,
    ];
    (0..).zip(over).any(|(bit, over): (u8, bool)| over && quota.flags & SOFT & 1 << bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ondisk::NewNode;
    use types::{Name, NodeType};

    #[test]
    fn freed_numbers_come_back_in_parts() {
        let mut fs = Fs::new_empty(1);
        let name = Name::new(b"d").unwrap();
        for ts in 1..=10 {
            let node = NewNode { kind: NodeType::Dir, mode: 0o777, umask: 0 };
            fs.apply(ts, &Op::Create { parent: ROOT, name, node, uid: 0, gid: 0, rdev: 0 }).unwrap();
            fs.apply(ts, &Op::Unlink { parent: ROOT, name }).unwrap();
        }
        assert_eq!(plan_free_inodes(&fs, 101, 100, 3), None);
        let mut freed = |now| {
            let op = plan_free_inodes(&fs, now, 100, 3)?;
            fs.apply(now, &op).unwrap().get(0)
        };
        // Those of seconds 1 to 4, 5 to 8, and the last two; then those that became due since.
        assert_eq!([freed(110), freed(110), freed(110), freed(110)], [Some(4), Some(4), Some(1), None]);
        assert_eq!([freed(111), freed(111)], [Some(1), None]);
    }
}
