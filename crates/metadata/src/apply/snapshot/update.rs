//! What happens to names that the copy meets.

use super::Run;
use crate::fs::Fs;
use types::{Inode, NodeType, Status};

impl Fs {
    /// Makes what exists like the source, and says what it is then: itself, or the file that replaced it.
    pub(super) fn overwrite(
        &mut self,
        run: &mut Run<'_>,
        src: Inode,
        dst: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<Inode, Status> {
        let rec = self.node(src);
        if rec.has_chunks() && self.same_content(src, dst) {
            run.same += 1;
            return Ok(dst);
        }
        run.existing += 1;
        let dst = if rec.has_chunks() { self.replace(run, src, dst, parent, name)? } else { dst };
        match rec.node_type() {
            Some(NodeType::Symlink) => self.retarget(src, dst),
            Some(NodeType::BlockDev | NodeType::CharDev) => self.node_mut(dst).a = rec.a,
            _ => {}
        }
        Ok(dst)
    }

    fn same_content(&self, src: Inode, dst: Inode) -> bool {
        let (from, to) = (self.node(src), self.node(dst));
        from.a == to.a && self.tables.iter_from(src, &from, 0).eq(self.tables.iter_from(dst, &to, 0))
    }

    /// Owner, group and mode of the source, for what existed before.
    pub(super) fn take_owner(&mut self, run: &Run<'_>, src: Inode, dst: Inode) {
        let (uid, gid, mode) = run.owner(&self.node(src));
        let to = self.node_mut(dst);
        (to.uid, to.gid, to.mode) = (uid, gid, mode);
    }

    /// Deletes a file and puts a new one with the source's class, trash time and chunks in its place.
    fn replace(
        &mut self,
        run: &mut Run<'_>,
        src: Inode,
        dst: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<Inode, Status> {
        let edge = self.find_edge(parent, name).ok_or(Status::ENOENT)?;
        self.delete(run.ts, edge);
        let new = self.fresh_copy(run, src, parent, name)?;
        let rec = self.node(src);
        self.set_class(new, rec.sclass);
        self.node_mut(new).trash_hours = rec.trash_hours;
        self.share_chunks(src, new);
        run.xor ^= dst.0 ^ new.0;
        Ok(new)
    }

    fn retarget(&mut self, src: Inode, dst: Inode) {
        let target = self.symlink(src).unwrap_or_default().to_vec();
        self.counted(dst, |fs| {
            let old = fs.node(dst).a as u32;
            fs.names.remove(old);
            fs.node_mut(dst).a = fs.names.insert(&target).into();
        });
    }
}
