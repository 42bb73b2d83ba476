//! Quotas.

use super::nodes::Sum;
use super::*;
use types::Status;

/// Soft limits in the order of their bits (0x01 to 0x08), and hard ones (0x10 to 0x80).
fn limits(l: &QuotaLimits) -> ([u64; 4], [u64; 4]) {
    (
        [l.soft_inodes.into(), l.soft_length, l.soft_size, l.soft_real_size],
        [l.hard_inodes.into(), l.hard_length, l.hard_size, l.hard_real_size],
    )
}

fn used(sum: &Sum) -> [u64; 4] {
    [sum.inodes, sum.length, sum.size, sum.real]
}

impl Naive {
    fn fits(&self, dir: u32, more: [u64; 4]) -> bool {
        let Some(quota) = &self.get(dir).quota else { return true };
        let (soft, hard) = limits(&quota.limits);
        let used = used(&self.below(dir));
        (0..4).all(|i| {
            let after = used[i] + more[i];
            let hard_over = quota.flags & 0x10 << i != 0 && after > hard[i];
            let soft_over = quota.exceeded && quota.flags & 1 << i != 0 && after > soft[i];
            more[i] == 0 || !hard_over && !soft_over
        })
    }

    /// QUOTA when a directory or one above would hold too much.
    pub(crate) fn room(&self, dir: u32, inodes: u64, length: u64, size: u64, real: u64) -> Done {
        let fits = self.upwards(dir).into_iter().all(|dir| self.fits(dir, [inodes, length, size, real]));
        if fits { Ok(()) } else { Err(Status::QUOTA) }
    }

    /// The same for a file, in all directories it has a name in.
    pub(crate) fn file_room(&self, inode: u32, length: u64, size: u64, real: u64) -> Done {
        self.links(inode).iter().try_for_each(|(dir, _)| self.room(*dir, 0, length, size, real))
    }

    /// The same for a move: directories above both places hold as much as before.
    pub(crate) fn room_for_move(&self, dst: u32, src: u32, sum: Sum) -> Done {
        let shared = self.upwards(src);
        let new = self.upwards(dst).into_iter().filter(|dir| !shared.contains(dir));
        let fits = new.into_iter().all(|dir| self.fits(dir, used(&sum)));
        if fits { Ok(()) } else { Err(Status::QUOTA) }
    }

    /// Sets limits, removes them, or (no flags) only looks.
    pub(crate) fn quota_call(
        &mut self,
        id: &Id<'_>,
        dir: u32,
        flags: u8,
        set: Option<(u32, &QuotaLimits)>,
    ) -> Reply {
        if flags != 0 || set.is_some() {
            if id.caps.root_ids.0 != 0 {
                return Err(Status::EACCES);
            }
            id.may_change(None)?;
            if !id.admin() {
                return Err(Status::EPERM);
            }
        }
        if id.caps.root.0 == 0 {
            return Err(Status::EPERM);
        }
        let dir = self.node(id, dir, false)?;
        if !self.get(dir).is_dir() {
            return Err(Status::EPERM);
        }
        let mut quota = self.get(dir).quota.clone().unwrap_or_default();
        let zero = QuotaLimits::default();
        let from = set.map_or(&zero, |(_, limits)| limits);
        take(&mut quota.limits, flags, from);
        match set {
            None => quota.flags &= !flags,
            Some((grace, _)) => {
                quota.flags |= flags;
                quota.grace = if grace == 0 { quota.grace } else { grace };
            }
        }
        self.get_mut(dir).quota = (quota.flags != 0).then_some(quota.clone());
        let now = self.get(dir).quota.clone().unwrap_or_default();
        let mut numbers = vec![now.flags.into(), now.grace.into()];
        let (soft, hard) = limits(&now.limits);
        numbers.extend(soft.iter().chain(&hard).chain(&used(&self.below(dir))));
        Ok(Answer::numbers(numbers))
    }

    /// Once a second: soft limits that are passed, and whose time is over.
    pub(crate) fn check_quotas(&mut self, now: u32) {
        let dirs: Vec<u32> = self.nodes.iter().filter(|(_, n)| n.quota.is_some()).map(|(i, _)| *i).collect();
        for dir in dirs {
            let used = used(&self.below(dir));
            let Some(quota) = &mut self.get_mut(dir).quota else { continue };
            let (soft, _) = limits(&quota.limits);
            let over = (0..4).any(|i| quota.flags & 1 << i != 0 && used[i] > soft[i]);
            if !over {
                (quota.stamp, quota.exceeded) = (0, false);
                continue;
            }
            if quota.stamp == 0 {
                quota.stamp = now;
            }
            let grace = if quota.grace == 0 { crate::world::DEFAULT_GRACE } else { quota.grace };
            quota.exceeded = u64::from(quota.stamp) + u64::from(grace) < now.into();
        }
    }
}

/// Takes the limits that `flags` name from another list.
fn take(limits: &mut QuotaLimits, flags: u8, from: &QuotaLimits) {
    let has = |bit: u8| flags & bit != 0;
    if has(0x01) {
        limits.soft_inodes = from.soft_inodes;
    }
    if has(0x02) {
        limits.soft_length = from.soft_length;
    }
    if has(0x04) {
        limits.soft_size = from.soft_size;
    }
    if has(0x08) {
        limits.soft_real_size = from.soft_real_size;
    }
    if has(0x10) {
        limits.hard_inodes = from.hard_inodes;
    }
    if has(0x20) {
        limits.hard_length = from.hard_length;
    }
    if has(0x40) {
        limits.hard_size = from.hard_size;
    }
    if has(0x80) {
        limits.hard_real_size = from.hard_real_size;
    }
}
