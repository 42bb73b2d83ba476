//! Numbers for operators (`spec/chunk-placement.md` 6).

use crate::choose::{Candidate, matching};
use crate::{ChunkMeta, ClassId, Cluster, HeavyLoad, LabelTerm, Now, Order, Server, term_matches};
use std::cmp::Ordering;
use types::{ChunkId, Status};

/// Copies are counted up to "ten or more".
pub(crate) const COLUMNS: usize = 11;

/// Chunks by class, archive flag and numbers of copies.
#[derive(PartialEq)]
pub(crate) struct Census(Vec<u32>);

impl Default for Census {
    fn default() -> Self {
        Census(vec![0; 512 * COLUMNS * COLUMNS])
    }
}

impl Census {
    fn at(class: ClassId, archived: bool, (all, regular): (u8, u8)) -> usize {
        let row = usize::from(class) * 2 + usize::from(archived);
        (row * COLUMNS + usize::from(all)) * COLUMNS + usize::from(regular)
    }

    pub(crate) fn add(&mut self, class: ClassId, archived: bool, counts: (u8, u8)) {
        self.0[Self::at(class, archived, counts)] += 1;
    }

    pub(crate) fn remove(&mut self, class: ClassId, archived: bool, counts: (u8, u8)) {
        self.0[Self::at(class, archived, counts)] -= 1;
    }

    /// (class, archived, all, regular, chunks) for everything that is not zero.
    fn entries(&self) -> impl Iterator<Item = (ClassId, bool, usize, usize, u32)> {
        self.0.iter().enumerate().filter(|(_, n)| **n != 0).map(|(at, n)| {
            let (row, columns) = (at / (COLUMNS * COLUMNS), at % (COLUMNS * COLUMNS));
            ((row / 2) as ClassId, row % 2 == 1, columns / COLUMNS, columns % COLUMNS, *n)
        })
    }
}

/// Chunks by goal (row; 0 = unreferenced) and copies (column), both up to "ten or more".
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Matrix {
    /// Counting all good copies.
    pub all: [[u32; COLUMNS]; COLUMNS],
    /// Counting copies on regular disks.
    pub regular: [[u32; COLUMNS]; COLUMNS],
}

impl Matrix {
    fn sum(matrix: &[[u32; COLUMNS]; COLUMNS], pick: impl Fn(usize, usize) -> bool) -> u64 {
        let cells = (0..COLUMNS).flat_map(|goal| (0..COLUMNS).map(move |copies| (goal, copies)));
        cells.filter(|(g, c)| pick(*g, *c)).map(|(g, c)| u64::from(matrix[g][c])).sum()
    }

    /// Referenced chunks without a good copy.
    pub fn missing(&self) -> u64 {
        Self::sum(&self.all, |goal, copies| goal > 0 && copies == 0)
    }

    /// Referenced chunks with one good copy where more are wanted.
    pub fn endangered(&self) -> u64 {
        Self::sum(&self.all, |goal, copies| goal > 1 && copies == 1)
    }

    /// Referenced chunks with some, but too few copies on regular disks.
    pub fn undergoal(&self) -> u64 {
        Self::sum(&self.regular, |goal, copies| goal > copies) - self.missing()
    }
}

/// Orders of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Answers {
    /// Given.
    pub tried: u64,
    /// Answered OK.
    pub ok: u64,
    /// Answered otherwise.
    pub failed: u64,
}

/// Orders since start, as charts show them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct OperationStats {
    /// Deletions; an unknown chunk counts as deleted.
    pub delete: Answers,
    /// Replications.
    pub replicate: Answers,
    /// New chunks.
    pub create: Answers,
    /// New versions, duplicates, truncations.
    pub change: Answers,
}

impl OperationStats {
    pub(crate) fn ordered(&mut self, order: &Order) {
        let kind = match order {
            Order::Delete { .. } => &mut self.delete,
            Order::Replicate { .. } => &mut self.replicate,
            Order::Create { .. } => &mut self.create,
            _ => &mut self.change,
        };
        kind.tried += 1;
    }
}

impl Answers {
    pub(crate) fn answered(&mut self, status: Status) {
        if status == Status::OK { self.ok += 1 } else { self.failed += 1 }
    }
}

/// Work of one kind in a pass.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Ordered.
    pub done: u32,
    /// Left for later because a limit was reached.
    pub not_done: u32,
}

impl Tally {
    pub(crate) fn count(&mut self, done: bool) {
        if done { self.done += 1 } else { self.not_done += 1 }
    }
}

/// One pass over all chunks (packet 515).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LoopStats {
    /// Unix second.
    pub start: u32,
    /// Unix second.
    pub end: u32,
    /// Deleted: damaged, or of a wrong version.
    pub delete_invalid: Tally,
    /// Deleted: of unreferenced chunks.
    pub delete_unused: Tally,
    /// Deleted: from disks marked for removal, to make place for a copy on the same server.
    pub delete_removal: Tally,
    /// Deleted: more copies than wanted.
    pub delete_overgoal: Tally,
    /// Replicated: too few copies.
    pub replicate_undergoal: Tally,
    /// Replicated: copies on the wrong servers.
    pub replicate_wrong_labels: Tally,
    /// Moved for balance.
    pub rebalance: u32,
    /// Chunks whose labels no server has.
    pub labels_unmatched: u32,
    /// Unreferenced chunks that were locked.
    pub locked_unused: u32,
    /// Referenced chunks that were locked.
    pub locked_used: u32,
}

/// Why a chunk cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum MissingKind {
    /// Nobody has a copy.
    NoCopy = 0,
    /// Only damaged copies.
    Invalid = 1,
    /// Copies of other versions.
    WrongVersion = 2,
}

impl Cluster {
    /// The matrix of goals and copies, live.
    pub fn matrix(&self, meta: &dyn ChunkMeta) -> Matrix {
        let mut matrix = Matrix::default();
        for (class, archived, all, regular, n) in self.census.entries() {
            let goal = meta.class(class).map_or(0, |view| view.wanted(archived).len().min(10));
            matrix.all[goal][all] += n;
            matrix.regular[goal][regular] += n;
        }
        matrix
    }

    /// Chunks of a class, by goal set: under, exactly at and over goal, counting regular copies; first the keep set's,
    /// then the archive set's (packet 543).
    pub fn class_counts(&self, meta: &dyn ChunkMeta, class: ClassId) -> [[u64; 3]; 2] {
        let mut counts = [[0; 3]; 2];
        for (_, archived, _, regular, n) in self.census.entries().filter(|e| e.0 == class) {
            let goal = meta.class(class).map_or(0, |view| view.wanted(archived).len());
            let column = match regular.cmp(&goal) {
                Ordering::Less => 0,
                Ordering::Equal => 1,
                Ordering::Greater => 2,
            };
            counts[usize::from(archived)][column] += u64::from(n);
        }
        counts
    }

    /// Bytes of memory that the lists of copies take, and bytes of those in use.
    pub fn memory(&self) -> (u64, u64) {
        self.chunks.bytes()
    }

    /// Whether copies on distinct servers can satisfy all terms at present (packet 543): 3 yes, 2 only with overloaded
    /// servers, 1 only with servers that have no room, 0 no.
    pub fn fulfilment(&self, now: Now, terms: &[LabelTerm]) -> u8 {
        let with = |may: &dyn Fn(&Server) -> bool| {
            let servers = self.servers.iter().filter(|(_, s)| may(s)).zip(0..);
            let candidates: Vec<Candidate> =
                servers.map(|((_, s), group)| Candidate { labels: s.labels, group }).collect();
            matching(terms, &candidates).iter().all(Option::is_some)
        };
        let room = |s: &Server| s.is_valid() && s.has_room();
        let calm = |s: &Server| s.heavy_load(now.at) != HeavyLoad::Overloaded;
        if with(&|s| room(s) && calm(s)) {
            3
        } else if with(&room) {
            2
        } else {
            u8::from(with(&|_| true))
        }
    }

    /// Connected servers whose labels satisfy a term.
    pub fn servers_matching(&self, term: &LabelTerm) -> usize {
        self.servers.iter().filter(|(_, s)| term_matches(term, s.labels)).count()
    }

    /// Orders given and answered since start.
    pub fn operation_stats(&self) -> OperationStats {
        self.stats
    }

    /// The last finished pass over all chunks.
    pub fn loop_stats(&self) -> LoopStats {
        self.walk.published
    }

    /// Chunks waiting in the seven priority queues (`spec/chunk-placement.md` 4.2).
    pub fn queue_lengths(&self) -> [usize; 7] {
        self.queues.lengths()
    }

    /// Sum of good copies and of those on regular disks, over all chunks (copies beyond ten count as ten).
    pub fn copy_totals(&self) -> (u64, u64) {
        self.census.entries().fold((0, 0), |(all, regular), (_, _, a, r, n)| {
            (all + a as u64 * u64::from(n), regular + r as u64 * u64::from(n))
        })
    }

    /// Why the chunk cannot be read; none when it can or does not exist.
    pub fn missing(&self, meta: &dyn ChunkMeta, id: ChunkId) -> Option<MissingKind> {
        meta.chunk(id)?;
        let replicas = self.chunks.find(id).map(|slot| self.chunks.replicas(slot)).unwrap_or_default();
        let mut live = replicas.iter().filter(|r| self.servers.get(r.server).is_some()).peekable();
        if live.peek().is_none() {
            return Some(MissingKind::NoCopy);
        }
        let states: Vec<_> = live.map(|r| r.state).collect();
        if states.iter().any(|s| s.is_usable()) {
            None
        } else if states.iter().any(|s| s.is_wrong()) {
            Some(MissingKind::WrongVersion)
        } else {
            Some(MissingKind::Invalid)
        }
    }

    /// Referenced chunks that cannot be read, at most `limit`. Walks over all chunks: for operators, not for the loop.
    pub fn missing_chunks(&self, meta: &dyn ChunkMeta, limit: usize) -> Vec<(ChunkId, MissingKind)> {
        let ids = (0..self.chunks.capacity()).filter_map(|n| self.chunks.at(n));
        let missing = ids
            .filter(|(_, slot)| self.chunks.counts(*slot).0 == 0 && self.chunks.class(*slot) != 0)
            .filter_map(|(id, _)| Some((id, self.missing(meta, id)?)));
        missing.take(limit).collect()
    }
}
