//! Names, attributes, directories, opening (`spec/wire-client-master.md` 3.3 to 3.6).

use super::namespace_shapes::{LookupData, StatfsData};
use types::{Attr, Bytes32, Cred, Inode, MsgId, Name, NodeType, Reply, RestBytes, Status, Time};

packets! { <'a> {
    /// Space and number of nodes.
    402 FuseStatfs { msgid: MsgId }
    /// Answers `FuseStatfs`.
    403 FuseStatfsReply { msgid: MsgId, reply: Reply<StatfsData> }

    /// May this user do that?
    404 FuseAccess<'a> {
        msgid: MsgId,
        inode: Inode,
        cred: Cred<'a>,
        /// 4 read, 2 write, 1 execute.
        mask: u16
    }
    /// Answers `FuseAccess`.
    405 FuseAccessReply { msgid: MsgId, status: Status }

    /// Find a name.
    406 FuseLookup<'a> { msgid: MsgId, parent: Inode, name: Name<'a>, cred: Cred<'a> }
    /// Answers `FuseLookup`.
    407 FuseLookupReply<'a> { msgid: MsgId, reply: Reply<LookupData<'a>> }

    /// Attributes of a node.
    408 FuseGetattr {
        msgid: MsgId,
        inode: Inode,
        /// 1 when the client holds the node open.
        opened: u8,
        uid: u32,
        gid: u32
    }
    /// Answers `FuseGetattr`.
    409 FuseGetattrReply { msgid: MsgId, reply: Reply<Attr> }

    /// Change attributes.
    410 FuseSetattr<'a> {
        msgid: MsgId,
        inode: Inode,
        /// 1 when the client holds the node open.
        opened: u8,
        cred: Cred<'a>,
        /// 0x01 winattr, 0x02 mode, 0x04 uid, 0x08 gid, 0x10 mtime now, 0x20 mtime, 0x40 atime, 0x80 atime now.
        set_mask: u8,
        mode: u16,
        uid: u32,
        gid: u32,
        atime: u32,
        mtime: u32,
        winattr: u8,
        /// How setuid and setgid bits go away (`spec/wire-client-master.md` 3.4.2).
        sugid_clear_mode: u8
    }
    /// `FuseSetattr` with times beyond stock's seconds.
    0x454C_019A FineSetattr<'a> {
        msgid: MsgId,
        inode: Inode,
        opened: u8,
        cred: Cred<'a>,
        set_mask: u8,
        mode: u16,
        uid: u32,
        gid: u32,
        atime: Time,
        mtime: Time,
        winattr: u8,
        sugid_clear_mode: u8
    }
    /// Answers `FuseSetattr` and `FineSetattr`.
    411 FuseSetattrReply { msgid: MsgId, reply: Reply<Attr> }

    /// The target of a symbolic link.
    412 FuseReadlink { msgid: MsgId, inode: Inode }
    /// Answers `FuseReadlink`; the target ends with a NUL that is counted.
    413 FuseReadlinkReply<'a> { msgid: MsgId, reply: Reply<Bytes32<'a>> }

    /// Make a symbolic link; the target ends with a NUL that is counted.
    414 FuseSymlink<'a> { msgid: MsgId, parent: Inode, name: Name<'a>, target: Bytes32<'a>, cred: Cred<'a> }
    /// Answers `FuseSymlink`.
    415 FuseSymlinkReply { msgid: MsgId, reply: Reply<(Inode, Attr)> }

    /// Make a file, pipe, device or socket.
    416 FuseMknod<'a> {
        msgid: MsgId,
        parent: Inode,
        name: Name<'a>,
        kind: NodeType,
        mode: u16,
        umask: u16,
        cred: Cred<'a>,
        rdev: u32
    }
    /// Answers `FuseMknod`.
    417 FuseMknodReply { msgid: MsgId, reply: Reply<(Inode, Attr)> }

    /// Make a directory.
    418 FuseMkdir<'a> {
        msgid: MsgId,
        parent: Inode,
        name: Name<'a>,
        mode: u16,
        umask: u16,
        cred: Cred<'a>,
        /// 1: inherit the setgid bit.
        copy_sgid: u8
    }
    /// Answers `FuseMkdir`.
    419 FuseMkdirReply { msgid: MsgId, reply: Reply<(Inode, Attr)> }

    /// Remove a name that is no directory.
    420 FuseUnlink<'a> { msgid: MsgId, parent: Inode, name: Name<'a>, cred: Cred<'a> }
    /// Answers `FuseUnlink` with the inode the name had.
    421 FuseUnlinkReply { msgid: MsgId, reply: Reply<Inode> }

    /// Remove an empty directory.
    422 FuseRmdir<'a> { msgid: MsgId, parent: Inode, name: Name<'a>, cred: Cred<'a> }
    /// Answers `FuseRmdir` with the inode the directory had.
    423 FuseRmdirReply { msgid: MsgId, reply: Reply<Inode> }

    /// Rename or move an entry.
    424 FuseRename<'a> {
        msgid: MsgId,
        src: Inode,
        src_name: Name<'a>,
        dst: Inode,
        dst_name: Name<'a>,
        cred: Cred<'a>
    }
    /// Answers `FuseRename`.
    425 FuseRenameReply { msgid: MsgId, reply: Reply<(Inode, Attr)> }

    /// Give a node another name.
    426 FuseLink<'a> { msgid: MsgId, inode: Inode, parent: Inode, name: Name<'a>, cred: Cred<'a> }
    /// Answers `FuseLink`.
    427 FuseLinkReply { msgid: MsgId, reply: Reply<(Inode, Attr)> }

    /// Entries of a directory from `edge` on.
    428 FuseReaddir<'a> {
        msgid: MsgId,
        inode: Inode,
        cred: Cred<'a>,
        /// 0x01 with attributes, 0x02 a hint to be ignored.
        flags: u8,
        max_entries: u32,
        /// 0 is `.`, 1 is `..`, others are the next entry's id.
        edge: u64
    }
    /// Answers `FuseReaddir`: where to go on, and a list of `DirEntry` or, if the request said so, `DirEntryAttr`.
    /// A stock master returns the request's `edge`; 0x7FFFFFFFFFFFFFFF is the end.
    429 FuseReaddirReply<'a> { msgid: MsgId, reply: Reply<(u64, RestBytes<'a>)> }

    /// Open a file.
    430 FuseOpen<'a> {
        msgid: MsgId,
        inode: Inode,
        cred: Cred<'a>,
        /// 0x01 read, 0x02 write, 0x04 after create, 0x08 truncate, 0x10 the client has dropped its cache.
        flags: u8
    }
    /// Answers `FuseOpen` with flags (0x01 keep cache, 0x02 direct, 0x04 append only) and attributes.
    431 FuseOpenReply { msgid: MsgId, reply: Reply<(u8, Attr)> }

    /// Change a file's length, or reserve space at its end.
    464 FuseTruncate<'a> {
        msgid: MsgId,
        inode: Inode,
        /// 0x01 opened, 0x02 update, 0x04 keep times when nothing changes, 0x08 reserve.
        flags: u8,
        cred: Cred<'a>,
        length: u64
    }
    /// Answers `FuseTruncate` with the length before (or the start of the reserved range) and attributes.
    465 FuseTruncateReply { msgid: MsgId, reply: Reply<(u64, Attr)> }

    /// Make a file and open it.
    482 FuseCreate<'a> {
        msgid: MsgId,
        parent: Inode,
        name: Name<'a>,
        mode: u16,
        umask: u16,
        cred: Cred<'a>
    }
    /// Answers `FuseCreate` with flags as of `FuseOpenReply`.
    483 FuseCreateReply { msgid: MsgId, reply: Reply<(u8, Inode, Attr)> }
} }

impl<'a> FuseSetattr<'a> {
    /// The same request with these times, in the form for masters that keep them whole.
    pub fn with_times(&self, atime: Time, mtime: Time) -> FineSetattr<'a> {
        let FuseSetattr { msgid, inode, opened, cred, set_mask, mode, uid, gid, .. } = *self;
        let (winattr, sugid_clear_mode) = (self.winattr, self.sugid_clear_mode);
        FineSetattr {
            msgid,
            inode,
            opened,
            cred,
            set_mask,
            mode,
            uid,
            gid,
            atime,
            mtime,
            winattr,
            sugid_clear_mode,
        }
    }
}
