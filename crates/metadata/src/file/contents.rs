//! Changes of a file's chunks and length, with the references and statistics they carry.

use super::tables::count;
use crate::fs::Fs;
use crate::ns::nodes::eattr;
use types::{CHUNK_SIZE, Inode};

/// Slots a file of this length has at most.
pub(crate) fn slots(length: u64) -> u32 {
    u32::try_from(length.div_ceil(CHUNK_SIZE)).unwrap_or(u32::MAX)
}

impl Fs {
    /// The chunk id in a slot of a file, 0 for a hole.
    pub(crate) fn chunk_id(&self, inode: Inode, at: u32) -> u64 {
        self.tables.get(inode, &self.node(inode), at)
    }

    /// Slots up to the last one that holds a chunk.
    pub(crate) fn slot_count(&self, inode: Inode) -> u32 {
        count(&self.node(inode))
    }

    fn write_slot(&mut self, inode: Inode, at: u32, id: u64) {
        let mut rec = self.node(inode);
        self.tables.set(inode, &mut rec, at, id);
        *self.node_mut(inode) = rec;
    }

    pub(crate) fn add_chunk_ref(&mut self, id: u64, class: u8) {
        if id != 0 {
            let classes = &self.classes;
            self.chunks.add_ref(id, class, |c| classes.keepmax(c));
        }
    }

    pub(crate) fn drop_chunk_ref(&mut self, id: u64, class: u8) {
        if id != 0 {
            let classes = &self.classes;
            self.chunks.drop_ref(id, class, |c| classes.keepmax(c));
        }
    }

    /// Puts a chunk, or 0, into a slot and moves the references. Statistics are the caller's business.
    pub(crate) fn put_chunk(&mut self, inode: Inode, at: u32, id: u64) {
        let class = self.node(inode).sclass;
        let old = self.chunk_id(inode, at);
        if old != id {
            self.add_chunk_ref(id, class);
            self.drop_chunk_ref(old, class);
            self.write_slot(inode, at, id);
        }
    }

    /// Drops all chunks from slot `from` on. Statistics are the caller's business.
    pub(crate) fn drop_chunks(&mut self, inode: Inode, from: u32) {
        let mut rec = self.node(inode);
        let gone: Vec<u64> = self.tables.iter_from(inode, &rec, from).map(|(_, id)| id).collect();
        gone.into_iter().for_each(|id| self.drop_chunk_ref(id, rec.sclass));
        if from == 0 {
            self.tables.release(inode, &mut rec);
        } else {
            self.tables.cut(inode, &mut rec, from);
        }
        *self.node_mut(inode) = rec;
    }

    /// The primitive "set length".
    pub(crate) fn set_length(&mut self, inode: Inode, length: u64) {
        self.counted(inode, |fs| {
            fs.drop_chunks(inode, slots(length));
            let rec = fs.node_mut(inode);
            rec.a = length;
            rec.eattr &= !eattr::SNAPSHOT;
        });
    }

    /// Gives a file another class and takes its chunks along.
    pub(crate) fn set_class(&mut self, inode: Inode, class: u8) {
        let rec = self.node(inode);
        if rec.has_chunks() {
            let ids: Vec<u64> = self.tables.iter_from(inode, &rec, 0).map(|(_, id)| id).collect();
            for id in ids {
                self.add_chunk_ref(id, class);
                self.drop_chunk_ref(id, rec.sclass);
            }
            self.counted(inode, |fs| fs.node_mut(inode).sclass = class);
        } else {
            self.node_mut(inode).sclass = class;
        }
        self.classes.count_user(rec.sclass, rec.is_dir(), -1);
        self.classes.count_user(class, rec.is_dir(), 1);
    }
}
