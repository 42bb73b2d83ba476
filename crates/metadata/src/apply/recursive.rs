//! Setters that may go through whole trees.

use crate::fs::Fs;
use crate::ns::nodes::eattr;
use crate::ns::records::NodeRec;
use crate::ns::times::Stamp::Ctime;
use ondisk::Outcome;
use types::{Inode, Status, Time};

/// Bits of an `smode`: what to do, and whether to go down.
const KIND: u8 = 3;
const RECURSIVE: u8 = 4;

/// Nodes changed, left as they were, and denied.
#[derive(Default)]
struct Tally {
    changed: u64,
    unchanged: u64,
    denied: u64,
}

impl Tally {
    /// Nothing done is an error where stock says so; the state is as it was then.
    fn outcome(&self, nothing_is_an_error: bool) -> Result<Outcome, Status> {
        if nothing_is_an_error && self.changed + self.unchanged == 0 {
            return Err(Status::EPERM);
        }
        Ok(Outcome::from_slice(&[self.changed, self.unchanged, self.denied]))
    }

    /// The same for setters with an `smode`: denied alone is an outcome only of recursive ones.
    fn setter_outcome(&self, smode: u8) -> Result<Outcome, Status> {
        self.outcome(smode & RECURSIVE == 0 || self.denied == 0)
    }

    fn count(&mut self, changed: bool) {
        if changed { self.changed += 1 } else { self.unchanged += 1 }
    }
}

fn may_change(rec: &NodeRec, uid: u32) -> bool {
    rec.eattr & eattr::NOOWNER != 0 || uid == 0 || rec.uid == uid
}

impl Fs {
    /// The node, and with `recursive` all below it, one visit for each name.
    fn tree(&self, top: Inode, recursive: bool) -> Vec<Inode> {
        let mut all = vec![top];
        let mut at = 0;
        while recursive && at < all.len() {
            let rec = self.node(all[at]);
            let mut edge = if rec.is_dir() { rec.first_entry() } else { 0 };
            while edge != 0 {
                let entry = self.edges.get(edge);
                all.push(entry.child());
                edge = entry.next;
            }
            at += 1;
        }
        all
    }

    pub(super) fn set_sclass(
        &mut self,
        ts: Time,
        top: Inode,
        uid: u32,
        (src, dst): (u8, u8),
        smode: u8,
    ) -> Result<Outcome, Status> {
        self.existing(top)?;
        let by_order = matches!(smode & KIND, 1 | 2);
        if smode > 7 || self.classes.get(dst).is_none() || (by_order && dst > 9) {
            return Err(Status::EINVAL);
        }
        let mut tally = Tally::default();
        for inode in self.tree(top, smode & RECURSIVE != 0) {
            let rec = self.node(inode);
            if !rec.is_dir() && !rec.has_chunks() {
                continue;
            }
            if !may_change(&rec, uid) || rec.eattr & eattr::IMMUTABLE != 0 {
                tally.denied += 1;
                continue;
            }
            let change = match smode & KIND {
                0 => rec.sclass != dst,
                1 => rec.sclass < dst,
                2 => rec.sclass > dst,
                _ => rec.sclass == src,
            };
            if change {
                self.set_class(inode, dst);
                self.stamp(inode, &[Ctime], ts);
            }
            tally.count(change);
        }
        tally.setter_outcome(smode)
    }

    pub(super) fn set_trash_time(
        &mut self,
        ts: Time,
        top: Inode,
        uid: u32,
        seconds: u32,
        smode: u8,
    ) -> Result<Outcome, Status> {
        self.existing(top)?;
        if smode > 7 || smode & KIND == 3 {
            return Err(Status::EINVAL);
        }
        // Modulo 2^32 and 2^16, as stock reckons; who plans it stays below.
        let hours = (seconds.wrapping_add(3599) / 3600) as u16;
        let mut tally = Tally::default();
        for inode in self.tree(top, smode & RECURSIVE != 0) {
            let rec = self.node(inode);
            if !rec.is_dir() && !rec.has_chunks() {
                continue;
            }
            if !may_change(&rec, uid) || rec.eattr & eattr::IMMUTABLE != 0 {
                tally.denied += 1;
                continue;
            }
            let change = match smode & KIND {
                0 => rec.trash_hours != hours,
                1 => rec.trash_hours < hours,
                _ => rec.trash_hours > hours,
            };
            if change {
                self.node_mut(inode).trash_hours = hours;
                self.stamp(inode, &[Ctime], ts);
            }
            tally.count(change);
        }
        tally.setter_outcome(smode)
    }

    pub(super) fn set_eattr(
        &mut self,
        ts: Time,
        top: Inode,
        uid: u32,
        bits: u8,
        smode: u8,
    ) -> Result<Outcome, Status> {
        self.existing(top)?;
        if smode > 7 || smode & KIND == 3 {
            return Err(Status::EINVAL);
        }
        let mut tally = Tally::default();
        for inode in self.tree(top, smode & RECURSIVE != 0) {
            let rec = self.node(inode);
            let frozen = rec.eattr & eattr::IMMUTABLE != 0 && bits & eattr::NOOWNER != 0;
            if !may_change(&rec, uid) || frozen {
                tally.denied += 1;
                continue;
            }
            let mut new = match smode & KIND {
                0 => bits,
                1 => rec.eattr | bits,
                _ => rec.eattr & !bits,
            };
            if !rec.is_dir() {
                new &= !eattr::NOENTRYCACHE;
            }
            let change = new != rec.eattr;
            if change {
                self.node_mut(inode).eattr = new;
                self.stamp(inode, &[Ctime], ts);
            }
            tally.count(change);
        }
        tally.setter_outcome(smode)
    }

    pub(super) fn change_archived(
        &mut self,
        ts: Time,
        top: Inode,
        uid: u32,
        cmd: u8,
    ) -> Result<Outcome, Status> {
        let rec = self.existing(top)?;
        if cmd > 1 {
            return Err(Status::EINVAL);
        }
        let lone = !rec.is_dir();
        if lone && (!rec.has_chunks() || self.tables.iter_from(top, &rec, 0).next().is_none()) {
            return Err(Status::EPERM);
        }
        let mut tally = Tally::default();
        for inode in self.tree(top, true) {
            let rec = self.node(inode);
            if !rec.has_chunks() {
                continue;
            }
            if !may_change(&rec, uid) || rec.eattr & eattr::IMMUTABLE != 0 {
                tally.denied += 1;
                continue;
            }
            let ids: Vec<u64> = self.tables.iter_from(inode, &rec, 0).map(|(_, id)| id).collect();
            for id in ids {
                if let Some(chunk) = self.chunks.get_mut(id) {
                    tally.count(chunk.archived() != (cmd == 1));
                    chunk.set_archived(cmd == 1);
                }
            }
            if cmd == 0 {
                self.stamp(inode, &[Ctime], ts);
            }
        }
        tally.outcome(lone)
    }
}
