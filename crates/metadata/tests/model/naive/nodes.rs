//! Nodes, names, and what follows from them by walking.

use super::*;
use types::{Attr, MattrFlags};

/// What lies below a directory, or what a node counts in one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) inodes: u64,
    pub(crate) dirs: u64,
    pub(crate) files: u64,
    pub(crate) chunks: u64,
    pub(crate) length: u64,
    pub(crate) size: u64,
    pub(crate) real: u64,
}

impl Sum {
    fn add(&mut self, o: Sum) {
        self.inodes += o.inodes;
        self.dirs += o.dirs;
        self.files += o.files;
        self.chunks += o.chunks;
        self.length += o.length;
        self.size += o.size;
        self.real += o.real;
    }
}

impl Node {
    pub(crate) fn new(kind: NodeType, now: u32) -> Self {
        Node {
            kind,
            mode: 0,
            uid: 0,
            gid: 0,
            atime: now,
            mtime: now,
            ctime: now,
            class: 0,
            trash_hours: 24,
            eattr: 0,
            winattr: 0,
            access: None,
            default: None,
            xattrs: Vec::new(),
            quota: None,
            entries: Vec::new(),
            length: 0,
            chunks: Vec::new(),
            target: Vec::new(),
            rdev: 0,
            path: Vec::new(),
        }
    }

    pub(crate) fn is_dir(&self) -> bool {
        self.kind == NodeType::Dir
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self.kind, NodeType::File | NodeType::Trash | NodeType::Sustained)
    }

    pub(crate) fn has(&self, bits: u8) -> bool {
        self.eattr & bits != 0
    }

    /// Bytes of one copy of the file's chunks.
    pub(crate) fn size(&self) -> u64 {
        let last = (self.length.max(1) - 1) / MIB64;
        let chunks = self.chunks.iter().enumerate().filter(|(_, id)| **id != 0);
        chunks
            .map(|(at, _)| {
                let here =
                    if self.length > 0 && at as u64 == last { self.length - last * MIB64 } else { MIB64 };
                here.div_ceil(65536) * 65536 + 0x2000
            })
            .sum()
    }

    pub(crate) fn chunk(&self, index: u32) -> u64 {
        self.chunks.get(index as usize).copied().unwrap_or(0)
    }

    pub(crate) fn put_chunk(&mut self, index: u32, id: u64) {
        if self.chunks.len() <= index as usize {
            self.chunks.resize(index as usize + 1, 0);
        }
        self.chunks[index as usize] = id;
    }
}

impl Naive {
    pub(crate) fn get(&self, inode: u32) -> &Node {
        &self.nodes[&inode]
    }

    pub(crate) fn get_mut(&mut self, inode: u32) -> &mut Node {
        self.nodes.get_mut(&inode).unwrap()
    }

    pub(crate) fn child(&self, dir: u32, name: &[u8]) -> Option<u32> {
        self.get(dir).entries.iter().find(|link| link.name == name).map(|link| link.inode)
    }

    /// Directories and names of a node, the newest first.
    pub(crate) fn links(&self, inode: u32) -> Vec<(u32, Link)> {
        let dirs = self.nodes.iter().filter(|(_, node)| node.is_dir());
        let all = dirs.flat_map(|(dir, node)| node.entries.iter().map(move |link| (*dir, link)));
        let mut links: Vec<_> =
            all.filter(|(_, link)| link.inode == inode).map(|(dir, link)| (dir, link.clone())).collect();
        links.sort_by_key(|(_, link)| std::cmp::Reverse(link.age));
        links
    }

    pub(crate) fn parent(&self, inode: u32) -> Option<u32> {
        self.links(inode).first().map(|(dir, _)| *dir)
    }

    /// True when `inode` is `dir` or below it.
    pub(crate) fn is_below(&self, inode: u32, dir: u32) -> bool {
        inode == dir || self.links(inode).iter().any(|(parent, _)| self.is_below(*parent, dir))
    }

    /// A directory and all above it.
    pub(crate) fn upwards(&self, dir: u32) -> Vec<u32> {
        std::iter::successors(Some(dir), |dir| self.parent(*dir)).collect()
    }

    pub(crate) fn below(&self, dir: u32) -> Sum {
        let mut sum = Sum::default();
        for link in &self.get(dir).entries {
            sum.add(self.whole(link.inode));
        }
        sum
    }

    /// A node with all below it.
    pub(crate) fn whole(&self, inode: u32) -> Sum {
        let node = self.get(inode);
        let mut sum = Sum { inodes: 1, ..Sum::default() };
        match node.kind {
            NodeType::Dir => {
                sum.dirs = 1;
                sum.add(self.below(inode));
            }
            NodeType::Symlink => sum.length = node.target.len() as u64,
            _ if node.is_file() => {
                sum.files = 1;
                sum.chunks = node.chunks.iter().filter(|id| **id != 0).count() as u64;
                (sum.length, sum.size) = (node.length, node.size());
                sum.real = sum.size * u64::from(node.class);
            }
            _ => {}
        }
        sum
    }

    pub(crate) fn nlink(&self, inode: u32) -> u32 {
        let node = self.get(inode);
        match node.is_dir() {
            true => 2 + node.entries.iter().filter(|link| self.get(link.inode).is_dir()).count() as u32,
            false => self.links(inode).len() as u32,
        }
    }

    /// Puts a name first into a directory.
    pub(crate) fn link(&mut self, now: u32, dir: u32, name: &[u8], inode: u32) {
        let age = self.next_age;
        self.next_age += 1;
        self.get_mut(dir).entries.insert(0, Link { name: name.to_vec(), inode, age });
        self.entry_changed(now, dir, inode);
    }

    fn entry_changed(&mut self, now: u32, dir: u32, inode: u32) {
        let parent = self.get_mut(dir);
        (parent.mtime, parent.ctime) = (now, now);
        parent.eattr &= !SNAPSHOT;
        self.get_mut(inode).ctime = now;
    }

    pub(crate) fn unlink(&mut self, now: u32, dir: u32, name: &[u8]) -> u32 {
        let entries = &mut self.get_mut(dir).entries;
        let at = entries.iter().position(|link| link.name == name).unwrap();
        let inode = entries.remove(at).inode;
        self.entry_changed(now, dir, inode);
        inode
    }

    /// Takes a name away, and what becomes of the node then.
    pub(crate) fn delete(&mut self, now: u32, dir: u32, name: &[u8]) -> u32 {
        let inode = self.child(dir, name).unwrap();
        let path = self.path_of(dir, name);
        self.unlink(now, dir, name);
        if !self.links(inode).is_empty() {
            return inode;
        }
        let is_open = self.is_open(inode);
        let node = self.get_mut(inode);
        if node.kind == NodeType::File && (node.trash_hours > 0 || is_open) {
            node.kind = if node.trash_hours > 0 { NodeType::Trash } else { NodeType::Sustained };
            node.path = path[path.len().saturating_sub(1024)..].to_vec();
        } else {
            self.remove_node(now, inode);
        }
        inode
    }

    /// A path through first parents, without a slash in front.
    pub(crate) fn path_of(&self, dir: u32, name: &[u8]) -> Bytes {
        let mut path = name.to_vec();
        let mut at = dir;
        while let Some((parent, link)) = self.links(at).into_iter().next() {
            path = [&link.name[..], b"/", &path[..]].concat();
            at = parent;
        }
        path
    }

    pub(crate) fn remove_node(&mut self, now: u32, inode: u32) {
        self.nodes.remove(&inode);
        self.wait(now, inode);
    }

    /// A number must not be used again for a while. Later times are lowered when the clock has gone back.
    pub(crate) fn wait(&mut self, now: u32, inode: u32) {
        for entry in self.free.iter_mut().filter(|(_, time)| *time > now) {
            entry.1 = now;
        }
        self.free.push((inode, now));
    }

    pub(crate) fn new_inode(&self) -> u32 {
        let taken = |n: &u32| self.nodes.contains_key(n) || self.free.iter().any(|(free, _)| free == n);
        (1..).find(|n| !taken(n)).unwrap()
    }

    /// A new node with what it inherits, under a name. Owner, body and the rest are the caller's.
    pub(crate) fn new_node(&mut self, now: u32, dir: u32, name: &[u8], new: Node, umask: u16) -> u32 {
        let inode = self.new_inode();
        let parent = self.get(dir).clone();
        let mut node = new;
        if matches!(node.kind, NodeType::File | NodeType::Dir) {
            (node.class, node.trash_hours) = (parent.class, parent.trash_hours);
        }
        node.eattr = parent.eattr & !(SNAPSHOT | UNDELETABLE | APPENDONLY | IMMUTABLE);
        if node.kind != NodeType::Dir {
            node.eattr &= !NOENTRYCACHE;
        }
        if parent.mode & 0o2000 != 0 {
            node.gid = parent.gid;
        }
        match &parent.default {
            None => node.mode &= !umask,
            Some(default) => inherit(&mut node, default),
        }
        self.nodes.insert(inode, node);
        self.link(now, dir, name, inode);
        inode
    }

    pub(crate) fn is_open(&self, inode: u32) -> bool {
        self.open.iter().any(|(_, open)| *open == inode)
    }

    pub(crate) fn chunk_refs(&self, id: u64) -> usize {
        self.nodes.values().flat_map(|node| &node.chunks).filter(|c| **c == id).count()
    }

    /// The attributes that a caller sees.
    pub(crate) fn attr(&self, id: &Id<'_>, inode: u32, parent_eattr: u8) -> Attr {
        let node = self.get(inode);
        let mapall = id.caps.flags & 0x10 != 0;
        let mut flags = 0;
        flags |= if node.has(NOOWNER | NOATTRCACHE) || mapall { 0x01 } else { 0 };
        flags |= if parent_eattr & NOENTRYCACHE != 0 { 0x02 } else { 0 };
        flags |= if node.has(NODATACACHE) { 0x10 } else { 0x04 };
        flags |=
            if node.xattrs.is_empty() && node.access.is_none() && node.default.is_none() { 0x08 } else { 0 };
        flags |= if node.has(UNDELETABLE | APPENDONLY | IMMUTABLE) { 0x20 } else { 0 };
        let mut mode = node.mode;
        if let Some(acl) = &node.access {
            let [user, _, other, mask] = acl.perms.map(|perm| perm & 7);
            mode = mode & 0o7000 | user << 6 | mask << 3 | other;
        }
        let (mut uid, mut gid) = (node.uid, node.gid);
        if node.has(NOOWNER) && id.uid != 0 {
            let owner = mode >> 6 & 7;
            mode = mode & 0o7700 | owner << 3 | owner;
            (uid, gid) = if mapall { id.sent } else { (id.uid, id.gids[0]) };
        } else if mapall && id.sent.0 != 0 {
            uid = if uid == id.uid { id.sent.0 } else { 0 };
            gid = if gid == id.gids[0] { id.sent.1 } else { 0 };
        }
        Attr {
            flags: MattrFlags(flags),
            kind: if node.is_file() { NodeType::File } else { node.kind },
            mode,
            uid,
            gid,
            atime: node.atime.into(),
            mtime: node.mtime.into(),
            ctime: node.ctime.into(),
            nlink: self.nlink(inode),
            length: match node.kind {
                NodeType::Dir => dir_size(self.below(inode).length),
                NodeType::Symlink => node.target.len() as u64,
                NodeType::BlockDev | NodeType::CharDev => u64::from(node.rdev) << 32,
                _ => node.length,
            },
            winattr: node.winattr,
        }
    }
}

/// A default ACL decides what a new node's rights are.
fn inherit(node: &mut Node, default: &NaiveAcl) {
    let [user, group, other, mask] = default.perms;
    let want = [node.mode >> 6 & 7, node.mode >> 3 & 7, node.mode & 7];
    let high = node.mode & 0o7000;
    if default.users.is_empty() && default.groups.is_empty() && mask == 0xFFFF {
        node.mode = high | (want[0] & user) << 6 | (want[1] & group) << 3 | want[2] & other;
    } else {
        let perms = [want[0] & user, group, want[2] & other, want[1] & mask];
        node.mode = high | perms[0] << 6 | perms[1] << 3 | perms[2];
        node.access = Some(NaiveAcl { perms, ..default.clone() });
    }
    if node.is_dir() {
        node.default = Some(default.clone());
    }
}

/// Three or more digits, and the power of 1024 in the millions.
fn dir_size(total: u64) -> u64 {
    if total == 0 {
        return 1;
    }
    let power = (0..6).find(|p| total < 1 << (10 * (p + 1))).unwrap_or(6);
    ((u128::from(total) * 100) >> (10 * power)) as u64 + power * 1_000_000
}
