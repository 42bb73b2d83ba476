//! A file system as plain as it can be: a map of nodes, lists that are walked through, everything counted when asked.
//! Written from POSIX and the specification (`wire-client-master.md` 3 and 4, `metadata-format.md` 14 and 15).

mod attrs;
mod deleted;
mod files;
mod names;
mod nodes;
mod quotas;
mod rights;
mod snapshots;
mod trees;

use crate::requests::{Answer, Bytes, Call, Reply, Request};
use metadata::plan::SessionCaps;
use ondisk::QuotaLimits;
use std::collections::{BTreeMap, BTreeSet};
use types::{NodeType, Status};

pub(crate) const MIB64: u64 = 64 << 20;

/// A name in a directory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) name: Bytes,
    pub(crate) inode: u32,
    /// Later links have larger numbers.
    pub(crate) age: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NaiveAcl {
    /// Owner, owning group, others, mask; 0xFFFF is a mask that is not there.
    pub(crate) perms: [u16; 4],
    pub(crate) users: Vec<(u32, u16)>,
    pub(crate) groups: Vec<(u32, u16)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NaiveQuota {
    pub(crate) flags: u8,
    pub(crate) grace: u32,
    pub(crate) limits: QuotaLimits,
    pub(crate) stamp: u32,
    pub(crate) exceeded: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeType,
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) atime: u32,
    pub(crate) mtime: u32,
    pub(crate) ctime: u32,
    pub(crate) class: u8,
    pub(crate) trash_hours: u16,
    pub(crate) eattr: u8,
    pub(crate) winattr: u8,
    pub(crate) access: Option<NaiveAcl>,
    pub(crate) default: Option<NaiveAcl>,
    /// The newest first.
    pub(crate) xattrs: Vec<(Bytes, Bytes)>,
    pub(crate) quota: Option<NaiveQuota>,
    /// Directories: the newest first.
    pub(crate) entries: Vec<Link>,
    pub(crate) length: u64,
    pub(crate) chunks: Vec<u64>,
    pub(crate) target: Bytes,
    pub(crate) rdev: u32,
    /// Deleted files: the path they had.
    pub(crate) path: Bytes,
}

/// Bits of `eattr`.
pub(crate) const NOOWNER: u8 = 0x01;
pub(crate) const NOATTRCACHE: u8 = 0x02;
pub(crate) const NOENTRYCACHE: u8 = 0x04;
pub(crate) const NODATACACHE: u8 = 0x08;
pub(crate) const SNAPSHOT: u8 = 0x10;
pub(crate) const UNDELETABLE: u8 = 0x20;
pub(crate) const APPENDONLY: u8 = 0x40;
pub(crate) const IMMUTABLE: u8 = 0x80;

/// Who asks, after the session's mapping.
pub(crate) struct Id<'a> {
    pub(crate) caps: &'a SessionCaps,
    pub(crate) uid: u32,
    pub(crate) gids: Vec<u32>,
    pub(crate) sent: (u32, u32),
}

pub(crate) struct Naive {
    pub(crate) nodes: BTreeMap<u32, Node>,
    /// Numbers that must not be used yet, with the time they were freed.
    pub(crate) free: Vec<(u32, u32)>,
    pub(crate) open: BTreeSet<(usize, u32)>,
    pub(crate) next_age: u64,
    pub(crate) next_chunk: u64,
}

pub(crate) type Done = Result<(), Status>;

impl Naive {
    pub(crate) fn new(now: u32) -> Self {
        let mut root = Node::new(NodeType::Dir, now);
        (root.mode, root.class, root.trash_hours) = (0o777, 2, 24);
        Naive {
            nodes: BTreeMap::from([(1, root)]),
            free: Vec::new(),
            open: BTreeSet::new(),
            next_age: 1,
            next_chunk: 1,
        }
    }

    pub(crate) fn ask(&mut self, caps: &SessionCaps, who: (u32, &[u32]), q: &Request) -> Reply {
        let id = Id::new(caps, who.0, who.1);
        let tool = Id::new(caps, who.0, &[0]);
        let now = q.now;
        match &q.call {
            Call::Lookup(at) => self.lookup(&id, at),
            Call::Access { inode, mask } => self.access_call(&id, *inode, *mask).map(done),
            Call::Readlink(inode) => self.readlink(&id, *inode),
            Call::Getattr { inode, opened } => {
                self.getattr(&Id::new(caps, who.0, &who.1[..1]), *inode, *opened)
            }
            Call::Readdir { dir, with_attr, .. } => self.readdir(&id, *dir, *with_attr),
            Call::Mkdir { at, mode, umask, copy_sgid } => {
                self.mkdir(&id, now, at, (*mode, *umask), *copy_sgid)
            }
            Call::Mknod { at, kind, mode, umask, rdev } => {
                self.mknod(&id, now, at, *kind, (*mode, *umask), *rdev)
            }
            Call::Symlink { at, target } => self.symlink(&id, now, at, target),
            Call::Link { inode, at } => self.link_call(&id, now, *inode, at),
            Call::Unlink(at) => self.remove_call(&id, now, at, false),
            Call::Rmdir(at) => self.remove_call(&id, now, at, true),
            Call::Rename { from, to } => self.rename(&id, now, from, to),
            Call::Setattr(set) => self.setattr(&id, now, set),
            Call::Truncate { inode, flags, length } => self.truncate(&id, now, *inode, *flags, *length),
            Call::Write { inode, index, length } => self.write(&id, *inode, *index, *length),
            Call::Read { inode, index } => self.read(&id, *inode, *index),
            Call::Append { dst, src, from, to, flags } => {
                self.append(&id, now, (*dst, *src), (*from, *to), *flags).map(done)
            }
            Call::Open { inode, flags } => self.open_call(&id, now, q.session, *inode, *flags),
            Call::Hold(inode) => self.hold(q.session, *inode).map(done),
            Call::Close(inode) => self.close(q.session, *inode).map(done),
            Call::SetXattr { inode, opened, name, value, mode } => {
                self.set_xattr(&id, now, (*inode, *opened), name, value, *mode).map(done)
            }
            Call::GetXattr { inode, opened, name } => self.get_xattr(&id, (*inode, *opened), name),
            Call::ListXattrs { inode, opened } => self.list_xattrs(&id, (*inode, *opened)),
            Call::SetAcl { inode, kind, perms, users, groups } => {
                let acl = NaiveAcl { perms: *perms, users: users.clone(), groups: groups.clone() };
                self.set_acl(&tool, now, *inode, *kind, acl).map(done)
            }
            Call::GetAcl { inode, kind } => self.get_acl(&id, *inode, *kind),
            Call::SetQuota { dir, flags, grace, limits } => {
                self.quota_call(&tool, *dir, *flags, Some((*grace, limits)))
            }
            Call::DeleteQuota { dir, flags } => self.quota_call(&tool, *dir, *flags, None),
            Call::GetQuota(dir) => self.quota_call(&tool, *dir, 0, None),
            Call::SetEattr { inode, bits, smode } => self.set_eattr(&tool, now, *inode, *bits, *smode),
            Call::SetClass { inode, goal, smode } => self.set_class(&tool, now, *inode, *goal, *smode),
            Call::SetTrashTime { inode, seconds, smode } => {
                self.set_trash_time(&tool, now, *inode, *seconds, *smode)
            }
            Call::GetSettings { inode, mode } => self.get_settings(&tool, *inode, *mode),
            Call::DirStats(inode) => self.dir_stats(&tool, *inode),
            Call::Parents(inode) => self.parents_call(&tool, *inode),
            Call::Paths(inode) => self.paths_call(&tool, *inode),
            Call::Snapshot { src, at, mode, umask } => {
                self.snapshot(&id, now, *src, at, *mode, *umask).map(done)
            }
            Call::ListDeleted => self.list_deleted(&id),
            Call::TrashPath(inode) => self.trash_path_call(&id, *inode),
            Call::SetTrashPath { inode, path } => self.set_trash_path(&id, *inode, path).map(done),
            Call::Undelete(inode) => self.undelete(&id, now, *inode).map(done),
            Call::Purge(inode) => self.purge_call(&id, now, *inode).map(done),
            Call::EmptyTrash => Ok(self.empty_trash(now)),
            Call::EmptySustained => Ok(self.empty_sustained(now)),
            Call::FreeInodes => Ok(self.free_inodes(now)),
            Call::CheckQuotas => {
                self.check_quotas(now);
                Ok(Answer::default())
            }
        }
    }
}

fn done((): ()) -> Answer {
    Answer::default()
}
