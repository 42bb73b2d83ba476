//! The trash, files that are deleted and still open, and numbers that come free.

use super::*;
use types::Status;

impl Naive {
    fn meta(&self, id: &Id<'_>, changes: bool) -> Done {
        if id.caps.root.0 != 0 {
            return Err(Status::EPERM);
        }
        if changes && id.read_only() { Err(Status::EROFS) } else { Ok(()) }
    }

    fn of_kind(&self, kind: NodeType) -> Vec<u32> {
        self.nodes.iter().filter(|(_, node)| node.kind == kind).map(|(inode, _)| *inode).collect()
    }

    fn trash(&self, inode: u32) -> Result<&Node, Status> {
        self.nodes.get(&inode).filter(|node| node.kind == NodeType::Trash).ok_or(Status::ENOENT)
    }

    /// Paths of deleted files with `|` for `/`, by inode.
    pub(crate) fn list_deleted(&self, id: &Id<'_>) -> Reply {
        self.meta(id, false)?;
        let mut answer = Answer::default();
        for inode in [NodeType::Trash, NodeType::Sustained].into_iter().flat_map(|kind| self.of_kind(kind)) {
            let path = &self.get(inode).path;
            let mut shown = path.clone();
            if path.len() > 240 {
                shown = [b"(...)", &path[path.len() - 235..]].concat();
            }
            answer.bytes.push(shown.iter().map(|b| if *b == b'/' { b'|' } else { *b }).collect());
            answer.numbers.push(inode.into());
        }
        Ok(answer)
    }

    pub(crate) fn trash_path_call(&self, id: &Id<'_>, inode: u32) -> Reply {
        self.meta(id, false)?;
        Ok(Answer::bytes(vec![self.trash(inode)?.path.clone()]))
    }

    pub(crate) fn set_trash_path(&mut self, id: &Id<'_>, inode: u32, path: &[u8]) -> Done {
        self.meta(id, true)?;
        if path.is_empty() || path.len() > 1024 || path.contains(&0) {
            return Err(Status::EINVAL);
        }
        self.trash(inode)?;
        self.get_mut(inode).path = path.to_vec();
        Ok(())
    }

    pub(crate) fn undelete(&mut self, id: &Id<'_>, now: u32, inode: u32) -> Done {
        self.meta(id, true)?;
        let path = self.trash(inode)?.path.clone();
        let start = path.iter().position(|b| *b != b'/').ok_or(Status::CANTCREATEPATH)?;
        let mut parts: Vec<&[u8]> = path[start..].split(|b| *b == b'/').collect();
        if parts.iter().any(|p| p.is_empty() || *p == b"." || *p == b".." || p.len() > 255) {
            return Err(Status::CANTCREATEPATH);
        }
        let name = parts.pop().unwrap();
        let mut dir = 1;
        let mut missing = Vec::new();
        self.not_immutable(dir)?;
        for part in parts {
            match self.child(dir, part).filter(|_| missing.is_empty()) {
                None => missing.push(part),
                Some(next) if !self.get(next).is_dir() => return Err(Status::CANTCREATEPATH),
                Some(next) => {
                    self.not_immutable(next)?;
                    dir = next;
                }
            }
        }
        if missing.is_empty() && self.child(dir, name).is_some() {
            return Err(Status::EEXIST);
        }
        let sum = self.whole(inode);
        self.room(dir, 1 + missing.len() as u64, sum.length, sum.size, sum.real)?;
        for part in missing {
            let node = Node { mode: 0o755, ..Node::new(NodeType::Dir, now) };
            dir = self.new_node(now, dir, part, node, 0);
        }
        let node = self.get_mut(inode);
        node.kind = NodeType::File;
        node.path.clear();
        self.link(now, dir, name, inode);
        Ok(())
    }

    /// Out of the trash; true when it stays because it is open.
    fn purge(&mut self, now: u32, inode: u32) -> bool {
        let stays = self.is_open(inode);
        match stays {
            true => self.get_mut(inode).kind = NodeType::Sustained,
            false => self.remove_node(now, inode),
        }
        stays
    }

    pub(crate) fn purge_call(&mut self, id: &Id<'_>, now: u32, inode: u32) -> Done {
        self.meta(id, true)?;
        self.trash(inode)?;
        self.purge(now, inode);
        Ok(())
    }

    pub(crate) fn empty_trash(&mut self, now: u32) -> Answer {
        let (mut gone, mut stay) = (0, 0);
        // Bucket by bucket, the latest of a bucket first: numbers come free in this order.
        for inode in self.in_buckets(NodeType::Trash, 4096) {
            let node = self.get(inode);
            let until = |time: u32| u64::from(time) + u64::from(node.trash_hours) * 3600;
            if [node.atime, node.mtime, node.ctime].into_iter().all(|time| until(time) < now.into()) {
                if self.purge(now, inode) { stay += 1 } else { gone += 1 }
            }
        }
        Answer::numbers(vec![gone, stay])
    }

    pub(crate) fn empty_sustained(&mut self, now: u32) -> Answer {
        let mut gone = 0;
        for inode in self.in_buckets(NodeType::Sustained, 256) {
            if !self.is_open(inode) {
                self.remove_node(now, inode);
                gone += 1;
            }
        }
        Answer::numbers(vec![gone])
    }

    /// With fewer nodes than buckets each bucket holds one file at most.
    fn in_buckets(&self, kind: NodeType, buckets: u32) -> Vec<u32> {
        let mut all = self.of_kind(kind);
        all.sort_by_key(|inode| inode % buckets);
        all
    }

    pub(crate) fn free_inodes(&mut self, now: u32) -> Answer {
        let (mut freed, mut busy) = (0, 0);
        let due = |time: u32| u64::from(time) + u64::from(crate::world::REUSE_DELAY) < now.into();
        while self.free.first().is_some_and(|(_, time)| due(*time)) {
            let (inode, _) = self.free.remove(0);
            if self.is_open(inode) {
                self.wait(now, inode);
                busy += 1;
            } else {
                freed += 1;
            }
        }
        Answer::numbers(vec![freed, busy])
    }
}
