//! Making and removing nodes.

use crate::fs::Fs;
use crate::ns::records::{HAS_ACL, HAS_XATTR, NodeRec, pair};
use crate::ns::times::Stamp::{Ctime, Mtime};
use crate::tables::acl::Acl;
use types::{Inode, NodeType, Status, Time};

/// Default trash time of nodes that take none from their parent, hours.
pub(crate) const DEFAULT_TRASH_HOURS: u16 = 24;

/// Bits of `eattr`.
pub(crate) mod eattr {
    pub(crate) const NOOWNER: u8 = 0x01;
    pub(crate) const NOENTRYCACHE: u8 = 0x04;
    pub(crate) const SNAPSHOT: u8 = 0x10;
    pub(crate) const UNDELETABLE: u8 = 0x20;
    pub(crate) const APPENDONLY: u8 = 0x40;
    pub(crate) const IMMUTABLE: u8 = 0x80;
}

/// What the primitive "new node" is told.
#[derive(Clone, Copy)]
pub(crate) struct NewNode<'a> {
    pub(crate) parent: Inode,
    pub(crate) name: &'a [u8],
    pub(crate) kind: NodeType,
    pub(crate) mode: u16,
    pub(crate) umask: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Symlinks: the target in the string arena. Devices: rdev. Others: 0.
    pub(crate) body: u64,
}

impl Fs {
    /// The record of a node; an absent one (kind 0) for any other inode.
    #[inline]
    pub(crate) fn node(&self, inode: Inode) -> NodeRec {
        self.nodes.get(inode.0).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn node_mut(&mut self, inode: Inode) -> &mut NodeRec {
        self.nodes.get_mut(inode.0)
    }

    /// Stores a fresh record, with statistics for a directory.
    pub(crate) fn put_node(&mut self, inode: Inode, mut rec: NodeRec) {
        if rec.is_dir() {
            let slot = self.take_stats_slot();
            rec.a = 0;
            rec.b = pair(slot, 0);
        }
        *self.node_mut(inode) = rec;
        self.node_count += 1;
        self.max_inode = self.max_inode.max(inode.0);
        self.classes.count_user(rec.sclass, rec.is_dir(), 1);
    }

    /// The primitive "new node", with its link. The caller has checked that the parent is a directory and the name free.
    pub(crate) fn new_node(&mut self, ts: Time, new: NewNode<'_>) -> Result<Inode, Status> {
        self.check_room()?;
        let inode = self.inodes.take_lowest().map(Inode).ok_or(Status::NOSPACE)?;
        let parent = self.node(new.parent);
        let classed = matches!(new.kind, NodeType::File | NodeType::Dir);
        let mut inherited =
            parent.eattr & !(eattr::SNAPSHOT | eattr::UNDELETABLE | eattr::APPENDONLY | eattr::IMMUTABLE);
        if new.kind != NodeType::Dir {
            inherited &= !eattr::NOENTRYCACHE;
        }
        let rec = NodeRec {
            kind: new.kind as u8,
            sclass: if classed { parent.sclass } else { 0 },
            eattr: inherited,
            mode: new.mode & 0o7777,
            trash_hours: if classed { parent.trash_hours } else { DEFAULT_TRASH_HOURS },
            uid: new.uid,
            gid: if parent.mode & 0o2000 != 0 { parent.gid } else { new.gid },
            a: new.body,
            ..NodeRec::default()
        };
        self.put_node(inode, rec);
        self.put_times(inode, [ts; 3]);
        match self.acls.get(new.parent, Acl::DEFAULT) {
            Some(default) => self.inherit_acl(inode, &default),
            None => self.node_mut(inode).mode &= !new.umask,
        }
        self.link(ts, new.parent, inode, new.name);
        Ok(inode)
    }

    /// Applies a parent's default ACL to a fresh node.
    fn inherit_acl(&mut self, inode: Inode, default: &Acl) {
        let rec = self.node(inode);
        let inherited = default.inherited(rec.mode);
        self.node_mut(inode).mode = inherited.mode;
        if let Some(access) = inherited.access {
            self.set_acl(inode, Acl::ACCESS, Some(access));
        }
        if rec.is_dir() {
            self.set_acl(inode, Acl::DEFAULT, Some(default.clone()));
        }
    }

    /// Stores or removes an ACL.
    pub(crate) fn set_acl(&mut self, inode: Inode, kind: u8, acl: Option<Acl>) {
        self.acls.set(inode, kind, acl);
        let any = self.acls.any(inode);
        self.node_mut(inode).set_flag(HAS_ACL, any);
    }

    /// The primitive "link": a new entry at the head of the list, with its effect on times.
    pub(crate) fn link(&mut self, ts: Time, dir: Inode, child: Inode, name: &[u8]) {
        let id = self.take_edge_id();
        self.add_entry(dir, child, name, id, None);
        let own = self.own_stats(child, &self.node(child));
        self.add_stats(dir, own);
        self.touch_entry(ts, dir, child);
    }

    /// The primitive "unlink edge".
    pub(crate) fn unlink(&mut self, ts: Time, edge: u32) {
        let rec = self.edges.get(edge);
        let (dir, child) = (Inode(rec.parent), rec.child());
        let own = self.own_stats(child, &self.node(child));
        self.add_stats(dir, -own);
        self.remove_entry(edge);
        self.touch_entry(ts, dir, child);
    }

    fn touch_entry(&mut self, ts: Time, dir: Inode, child: Inode) {
        self.stamp(dir, &[Mtime, Ctime], ts);
        self.node_mut(dir).eattr &= !eattr::SNAPSHOT;
        self.stamp(child, &[Ctime], ts);
    }

    /// The primitive "remove node": chunk references, quota, attributes and ACLs go, the inode waits in FREE.
    /// The node has no names left.
    pub(crate) fn remove_node(&mut self, ts: Time, inode: Inode) {
        let rec = self.node(inode);
        if rec.has_chunks() {
            self.drop_chunks(inode, 0);
        }
        match rec.node_type() {
            Some(NodeType::Dir) => {
                self.free_stats.push(rec.stats_slot());
                self.quotas.remove(inode);
            }
            Some(NodeType::Symlink) => self.names.remove(rec.a as u32),
            _ => {}
        }
        if rec.has(HAS_XATTR) {
            self.xattrs.remove_all(inode);
        }
        if rec.has(HAS_ACL) {
            self.acls.remove_all(inode);
        }
        self.classes.count_user(rec.sclass, rec.is_dir(), -1);
        *self.node_mut(inode) = NodeRec::default();
        self.put_fine_times(inode, [0; 3]);
        self.node_count -= 1;
        self.free.push(inode, ts.low());
    }

    fn take_stats_slot(&mut self) -> u32 {
        let slot = self.free_stats.pop().unwrap_or_else(|| {
            self.stats_end += 1;
            self.stats_end
        });
        *self.stats.get_mut(slot) = Default::default();
        slot
    }
}
