//! What we know of a file while somebody has it open, and the table of open files.

use crate::read::Ahead;
use crate::sync::{lock, wait, wait_for};
use crate::write::Dirty;
use crate::{Error, Result};
use proto::client_master::{ChunkPlace, Location};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
use types::{CHUNK_SIZE, ChunkId, ChunkIndex, ChunkVersion, Inode};

/// Closed files stay on the list of what we hold for this many rounds of it (`spec/wire-client-master.md` 1.7).
const REMEMBERED_ROUNDS: u32 = 10;
/// And at most this many of them.
const REMEMBERED: usize = 5000;

/// Where a chunk is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// 0 is a hole.
    pub(crate) chunk: ChunkId,
    pub(crate) version: ChunkVersion,
    pub(crate) copies: Arc<[Location]>,
}

impl From<&ChunkPlace<'_>> for Place {
    fn from(place: &ChunkPlace<'_>) -> Self {
        Place { chunk: place.chunk, version: place.version, copies: place.copies.iter().collect() }
    }
}

/// An open file. One per inode, shared by all handles.
pub(crate) struct File {
    pub(crate) inode: Inode,
    pub(crate) inner: Mutex<Inner>,
    /// Pieces came, a writer ended, a read-ahead arrived.
    changed: Condvar,
    /// When it was last read, Unix seconds; spares the table of times.
    pub(crate) read_at_s: AtomicU32,
}

static CLOCK: AtomicU64 = AtomicU64::new(1);

/// A point in the sequence of all changes of lengths.
pub(crate) fn moment() -> u64 {
    CLOCK.load(Ordering::SeqCst)
}

/// See [`File`].
#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) dirty: Dirty,
    pub(crate) ahead: Ahead,
    places: HashMap<ChunkIndex, Place>,
    /// Bytes, with what waits to be written.
    pub(crate) length: u64,
    /// When the length was last changed, by us or by a notice of the master: a [`moment`]. What the master was asked
    /// before that moment says nothing about the length.
    length_changed: u64,
    /// Counts forgotten places: what the master was asked before must not bring one back.
    pub(crate) places_epoch: u64,
    /// Data was lost; stays until the last handle is gone.
    pub(crate) error: Option<Error>,
    /// How many wait for pieces to be written.
    pub(crate) flushers: u32,
    /// Threads in [`File::wait`].
    sleepers: u32,
    /// The writer is root, who may take the last space.
    pub(crate) by_root: bool,
    /// Appends know the end of the file up to here from the master.
    pub(crate) reserved_end: u64,
}

impl Inner {
    pub(crate) fn place(&self, index: ChunkIndex) -> Option<&Place> {
        self.places.get(&index)
    }

    /// A write was granted: the chunk is there.
    pub(crate) fn set_place(&mut self, index: ChunkIndex, place: Place) {
        self.places_epoch += 1;
        self.places.insert(index, place);
    }

    /// The chunk was there when the master was asked, at `epoch` of [`Inner::places_epoch`].
    pub(crate) fn learn_place(&mut self, index: ChunkIndex, place: Place, epoch: u64) {
        if self.places_epoch == epoch {
            self.places.insert(index, place);
        }
    }

    pub(crate) fn forget_place(&mut self, index: ChunkIndex) {
        self.places_epoch += 1;
        self.places.remove(&index);
    }

    /// Forgets the places from chunk `index` on.
    pub(crate) fn forget_places_from(&mut self, index: ChunkIndex) {
        self.places_epoch += 1;
        self.places.retain(|&i, _| i < index);
    }

    pub(crate) fn forget_all_places(&mut self) {
        self.places_epoch += 1;
        self.places.clear();
    }

    /// Answers that are on their way know less than we do.
    pub(crate) fn length_is_ours(&mut self) {
        self.length_changed = CLOCK.fetch_add(1, Ordering::SeqCst) + 1;
    }

    pub(crate) fn set_length_at_least(&mut self, length: u64) {
        self.length = self.length.max(length);
        self.length_is_ours();
    }

    /// The file ends at `length` now, and what lay behind is gone.
    pub(crate) fn cut(&mut self, length: u64) {
        self.length = length;
        self.length_is_ours();
        self.reserved_end = 0;
        self.forget_places_from(ChunkIndex((length / CHUNK_SIZE) as u32));
        self.ahead.clear();
    }

    /// The master said the file is `length` long when it was asked at `asked`, a [`moment`].
    pub(crate) fn learn_length(&mut self, length: u64, asked: u64) {
        if self.length_changed <= asked && self.dirty.is_clean() {
            if length < self.length {
                self.ahead.clear();
            }
            self.length = length;
        }
    }
}

/// Open files, and files closed a short while ago.
#[derive(Default)]
pub(crate) struct Files {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    open: HashMap<Inode, (Arc<File>, usize)>,
    /// Inode and the rounds it stays.
    closed: VecDeque<(Inode, u32)>,
}

impl Files {
    /// The open file, if it is open.
    pub(crate) fn get(&self, inode: Inode) -> Option<Arc<File>> {
        lock(&self.table).open.get(&inode).map(|(file, _)| file.clone())
    }

    /// One more handle on the file.
    pub(crate) fn open(&self, inode: Inode) -> Arc<File> {
        let mut table = lock(&self.table);
        let entry = table.open.entry(inode).or_insert_with(|| {
            let file = File {
                inode,
                inner: Mutex::default(),
                changed: Condvar::new(),
                read_at_s: AtomicU32::new(0),
            };
            (Arc::new(file), 0)
        });
        entry.1 += 1;
        entry.0.clone()
    }

    /// One handle less; with the last one the file is forgotten, apart from its number.
    pub(crate) fn close(&self, file: &File) {
        let mut table = lock(&self.table);
        let Some(entry) = table.open.get_mut(&file.inode) else { return };
        entry.1 -= 1;
        if entry.1 == 0 {
            table.open.remove(&file.inode);
            table.closed.push_back((file.inode, REMEMBERED_ROUNDS));
            if table.closed.len() > REMEMBERED {
                table.closed.pop_front();
            }
        }
    }

    /// All open files.
    pub(crate) fn all(&self) -> Vec<Arc<File>> {
        lock(&self.table).open.values().map(|(file, _)| file.clone()).collect()
    }

    /// The inodes we hold, sorted; a round of the list is over.
    pub(crate) fn held(&self) -> Vec<Inode> {
        let mut table = lock(&self.table);
        let mut inodes: Vec<Inode> = table.open.keys().copied().collect();
        inodes.extend(table.closed.iter().map(|&(inode, _)| inode));
        table.closed.retain_mut(|(_, rounds)| {
            *rounds -= 1;
            *rounds > 0
        });
        inodes.sort_unstable();
        inodes.dedup();
        inodes
    }
}

impl File {
    /// Waits until [`File::wake`], or for `time` if there is one.
    pub(crate) fn wait<'a>(
        &self,
        mut inner: MutexGuard<'a, Inner>,
        time: Option<Duration>,
    ) -> MutexGuard<'a, Inner> {
        inner.sleepers += 1;
        let mut inner = match time {
            Some(time) => wait_for(&self.changed, inner, time),
            None => wait(&self.changed, inner),
        };
        inner.sleepers -= 1;
        inner
    }

    /// Something has changed that others may wait for. Without sleepers this costs nothing.
    pub(crate) fn wake(&self, inner: MutexGuard<'_, Inner>) {
        let sleepers = inner.sleepers;
        drop(inner);
        if sleepers > 0 {
            self.changed.notify_all();
        }
    }

    /// The write error, if there is one.
    pub(crate) fn check(&self) -> Result<()> {
        lock(&self.inner).error.map_or(Ok(()), Err)
    }
}
