//! Names: finding, making, moving, removing (`spec/wire-client-master.md` 3.3).

use super::name;
use crate::core::decode;
use crate::error::errno;
use crate::file::{Place, moment};
use crate::lookups::Seen;
use crate::{Caller, Client, Error, Result};
use proto::client_master::*;
use types::{Attr, Bytes32, Inode, MAX_SYMLINK, NodeType, Status};

/// What a name leads to.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The node.
    pub inode: Inode,
    /// Its attributes, with what this client wrote and the master does not know yet.
    pub attr: Attr,
}

/// What [`Client::mknod`] makes.
#[derive(Clone, Copy, Debug)]
pub struct NewNode {
    /// A file, pipe, device or socket.
    pub kind: NodeType,
    /// Permission bits, 0 to 0o7777.
    pub mode: u16,
    /// The bits to leave out, unless the directory has a default ACL.
    pub umask: u16,
    /// Device number.
    pub rdev: u32,
}

impl Client {
    /// Finds a name in a directory. `Ok(Err(cacheable))` when there is none: `cacheable` allows to remember that.
    pub fn lookup(
        &self,
        caller: &Caller,
        parent: Inode,
        child: &[u8],
    ) -> Result<std::result::Result<Found, bool>> {
        let child = name(child)?;
        let asked = moment();
        let body =
            self.core.link.call(|msgid| FuseLookup { msgid, parent, name: child, cred: caller.cred() })?;
        match decode::<FuseLookupReply<'_>>(&body)?.reply.into_result() {
            Ok(data) => {
                if data.attr.kind == NodeType::File {
                    let place = data.chunk0.as_ref().map(Place::from);
                    let seen = Seen::new(caller, data.attr, data.flags, place, asked);
                    self.core.lookups.remember(data.inode, seen);
                }
                let attr = self.show(data.inode, data.attr, Some(asked));
                Ok(Ok(Found { inode: data.inode, attr }))
            }
            Err(Status::ENOENT) => Ok(Err(true)),
            Err(Status::ENOENT_NOCACHE) => Ok(Err(false)),
            Err(status) => Err(errno(status)),
        }
    }

    /// The target of a symbolic link.
    pub fn readlink(&self, inode: Inode) -> Result<Vec<u8>> {
        let body = self.core.link.call(|msgid| FuseReadlink { msgid, inode })?;
        let target = decode::<FuseReadlinkReply<'_>>(&body)?.reply.into_result().map_err(errno)?;
        Ok(target.without_nul().to_vec())
    }

    /// Makes a symbolic link; the target has 1 to 4095 bytes.
    pub fn symlink(&self, caller: &Caller, parent: Inode, child: &[u8], target: &[u8]) -> Result<Found> {
        if target.len() >= MAX_SYMLINK {
            return Err(Error::NAMETOOLONG);
        }
        let child = name(child)?;
        let mut with_nul = target.to_vec();
        with_nul.push(0);
        let target = Bytes32::new(&with_nul);
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseSymlink { msgid, parent, name: child, target, cred })?;
        self.found(decode::<FuseSymlinkReply>(&body)?.reply.into_result())
    }

    /// Makes a file, pipe, device or socket.
    pub fn mknod(&self, caller: &Caller, parent: Inode, child: &[u8], node: NewNode) -> Result<Found> {
        let child = name(child)?;
        let NewNode { kind, mode, umask, rdev } = node;
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseMknod {
            msgid,
            parent,
            name: child,
            kind,
            mode,
            umask,
            cred,
            rdev,
        })?;
        self.found(decode::<FuseMknodReply>(&body)?.reply.into_result())
    }

    /// Makes a directory.
    pub fn mkdir(
        &self,
        caller: &Caller,
        parent: Inode,
        child: &[u8],
        mode: u16,
        umask: u16,
    ) -> Result<Found> {
        let child = name(child)?;
        let copy_sgid = u8::from(self.core.options.mkdir_copy_sgid);
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseMkdir {
            msgid,
            parent,
            name: child,
            mode,
            umask,
            cred,
            copy_sgid,
        })?;
        self.found(decode::<FuseMkdirReply>(&body)?.reply.into_result())
    }

    /// Removes a name that is no directory; returns the node it had.
    pub fn unlink(&self, caller: &Caller, parent: Inode, child: &[u8]) -> Result<Inode> {
        let child = name(child)?;
        let body =
            self.core.link.call(|msgid| FuseUnlink { msgid, parent, name: child, cred: caller.cred() })?;
        let inode = decode::<FuseUnlinkReply>(&body)?.reply.into_result().map_err(errno)?;
        self.core.lookups.forget(inode);
        Ok(inode)
    }

    /// Removes an empty directory; returns the node it had.
    pub fn rmdir(&self, caller: &Caller, parent: Inode, child: &[u8]) -> Result<Inode> {
        let child = name(child)?;
        let body =
            self.core.link.call(|msgid| FuseRmdir { msgid, parent, name: child, cred: caller.cred() })?;
        decode::<FuseRmdirReply>(&body)?.reply.into_result().map_err(errno)
    }

    /// Moves a name, replacing what the new name led to.
    pub fn rename(
        &self,
        caller: &Caller,
        (src, src_name): (Inode, &[u8]),
        (dst, dst_name): (Inode, &[u8]),
    ) -> Result<()> {
        if (src, src_name) == (dst, dst_name) {
            // Damages a stock master's directory (spec 3.3.7); nothing is to be done anyway.
            return Ok(());
        }
        let (src_name, dst_name) = (name(src_name)?, name(dst_name)?);
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseRename { msgid, src, src_name, dst, dst_name, cred })?;
        decode::<FuseRenameReply>(&body)?.reply.into_result().map(drop).map_err(errno)
    }

    /// Gives a node another name.
    pub fn link(&self, caller: &Caller, inode: Inode, parent: Inode, child: &[u8]) -> Result<Found> {
        let child = name(child)?;
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseLink { msgid, inode, parent, name: child, cred })?;
        match decode::<FuseLinkReply>(&body)?.reply.into_result() {
            // The master has no other word for too many links.
            Err(Status::NOSPACE) => Err(Error::MLINK),
            result => self.found(result),
        }
    }

    fn found(&self, result: std::result::Result<(Inode, Attr), Status>) -> Result<Found> {
        let (inode, attr) = result.map_err(errno)?;
        Ok(Found { inode, attr: self.show(inode, attr, None) })
    }
}
