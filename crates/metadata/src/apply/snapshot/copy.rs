//! The walk through the source, and what is new in the copy.

use super::{Column, HARD_LINKS, Run};
use crate::fs::Fs;
use crate::ns::NewNode;
use crate::ns::nodes::eattr;
use crate::ns::times::Stamp;
use crate::tables::acl::Acl;
use types::{Inode, NodeType, Status};

const READ: u8 = 4;
const READ_EXECUTE: u8 = 5;

pub(super) enum Step {
    /// Copy what an entry of the source names into this directory.
    Copy { edge: u32, parent: Inode, child: Inode, dst: Inode },
    /// All below this directory was copied.
    Leave { src: Inode, dst: Inode, is_new: bool },
}

impl Fs {
    pub(super) fn copy_tree(
        &mut self,
        run: &mut Run<'_>,
        src: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<(), Status> {
        let mut steps = Vec::new();
        self.copy_one(run, &mut steps, src, parent, name)?;
        while let Some(step) = steps.pop() {
            match step {
                Step::Copy { edge, parent, child, dst } => {
                    // When a tree is merged into one that holds it, an entry may have been replaced meanwhile.
                    let rec = self.edges.get(edge);
                    if (rec.parent, rec.child) == (parent.0, child.0) {
                        let name = self.names.get(rec.name).to_vec();
                        self.copy_one(run, &mut steps, child, dst, &name)?;
                    }
                }
                Step::Leave { src, dst, is_new } => self.finish(run, src, dst, is_new),
            }
        }
        Ok(())
    }

    fn copy_one(
        &mut self,
        run: &mut Run<'_>,
        steps: &mut Vec<Step>,
        src: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<(), Status> {
        let rec = self.node(src);
        if rec.has_chunks() && !self.may(run, src, READ) {
            return Ok(());
        }
        let there = self.lookup(parent, name);
        let copied = run.copies.get(&src).copied().filter(|_| there.is_none());
        if let Some(copy) = copied {
            self.link(run.ts, parent, copy, name);
            run.hardlinks += 1;
            return Ok(());
        }
        let (dst, is_new) = match there {
            Some(dst) => (self.overwrite(run, src, dst, parent, name)?, false),
            None => (self.copy_new(run, src, parent, name)?, true),
        };
        if run.has(HARD_LINKS) && !rec.is_dir() && self.edges.get(rec.parents).next_parent != 0 {
            run.copies.insert(src, dst);
        }
        if !rec.is_dir() {
            self.finish(run, src, dst, is_new);
            return Ok(());
        }
        steps.push(Step::Leave { src, dst, is_new });
        if self.may(run, src, READ_EXECUTE) {
            let slots = self.entry_slots(src);
            steps.extend(slots.into_iter().rev().map(|edge| {
                let child = self.edges.get(edge).child();
                Step::Copy { edge, parent: src, child, dst }
            }));
        }
        Ok(())
    }

    fn copy_new(
        &mut self,
        run: &mut Run<'_>,
        src: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<Inode, Status> {
        let dst = self.fresh_copy(run, src, parent, name)?;
        let rec = self.node(src);
        if run.column(&rec) != Column::CpLike {
            self.copy_attributes(run, src, dst);
        }
        self.share_chunks(src, dst);
        run.xor ^= dst.0;
        run.new += 1;
        Ok(dst)
    }

    /// A new node like the source, with nothing of its attributes but owner and mode.
    pub(super) fn fresh_copy(
        &mut self,
        run: &Run<'_>,
        src: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<Inode, Status> {
        let rec = self.node(src);
        let kind = rec.node_type().ok_or(Status::ENOENT)?;
        let body = match kind {
            NodeType::Symlink => {
                let target = self.names.get(rec.a as u32).to_vec();
                self.names.insert(&target).into()
            }
            NodeType::BlockDev | NodeType::CharDev => rec.a,
            _ => 0,
        };
        let (uid, gid, _) = run.owner(&rec);
        let new = NewNode { parent, name, kind, mode: rec.mode, umask: run.caller.umask, uid, gid, body };
        self.new_node(run.ts, new)
    }

    /// Everything that is the source's in all columns but the cp-like one.
    fn copy_attributes(&mut self, run: &Run<'_>, src: Inode, dst: Inode) {
        let rec = self.node(src);
        let (_, _, mode) = run.owner(&rec);
        self.set_class(dst, rec.sclass);
        let to = self.node_mut(dst);
        to.mode = mode;
        (to.trash_hours, to.winattr) = (rec.trash_hours, rec.winattr);
        to.eattr = rec.eattr | eattr::SNAPSHOT;
        self.xattrs.copy(src, dst);
        self.mark_xattrs(dst);
        for kind in [Acl::ACCESS, Acl::DEFAULT] {
            if let Some(acl) = self.acls.get(src, kind) {
                self.set_acl(dst, kind, Some((*acl).clone()));
            }
        }
    }

    /// Gives a file without chunks those of the source, and its length.
    pub(super) fn share_chunks(&mut self, src: Inode, dst: Inode) {
        let rec = self.node(src);
        if !rec.has_chunks() {
            return;
        }
        let chunks: Vec<(u32, u64)> = self.tables.iter_from(src, &rec, 0).collect();
        self.counted(dst, |fs| {
            for (at, id) in chunks {
                fs.put_chunk(dst, at, id);
            }
            fs.node_mut(dst).a = rec.a;
        });
    }

    /// What comes last: times, the mark of a snapshot, and for what existed before its owner and mode. So children
    /// that are new in a directory that was there before still see its old group and setgid bit.
    fn finish(&mut self, run: &Run<'_>, src: Inode, dst: Inode, is_new: bool) {
        if !is_new {
            self.take_owner(run, src, dst);
        }
        let rec = self.node(src);
        let column = run.column(&rec);
        self.node_mut(dst).eattr |= eattr::SNAPSHOT;
        let now = run.ts;
        let [atime, mtime, ctime] = self.times(src);
        match column {
            Column::CpLike if is_new => self.put_times(dst, [now; 3]),
            Column::CpLike => self.stamp(dst, &[Stamp::Ctime], now),
            Column::Other if !is_new => self.put_times(dst, [atime, mtime, now]),
            Column::Owner | Column::Other => self.put_times(dst, [atime, mtime, ctime]),
        }
    }
}
