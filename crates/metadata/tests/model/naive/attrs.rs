//! Attributes, extended ones and ACLs.

use super::*;
use metadata::plan::{SetAttr, SetMask};
use types::Status;

impl Naive {
    pub(crate) fn setattr(&mut self, id: &Id<'_>, now: u32, set: &SetAttr) -> Reply {
        let sets = |bits: u8| set.mask & bits != 0;
        let chown = sets(SetMask::UID | SetMask::GID);
        if chown {
            id.enabled(Some(0))?;
        }
        if sets(SetMask::MODE) {
            id.enabled(Some(1))?;
        }
        id.may_change(None)?;
        let inode = self.node(id, set.inode.0, set.opened)?;
        self.not_immutable(inode)?;
        let node = self.get(inode).clone();
        let is_root = id.uid == 0;
        let by_kernel = !is_root
            && set.mask == SetMask::MODE
            && set.mode & 0o7777 == node.mode & 0o1777
            && node.mode & 0o6000 != 0;
        if !is_root && !by_kernel {
            self.may_set(id, inode, set)?;
        }
        let mut mode = set.mode & 0o7777;
        let mut kept = node.mode;
        if chown {
            mode |= node.mode & 0o6000;
            if node.mode & 0o6000 != 0 {
                let by_type = if node.mode & 0o010 != 0 { 0o6000 } else { 0o4000 };
                let cleared = match set.suid_clear_mode {
                    1 => 0o6000,
                    2 if !is_root => 0o6000,
                    3 if !is_root && sets(SetMask::GID) && set.gid != node.gid => 0o6000,
                    4 | 5 if !node.is_dir() => by_type,
                    5 if !is_root => 0o6000,
                    _ => 0,
                };
                mode &= !cleared;
                kept &= !cleared;
            }
        }
        let new = self.get_mut(inode);
        new.mode = kept;
        if sets(SetMask::UID) {
            new.uid = set.uid;
        }
        if sets(SetMask::GID) {
            new.gid = set.gid;
        }
        let gid = new.gid;
        if let Some(acl) = &mut new.access {
            // What is set once with a mode has a mask.
            acl.perms[3] &= 7;
        }
        if sets(SetMask::MODE) {
            if !is_root && !id.gids.contains(&gid) {
                mode &= !0o2000;
            }
            new.mode = mode;
            if let Some(acl) = &mut new.access {
                new.mode = mode & !0o070 | kept & 0o070;
                let [_, group, ..] = acl.perms;
                acl.perms = [mode >> 6 & 7, group, mode & 7, mode >> 3 & 7];
            }
        }
        if sets(SetMask::ATIME | SetMask::ATIME_NOW) {
            new.atime = if sets(SetMask::ATIME) { set.atime.low() } else { now };
        }
        if sets(SetMask::MTIME | SetMask::MTIME_NOW) {
            new.mtime = if sets(SetMask::MTIME) { set.mtime.low() } else { now };
        }
        if sets(SetMask::WINATTR) {
            new.winattr = set.winattr;
        }
        new.ctime = now;
        Ok(Answer::attr(self.attr(id, inode, 0)))
    }

    /// What others than root may set.
    fn may_set(&self, id: &Id<'_>, inode: u32, set: &SetAttr) -> Done {
        let sets = |bits: u8| set.mask & bits != 0;
        if id.caps.flags & 0x10 != 0 && sets(SetMask::UID | SetMask::GID) {
            return Err(Status::EPERM);
        }
        if !self.owns(id, inode) {
            if sets(SetMask::MODE | SetMask::UID | SetMask::GID | SetMask::ATIME | SetMask::MTIME) {
                return Err(Status::EPERM);
            }
            if sets(SetMask::ATIME_NOW | SetMask::MTIME_NOW) {
                self.need(id, inode, 2)?;
            }
        }
        let other_user = sets(SetMask::UID) && set.uid != id.uid;
        let other_group = sets(SetMask::GID) && id.caps.flags & 0x04 == 0 && !id.gids.contains(&set.gid);
        if other_user || other_group { Err(Status::EPERM) } else { Ok(()) }
    }

    pub(crate) fn set_xattr(
        &mut self,
        id: &Id<'_>,
        now: u32,
        (inode, opened): (u32, bool),
        name: &[u8],
        value: &[u8],
        mode: u8,
    ) -> Done {
        id.may_change(Some(23))?;
        let inode = self.node(id, inode, opened)?;
        let is = |prefix: &str| name.starts_with(prefix.as_bytes());
        if (is("trusted.") || is("security.")) && id.uid != 0 || is("system.") && !self.owns(id, inode) {
            return Err(Status::EPERM);
        }
        self.not_immutable(inode)?;
        if !opened {
            self.need(id, inode, 2)?;
        }
        if name.is_empty() || name.contains(&0) || mode > 3 {
            return Err(Status::EINVAL);
        }
        let node = self.get(inode);
        let at = node.xattrs.iter().position(|(n, _)| n == name);
        match (mode, at) {
            (1, Some(_)) => return Err(Status::EEXIST),
            (2 | 3, None) => return Err(Status::ENOATTR),
            _ => {}
        }
        let names: usize = node.xattrs.iter().map(|(n, _)| n.len() + 1).sum();
        let names = names + if at.is_none() { name.len() + 1 } else { 0 };
        if mode != 3 && (value.len() > 65536 || names > 65536) {
            return Err(Status::ERANGE);
        }
        let node = self.get_mut(inode);
        node.ctime = now;
        match at {
            Some(at) if mode == 3 => drop(node.xattrs.remove(at)),
            Some(at) => node.xattrs[at].1 = value.to_vec(),
            None => node.xattrs.insert(0, (name.to_vec(), value.to_vec())),
        }
        Ok(())
    }

    pub(crate) fn get_xattr(&self, id: &Id<'_>, (inode, opened): (u32, bool), name: &[u8]) -> Reply {
        if name.contains(&0) {
            return Err(Status::EINVAL);
        }
        let inode = self.node(id, inode, opened)?;
        if name.starts_with(b"trusted.") && id.uid != 0 {
            return Err(Status::EPERM);
        }
        if !opened {
            self.need(id, inode, 4)?;
        }
        let found = self.get(inode).xattrs.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| Answer::bytes(vec![value.clone()])).ok_or(Status::ENOATTR)
    }

    pub(crate) fn list_xattrs(&self, id: &Id<'_>, (inode, opened): (u32, bool)) -> Reply {
        let inode = self.node(id, inode, opened)?;
        if !opened {
            self.need(id, inode, 4)?;
        }
        let names = self.get(inode).xattrs.iter().flat_map(|(name, _)| [&name[..], b"\0"].concat());
        Ok(Answer::bytes(vec![names.collect()]))
    }

    pub(crate) fn set_acl(&mut self, id: &Id<'_>, now: u32, inode: u32, kind: u8, acl: NaiveAcl) -> Done {
        id.may_change(Some(24))?;
        let inode = self.node(id, inode, false)?;
        if !self.owns(id, inode) {
            return Err(Status::EPERM);
        }
        self.not_immutable(inode)?;
        let node = self.get_mut(inode);
        let place = match kind {
            1 => &mut node.access,
            2 => &mut node.default,
            _ => return Err(Status::EINVAL),
        };
        let plain = acl.users.is_empty() && acl.groups.is_empty();
        if plain && acl.perms == [0xFFFF; 4] {
            *place = None;
            return Ok(());
        }
        let mut acl = acl;
        for (perm, shift) in acl.perms[..3].iter_mut().zip([6, 3, 0]) {
            if *perm == 0xFFFF {
                *perm = node.mode >> shift & 7;
            }
        }
        let [user, group, other, mask] = acl.perms;
        let in_mode = kind == 1 && plain && mask == 0xFFFF;
        *place = (!in_mode).then_some(acl);
        if kind == 1 {
            node.mode = node.mode & 0o7000 | user << 6 | group << 3 | other;
        }
        node.ctime = now;
        Ok(())
    }

    pub(crate) fn get_acl(&self, id: &Id<'_>, inode: u32, kind: u8) -> Reply {
        let node = self.get(self.node(id, inode, true)?);
        let acl = match kind {
            1 => node.access.as_ref(),
            2 => node.default.as_ref(),
            _ => None,
        };
        let acl = acl.ok_or(Status::ENOATTR)?;
        let named =
            acl.users.iter().chain(&acl.groups).flat_map(|(id, perm)| [u64::from(*id), (*perm).into()]);
        Ok(Answer::numbers(acl.perms.iter().map(|p| u64::from(*p)).chain(named).collect()))
    }
}
