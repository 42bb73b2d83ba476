//! Contents of files.

use super::*;
use types::Status;

/// The highest index of a chunk.
const MAX_INDEX: u32 = 0x7FFF_FFFF;
const MAX_LENGTH: u64 = (MAX_INDEX as u64 + 1) * MIB64;
const FULL: u64 = MIB64 + 0x2000;

/// What a chunk counts of which `length` bytes are used.
fn counted(length: u64) -> u64 {
    if length == 0 { 0 } else { length.min(MIB64).div_ceil(65536) * 65536 + 0x2000 }
}

impl Naive {
    fn file(&self, inode: u32) -> Result<&Node, Status> {
        let node = self.nodes.get(&inode).ok_or(Status::ENOENT)?;
        if node.is_file() { Ok(node) } else { Err(Status::EPERM) }
    }

    pub(crate) fn set_length(&mut self, inode: u32, length: u64) {
        let node = self.get_mut(inode);
        node.length = length;
        node.chunks.truncate(length.div_ceil(MIB64) as usize);
        node.eattr &= !SNAPSHOT;
    }

    /// The id a chunk has when it may be written to: its own, or a new one when others share it.
    fn own_chunk(&mut self, inode: u32, index: u32) {
        let old = self.get(inode).chunk(index);
        if old == 0 || self.chunk_refs(old) > 1 {
            let id = self.next_chunk;
            self.next_chunk += 1;
            self.get_mut(inode).put_chunk(index, id);
        }
    }

    pub(crate) fn truncate(&mut self, id: &Id<'_>, now: u32, inode: u32, flags: u8, length: u64) -> Reply {
        let [opened, update, time_fix, reserve] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
        let off = |bit: u8| id.enabled(Some(bit)).is_err();
        if if update || reserve { off(15) } else { off(16) && off(17) } {
            return Err(Status::EPERM);
        }
        id.may_change(None)?;
        let inode = self.node(id, inode, opened)?;
        self.not_immutable(inode)?;
        if self.get(inode).has(APPENDONLY) && !update && !reserve {
            return Err(Status::EPERM);
        }
        if !opened {
            self.need(id, inode, 2)?;
        }
        let node = self.file(inode)?;
        let old = node.length;
        if reserve {
            if !update && old.checked_add(length).is_none_or(|end| end > MAX_LENGTH) {
                return Err(Status::INDEXTOOBIG);
            }
        } else if update {
            if length > old && length <= MAX_LENGTH {
                self.set_length(inode, length);
            }
        } else {
            if length < old && off(16) || length > old && off(17) {
                return Err(Status::EPERM);
            }
            if length > old {
                if length > MAX_LENGTH {
                    return Err(Status::INDEXTOOBIG);
                }
                let last = old.max(1).div_ceil(MIB64) - 1;
                let start = last * MIB64;
                let present = old > 0 && node.chunk(last as u32) != 0;
                let size = if present { counted(length - start) - counted(old - start) } else { 0 };
                self.file_room(inode, length - old, size, size * u64::from(node.class))?;
            }
            let index = (length / MIB64) as u32;
            let cuts = length != old && !length.is_multiple_of(MIB64) && node.chunk(index) != 0;
            if cuts {
                self.own_chunk(inode, index);
            }
            if cuts || length != old || !time_fix {
                self.set_length(inode, length);
                let node = self.get_mut(inode);
                (node.mtime, node.ctime) = (now, now);
            }
        }
        let mut answer = Answer::attr(self.attr(id, inode, 0));
        answer.numbers.push(old);
        Ok(answer)
    }

    /// WRITE_CHUNK, and then WRITE_CHUNK_END with the new length of the file.
    pub(crate) fn write(&mut self, id: &Id<'_>, inode: u32, index: u32, length: u64) -> Reply {
        id.may_change(Some(15))?;
        let node = self.file(inode)?;
        self.not_immutable(inode)?;
        if index > MAX_INDEX {
            return Err(Status::INDEXTOOBIG);
        }
        let start = u64::from(index) * MIB64;
        let is = if node.chunk(index) == 0 { 0 } else { counted(node.length.saturating_sub(start)) };
        let more = FULL - is;
        self.file_room(inode, start.saturating_sub(node.length), more, more * u64::from(node.class))?;
        self.own_chunk(inode, index);
        let node = self.get_mut(inode);
        node.length = node.length.max(start);
        node.eattr &= !SNAPSHOT;
        let (chunk, was) = (node.chunk(index), node.length);
        if length > MAX_LENGTH {
            return Err(Status::EINVAL);
        }
        if length > was {
            self.file_room(inode, length - was, 0, 0)?;
            self.set_length(inode, length);
        }
        Ok(Answer::numbers(vec![chunk, self.get(inode).length]))
    }

    pub(crate) fn read(&self, id: &Id<'_>, inode: u32, index: u32) -> Reply {
        id.enabled(Some(14))?;
        let node = self.file(inode)?;
        if index > MAX_INDEX {
            return Err(Status::INDEXTOOBIG);
        }
        Ok(Answer::numbers(vec![node.length, node.chunk(index)]))
    }

    pub(crate) fn append(
        &mut self,
        id: &Id<'_>,
        now: u32,
        (dst, src): (u32, u32),
        (from, to): (u32, u32),
        flags: u8,
    ) -> Done {
        id.enabled(Some(18))?;
        if dst == src {
            return Err(Status::EINVAL);
        }
        id.may_change(None)?;
        let (dst, src) = (self.node(id, dst, false)?, self.node(id, src, false)?);
        self.file(src)?;
        self.need(id, src, 4)?;
        self.file(dst)?;
        self.not_immutable(dst)?;
        self.need(id, dst, 2)?;
        if dst == src {
            return Err(Status::EINVAL);
        }
        let (source, target) = (self.get(src).clone(), self.get(dst));
        let slots = source.length.div_ceil(MIB64) as u32;
        let place = |n: u32, bit: u8| if flags & bit != 0 { slots.saturating_sub(n) } else { n.min(slots) };
        let (first, end) = (place(from, 1), place(to, 2));
        if first >= end {
            return Ok(());
        }
        let added = source.length.min(u64::from(end) * MIB64) - u64::from(first) * MIB64;
        let base = target.length.div_ceil(MIB64);
        let length = base * MIB64 + added;
        if length > MAX_LENGTH {
            return Err(Status::EINVAL);
        }
        let size = added.div_ceil(65536) * 65536;
        self.file_room(dst, length - target.length, size, size * u64::from(target.class))?;
        let node = self.get_mut(dst);
        node.chunks.resize(base as usize, 0);
        node.chunks.extend((first..end).map(|at| source.chunk(at)));
        (node.length, node.mtime, node.atime) = (length, now, now);
        self.get_mut(src).atime = now;
        Ok(())
    }

    pub(crate) fn open_call(
        &mut self,
        id: &Id<'_>,
        now: u32,
        session: usize,
        inode: u32,
        flags: u8,
    ) -> Reply {
        let [read, write, created, cut] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
        if cut {
            id.enabled(Some(16))?;
        }
        if id.read_only() && (write || cut && !created) {
            return Err(Status::EROFS);
        }
        let inode = self.node(id, inode, false)?;
        let node = self.file(inode)?;
        if node.has(IMMUTABLE) && (write || cut) || node.has(APPENDONLY) && cut {
            return Err(Status::EPERM);
        }
        if !created {
            self.need(id, inode, if read { 4 } else { 0 } | if write || cut { 2 } else { 0 })?;
        }
        if cut && !created {
            self.set_length(inode, 0);
            let node = self.get_mut(inode);
            (node.mtime, node.ctime) = (now, now);
        }
        self.open.insert((session, inode));
        Ok(Answer::attr(self.attr(id, inode, 0)))
    }

    /// A mount says that it has a node open.
    pub(crate) fn hold(&mut self, session: usize, inode: u32) -> Done {
        self.nodes.get(&inode).ok_or(Status::ENOENT)?;
        self.open.insert((session, inode));
        Ok(())
    }

    pub(crate) fn close(&mut self, session: usize, inode: u32) -> Done {
        if self.open.remove(&(session, inode)) { Ok(()) } else { Err(Status::MISMATCH) }
    }
}
