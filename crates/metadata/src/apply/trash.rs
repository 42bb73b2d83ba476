//! Deleted files: back, or gone for good; and inode numbers that become usable again.

use crate::fs::{Fs, SUSTAINED_BUCKETS, TRASH_BUCKETS};
use crate::ns::NewNode;
use crate::ns::nodes::eattr;
use crate::ns::times::Stamp::Ctime;
use ondisk::Outcome;
use types::{Inode, MAX_NAME, MAX_TRASH_PATH, NodeType, ROOT, Status, Time};

/// Mode of directories that undeleting makes.
const MADE_DIR_MODE: u16 = 0o755;

/// Where an undeleted file goes: the directory that exists already, the ones to make in it, and the name.
struct Destination {
    dir: Inode,
    missing: Vec<Vec<u8>>,
    name: Vec<u8>,
}

impl Fs {
    fn check_trash(&self, inode: Inode) -> Result<(), Status> {
        if self.existing(inode)?.is(NodeType::Trash) { Ok(()) } else { Err(Status::ENOENT) }
    }

    pub(super) fn set_path(&mut self, inode: Inode, path: &[u8]) -> Result<Outcome, Status> {
        self.check_trash(inode)?;
        if path.is_empty() || path.len() > MAX_TRASH_PATH {
            return Err(Status::EINVAL);
        }
        self.remove_from_bucket(inode);
        let id = self.take_edge_id();
        self.add_to_bucket(inode, path, id);
        Ok(Outcome::none())
    }

    /// Checks that a file in the trash can come back to its remembered path, as far as names and types go. Answers
    /// with the directory on that path that exists, and how many must be made in it.
    pub fn check_undelete(&self, inode: Inode) -> Result<(Inode, u32), Status> {
        self.check_trash(inode)?;
        self.destination(inode).map(|to| (to.dir, to.missing.len() as u32))
    }

    fn not_immutable(&self, dir: Inode) -> Result<(), Status> {
        if self.node(dir).eattr & eattr::IMMUTABLE != 0 { Err(Status::EPERM) } else { Ok(()) }
    }

    fn destination(&self, inode: Inode) -> Result<Destination, Status> {
        let path = self.deleted_path(inode).unwrap_or_default();
        let start = path.iter().position(|b| *b != b'/').ok_or(Status::CANTCREATEPATH)?;
        let mut parts: Vec<&[u8]> = path[start..].split(|b| *b == b'/').collect();
        if parts.iter().any(|part| matches!(*part, b"" | b"." | b"..") || part.len() > MAX_NAME) {
            return Err(Status::CANTCREATEPATH);
        }
        let name = parts.pop().ok_or(Status::CANTCREATEPATH)?.to_vec();
        let mut dir = ROOT;
        self.not_immutable(dir)?;
        let mut parts = parts.into_iter();
        let mut missing = Vec::new();
        for part in parts.by_ref() {
            match self.lookup(dir, part) {
                Some(next) if self.node(next).is_dir() => {
                    self.not_immutable(next)?;
                    dir = next;
                }
                Some(_) => return Err(Status::CANTCREATEPATH),
                None => {
                    missing.push(part.to_vec());
                    break;
                }
            }
        }
        missing.extend(parts.map(<[u8]>::to_vec));
        if missing.is_empty() && self.lookup(dir, &name).is_some() {
            return Err(Status::EEXIST);
        }
        Ok(Destination { dir, missing, name })
    }

    pub(super) fn undelete(&mut self, ts: Time, inode: Inode) -> Result<Outcome, Status> {
        self.check_trash(inode)?;
        let Destination { mut dir, missing, name } = self.destination(inode)?;
        for part in missing {
            let new = NewNode {
                parent: dir,
                name: &part,
                kind: NodeType::Dir,
                mode: MADE_DIR_MODE,
                umask: 0,
                uid: 0,
                gid: 0,
                body: 0,
            };
            dir = self.new_node(ts, new)?;
        }
        self.remove_from_bucket(inode);
        self.node_mut(inode).set_type(NodeType::File);
        self.stamp(inode, &[Ctime], ts);
        self.link(ts, dir, inode, &name);
        Ok(Outcome::none())
    }

    pub(super) fn purge_trash(&mut self, ts: Time, inode: Inode) -> Result<Outcome, Status> {
        self.check_trash(inode)?;
        self.purge(ts, inode);
        Ok(Outcome::none())
    }

    pub(super) fn empty_trash(&mut self, ts: Time, bucket: Option<u32>) -> Result<Outcome, Status> {
        let (mut freed, mut sustained, mut xor) = (0, 0, 0);
        for bucket in buckets(bucket, TRASH_BUCKETS)? {
            let due: Vec<Inode> =
                self.trash(bucket).map(|(i, _)| i).filter(|i| self.trash_time_over(ts.low(), *i)).collect();
            for inode in due {
                xor ^= inode.0;
                if self.purge(ts, inode) { sustained += 1 } else { freed += 1 }
            }
        }
        Ok(Outcome::from_slice(&[freed, sustained, xor.into()]))
    }

    /// True when a file in the trash has been there, untouched, for longer than its trash time.
    pub fn trash_time_over(&self, ts: u32, inode: Inode) -> bool {
        let rec = self.node(inode);
        let wait = u64::from(rec.trash_hours) * 3600;
        [rec.atime, rec.mtime, rec.ctime].iter().all(|time| u64::from(*time) + wait < ts.into())
    }

    pub(super) fn empty_sustained(&mut self, ts: Time, bucket: Option<u32>) -> Result<Outcome, Status> {
        let (mut freed, mut xor) = (0, 0);
        for bucket in buckets(bucket, SUSTAINED_BUCKETS)? {
            let due: Vec<Inode> =
                self.sustained(bucket).map(|(i, _)| i).filter(|i| !self.is_open(*i)).collect();
            for inode in due {
                xor ^= inode.0;
                freed += 1;
                self.purge(ts, inode);
            }
        }
        Ok(Outcome::from_slice(&[freed, xor.into()]))
    }

    /// Old logs do not know about numbers that are still open; they say so by a `busy` of 0, or none.
    pub(super) fn free_inodes(&mut self, ts: Time, delay: u32, decided: &Outcome) -> Result<Outcome, Status> {
        let look_at_opens = decided.as_slice().is_empty() || decided.get(1).unwrap_or(0) > 0;
        let (mut freed, mut busy, mut xor) = (0, 0, 0);
        while let Some((inode, _)) =
            self.free.get(0).filter(|(_, time)| u64::from(*time) + u64::from(delay) < ts.low().into())
        {
            self.free.pop();
            if look_at_opens && self.is_open(inode) {
                self.free.push(inode, ts.low());
                busy += 1;
                continue;
            }
            if !self.node(inode).exists() {
                self.inodes.remove(inode.0);
            }
            xor ^= inode.0;
            freed += 1;
        }
        Ok(Outcome::from_slice(&[freed, busy, xor.into()]))
    }
}

fn buckets(one: Option<u32>, all: u32) -> Result<std::ops::Range<u32>, Status> {
    match one {
        None => Ok(0..all),
        Some(bucket) if bucket < all => Ok(bucket..bucket + 1),
        Some(_) => Err(Status::EINVAL),
    }
}
