//! What an image and its log know about each chunk.

use crate::read::ChunkInfo;
use crate::store::{Index, Slab};
use std::collections::HashMap;
use types::{ChunkId, ChunkVersion};

const ARCHIVED: u8 = 1;
/// Files of more than one class refer to the chunk; the numbers per class are beside the records.
const SHARED: u8 = 2;
/// Files named the chunk before it became known.
const ADOPTED: u8 = 4;

/// A chunk, 24 bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct ChunkRec {
    pub(crate) id: u64,
    pub(crate) version: u32,
    /// Unix seconds; the chunk is locked while this is not in the past.
    pub(crate) locked_until: u32,
    /// References from files.
    pub(crate) refs: u32,
    /// The effective class; 0 without references.
    pub(crate) class: u8,
    flags: u8,
}

impl ChunkRec {
    pub(crate) fn new(id: u64, version: u32, locked_until: u32, archived: bool) -> Self {
        ChunkRec {
            id,
            version,
            locked_until,
            flags: if archived { ARCHIVED } else { 0 },
            ..ChunkRec::default()
        }
    }

    pub(crate) fn info(&self) -> ChunkInfo {
        ChunkInfo {
            id: ChunkId(self.id),
            version: ChunkVersion(self.version),
            locked_until: self.locked_until,
            archived: self.archived(),
            refs: self.refs,
            class: self.class,
        }
    }

    pub(crate) fn archived(&self) -> bool {
        self.flags & ARCHIVED != 0
    }

    pub(crate) fn set_archived(&mut self, on: bool) {
        self.flags = self.flags & !ARCHIVED | if on { ARCHIVED } else { 0 };
    }

    /// True when files named the chunk before it became known. Stock does not count those references, so its log may
    /// remove such a chunk although files name it.
    pub(crate) fn adopted(&self) -> bool {
        self.flags & ADOPTED != 0
    }

    fn shared(&self) -> bool {
        self.flags & SHARED != 0
    }
}

/// References of one chunk by class, ascending by class, without zeros.
pub(crate) type ClassRefs = Vec<(u8, u32)>;

/// All chunk records.
pub(crate) struct Chunks {
    pub(crate) recs: Slab<ChunkRec, 128>,
    by_id: Index,
    /// For chunks with [`SHARED`], by slot.
    shared: HashMap<u32, ClassRefs>,
    /// References to chunks that are not known (files of an old image may name chunks that were lost since).
    dangling: HashMap<u64, ClassRefs>,
    /// The id the next new chunk gets.
    pub(crate) next_id: u64,
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Chunks {
            recs: Slab::new(),
            by_id: Index::new(),
            shared: HashMap::new(),
            dangling: HashMap::new(),
            next_id: 1,
        }
    }

    /// Bytes of memory that finding a chunk takes, and bytes that the present ones need.
    pub(crate) fn index_bytes(&self) -> (u64, u64) {
        self.by_id.bytes()
    }

    /// Prepares for this many chunks.
    pub(crate) fn reserve(&mut self, chunks: usize) {
        self.by_id.reserve(chunks);
    }

    fn slot(&self, id: u64) -> Option<u32> {
        self.by_id.find(hash(id), |slot| self.recs.get(slot).id == id)
    }

    pub(crate) fn get(&self, id: u64) -> Option<ChunkRec> {
        self.slot(id).map(|slot| self.recs.get(slot))
    }

    /// The record for changes of version, lock and archive flag.
    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut ChunkRec> {
        self.slot(id).map(|slot| self.recs.get_mut(slot))
    }

    /// Adds a chunk; false when it is known already. Files that name it are counted.
    pub(crate) fn insert(&mut self, mut rec: ChunkRec, keepmax: impl Fn(u8) -> u8) -> bool {
        if self.slot(rec.id).is_some() {
            return false;
        }
        let refs = self.dangling.remove(&rec.id).unwrap_or_default();
        if !refs.is_empty() {
            rec.flags |= ADOPTED;
            rec.refs = refs.iter().map(|(_, n)| n).sum();
            rec.class = effective_class(&refs, keepmax);
        }
        let slot = self.recs.insert(rec);
        if refs.len() > 1 {
            self.recs.get_mut(slot).flags |= SHARED;
            self.shared.insert(slot, refs);
        }
        let Chunks { recs, by_id, .. } = self;
        by_id.insert(hash(rec.id), slot, |slot| hash(recs.get(slot).id));
        true
    }

    /// Forgets a chunk. References that are left dangle.
    pub(crate) fn remove(&mut self, id: u64) {
        let refs = self.class_refs(id);
        if let Some(slot) = self.slot(id) {
            self.by_id.remove(hash(id), slot);
            self.recs.remove(slot);
            self.shared.remove(&slot);
        }
        if !refs.is_empty() {
            self.dangling.insert(id, refs);
        }
    }

    /// References by class.
    pub(crate) fn class_refs(&self, id: u64) -> ClassRefs {
        let Some(slot) = self.slot(id) else { return self.dangling.get(&id).cloned().unwrap_or_default() };
        let rec = self.recs.get(slot);
        match self.shared.get(&slot) {
            Some(refs) => refs.clone(),
            None if rec.refs > 0 => vec![(rec.class, rec.refs)],
            None => ClassRefs::new(),
        }
    }

    /// Ids that files name although no such chunk is known.
    pub(crate) fn dangling(&self) -> impl Iterator<Item = u64> {
        self.dangling.keys().copied()
    }

    /// One file of `class` more refers to the chunk.
    pub(crate) fn add_ref(&mut self, id: u64, class: u8, keepmax: impl Fn(u8) -> u8) {
        let Some(slot) = self.slot(id) else { return bump(self.dangling.entry(id).or_default(), class) };
        let rec = self.recs.get_mut(slot);
        rec.refs += 1;
        if rec.refs == 1 {
            rec.class = class;
            return;
        }
        if !rec.shared() && rec.class == class {
            return;
        }
        let old = (rec.class, rec.refs - 1);
        rec.flags |= SHARED;
        let refs = self.shared.entry(slot).or_insert_with(|| vec![old]);
        bump(refs, class);
        rec.class = effective_class(refs, keepmax);
    }

    /// One file of `class` less refers to the chunk.
    pub(crate) fn drop_ref(&mut self, id: u64, class: u8, keepmax: impl Fn(u8) -> u8) {
        let Some(slot) = self.slot(id) else {
            let refs = self.dangling.entry(id).or_default();
            unbump(refs, class);
            if refs.is_empty() {
                self.dangling.remove(&id);
            }
            return;
        };
        let rec = self.recs.get_mut(slot);
        rec.refs = rec.refs.saturating_sub(1);
        if rec.refs == 0 {
            rec.class = 0;
        }
        let Some(refs) = self.shared.get_mut(&slot) else { return };
        unbump(refs, class);
        if let [(class, _)] = refs[..] {
            rec.class = class;
            rec.flags &= !SHARED;
            self.shared.remove(&slot);
        } else {
            rec.class = effective_class(refs, keepmax);
        }
    }

    /// Recomputes the class of every shared chunk, after a class changed its numbers of copies.
    pub(crate) fn reclass(&mut self, keepmax: impl Fn(u8) -> u8) {
        for (slot, refs) in &self.shared {
            self.recs.get_mut(*slot).class = effective_class(refs, &keepmax);
        }
    }
}

/// Ids are given out in order and nobody chooses them, so their low bits spread evenly; and neighbours, which are
/// often used together, lie together.
fn hash(id: u64) -> u64 {
    id
}

fn bump(refs: &mut ClassRefs, class: u8) {
    match refs.binary_search_by_key(&class, |(c, _)| *c) {
        Ok(at) => refs[at].1 += 1,
        Err(at) => refs.insert(at, (class, 1)),
    }
}

fn unbump(refs: &mut ClassRefs, class: u8) {
    if let Ok(at) = refs.binary_search_by_key(&class, |(c, _)| *c) {
        refs[at].1 -= 1;
        if refs[at].1 == 0 {
            refs.remove(at);
        }
    }
}

/// Which class rules a chunk shared by files of several (`spec/chunk-placement.md` 1.7).
fn effective_class(refs: &[(u8, u32)], keepmax: impl Fn(u8) -> u8) -> u8 {
    let mut best = 0;
    let mut goal = 0;
    for &(class, _) in refs {
        let its = keepmax(class);
        if its > goal || best == 0 {
            (best, goal) = (class, its);
        } else if its == goal {
            // Among simple classes a later one wins; a tie with a user class falls to the simple class of that goal.
            best = if best <= 9 { class } else { goal };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_of_shared_chunks() {
        let keepmax = |class: u8| if class < 10 { class } else { 3 };
        let of =
            |classes: &[u8]| effective_class(&classes.iter().map(|c| (*c, 1)).collect::<Vec<_>>(), keepmax);
        assert_eq!(of(&[1, 2]), 2);
        assert_eq!(of(&[3, 10]), 10);
        assert_eq!(of(&[10, 11]), 3);
        assert_eq!(of(&[2, 10]), 10);
    }

    #[test]
    fn references_by_class() {
        assert_eq!(size_of::<ChunkRec>(), 24);
        let keepmax = |class: u8| class;
        let mut chunks = Chunks::new();
        chunks.insert(ChunkRec::new(5, 1, 0, false), keepmax);
        for class in [2, 2, 3, 2] {
            chunks.add_ref(5, class, keepmax);
        }
        assert_eq!(chunks.class_refs(5), [(2, 3), (3, 1)]);
        assert_eq!(chunks.get(5).map(|c| (c.refs, c.class)), Some((4, 3)));
        chunks.drop_ref(5, 3, keepmax);
        assert_eq!(chunks.class_refs(5), [(2, 3)]);
        (0..3).for_each(|_| chunks.drop_ref(5, 2, keepmax));
        assert_eq!(chunks.get(5).map(|c| (c.refs, c.class)), Some((0, 0)));
        chunks.add_ref(9, 1, keepmax);
        assert!(chunks.get(9).is_none());
        chunks.insert(ChunkRec::new(9, 1, 0, false), keepmax);
        assert_eq!(chunks.get(9).map(|c| (c.refs, c.class, c.adopted())), Some((1, 1, true)));
    }
}
