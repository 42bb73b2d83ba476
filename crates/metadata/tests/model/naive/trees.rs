//! What may go through a whole tree.

use super::*;
use std::collections::BTreeMap as Map;
use types::Status;

/// Nodes changed, left alone, denied.
type Tally = [u64; 3];

impl Naive {
    /// A node, and all below it, once for each name.
    fn tree(&self, top: u32, deep: bool) -> Vec<u32> {
        let mut all = vec![top];
        if deep {
            all.extend(self.get(top).entries.iter().flat_map(|link| self.tree(link.inode, true)));
        }
        all
    }

    /// Goes through a tree; `change` is true when it has changed a node that it may change.
    fn change(
        &mut self,
        now: u32,
        (top, smode): (u32, u8),
        counts: impl Fn(&Node) -> bool,
        denied: impl Fn(&Naive, u32) -> bool,
        change: impl Fn(&mut Node) -> bool,
    ) -> Reply {
        let deep = smode & 4 != 0;
        if !deep && denied(self, top) {
            return Err(Status::EPERM);
        }
        let mut tally: Tally = [0; 3];
        for inode in self.tree(top, deep) {
            if !counts(self.get(inode)) {
                continue;
            }
            if denied(self, inode) {
                tally[2] += 1;
                continue;
            }
            let node = self.get_mut(inode);
            if change(node) {
                node.ctime = now;
                tally[0] += 1;
            } else {
                tally[1] += 1;
            }
        }
        Ok(Answer::numbers(tally.to_vec()))
    }

    pub(crate) fn set_eattr(&mut self, id: &Id<'_>, now: u32, inode: u32, bits: u8, smode: u8) -> Reply {
        id.enabled(Some(22))?;
        if smode > 7 {
            return Err(Status::EINVAL);
        }
        id.may_change(None)?;
        if bits & (UNDELETABLE | APPENDONLY | IMMUTABLE) != 0 && !id.admin() {
            return Err(Status::EPERM);
        }
        let top = self.node(id, inode, false)?;
        let denied = |fs: &Naive, i: u32| !fs.owns(id, i) || fs.get(i).has(IMMUTABLE) && bits & NOOWNER != 0;
        let change = |node: &mut Node| {
            let mut new = match smode & 3 {
                0 => bits,
                1 => node.eattr | bits,
                2 => node.eattr & !bits,
                _ => return false,
            };
            if !node.is_dir() {
                new &= !NOENTRYCACHE;
            }
            std::mem::replace(&mut node.eattr, new) != new
        };
        self.change(now, (top, smode), |_| true, denied, change)
    }

    fn frozen(&self, id: &Id<'_>, inode: u32) -> bool {
        !self.owns(id, inode) || self.get(inode).has(IMMUTABLE)
    }

    /// A file or directory.
    fn classed(&self, id: &Id<'_>, inode: u32) -> Result<u32, Status> {
        let inode = self.node(id, inode, false)?;
        let node = self.get(inode);
        if node.is_dir() || node.is_file() { Ok(inode) } else { Err(Status::EPERM) }
    }

    pub(crate) fn set_trash_time(
        &mut self,
        id: &Id<'_>,
        now: u32,
        inode: u32,
        seconds: u32,
        smode: u8,
    ) -> Reply {
        id.enabled(Some(20))?;
        let (low, high) = id.caps.trash_times;
        let (too_low, too_high) = (seconds < low, seconds > high);
        if match smode & 3 {
            1 => too_high,
            2 => too_low,
            _ => too_low || too_high,
        } {
            return Err(Status::EPERM);
        }
        if smode > 7 {
            return Err(Status::EINVAL);
        }
        id.may_change(None)?;
        let top = self.classed(id, inode)?;
        // More hours than 16 bits hold would be few.
        let hours = seconds.div_ceil(3600).min(65_535) as u16;
        let change = |node: &mut Node| {
            let change = match smode & 3 {
                0 => node.trash_hours != hours,
                1 => node.trash_hours < hours,
                2 => node.trash_hours > hours,
                _ => false,
            };
            if change {
                node.trash_hours = hours;
            }
            change
        };
        let counts = |node: &Node| node.is_dir() || node.is_file();
        self.change(now, (top, smode), counts, |fs, i| fs.frozen(id, i), change)
    }

    /// Only the classes 1 to 9: so many copies. Exchange with itself changes nothing that can be seen but times.
    pub(crate) fn set_class(&mut self, id: &Id<'_>, now: u32, inode: u32, goal: u8, smode: u8) -> Reply {
        id.enabled(Some(21))?;
        if !(1..=9).contains(&goal) {
            return Err(Status::EINVAL);
        }
        let (low, high) = id.caps.goals;
        if match smode & 3 {
            1 => goal > high,
            2 => goal < low,
            _ => goal < low || goal > high,
        } {
            return Err(Status::EPERM);
        }
        if smode > 7 {
            return Err(Status::EINVAL);
        }
        id.may_change(None)?;
        let top = self.classed(id, inode)?;
        if smode & 4 == 0 && self.frozen(id, top) {
            return Err(Status::EPERM);
        }
        let change = |node: &Node| match smode & 3 {
            0 => node.class != goal,
            1 => node.class < goal,
            2 => node.class > goal,
            _ => node.class == goal,
        };
        let mut more = 0;
        for inode in self.tree(top, smode & 4 != 0) {
            let node = self.get(inode);
            if node.is_file() && !self.frozen(id, inode) && change(node) {
                more += node.size() * u64::from(goal.saturating_sub(node.class));
            }
        }
        match self.get(top).is_dir() {
            true => self.room(top, 0, 0, 0, more)?,
            false => self.file_room(top, 0, 0, more)?,
        }
        let set = |node: &mut Node| {
            let changes = change(node);
            if changes {
                node.class = goal;
            }
            changes
        };
        let counts = |node: &Node| node.is_dir() || node.is_file();
        self.change(now, (top, smode), counts, |fs, i| fs.frozen(id, i), set)
    }

    /// How many files, and how many directories, have which trash time, class and extra attributes.
    pub(crate) fn get_settings(&self, id: &Id<'_>, inode: u32, mode: u8) -> Reply {
        if mode > 1 {
            return Err(Status::EINVAL);
        }
        let top = self.classed(id, inode)?;
        let mut spreads: [[Map<u64, u64>; 2]; 3] = Default::default();
        for inode in self.tree(top, mode == 1) {
            let node = self.get(inode);
            let dir = usize::from(node.is_dir());
            if node.is_dir() || node.is_file() {
                *spreads[0][dir].entry(u64::from(node.trash_hours) * 3600).or_default() += 1;
                *spreads[1][dir].entry(node.class.into()).or_default() += 1;
            }
            *spreads[2][dir].entry(node.eattr.into()).or_default() += 1;
        }
        Ok(Answer::numbers(spreads.iter().flatten().flatten().flat_map(|(value, n)| [*value, *n]).collect()))
    }

    pub(crate) fn dir_stats(&self, id: &Id<'_>, inode: u32) -> Reply {
        let s = self.whole(self.classed(id, inode)?);
        Ok(Answer::numbers(vec![s.inodes, s.dirs, s.files, s.chunks, s.length, s.size, s.real]))
    }
}
