//! Lazy copies of trees, and their removal.

use super::rights::good_name;
use super::*;
use crate::requests::Entry;
use types::Status;

const OVERWRITE: u8 = 0x01;
const CP_LIKE: u8 = 0x02;
const FORCE: u8 = 0x04;
const HARD_LINKS: u8 = 0x08;
const DELETE: u8 = 0x80;
const PROTECTED: u8 = UNDELETABLE | APPENDONLY | IMMUTABLE;

struct Run<'a> {
    id: &'a Id<'a>,
    now: u32,
    mode: u8,
    umask: u16,
    /// Copies of files with several names.
    copies: BTreeMap<u32, u32>,
}

impl Run<'_> {
    fn has(&self, bit: u8) -> bool {
        self.mode & bit != 0
    }

    fn owner_asks(&self, src: &Node) -> bool {
        self.id.uid == 0 || self.id.uid == src.uid
    }

    /// Owner, group and mode of a copy.
    fn owner(&self, src: &Node) -> (u32, u32, u16) {
        if self.has(CP_LIKE) {
            (self.id.uid, self.id.gids[0], src.mode & !self.umask)
        } else if self.owner_asks(src) {
            (src.uid, src.gid, src.mode)
        } else {
            (self.id.uid, self.id.gids[0], src.mode & 0o1777)
        }
    }
}

impl Naive {
    pub(crate) fn snapshot(
        &mut self,
        id: &Id<'_>,
        now: u32,
        src: u32,
        (dst, name): &Entry,
        mode: u8,
        umask: u16,
    ) -> Done {
        let mut run = Run { id, now, mode, umask: (umask | id.caps.umask) & 0o7777, copies: BTreeMap::new() };
        if run.has(DELETE) {
            let (dir, top) = self.may_remove(&run, *dst, name)?;
            self.remove_copy(&run, dir, name, top);
            return Ok(());
        }
        id.may_change(Some(19))?;
        if src == 0 {
            return Err(Status::EINVAL);
        }
        let (src, dst) = (self.node(id, src, false)?, self.node(id, *dst, false)?);
        self.not_immutable(dst)?;
        self.need(id, src, 4)?;
        if !self.get(dst).is_dir() {
            return Err(Status::EPERM);
        }
        if self.get(src).is_dir() && self.is_below(dst, src) {
            return Err(Status::EINVAL);
        }
        self.need(id, dst, 3)?;
        good_name(name)?;
        if let Some(there) = self.child(dst, name) {
            self.may_overwrite(&run, src, there)?;
        }
        let sum = self.whole(src);
        self.room(dst, sum.inodes, sum.length, sum.size, sum.real)?;
        // Of deleted files nothing is made.
        if !matches!(self.get(src).kind, NodeType::Trash | NodeType::Sustained) {
            self.copy(&mut run, src, dst, name);
        }
        Ok(())
    }

    fn may_overwrite(&self, run: &Run<'_>, src: u32, dst: u32) -> Done {
        if src == dst {
            return Err(Status::EINVAL);
        }
        let (from, to) = (self.get(src), self.get(dst));
        if to.has(PROTECTED) || from.kind != to.kind {
            return Err(Status::EPERM);
        }
        if !from.is_dir() && !run.has(OVERWRITE) {
            return Err(Status::EEXIST);
        }
        from.entries.iter().try_for_each(|link| match self.child(dst, &link.name) {
            Some(there) if from.is_dir() => self.may_overwrite(run, link.inode, there),
            _ => Ok(()),
        })
    }

    fn copy(&mut self, run: &mut Run<'_>, src: u32, dir: u32, name: &[u8]) {
        let from = self.get(src).clone();
        if from.is_file() && self.need(run.id, src, 4).is_err() {
            return;
        }
        let there = self.child(dir, name);
        let several = self.links(src).len() > 1;
        if let (Some(copy), None) = (run.copies.get(&src), there) {
            return self.link(run.now, dir, name, *copy);
        }
        let dst = match there {
            None => self.copy_new(run, &from, dir, name),
            Some(dst) => self.copy_over(run, &from, dir, name, dst),
        };
        if run.has(HARD_LINKS) && several && !from.is_dir() {
            run.copies.insert(src, dst);
        }
        if from.is_dir() && self.need(run.id, src, 5).is_ok() {
            for link in from.entries {
                // Merging may have replaced it.
                if self.get(src).entries.contains(&link) {
                    self.copy(run, link.inode, dst, &link.name);
                }
            }
        }
        self.finish(run, src, dst, there.is_none());
    }

    /// A new node of the source's type with its body, and what it inherits where it comes to be.
    fn bare_copy(&mut self, run: &Run<'_>, from: &Node, dir: u32, name: &[u8]) -> u32 {
        let (uid, gid, _) = run.owner(from);
        let new = Node {
            mode: from.mode,
            uid,
            gid,
            target: from.target.clone(),
            rdev: from.rdev,
            ..Node::new(from.kind, run.now)
        };
        let dst = self.new_node(run.now, dir, name, new, run.umask);
        let node = self.get_mut(dst);
        (node.length, node.chunks) = (from.length, from.chunks.clone());
        dst
    }

    fn copy_new(&mut self, run: &Run<'_>, from: &Node, dir: u32, name: &[u8]) -> u32 {
        let dst = self.bare_copy(run, from, dir, name);
        if !run.has(CP_LIKE) {
            let (_, _, mode) = run.owner(from);
            let to = self.get_mut(dst);
            (to.mode, to.class, to.trash_hours) = (mode, from.class, from.trash_hours);
            (to.eattr, to.winattr) = (from.eattr | SNAPSHOT, from.winattr);
            to.xattrs = from.xattrs.clone();
            to.access = from.access.clone().or(to.access.take());
            to.default = from.default.clone().or(to.default.take());
        }
        dst
    }

    fn copy_over(&mut self, run: &Run<'_>, from: &Node, dir: u32, name: &[u8], dst: u32) -> u32 {
        let to = self.get_mut(dst);
        (to.target, to.rdev) = (from.target.clone(), from.rdev);
        let trimmed = |chunks: &[u64]| {
            let used = chunks.iter().rposition(|id| *id != 0).map_or(0, |last| last + 1);
            chunks[..used].to_vec()
        };
        let same = from.length == to.length && trimmed(&from.chunks) == trimmed(&to.chunks);
        if !from.is_file() || same {
            return dst;
        }
        self.delete(run.now, dir, name);
        let new = self.bare_copy(run, from, dir, name);
        let node = self.get_mut(new);
        (node.class, node.trash_hours) = (from.class, from.trash_hours);
        new
    }

    fn finish(&mut self, run: &Run<'_>, src: u32, dst: u32, is_new: bool) {
        let from = self.get(src).clone();
        let to = self.get_mut(dst);
        if !is_new {
            (to.uid, to.gid, to.mode) = run.owner(&from);
        }
        to.eattr |= SNAPSHOT;
        if run.has(CP_LIKE) {
            to.ctime = run.now;
            if is_new {
                (to.atime, to.mtime) = (run.now, run.now);
            }
        } else {
            (to.atime, to.mtime) = (from.atime, from.mtime);
            to.ctime = if is_new || run.owner_asks(&from) { from.ctime } else { run.now };
        }
    }

    fn may_remove(&self, run: &Run<'_>, dir: u32, name: &[u8]) -> Result<(u32, u32), Status> {
        let id = run.id;
        id.enabled(Some(7))?;
        id.may_change(Some(8))?;
        let dir = self.node(id, dir, false)?;
        if !self.get(dir).is_dir() {
            return Err(Status::EPERM);
        }
        self.need(id, dir, 3)?;
        good_name(name)?;
        let top = self.child(dir, name).ok_or(Status::ENOENT)?;
        if self.get(dir).has(IMMUTABLE | APPENDONLY) {
            return Err(Status::EPERM);
        }
        self.not_sticky(id, dir, top)?;
        if !run.has(FORCE) {
            self.may_remove_all(id, top)?;
        }
        Ok((dir, top))
    }

    fn may_remove_all(&self, id: &Id<'_>, top: u32) -> Done {
        let node = self.get(top);
        if node.is_dir() {
            self.need(id, top, 3)?;
            node.entries.iter().try_for_each(|link| self.may_remove_all(id, link.inode))?;
        }
        if !node.has(SNAPSHOT) || node.has(PROTECTED) { Err(Status::EPERM) } else { Ok(()) }
    }

    fn remove_copy(&mut self, run: &Run<'_>, dir: u32, name: &[u8], inode: u32) {
        let node = self.get(inode).clone();
        if node.is_dir() {
            if self.need(run.id, inode, 3).is_ok() {
                for link in &node.entries {
                    self.remove_copy(run, inode, &link.name, link.inode);
                }
            }
            let now = self.get_mut(inode);
            if !now.entries.is_empty() {
                return;
            }
            now.eattr = node.eattr;
        }
        let node = self.get(inode);
        if node.has(SNAPSHOT) && !node.has(PROTECTED) && !self.get(dir).has(IMMUTABLE | APPENDONLY) {
            self.get_mut(inode).trash_hours = 0;
            self.delete(run.now, dir, name);
        }
    }
}
