//! Attributes and lengths (`spec/wire-client-master.md` 3.3.1, 3.3.2, 3.4).

use crate::core::decode;
use crate::error::errno;
use crate::file::moment;
use crate::sync::lock;
use crate::write::{Attempts, Flush};
use crate::{Caller, Client, Error, Result};
use proto::client_master::*;
use std::time::Duration;
use types::{Attr, Inode, NodeType, ROOT, Status, Time};

/// How to set a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetTime {
    /// To the master's clock.
    Now,
    /// To this moment.
    At(Time),
}

/// What [`Client::setattr`] changes; the rest stays.
#[derive(Clone, Copy, Default, Debug)]
pub struct SetAttr {
    /// Permission bits, 0 to 0o7777.
    pub mode: Option<u16>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Last access.
    pub atime: Option<SetTime>,
    /// Last change of the content.
    pub mtime: Option<SetTime>,
}

/// The size of the file system; all but `inodes` in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatFs {
    /// Space in all.
    pub total: u64,
    /// Space for more data, after quotas.
    pub avail: u64,
    /// Space that is free.
    pub free: u64,
    /// Space used by deleted files that can be brought back.
    pub trash: u64,
    /// Space used by deleted files that are open.
    pub sustained: u64,
    /// Nodes in our tree.
    pub inodes: u32,
}

impl Client {
    /// The size of the file system.
    pub fn statfs(&self) -> Result<StatFs> {
        if !self.core.link.is_connected()
            && let Some(space) = lock(&self.last_seen).1
        {
            return Ok(space);
        }
        let body = self.core.link.call(|msgid| FuseStatfs { msgid })?;
        let data = decode::<FuseStatfsReply>(&body)?.reply.into_result().map_err(errno)?;
        let StatfsData { total, avail, free, trash, sustained, inodes } = data;
        let space = StatFs { total, avail, free, trash, sustained, inodes };
        lock(&self.last_seen).1 = Some(space);
        Ok(space)
    }

    /// May the caller do that? `mask`: 4 read, 2 write, 1 execute.
    pub fn access(&self, caller: &Caller, inode: Inode, mask: u8) -> Result<()> {
        let (cred, mask) = (caller.cred(), u16::from(mask & 7));
        let body = self.core.link.call(|msgid| FuseAccess { msgid, inode, cred, mask })?;
        decode::<FuseAccessReply>(&body)?.status.ok().map_err(errno)
    }

    /// Attributes, with what this client wrote and the master does not know yet.
    pub fn getattr(&self, caller: &Caller, inode: Inode) -> Result<Attr> {
        if inode == ROOT
            && !self.core.link.is_connected()
            && let Some(attr) = lock(&self.last_seen).0
        {
            return Ok(attr);
        }
        let asked = moment();
        let opened = u8::from(self.core.local.files.get(inode).is_some());
        let (uid, gid) = (caller.uid(), caller.gid());
        let body = self.core.link.call(|msgid| FuseGetattr { msgid, inode, opened, uid, gid })?;
        let attr = decode::<FuseGetattrReply>(&body)?.reply.into_result().map_err(errno)?;
        if inode == ROOT {
            lock(&self.last_seen).0 = Some(attr);
        }
        Ok(self.show(inode, attr, Some(asked)))
    }

    /// Changes attributes, and returns them all.
    pub fn setattr(&self, caller: &Caller, inode: Inode, set: SetAttr) -> Result<Attr> {
        let mut set_mask = 0;
        let mut bit = |bit: u8, is_set: bool| set_mask |= if is_set { bit } else { 0 };
        bit(0x02, set.mode.is_some());
        bit(0x04, set.uid.is_some());
        bit(0x08, set.gid.is_some());
        bit(0x10, set.mtime == Some(SetTime::Now));
        bit(0x20, matches!(set.mtime, Some(SetTime::At(_))));
        bit(0x40, matches!(set.atime, Some(SetTime::At(_))));
        bit(0x80, set.atime == Some(SetTime::Now));
        let moment_of = |time| if let Some(SetTime::At(at)) = time { at } else { Time::default() };
        self.core.times.forget(inode, set.atime.is_some(), set.mtime.is_some());
        let asked = moment();
        let plain = |msgid| FuseSetattr {
            msgid,
            inode,
            opened: u8::from(self.core.local.files.get(inode).is_some()),
            cred: caller.cred(),
            set_mask,
            mode: set.mode.unwrap_or(0),
            uid: set.uid.unwrap_or(0),
            gid: set.gid.unwrap_or(0),
            atime: moment_of(set.atime).low(),
            mtime: moment_of(set.mtime).low(),
            winattr: 0,
            sugid_clear_mode: self.core.options.sugid_clear_mode as u8,
        };
        let body = match (moment_of(set.atime), moment_of(set.mtime)) {
            (atime, mtime) if atime.fine() != 0 || mtime.fine() != 0 => {
                self.core.link.call_fine(|msgid| plain(msgid).with_times(atime, mtime), plain)?
            }
            _ => self.core.link.call(plain)?,
        };
        self.core.lookups.forget(inode);
        let attr = decode::<FuseSetattrReply>(&body)?.reply.into_result().map_err(errno)?;
        Ok(self.show(inode, attr, Some(asked)))
    }

    /// Sets a file's length. `opened`: the caller has it open for writing, which stands for the permission.
    pub fn truncate(&self, caller: &Caller, inode: Inode, opened: bool, length: u64) -> Result<Attr> {
        let file = self.core.local.files.get(inode);
        if let Some(file) = &file {
            self.core.flush(file, Flush::All)?;
        }
        self.core.times.forget(inode, false, true);
        let (_, attr) = self.truncate_at_master(caller, inode, u8::from(opened), length)?;
        if let Some(file) = &file {
            lock(&file.inner).cut(length);
        }
        Ok(self.show(inode, attr, None))
    }

    /// TRUNCATE with its retries; returns the length before, or where a reservation begins.
    pub(crate) fn truncate_at_master(
        &self,
        caller: &Caller,
        inode: Inode,
        flags: u8,
        length: u64,
    ) -> Result<(u64, Attr)> {
        let mut attempts = Attempts::new(&self.core, format!("truncate inode {inode}"));
        loop {
            let cred = caller.cred();
            let body = self.core.link.call(|msgid| FuseTruncate { msgid, inode, flags, cred, length })?;
            self.core.lookups.forget(inode);
            match decode::<FuseTruncateReply>(&body)?.reply.into_result() {
                Ok(reply) => return Ok(reply),
                Err(Status::LOCKED | Status::CHUNKBUSY) => self.core.sleep(Duration::from_millis(10))?,
                Err(
                    status @ (Status::EROFS
                    | Status::EACCES
                    | Status::EPERM
                    | Status::ENOENT
                    | Status::EINVAL
                    | Status::INDEXTOOBIG
                    | Status::QUOTA
                    | Status::NOSPACE
                    | Status::CHUNKLOST),
                ) => return Err(errno(status)),
                Err(Status::EAGAIN) => attempts.later()?,
                Err(status) => attempts.failed(&status, Error::IO)?,
            }
        }
    }

    /// Attributes as the user shall see them. `asked`: the [`moment`] before the master was asked; without it an open
    /// file's length is what we know already.
    pub(crate) fn show(&self, inode: Inode, mut attr: Attr, asked: Option<u64>) -> Attr {
        self.core.times.overlay(inode, &mut attr);
        if attr.kind == NodeType::File
            && let Some(file) = self.core.local.files.get(inode)
        {
            let mut inner = lock(&file.inner);
            if let Some(asked) = asked {
                inner.learn_length(attr.length, asked);
            }
            attr.length = inner.length;
        }
        attr
    }
}
