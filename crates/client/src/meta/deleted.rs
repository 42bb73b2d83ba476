//! Deleted files, for a client of the trash ([`crate::Options::deleted_files`], `spec/wire-client-master.md` 3.11).

use crate::core::decode;
use crate::error::errno;
use crate::{Client, Result};
use proto::client_master::*;
use types::{Attr, Bytes32, Inode, Name, Rest, Status};

/// Where a deleted file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deleted {
    /// In the trash.
    Trash,
    /// Nowhere any more, but somebody has it open.
    Sustained,
}

/// A deleted file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeletedFile {
    /// Its number.
    pub inode: Inode,
    /// The path it had, `/` replaced by `|`, cut at the front when it is long.
    pub name: Vec<u8>,
}

fn files(list: Rest<'_, (Name<'_>, Inode)>) -> Vec<DeletedFile> {
    list.iter().map(|(name, inode)| DeletedFile { inode, name: name.as_bytes().to_vec() }).collect()
}

fn done(status: Status) -> Result<()> {
    status.ok().map_err(errno)
}

impl Client {
    /// Files in the trash: those whose number has this remainder modulo 4096, or all.
    pub fn trash(&self, bucket: Option<u32>) -> Result<Vec<DeletedFile>> {
        let body = self.core.link.call(|msgid| FuseGettrash { msgid, bucket })?;
        decode::<FuseGettrashReply<'_>>(&body)?.reply.into_result().map(files).map_err(errno)
    }

    /// Deleted files that somebody has open.
    pub fn sustained(&self) -> Result<Vec<DeletedFile>> {
        let body = self.core.link.call(|msgid| FuseGetsustained { msgid })?;
        decode::<FuseGetsustainedReply<'_>>(&body)?.reply.into_result().map(files).map_err(errno)
    }

    /// Attributes of a deleted file, if it is there (or anywhere, without `place`).
    pub fn deleted_attr(&self, inode: Inode, place: Option<Deleted>) -> Result<Attr> {
        let kind = Some(match place {
            None => 0,
            Some(Deleted::Trash) => 1,
            Some(Deleted::Sustained) => 2,
        });
        let body = self.core.link.call(|msgid| FuseGetdetachedattr { msgid, inode, kind })?;
        decode::<FuseGetdetachedattrReply>(&body)?.reply.into_result().map_err(errno)
    }

    /// Where a file in the trash comes back to.
    pub fn trash_path(&self, inode: Inode) -> Result<Vec<u8>> {
        let body = self.core.link.call(|msgid| FuseGettrashpath { msgid, inode })?;
        let path = decode::<FuseGettrashpathReply<'_>>(&body)?.reply.into_result().map_err(errno)?;
        Ok(path.without_nul().to_vec())
    }

    /// Changes where a file in the trash comes back to.
    pub fn set_trash_path(&self, inode: Inode, path: &[u8]) -> Result<()> {
        let path = Bytes32::new(path);
        let body = self.core.link.call(|msgid| FuseSettrashpath { msgid, inode, path })?;
        done(decode::<FuseSettrashpathReply>(&body)?.status)
    }

    /// Brings a file back from the trash.
    pub fn undelete(&self, inode: Inode) -> Result<()> {
        let body = self.core.link.call(|msgid| FuseUndel { msgid, inode })?;
        done(decode::<FuseUndelReply>(&body)?.status)
    }

    /// Deletes a file in the trash for good.
    pub fn purge(&self, inode: Inode) -> Result<()> {
        let body = self.core.link.call(|msgid| FusePurge { msgid, inode })?;
        done(decode::<FusePurgeReply>(&body)?.status)
    }
}
