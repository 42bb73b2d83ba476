//! Directories (`spec/wire-client-master.md` 3.5).

use crate::core::decode;
use crate::error::errno;
use crate::file::moment;
use crate::{Caller, Client, Error, Result};
use proto::client_master::{DirEntry, DirEntryAttr, FuseReaddir, FuseReaddirReply};
use types::{Attr, Inode, NodeType, Rest, Wire};

const WITH_ATTRIBUTES: u8 = 0x01;
/// The end of a directory that comes in pages.
const END: u64 = 0x7FFF_FFFF_FFFF_FFFF;

/// An entry of a directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: Box<[u8]>,
    /// Its node.
    pub inode: Inode,
    /// The node's type.
    pub kind: NodeType,
    /// The node's attributes, if they were asked for and may be read.
    pub attr: Option<Attr>,
}

/// A directory as it was at one moment, `.` and `..` first.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
}

impl Client {
    /// Reads a whole directory. Attributes need the permission to search it; without that the entries come alone.
    pub fn readdir(&self, caller: &Caller, inode: Inode, with_attr: bool) -> Result<Directory> {
        match self.readdir_as(caller, inode, with_attr) {
            Err(Error::ACCESS) if with_attr => self.readdir_as(caller, inode, false),
            result => result,
        }
    }

    fn readdir_as(&self, caller: &Caller, inode: Inode, with_attr: bool) -> Result<Directory> {
        let mut directory = Directory::default();
        let flags = if with_attr { WITH_ATTRIBUTES } else { 0 };
        let mut edge = 0;
        loop {
            let asked = moment();
            let cred = caller.cred();
            let request = |msgid| FuseReaddir { msgid, inode, cred, flags, max_entries: u32::MAX, edge };
            let body = self.core.link.call(request)?;
            let (next, bytes) = decode::<FuseReaddirReply<'_>>(&body)?.reply.into_result().map_err(errno)?;
            if with_attr {
                let list = Rest::<DirEntryAttr<'_>>::decode_whole(bytes.0).map_err(|_| Error::IO)?;
                directory.entries.extend(list.iter().map(|e| Entry {
                    name: e.name.as_bytes().into(),
                    inode: e.inode,
                    kind: e.attr.kind,
                    attr: Some(self.show(e.inode, e.attr, Some(asked))),
                }));
            } else {
                let list = Rest::<DirEntry<'_>>::decode_whole(bytes.0).map_err(|_| Error::IO)?;
                directory.entries.extend(list.iter().map(|e| Entry {
                    name: e.name.as_bytes().into(),
                    inode: e.inode,
                    kind: e.kind,
                    attr: None,
                }));
            }
            // A 3.0.117 master returns the edge it was asked for, and all entries at once.
            if next == END || next == edge {
                return Ok(directory);
            }
            edge = next;
        }
    }
}
