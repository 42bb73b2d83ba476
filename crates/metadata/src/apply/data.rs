//! Lengths and chunks of files.

use crate::file::{ChunkRec, slots};
use crate::fs::Fs;
use crate::ns::nodes::eattr;
use crate::ns::times::Stamp::{Atime, Ctime, Mtime};
use ondisk::Outcome;
use types::{CHUNK_SIZE, ChunkId, ChunkIndex, Inode, MAX_CHUNK_INDEX, MAX_FILE_SIZE, Status, Time};

/// Seconds for which a chunk is locked by a write or truncation.
const LOCK_SECONDS: u32 = 120;

impl Fs {
    fn touch(&mut self, ts: Time, inode: Inode) {
        self.stamp(inode, &[Mtime, Ctime], ts);
    }

    fn file_slot(&self, inode: Inode, index: ChunkIndex) -> Result<u64, Status> {
        self.existing_file(inode)?;
        if index.0 > MAX_CHUNK_INDEX { Err(Status::INDEXTOOBIG) } else { Ok(self.chunk_id(inode, index.0)) }
    }

    pub(super) fn length_op(
        &mut self,
        ts: Time,
        inode: Inode,
        length: u64,
        set_mtime: bool,
    ) -> Result<Outcome, Status> {
        self.existing_file(inode)?;
        if length > MAX_FILE_SIZE {
            return Err(Status::EINVAL);
        }
        self.set_length(inode, length);
        if set_mtime {
            self.touch(ts, inode);
        }
        Ok(Outcome::none())
    }

    pub(super) fn write_chunk(
        &mut self,
        ts: Time,
        inode: Inode,
        index: ChunkIndex,
        new_version: bool,
        set_mtime: bool,
    ) -> Result<Outcome, Status> {
        let old = self.file_slot(inode, index)?;
        let id = self.chunk_to_change(old)?;
        self.counted(inode, |fs| {
            let rec = fs.node_mut(inode);
            rec.a = rec.a.max(u64::from(index.0) * CHUNK_SIZE);
            rec.eattr &= !eattr::SNAPSHOT;
            fs.change_chunk(ts, inode, index.0, id, new_version);
        });
        if set_mtime {
            self.touch(ts, inode);
        }
        Ok(Outcome::one(id))
    }

    pub(super) fn truncate_chunk(
        &mut self,
        ts: Time,
        inode: Inode,
        index: ChunkIndex,
    ) -> Result<Outcome, Status> {
        let old = self.file_slot(inode, index)?;
        if old == 0 {
            return Err(Status::NOCHUNK);
        }
        let id = self.chunk_to_change(old)?;
        self.change_chunk(ts, inode, index.0, id, true);
        Ok(Outcome::one(id))
    }

    /// The id a slot has after a change: its own when no other file has the chunk, else the next free one.
    fn chunk_to_change(&self, old: u64) -> Result<u64, Status> {
        if old != 0 && self.chunks.get(old).ok_or(Status::NOCHUNK)?.refs <= 1 {
            return Ok(old);
        }
        if self.chunks.next_id == u64::MAX { Err(Status::NOSPACE) } else { Ok(self.chunks.next_id) }
    }

    /// The primitive "chunk modify", with the id from [`Fs::chunk_to_change`].
    fn change_chunk(&mut self, ts: Time, inode: Inode, at: u32, id: u64, new_version: bool) {
        let locked_until = ts.low().saturating_add(LOCK_SECONDS);
        if self.chunk_id(inode, at) == id {
            if let Some(chunk) = self.chunks.get_mut(id) {
                chunk.version = chunk.version.wrapping_add(new_version.into());
                chunk.locked_until = locked_until;
            }
            return;
        }
        self.add_chunk(ChunkRec::new(id, 1, locked_until, false));
        self.chunks.next_id = id + 1;
        self.put_chunk(inode, at, id);
    }

    pub(super) fn rollback(
        &mut self,
        inode: Inode,
        index: ChunkIndex,
        prev: ChunkId,
        cur: ChunkId,
    ) -> Result<Outcome, Status> {
        let now = self.file_slot(inode, index)?;
        if self.chunks.get(cur.0).is_none() {
            return Err(Status::NOCHUNK);
        }
        if now != cur.0 {
            return Err(Status::MISMATCH);
        }
        self.counted(inode, |fs| fs.put_chunk(inode, index.0, prev.0));
        self.unlock(cur)
    }

    pub(super) fn repair(
        &mut self,
        ts: Time,
        inode: Inode,
        index: ChunkIndex,
        decided: &Outcome,
    ) -> Result<Outcome, Status> {
        let id = self.file_slot(inode, index)?;
        let version = decided.get(0).and_then(|v| u32::try_from(v).ok()).ok_or(Status::EINVAL)?;
        if version == 0 {
            self.counted(inode, |fs| fs.put_chunk(inode, index.0, 0));
        } else {
            self.chunks.get_mut(id).ok_or(Status::NOCHUNK)?.version = version;
        }
        self.touch(ts, inode);
        Ok(*decided)
    }

    pub(super) fn set_file_chunk(
        &mut self,
        inode: Inode,
        index: ChunkIndex,
        chunk: ChunkId,
    ) -> Result<Outcome, Status> {
        self.file_slot(inode, index)?;
        if index.0 >= self.slot_count(inode).max(slots(self.node(inode).a)) {
            return Err(Status::EINVAL);
        }
        self.counted(inode, |fs| fs.put_chunk(inode, index.0, chunk.0));
        Ok(Outcome::none())
    }

    pub(super) fn append(
        &mut self,
        ts: Time,
        dst: Inode,
        src: Inode,
        range: Option<(ChunkIndex, ChunkIndex)>,
    ) -> Result<Outcome, Status> {
        let to = self.existing_file(dst)?;
        let from = self.existing_file(src)?;
        if dst == src {
            return Err(Status::EINVAL);
        }
        let (dst_slots, src_slots) = (slots(to.a), slots(from.a));
        if src_slots == 0 {
            return Ok(Outcome::none());
        }
        let (first, last) = range.map_or((0, src_slots - 1), |(first, last)| (first.0, last.0));
        if first > last || last >= src_slots {
            return Err(Status::EINVAL);
        }
        let added = last - first + 1;
        if u64::from(dst_slots) + u64::from(added) > u64::from(MAX_CHUNK_INDEX) + 1 {
            return Err(Status::INDEXTOOBIG);
        }
        let length = if last + 1 == src_slots {
            from.a - u64::from(first) * CHUNK_SIZE
        } else {
            u64::from(added) * CHUNK_SIZE
        };
        let copied = self.tables.iter_from(src, &from, first).take_while(|(i, _)| *i <= last);
        let copied: Vec<(u32, u64)> = copied.collect();
        self.counted(dst, |fs| {
            fs.drop_chunks(dst, dst_slots);
            for (i, id) in copied {
                fs.put_chunk(dst, dst_slots + (i - first), id);
            }
            fs.node_mut(dst).a = u64::from(dst_slots) * CHUNK_SIZE + length;
            fs.stamp(dst, &[Mtime, Atime], ts);
        });
        self.stamp(src, &[Atime], ts);
        Ok(Outcome::none())
    }
}
