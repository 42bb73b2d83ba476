//! Chunks by id: a slab of 24-byte records and a hash table of 4-byte indices, so that a chunk costs some 32 bytes.

use super::{Replica, ReplicaState, Replicas};
use crate::{ClassId, ServerId};
use hashbrown::{HashTable, hash_table::Entry};
use std::collections::HashMap;
use types::{ChunkId, ChunkVersion};

/// Where a chunk is in the slab. Valid until the chunk is removed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Slot(pub(crate) u32);

/// Copies kept in the record itself; more go to a side table.
const INLINE: usize = 3;
/// No copy in this place.
const EMPTY: u32 = u32::MAX;

/// One bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flags(u8);

impl Flags {
    /// Versions must grow before the next write.
    pub(crate) const BUMP: Flags = Flags(1);
    /// A write lease is counted on the servers of the copies.
    pub(crate) const WRITING: Flags = Flags(2);
    /// In a priority queue.
    pub(crate) const QUEUED: Flags = Flags(4);
    /// The archive set applies (as of the last look).
    pub(crate) const ARCHIVED: Flags = Flags(8);
    /// An operation runs.
    pub(crate) const OPERATION: Flags = Flags(16);
    /// Some copies are in the side table.
    const SPILLED: Flags = Flags(32);
    /// An operation ended well since the master started.
    pub(crate) const PROVEN: Flags = Flags(64);
}

#[derive(Clone)]
struct Record {
    /// 0 = free; then `inline[0]` is the next free record.
    id: u64,
    inline: [u32; INLINE],
    class: ClassId,
    flags: u8,
    /// Usable copies and regular ones, each 0..=10, as counted in the matrix.
    all: u8,
    regular: u8,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Table {
    records: Vec<Record>,
    index: HashTable<u32>,
    free: Option<u32>,
    spilled: HashMap<u32, Vec<u32>>,
    /// Versions of copies in a `Wrong` state.
    wrong: HashMap<(u32, ServerId), ChunkVersion>,
}

fn hash(id: u64) -> u64 {
    // Ids are given out in order; a multiplication spreads them over all bits.
    let h = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h ^ (h >> 32)
}

fn pack(replica: &Replica) -> u32 {
    u32::from(replica.server.0) << 8 | replica.state as u32
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Bytes of memory taken, and bytes of the records in use.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let record = size_of::<Record>() as u64;
        let more: usize = self.spilled.values().map(|list| list.capacity() * size_of::<u32>()).sum();
        let index = self.index.capacity() * size_of::<u32>();
        let taken = self.records.capacity() as u64 * record + (more + index) as u64;
        (taken, self.len() as u64 * record + more as u64)
    }

    /// Records in the slab, free ones included: what a full pass walks over.
    pub(crate) fn capacity(&self) -> usize {
        self.records.len()
    }

    /// The chunk in the n-th record.
    pub(crate) fn at(&self, n: usize) -> Option<(ChunkId, Slot)> {
        let record = self.records.get(n).filter(|r| r.id != 0)?;
        Some((ChunkId(record.id), Slot(n as u32)))
    }

    pub(crate) fn find(&self, id: ChunkId) -> Option<Slot> {
        self.index.find(hash(id.0), |i| self.records[*i as usize].id == id.0).map(|i| Slot(*i))
    }

    /// The chunk's record; a new one when there is none. Ids from 1 on. The flag tells whether it is new.
    pub(crate) fn insert(&mut self, id: ChunkId) -> (Slot, bool) {
        debug_assert!(id.0 != 0, "0 marks free records");
        let records = &self.records;
        let entry = self.index.entry(
            hash(id.0),
            |i| records[*i as usize].id == id.0,
            |i| hash(records[*i as usize].id),
        );
        let vacant = match entry {
            Entry::Occupied(found) => return (Slot(*found.get()), false),
            Entry::Vacant(vacant) => vacant,
        };
        let record =
            Record { id: id.0, inline: [EMPTY; INLINE], class: 0, flags: Flags::BUMP.0, all: 0, regular: 0 };
        let at = match self.free {
            Some(at) => at,
            None => u32::try_from(self.records.len()).expect("memory ends long before 2^32 records"),
        };
        vacant.insert(at);
        match self.free {
            Some(_) => {
                let next = self.records[at as usize].inline[0];
                self.free = (next != EMPTY).then_some(next);
                self.records[at as usize] = record;
            }
            None => self.records.push(record),
        }
        (Slot(at), true)
    }

    /// Forgets the chunk. Its copies must have been removed with [`Table::set_replicas`] before.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let id = self.records[slot.0 as usize].id;
        if let Ok(entry) = self.index.find_entry(hash(id), |i| *i == slot.0) {
            entry.remove();
        }
        let record = &mut self.records[slot.0 as usize];
        record.id = 0;
        record.inline[0] = self.free.unwrap_or(EMPTY);
        self.free = Some(slot.0);
    }

    pub(crate) fn replicas(&self, slot: Slot) -> Replicas {
        let unpack = |bits: u32| {
            let server = ServerId((bits >> 8) as u16);
            let state = ReplicaState::from_bits(bits as u8);
            let version = if state.is_wrong() { self.wrong.get(&(slot.0, server)).copied() } else { None };
            Replica { server, state, version: version.unwrap_or_default() }
        };
        let more = match self.has(slot, Flags::SPILLED) {
            true => self.spilled.get(&slot.0).map_or(&[][..], Vec::as_slice),
            false => &[],
        };
        let inline = self.records[slot.0 as usize].inline.iter().filter(|bits| **bits != EMPTY);
        inline.chain(more).map(|bits| unpack(*bits)).collect()
    }

    /// Replaces the copies.
    pub(crate) fn set_replicas(&mut self, slot: Slot, replicas: &[Replica]) {
        for old in self.replicas(slot).iter().filter(|r| r.state.is_wrong()) {
            self.wrong.remove(&(slot.0, old.server));
        }
        for new in replicas.iter().filter(|r| r.state.is_wrong()) {
            self.wrong.insert((slot.0, new.server), new.version);
        }
        let (inline, more) = replicas.split_at(replicas.len().min(INLINE));
        let record = &mut self.records[slot.0 as usize];
        record.inline = std::array::from_fn(|i| inline.get(i).map_or(EMPTY, pack));
        if !more.is_empty() {
            self.spilled.insert(slot.0, more.iter().map(pack).collect());
            self.put(slot, Flags::SPILLED, true);
        } else if self.has(slot, Flags::SPILLED) {
            self.spilled.remove(&slot.0);
            self.put(slot, Flags::SPILLED, false);
        }
    }

    pub(crate) fn has(&self, slot: Slot, flag: Flags) -> bool {
        self.records[slot.0 as usize].flags & flag.0 != 0
    }

    pub(crate) fn put(&mut self, slot: Slot, flag: Flags, on: bool) {
        let flags = &mut self.records[slot.0 as usize].flags;
        *flags = if on { *flags | flag.0 } else { *flags & !flag.0 };
    }

    pub(crate) fn class(&self, slot: Slot) -> ClassId {
        self.records[slot.0 as usize].class
    }

    pub(crate) fn set_class(&mut self, slot: Slot, class: ClassId) {
        self.records[slot.0 as usize].class = class;
    }

    /// Usable and regular copies as last counted.
    pub(crate) fn counts(&self, slot: Slot) -> (u8, u8) {
        let record = &self.records[slot.0 as usize];
        (record.all, record.regular)
    }

    pub(crate) fn set_counts(&mut self, slot: Slot, (all, regular): (u8, u8)) {
        let record = &mut self.records[slot.0 as usize];
        (record.all, record.regular) = (all, regular);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReplicaState::*;

    #[test]
    fn a_record_is_24_bytes() {
        assert_eq!(size_of::<Record>(), 24);
    }

    #[test]
    fn copies_beyond_the_record_and_wrong_versions_are_kept() {
        let mut table = Table::default();
        let (slot, new) = table.insert(ChunkId(7));
        assert!(new);
        let mut replicas: Replicas = (0..5).map(|i| Replica::new(ServerId(i), Valid)).collect();
        replicas[4] = Replica { server: ServerId(9000), state: RemovalWrong, version: ChunkVersion(3) };
        table.set_replicas(slot, &replicas);
        assert_eq!(table.replicas(slot), replicas);
        table.set_replicas(slot, &replicas[3..]);
        assert_eq!(table.replicas(slot)[..], replicas[3..]);
        assert!(table.spilled.is_empty());
        table.set_replicas(slot, &[]);
        assert!(table.replicas(slot).is_empty() && table.wrong.is_empty());
    }

    #[test]
    fn records_are_reused_and_ids_found() {
        let mut table = Table::default();
        for id in 1..=1000 {
            table.insert(ChunkId(id));
        }
        for id in (1..=1000).step_by(2) {
            let slot = table.find(ChunkId(id)).unwrap();
            table.remove(slot);
        }
        assert_eq!((table.len(), table.capacity()), (500, 1000));
        for id in 2001..=2500 {
            table.insert(ChunkId(id));
        }
        assert_eq!((table.len(), table.capacity()), (1000, 1000));
        assert!(table.find(ChunkId(1)).is_none());
        for id in (2..=1000).step_by(2).chain(2001..=2500) {
            let slot = table.find(ChunkId(id)).unwrap();
            assert_eq!(table.at(slot.0 as usize), Some((ChunkId(id), slot)));
            assert!(!table.insert(ChunkId(id)).1);
        }
    }
}
