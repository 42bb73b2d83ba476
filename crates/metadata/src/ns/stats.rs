//! What lies below each directory, kept up to date with every change.

use crate::fs::Fs;
use crate::ns::records::NodeRec;
use std::ops::{Add, Neg, Sub};
use types::{BLOCK_SIZE, CHUNK_HEADER_SIZE, CHUNK_SIZE, Inode, NodeType};

/// Totals of a tree (`spec/wire-client-master.md` 3.1.6): a node with two names counts twice. All arithmetic wraps, so
/// that sums stay consistent whatever an image claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TreeStats {
    /// Nodes.
    pub inodes: u32,
    /// Directories among them.
    pub dirs: u32,
    /// Files among them.
    pub files: u32,
    /// Chunks of the files, holes not counted.
    pub chunks: u32,
    /// Lengths of files and symlink targets, bytes.
    pub length: u64,
    /// Bytes one copy of all chunks takes, with headers; the last chunk of a file rounded up to 64 KiB.
    pub size: u64,
    /// `size` times the copies each file's class asks for.
    pub real_size: u64,
}

impl TreeStats {
    fn with(self, other: Self, int: impl Fn(u32, u32) -> u32, long: impl Fn(u64, u64) -> u64) -> Self {
        TreeStats {
            inodes: int(self.inodes, other.inodes),
            dirs: int(self.dirs, other.dirs),
            files: int(self.files, other.files),
            chunks: int(self.chunks, other.chunks),
            length: long(self.length, other.length),
            size: long(self.size, other.size),
            real_size: long(self.real_size, other.real_size),
        }
    }
}

impl Add for TreeStats {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.with(other, u32::wrapping_add, u64::wrapping_add)
    }
}

impl Sub for TreeStats {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.with(other, u32::wrapping_sub, u64::wrapping_sub)
    }
}

impl Neg for TreeStats {
    type Output = Self;
    fn neg(self) -> Self {
        TreeStats::default() - self
    }
}

/// Bytes one copy of a file's chunks takes: `used` chunks, of which the one that holds the last byte may be `partial`.
fn stored_size(length: u64, used: u32, last_is_used: bool) -> u64 {
    let full = CHUNK_SIZE + CHUNK_HEADER_SIZE;
    if !last_is_used {
        return u64::from(used) * full;
    }
    let in_last = (length - 1) % CHUNK_SIZE + 1;
    u64::from(used - 1) * full + in_last.next_multiple_of(BLOCK_SIZE.into()) + CHUNK_HEADER_SIZE
}

impl Fs {
    /// What a node adds to the directory that holds it: itself, and all below it.
    pub(crate) fn own_stats(&self, inode: Inode, rec: &NodeRec) -> TreeStats {
        let one = TreeStats { inodes: 1, ..TreeStats::default() };
        match rec.node_type() {
            Some(NodeType::Dir) => self.below(rec) + TreeStats { dirs: 1, ..one },
            Some(NodeType::Symlink) => TreeStats { length: self.names.get(rec.a as u32).len() as u64, ..one },
            _ if rec.has_chunks() => {
                let chunks = self.tables.used(inode, rec);
                let length = rec.a;
                let last = length.checked_sub(1).map(|end| (end / CHUNK_SIZE) as u32);
                let last_is_used = last.is_some_and(|last| self.tables.get(inode, rec, last) != 0);
                let size = stored_size(length, chunks, last_is_used);
                let real_size = size.wrapping_mul(self.classes.keepmax(rec.sclass).into());
                TreeStats { files: 1, chunks, length, size, real_size, ..one }
            }
            _ => one,
        }
    }

    /// What lies below a directory, without itself.
    pub(crate) fn below(&self, dir: &NodeRec) -> TreeStats {
        self.stats.get(dir.stats_slot())
    }

    /// Adds to a directory and all above it. Nothing happens for directory 0 (trash and sustained files).
    pub(crate) fn add_stats(&mut self, dir: Inode, delta: TreeStats) {
        if delta == TreeStats::default() {
            return;
        }
        let mut dir = dir;
        while dir.0 != 0 {
            let rec = self.node(dir);
            let sum = self.stats.get_mut(rec.stats_slot());
            *sum = *sum + delta;
            dir = Inode(self.edges.get(rec.parents).parent);
        }
    }

    /// Adds to all directories that hold a name of `inode`.
    pub(crate) fn add_stats_above(&mut self, inode: Inode, delta: TreeStats) {
        let mut edge = self.node(inode).parents;
        while edge != 0 && delta != TreeStats::default() {
            let rec = self.edges.get(edge);
            self.add_stats(Inode(rec.parent), delta);
            edge = rec.next_parent;
        }
    }

    /// Makes a change of one file's length, chunks or class visible in all directories above.
    pub(crate) fn counted<R>(&mut self, inode: Inode, change: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.own_stats(inode, &self.node(inode));
        let result = change(self);
        let rec = self.node(inode);
        let after = self.own_stats(inode, &rec);
        self.add_stats_above(inode, after - before);
        if rec.is(NodeType::Trash) || rec.is(NodeType::Sustained) {
            self.deleted_length_changed(inode, before.length);
        }
        result
    }

    /// Computes the statistics of all directories anew: after a load, and when a class changes its number of copies.
    /// Gives the number of directories that root reaches, itself included.
    pub(crate) fn recount(&mut self) -> u64 {
        let nodes = self.nodes.clone();
        for (_, dir) in nodes.iter().filter(|(_, rec)| rec.is_dir()) {
            *self.stats.get_mut(dir.stats_slot()) = TreeStats::default();
        }
        // Every name adds what it holds (directories without what is below them) to one directory; then sums go up.
        for (inode, rec) in nodes.iter().filter(|(_, rec)| rec.exists()) {
            let own = self.own_stats(Inode(inode), rec)
                - if rec.is_dir() { self.below(rec) } else { TreeStats::default() };
            let mut edge = rec.parents;
            while edge != 0 {
                let link = self.edges.get(edge);
                if link.parent != 0 {
                    let sum = self.stats.get_mut(self.node(Inode(link.parent)).stats_slot());
                    *sum = *sum + own;
                }
                edge = link.next_parent;
            }
        }
        self.sum_up()
    }

    /// Adds each directory's sum to its parent's, children first.
    fn sum_up(&mut self) -> u64 {
        let mut todo = vec![types::ROOT];
        let mut order = Vec::new();
        while let Some(dir) = todo.pop() {
            let mut edge = self.node(dir).first_entry();
            while edge != 0 {
                let link = self.edges.get(edge);
                if self.node(link.child()).is_dir() {
                    order.push((dir, link.child()));
                    todo.push(link.child());
                }
                edge = link.next;
            }
        }
        let reached = order.len() as u64 + 1;
        for (parent, dir) in order.into_iter().rev() {
            let below = self.below(&self.node(dir));
            let sum = self.stats.get_mut(self.node(parent).stats_slot());
            *sum = *sum + below;
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_the_spec_counts_them() {
        assert_eq!(stored_size(0, 0, false), 0);
        assert_eq!(stored_size(1, 1, true), 0x1_0000 + 0x2000);
        assert_eq!(stored_size(CHUNK_SIZE, 1, true), CHUNK_SIZE + 0x2000);
        assert_eq!(stored_size(CHUNK_SIZE + 1, 2, true), CHUNK_SIZE + 0x2000 + 0x1_0000 + 0x2000);
        assert_eq!(stored_size(3 * CHUNK_SIZE, 1, false), CHUNK_SIZE + 0x2000);
    }
}
