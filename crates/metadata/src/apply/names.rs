//! Nodes and names come, go and move.

use crate::fs::Fs;
use crate::ns::NewNode;
use ondisk::Outcome;
use types::{Inode, MAX_SYMLINK, Name, NodeType, ROOT, Status, Time};

fn yields(inode: Inode) -> Result<Outcome, Status> {
    Ok(Outcome::one(inode.0.into()))
}

impl Fs {
    /// A directory and a name that is free in it.
    fn free_name(&self, parent: Inode, name: Name<'_>) -> Result<(), Status> {
        self.existing_dir(parent)?;
        if name.as_bytes().is_empty() {
            return Err(Status::EINVAL);
        }
        if self.find_edge(parent, name.as_bytes()).is_some() { Err(Status::EEXIST) } else { Ok(()) }
    }

    fn taken_name(&self, parent: Inode, name: Name<'_>) -> Result<u32, Status> {
        self.existing_dir(parent)?;
        self.find_edge(parent, name.as_bytes()).ok_or(Status::ENOENT)
    }

    /// Only empty directories may lose their name.
    fn check_removable(&self, edge: u32) -> Result<(), Status> {
        let rec = self.node(self.edges.get(edge).child());
        if rec.is_dir() && rec.entries() > 0 { Err(Status::ENOTEMPTY) } else { Ok(()) }
    }

    pub(super) fn create(
        &mut self,
        ts: Time,
        parent: Inode,
        name: Name<'_>,
        node: ondisk::NewNode,
        (uid, gid): (u32, u32),
        rdev: u32,
    ) -> Result<Outcome, Status> {
        use NodeType::*;
        self.free_name(parent, name)?;
        let body = match node.kind {
            File | Dir | Fifo | Socket => 0,
            BlockDev | CharDev => rdev.into(),
            Symlink | Trash | Sustained => return Err(Status::EINVAL),
        };
        let ondisk::NewNode { kind, mode, umask } = node;
        let new = NewNode { parent, name: name.as_bytes(), kind, mode, umask, uid, gid, body };
        yields(self.new_node(ts, new)?)
    }

    pub(super) fn make_symlink(
        &mut self,
        ts: Time,
        parent: Inode,
        name: Name<'_>,
        target: &[u8],
        (uid, gid): (u32, u32),
    ) -> Result<Outcome, Status> {
        self.free_name(parent, name)?;
        if target.is_empty() || target.len() > MAX_SYMLINK || self.next_inode().is_none() {
            return Err(Status::EINVAL);
        }
        let body = self.names.insert(target).into();
        let (kind, mode) = (NodeType::Symlink, 0o777);
        let new = NewNode { parent, name: name.as_bytes(), kind, mode, umask: 0, uid, gid, body };
        yields(self.new_node(ts, new)?)
    }

    pub(super) fn hard_link(
        &mut self,
        ts: Time,
        inode: Inode,
        parent: Inode,
        name: Name<'_>,
    ) -> Result<Outcome, Status> {
        let rec = self.existing(inode)?;
        if matches!(rec.node_type(), Some(NodeType::Dir | NodeType::Trash | NodeType::Sustained)) {
            return Err(Status::EPERM);
        }
        self.free_name(parent, name)?;
        self.link(ts, parent, inode, name.as_bytes());
        Ok(Outcome::none())
    }

    pub(super) fn unlink_name(&mut self, ts: Time, parent: Inode, name: Name<'_>) -> Result<Outcome, Status> {
        let edge = self.taken_name(parent, name)?;
        self.check_removable(edge)?;
        let child = self.edges.get(edge).child();
        self.delete(ts, edge);
        yields(child)
    }

    pub(super) fn rename(
        &mut self,
        ts: Time,
        (src_parent, src_name): (Inode, Name<'_>),
        (dst_parent, dst_name): (Inode, Name<'_>),
    ) -> Result<Outcome, Status> {
        let edge = self.taken_name(src_parent, src_name)?;
        let child = self.edges.get(edge).child();
        self.existing_dir(dst_parent)?;
        if dst_name.as_bytes().is_empty() || (self.node(child).is_dir() && self.is_below(dst_parent, child)) {
            return Err(Status::EINVAL);
        }
        if let Some(over) = self.find_edge(dst_parent, dst_name.as_bytes()) {
            if over == edge {
                return yields(child);
            }
            self.check_removable(over)?;
            self.delete(ts, over);
        }
        self.unlink(ts, edge);
        self.link(ts, dst_parent, child, dst_name.as_bytes());
        yields(child)
    }

    /// Gives every directory entry a new id, so that ids ascend along each list. As stock does, the counter stays at
    /// the id of the first entry that was renumbered last.
    pub(super) fn renumber_edges(&mut self) -> Outcome {
        let mut next = crate::ns::edges::FIRST_EDGE_ID;
        let mut dirs = vec![ROOT];
        while let Some(dir) = dirs.pop() {
            let rec = self.node(dir);
            next = next.wrapping_sub(rec.entries().into());
            let mut id = next;
            let mut subdirs = Vec::new();
            let mut slot = rec.first_entry();
            while slot != 0 {
                let edge = self.edges.get_mut(slot);
                edge.id = id;
                id = id.wrapping_add(1);
                let (child, after) = (edge.child(), edge.next);
                if self.node(child).is_dir() {
                    subdirs.push(child);
                }
                slot = after;
            }
            dirs.extend(subdirs.into_iter().rev());
        }
        self.next_edge_id = next;
        self.renumber = false;
        Outcome::one(next)
    }
}
