//! Writes that had begun when the master died.
//!
//! A chunk gets its place in a file before chunkservers are told to make it. A crash in between leaves the place
//! pointing to a chunk that nobody has; whatever the file had there before must come back.

use metadata::Fs;
use ondisk::{Line, Op};
use std::collections::HashMap;
use types::{ChunkId, ChunkIndex, Inode};

/// A chunk that was given to a file and of which no log says that it was ever written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unfinished {
    /// The file.
    pub inode: Inode,
    /// The place.
    pub index: ChunkIndex,
    /// What was there before; 0 is a hole.
    pub prev: ChunkId,
    /// The new chunk.
    pub cur: ChunkId,
}

/// Watches a replay.
#[derive(Default)]
pub(super) struct Watch {
    open: HashMap<ChunkId, Unfinished>,
}

impl Watch {
    /// To be called before the line is applied.
    pub(super) fn line(&mut self, fs: &Fs, line: &Line<'_>) {
        match line.op {
            Op::Write { inode, index, .. } | Op::Trunc { inode, index } => {
                let prev = fs.chunk_at(inode, index).unwrap_or(ChunkId(0));
                let cur = line.outcome.get(0).map_or(prev, ChunkId);
                if cur != prev {
                    self.open.insert(cur, Unfinished { inode, index, prev, cur });
                }
            }
            Op::Unlock { chunk } | Op::Rollback { cur: chunk, .. } => {
                self.open.remove(&chunk);
            }
            _ => {}
        }
    }

    /// What is left, where the file still has it.
    pub(super) fn finish(self, fs: &Fs) -> Vec<Unfinished> {
        let here = |u: &Unfinished| fs.chunk_at(u.inode, u.index) == Some(u.cur);
        let mut left: Vec<Unfinished> = self.open.into_values().filter(here).collect();
        left.sort_by_key(|u| u.cur);
        left
    }
}
