//! Which chunks a file has: inside the node for one, in a pool for up to 512, in a sparse array beyond.

use crate::ns::records::{BIG, NodeRec, TABLE, hi, lo, pair};
use crate::store::{Pages, Runs, RunsView};
use types::Inode;

/// The most slots of a table in the pool.
const POOLED: u32 = 512;

/// The chunk ids of a file of more than 32 GiB.
#[derive(Clone)]
pub(crate) struct BigTable {
    ids: Pages<u64, 512>,
    /// Slots that are not 0.
    used: u32,
}

/// The long tables, by inode.
pub(crate) type BigTables = imbl::OrdMap<u32, BigTable>;

/// The chunk tables of all files. The last slot of a table is never 0, as in an image; slots behind it read as 0.
pub(crate) struct Tables {
    pool: Runs<u64, 512>,
    big: BigTables,
}

/// Slots reserved for a table of `count`, 2 to 512: powers of two and halves between.
fn capacity(count: u32) -> usize {
    let power = (count as usize).next_power_of_two();
    let between = power / 4 * 3;
    if count as usize <= between { between.max(2) } else { power }
}

/// Number of slots up to the last one that is not 0.
pub(crate) fn count(rec: &NodeRec) -> u32 {
    if rec.has(TABLE | BIG) { lo(rec.b) } else { u32::from(rec.b != 0) }
}

impl Tables {
    pub(crate) fn new() -> Self {
        Tables { pool: Runs::new(), big: BigTables::new() }
    }

    /// Bytes of memory taken, and bytes of the slots in it.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let pool = self.pool.bytes();
        let big = self.big.values().map(|t| (t.ids.bytes(), u64::from(t.used) * size_of::<u64>() as u64));
        big.fold(pool, |(all, used), (a, u)| (all + a, used + u))
    }

    /// The id in a slot, 0 for a hole.
    pub(crate) fn get(&self, inode: Inode, rec: &NodeRec, at: u32) -> u64 {
        if rec.has(BIG) {
            return self.big.get(&inode.0).and_then(|t| t.ids.get(at)).copied().unwrap_or(0);
        }
        if rec.has(TABLE) {
            return self.pooled(rec).get(at as usize).copied().unwrap_or(0);
        }
        if at == 0 { rec.b } else { 0 }
    }

    fn pooled(&self, rec: &NodeRec) -> &[u64] {
        self.pool.get(hi(rec.b), lo(rec.b) as usize)
    }

    /// Slots that hold a chunk.
    pub(crate) fn used(&self, inode: Inode, rec: &NodeRec) -> u32 {
        if rec.has(BIG) {
            return self.big.get(&inode.0).map_or(0, |t| t.used);
        }
        if rec.has(TABLE) {
            return self.pooled(rec).iter().filter(|id| **id != 0).count() as u32;
        }
        u32::from(rec.b != 0)
    }

    /// The slots from `from` on that hold a chunk.
    pub(crate) fn iter_from<'a>(
        &'a self,
        inode: Inode,
        rec: &'a NodeRec,
        from: u32,
    ) -> impl Iterator<Item = (u32, u64)> + 'a {
        let big = rec.has(BIG).then(|| self.big.get(&inode.0)).flatten();
        let short = match rec.has(TABLE | BIG) {
            false => std::slice::from_ref(&rec.b),
            true if rec.has(TABLE) => self.pooled(rec),
            true => &[],
        };
        let short = short.iter().enumerate().map(|(i, id)| (i as u32, *id)).skip(from as usize);
        let long = big.into_iter().flat_map(move |t| t.ids.iter_from(from)).map(|(i, id)| (i, *id));
        short.chain(long).filter(|(_, id)| *id != 0)
    }

    /// Writes a slot. `rec` is the file's record, changed in place.
    pub(crate) fn set(&mut self, inode: Inode, rec: &mut NodeRec, at: u32, id: u64) {
        let count = count(rec);
        if at >= count {
            if id != 0 {
                self.resize(inode, rec, at + 1);
                self.write(inode, rec, at, id);
            }
            return;
        }
        self.write(inode, rec, at, id);
        if id == 0 && at + 1 == count {
            let last = self.last_used_below(inode, rec, at);
            self.resize(inode, rec, last);
        }
    }

    fn write(&mut self, inode: Inode, rec: &mut NodeRec, at: u32, id: u64) {
        if rec.has(BIG) {
            if let Some(table) = self.big.get_mut(&inode.0) {
                let slot = table.ids.get_mut(at);
                table.used = table.used + u32::from(id != 0) - u32::from(*slot != 0);
                *slot = id;
            }
        } else if rec.has(TABLE) {
            self.pool.get_mut(hi(rec.b), lo(rec.b) as usize)[at as usize] = id;
        } else {
            rec.b = id;
        }
    }

    /// Number of slots below `end` up to the last used one.
    fn last_used_below(&self, inode: Inode, rec: &NodeRec, end: u32) -> u32 {
        if rec.has(BIG) {
            let table = self.big.get(&inode.0);
            return table.and_then(|t| t.ids.last_below(end, |id| *id != 0)).map_or(0, |i| i + 1);
        }
        (0..end).rev().find(|i| self.get(inode, rec, *i) != 0).map_or(0, |i| i + 1)
    }

    /// Cuts the table to at most `slots`; what was behind is forgotten, without touching references.
    pub(crate) fn cut(&mut self, inode: Inode, rec: &mut NodeRec, slots: u32) {
        if slots >= count(rec) {
            return;
        }
        let last = self.last_used_below(inode, rec, slots);
        if rec.has(BIG) && last > POOLED {
            let gone: Vec<u32> = self.iter_from(inode, rec, last).map(|(i, _)| i).collect();
            gone.into_iter().for_each(|i| self.write(inode, rec, i, 0));
        }
        self.resize(inode, rec, last);
    }

    /// Changes the number of slots, moving the table between its forms. When it shrinks, the slots cut off are
    /// already 0 or the form is rebuilt.
    fn resize(&mut self, inode: Inode, rec: &mut NodeRec, slots: u32) {
        let old = count(rec);
        if slots > POOLED && rec.has(BIG) {
            rec.b = pair(0, slots);
            return;
        }
        let pooled = |count: u32| (2..=POOLED).contains(&count);
        if rec.has(TABLE) && pooled(slots) && capacity(slots) == capacity(old) {
            let start = hi(rec.b);
            if slots < old {
                self.pool.get_mut(start, old as usize)[slots as usize..].fill(0);
            }
            rec.b = pair(start, slots);
            return;
        }
        let kept: Vec<(u32, u64)> = self.iter_from(inode, rec, 0).take_while(|(i, _)| *i < slots).collect();
        self.release(inode, rec);
        if slots > POOLED {
            rec.set_flag(BIG, true);
            rec.b = pair(0, slots);
            self.big.insert(inode.0, BigTable { ids: Pages::new(), used: 0 });
        } else if pooled(slots) {
            rec.set_flag(TABLE, true);
            rec.b = pair(self.pool.allocate(capacity(slots)), slots);
        }
        kept.into_iter().for_each(|(i, id)| self.write(inode, rec, i, id));
    }

    /// Frees the table; the file then has no chunks.
    pub(crate) fn release(&mut self, inode: Inode, rec: &mut NodeRec) {
        if rec.has(BIG) {
            self.big.remove(&inode.0);
        } else if rec.has(TABLE) {
            self.pool.free(hi(rec.b), capacity(lo(rec.b)));
        }
        rec.set_flag(TABLE | BIG, false);
        rec.b = 0;
    }

    /// Slots left before 32-bit references run out.
    pub(crate) fn room(&self) -> u32 {
        self.pool.room()
    }

    /// The content alone, shared.
    pub(crate) fn view(&self) -> TablesView {
        TablesView { pool: self.pool.view(), big: self.big.clone() }
    }
}

/// What the tables held when the view was taken.
pub(crate) struct TablesView {
    pool: RunsView<u64, 512>,
    big: BigTables,
}

impl TablesView {
    /// Calls `each` with the id of every slot of the table, holes (0) included.
    pub(crate) fn for_each(&self, inode: Inode, rec: &NodeRec, mut each: impl FnMut(u64)) {
        if rec.has(BIG) {
            let table = self.big.get(&inode.0);
            (0..lo(rec.b)).for_each(|i| each(table.and_then(|t| t.ids.get(i)).copied().unwrap_or(0)));
        } else if rec.has(TABLE) {
            self.pool.get(hi(rec.b), lo(rec.b) as usize).iter().for_each(|id| each(*id));
        } else if rec.b != 0 {
            each(rec.b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn places() -> impl Strategy<Value = u32> {
        prop_oneof![0u32..4, 0u32..40, 500u32..520, 0u32..3000, Just(0x7FFF_FFFF)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn a_table_is_a_sparse_array(steps in prop::collection::vec((places(), 0u64..3, 0u8..6), 1..150)) {
            let mut tables = Tables::new();
            let mut rec = NodeRec { kind: 1, ..NodeRec::default() };
            let inode = Inode(7);
            let mut model = BTreeMap::new();
            for (at, id, what) in steps {
                if what == 0 {
                    tables.cut(inode, &mut rec, at);
                    model.retain(|i, _| *i < at);
                } else {
                    tables.set(inode, &mut rec, at, id);
                    model.insert(at, id);
                    model.retain(|_, id| *id != 0);
                }
                let seen: BTreeMap<u32, u64> = tables.iter_from(inode, &rec, 0).collect();
                prop_assert_eq!(&seen, &model);
                prop_assert_eq!(tables.used(inode, &rec) as usize, model.len());
                prop_assert_eq!(count(&rec), model.keys().last().map_or(0, |i| i + 1));
                prop_assert_eq!(tables.get(inode, &rec, at), model.get(&at).copied().unwrap_or(0));
                let late: BTreeMap<u32, u64> = tables.iter_from(inode, &rec, 17).collect();
                prop_assert_eq!(late, model.range(17..).map(|(i, id)| (*i, *id)).collect());
                prop_assert_eq!(rec.has(BIG), count(&rec) > POOLED);
            }
            tables.release(inode, &mut rec);
            prop_assert_eq!(rec.b, 0);
        }
    }

    #[test]
    fn capacities() {
        assert_eq!([2, 3, 4, 5, 6, 7, 9, 12, 13, 512].map(capacity), [2, 3, 4, 6, 6, 8, 12, 12, 16, 512]);
    }
}
