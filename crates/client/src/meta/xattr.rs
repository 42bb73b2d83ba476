//! Extended attributes (`spec/wire-client-master.md` 3.7).

use super::name;
use crate::core::decode;
use crate::error::errno;
use crate::{Caller, Client, Error, Result};
use proto::client_master::{FuseGetxattr, FuseGetxattrReply, FuseSetxattr, FuseSetxattrReply};
use types::{Bytes32, Inode, MAX_XATTR_VALUE};

const REMOVE: u8 = 3;

impl Client {
    /// The value of an attribute, at most 64 KiB.
    pub fn getxattr(&self, caller: &Caller, inode: Inode, attribute: &[u8]) -> Result<Vec<u8>> {
        if attribute.is_empty() {
            return Err(Error::NODATA);
        }
        self.xattr(caller, inode, attribute)
    }

    /// The names of all attributes, each followed by a NUL; ACLs are not among them.
    pub fn listxattr(&self, caller: &Caller, inode: Inode) -> Result<Vec<u8>> {
        self.xattr(caller, inode, b"")
    }

    fn xattr(&self, caller: &Caller, inode: Inode, attribute: &[u8]) -> Result<Vec<u8>> {
        let name = name(attribute)?;
        let opened = self.opened_flag(inode);
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseGetxattr { msgid, inode, name, mode: 0, opened, cred })?;
        let value = decode::<FuseGetxattrReply<'_>>(&body)?.reply.into_result().map_err(errno)?;
        Ok(value.data().to_vec())
    }

    /// Sets an attribute. `create`: it must not exist; `replace`: it must exist.
    pub fn setxattr(
        &self,
        caller: &Caller,
        inode: Inode,
        attribute: &[u8],
        value: &[u8],
        (create, replace): (bool, bool),
    ) -> Result<()> {
        let mode = match (create, replace) {
            (true, true) => return Err(Error::INVAL),
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 0,
        };
        self.set_xattr(caller, inode, attribute, value, mode)
    }

    /// Removes an attribute.
    pub fn removexattr(&self, caller: &Caller, inode: Inode, attribute: &[u8]) -> Result<()> {
        self.set_xattr(caller, inode, attribute, b"", REMOVE)
    }

    fn set_xattr(
        &self,
        caller: &Caller,
        inode: Inode,
        attribute: &[u8],
        value: &[u8],
        mode: u8,
    ) -> Result<()> {
        if attribute.is_empty() || attribute.contains(&0) {
            return Err(Error::INVAL);
        }
        if value.len() > MAX_XATTR_VALUE {
            return Err(Error::RANGE);
        }
        let name = name(attribute)?;
        let (opened, value, cred) = (self.opened_flag(inode), Bytes32::new(value), caller.cred());
        let body =
            self.core.link.call(|msgid| FuseSetxattr { msgid, inode, name, value, mode, opened, cred })?;
        decode::<FuseSetxattrReply>(&body)?.status.ok().map_err(errno)
    }

    fn opened_flag(&self, inode: Inode) -> u8 {
        u8::from(self.core.local.files.get(inode).is_some())
    }
}
