//! Looking up, making, moving and removing names.

use super::rights::good_name;
use super::*;
use crate::requests::Entry;
use types::Status;

impl Naive {
    pub(crate) fn lookup(&self, id: &Id<'_>, (dir, name): &Entry) -> Reply {
        let dir = self.node(id, *dir, false).map_err(|_| Status::ENOENT_NOCACHE)?;
        if !self.get(dir).is_dir() {
            return Err(Status::ENOTDIR);
        }
        self.need(id, dir, 1)?;
        let inode = match &name[..] {
            b"." => dir,
            b".." if dir == id.caps.root.0 => dir,
            b".." => self.parent(dir).unwrap_or(1),
            _ => {
                good_name(name)?;
                let hidden = self.get(dir).has(NOENTRYCACHE);
                let none = if hidden { Status::ENOENT_NOCACHE } else { Status::ENOENT };
                self.child(dir, name).ok_or(none)?
            }
        };
        let modes = self.modes(id, inode);
        let modes = if self.get(inode).has(IMMUTABLE) { modes & 0x33 } else { modes };
        let mut answer = Answer::node(self.seen(id, inode), self.attr(id, inode, self.get(dir).eattr));
        answer.numbers.push(modes.into());
        Ok(answer)
    }

    pub(crate) fn readlink(&self, id: &Id<'_>, inode: u32) -> Reply {
        let node = self.get(self.node(id, inode, false)?);
        if node.kind != NodeType::Symlink {
            return Err(Status::EINVAL);
        }
        Ok(Answer::bytes(vec![node.target.clone()]))
    }

    pub(crate) fn getattr(&self, id: &Id<'_>, inode: u32, opened: bool) -> Reply {
        let inode = self.node(id, inode, opened)?;
        Ok(Answer::attr(self.attr(id, inode, 0)))
    }

    /// Name, number and type or attributes of each entry.
    pub(crate) fn readdir(&self, id: &Id<'_>, dir: u32, with_attr: bool) -> Reply {
        id.enabled(Some(13))?;
        let dir = self.dir(id, dir)?;
        self.need(id, dir, if with_attr { 5 } else { 4 })?;
        let up = if dir == id.caps.root.0 { dir } else { self.parent(dir).unwrap_or(dir) };
        let mut all: Vec<(Bytes, u32)> = vec![(b".".to_vec(), dir), (b"..".to_vec(), up)];
        all.extend(self.get(dir).entries.iter().map(|link| (link.name.clone(), link.inode)));
        let mut bytes = Vec::new();
        for (name, inode) in all {
            bytes.push(name.len() as u8);
            bytes.extend(&name);
            bytes.extend(self.seen(id, inode).to_be_bytes());
            match with_attr {
                true => types::Wire::encode(&self.attr(id, inode, self.get(dir).eattr), &mut bytes),
                false => bytes.push(self.get(inode).kind as u8),
            }
        }
        Ok(Answer::bytes(vec![bytes]))
    }

    /// The directory for a new name.
    fn place(&self, id: &Id<'_>, dir: u32, name: &[u8]) -> Result<u32, Status> {
        let dir = self.dir(id, dir)?;
        self.not_immutable(dir)?;
        self.need(id, dir, 3)?;
        good_name(name)?;
        if self.child(dir, name).is_some() { Err(Status::EEXIST) } else { Ok(dir) }
    }

    fn make(&mut self, id: &Id<'_>, now: u32, dir: u32, name: &[u8], (node, umask): (Node, u16)) -> Reply {
        let node = Node { uid: id.uid, gid: id.gids[0], ..node };
        let inode = self.new_node(now, dir, name, node, umask | id.caps.umask);
        Ok(Answer::node(inode, self.attr(id, inode, self.get(dir).eattr)))
    }

    pub(crate) fn mkdir(
        &mut self,
        id: &Id<'_>,
        now: u32,
        (dir, name): &Entry,
        (mode, umask): (u16, u16),
        copy_sgid: bool,
    ) -> Reply {
        id.may_change(Some(6))?;
        let dir = self.place(id, *dir, name)?;
        self.room(dir, 1, 0, 0, 0)?;
        let mut node = Node::new(NodeType::Dir, now);
        node.mode = mode & 0o7777 | if copy_sgid { self.get(dir).mode & 0o2000 } else { 0 };
        self.make(id, now, dir, name, (node, umask))
    }

    pub(crate) fn mknod(
        &mut self,
        id: &Id<'_>,
        now: u32,
        (dir, name): &Entry,
        kind: NodeType,
        (mode, umask): (u16, u16),
        rdev: u32,
    ) -> Reply {
        let device = matches!(kind, NodeType::BlockDev | NodeType::CharDev);
        id.may_change(Some(match kind {
            NodeType::Fifo => 3,
            _ if device => 4,
            NodeType::Socket => 5,
            NodeType::Dir => 6,
            NodeType::Symlink => 2,
            _ => 12,
        }))?;
        if !device && !matches!(kind, NodeType::File | NodeType::Fifo | NodeType::Socket) {
            return Err(Status::EINVAL);
        }
        let dir = self.place(id, *dir, name)?;
        self.room(dir, 1, 0, 0, 0)?;
        let mut node = Node::new(kind, now);
        node.mode = mode & 0o7777;
        node.rdev = if device { rdev } else { 0 };
        self.make(id, now, dir, name, (node, umask))
    }

    pub(crate) fn symlink(&mut self, id: &Id<'_>, now: u32, (dir, name): &Entry, target: &[u8]) -> Reply {
        id.may_change(Some(2))?;
        if target.is_empty() || target.len() > 4096 || target.contains(&0) {
            return Err(Status::EINVAL);
        }
        let dir = self.place(id, *dir, name)?;
        self.room(dir, 1, target.len() as u64, 0, 0)?;
        let node = Node { mode: 0o777, target: target.to_vec(), ..Node::new(NodeType::Symlink, now) };
        // No umask applies to it, not even the session's.
        let node = Node { uid: id.uid, gid: id.gids[0], ..node };
        let inode = self.new_node(now, dir, name, node, 0);
        Ok(Answer::node(inode, self.attr(id, inode, self.get(dir).eattr)))
    }

    pub(crate) fn link_call(&mut self, id: &Id<'_>, now: u32, inode: u32, (dir, name): &Entry) -> Reply {
        id.may_change(Some(11))?;
        let inode = self.node(id, inode, false)?;
        let dir = self.node(id, *dir, false)?;
        self.not_immutable(inode)?;
        match self.get(inode).kind {
            NodeType::Trash | NodeType::Sustained => return Err(Status::ENOENT),
            NodeType::Dir => return Err(Status::EPERM),
            _ => {}
        }
        if self.links(inode).len() >= crate::world::MAX_LINKS as usize {
            return Err(Status::NOSPACE);
        }
        let shown = self.seen(id, dir);
        let dir = self.place(id, shown, name)?;
        let sum = self.whole(inode);
        self.room(dir, 1, sum.length, sum.size, sum.real)?;
        self.link(now, dir, name, inode);
        Ok(Answer::node(self.seen(id, inode), self.attr(id, inode, self.get(dir).eattr)))
    }

    /// The node under a name that may be taken out of its directory.
    fn removable(&self, id: &Id<'_>, dir: u32, name: &[u8]) -> Result<u32, Status> {
        if !self.get(dir).is_dir() {
            return Err(Status::ENOTDIR);
        }
        if self.get(dir).has(IMMUTABLE | APPENDONLY) {
            return Err(Status::EPERM);
        }
        self.need(id, dir, 3)?;
        good_name(name)?;
        let inode = self.child(dir, name).ok_or(Status::ENOENT)?;
        self.not_sticky(id, dir, inode)?;
        Ok(inode)
    }

    fn unprotected(&self, inode: u32) -> Done {
        if self.get(inode).has(UNDELETABLE | APPENDONLY | IMMUTABLE) { Err(Status::EPERM) } else { Ok(()) }
    }

    pub(crate) fn remove_call(&mut self, id: &Id<'_>, now: u32, (dir, name): &Entry, rmdir: bool) -> Reply {
        id.may_change(Some(if rmdir { 8 } else { 7 }))?;
        let dir = self.node(id, *dir, false)?;
        let inode = self.removable(id, dir, name)?;
        self.unprotected(inode)?;
        let node = self.get(inode);
        match (rmdir, node.is_dir()) {
            (false, true) => return Err(Status::EPERM),
            (true, false) => return Err(Status::ENOTDIR),
            (true, true) if !node.entries.is_empty() => return Err(Status::ENOTEMPTY),
            _ => {}
        }
        self.delete(now, dir, name);
        Ok(Answer::numbers(vec![inode.into()]))
    }

    pub(crate) fn rename(&mut self, id: &Id<'_>, now: u32, from: &Entry, to: &Entry) -> Reply {
        let off = |bit: u8| id.enabled(Some(bit)).is_err();
        let other_name = from.1 != to.1;
        if off(9) && off(10) || off(9) && other_name || off(10) && from.0 != to.0 {
            return Err(Status::EPERM);
        }
        id.may_change(None)?;
        let (src, dst) = (self.node(id, from.0, false)?, self.node(id, to.0, false)?);
        let inode = self.removable(id, src, &from.1)?;
        if !self.get(dst).is_dir() {
            return Err(Status::ENOTDIR);
        }
        self.not_immutable(dst)?;
        self.need(id, dst, 3)?;
        self.not_immutable(inode)?;
        if self.get(inode).is_dir() {
            if self.is_below(dst, inode) {
                return Err(Status::EINVAL);
            }
            if src != dst {
                self.need(id, inode, 2)?;
            }
        }
        good_name(&to.1)?;
        let over = self.child(dst, &to.1);
        if over != Some(inode) {
            if let Some(over) = over {
                id.enabled(Some(if self.get(over).is_dir() { 8 } else { 7 }))?;
            }
            let sum = self.whole(inode);
            self.room_for_move(dst, src, sum)?;
            if let Some(over) = over {
                if !self.get(over).entries.is_empty() {
                    return Err(Status::ENOTEMPTY);
                }
                self.not_sticky(id, dst, over)?;
                self.unprotected(over)?;
                self.delete(now, dst, &to.1);
            }
            self.unlink(now, src, &from.1);
            self.link(now, dst, &to.1, inode);
        }
        Ok(Answer::node(self.seen(id, inode), self.attr(id, inode, self.get(dst).eattr)))
    }

    pub(crate) fn parents_call(&self, id: &Id<'_>, inode: u32) -> Reply {
        let inode = self.node(id, inode, false)?;
        if inode == id.caps.root.0 {
            return Ok(Answer::default());
        }
        let dirs = self.links(inode).into_iter().map(|(dir, _)| dir);
        let inside = dirs.filter(|dir| self.is_below(*dir, id.caps.root.0));
        Ok(Answer::numbers(inside.map(|dir| self.seen(id, dir).into()).collect()))
    }

    pub(crate) fn paths_call(&self, id: &Id<'_>, inode: u32) -> Reply {
        let inode = self.node(id, inode, false)?;
        let top = if id.caps.root.0 == 0 { 1 } else { id.caps.root.0 };
        let node = self.get(inode);
        let deleted = |place: &[u8]| vec![[b"./", place, b" (", &node.path[..], b")"].concat()];
        Ok(Answer::bytes(match node.kind {
            NodeType::Trash => deleted(b"TRASH"),
            NodeType::Sustained => deleted(b"SUSTAINED"),
            _ if inode == top => vec![b"/".to_vec()],
            _ => {
                let inside = self.links(inode).into_iter().filter(|(dir, _)| self.is_below(*dir, top));
                let prefix = if top == 1 { 0 } else { self.full_path(top).len() + 1 };
                inside.map(|(dir, link)| self.path_of(dir, &link.name)[prefix..].to_vec()).collect()
            }
        }))
    }

    fn full_path(&self, dir: u32) -> Bytes {
        self.links(dir).first().map_or(Vec::new(), |(parent, link)| self.path_of(*parent, &link.name))
    }
}
