//! Trash and sustained files, for meta sessions (`spec/wire-client-master.md` 3.11).

use types::{Attr, Bytes32, Inode, MsgId, Name, Reply, Rest, Status};

packets! { <'a> {
    /// What is in the trash?
    450 FuseGettrash {
        msgid: MsgId,
        /// Only nodes with this remainder modulo 4096; all when missing or above.
        bucket: Option<u32>
    }
    /// Answers `FuseGettrash`: the path each had, `/` replaced by `|`, and the node.
    451 FuseGettrashReply<'a> { msgid: MsgId, reply: Reply<Rest<'a, (Name<'a>, Inode)>> }

    /// Attributes of a node that no directory has.
    452 FuseGetdetachedattr {
        msgid: MsgId,
        inode: Inode,
        /// 0 any (also when missing), 1 trash, 2 sustained.
        kind: Option<u8>
    }
    /// Answers `FuseGetdetachedattr`.
    453 FuseGetdetachedattrReply { msgid: MsgId, reply: Reply<Attr> }

    /// Where a file in the trash was.
    454 FuseGettrashpath { msgid: MsgId, inode: Inode }
    /// Answers `FuseGettrashpath`; the path ends with a NUL that is counted.
    455 FuseGettrashpathReply<'a> { msgid: MsgId, reply: Reply<Bytes32<'a>> }

    /// Change where a file in the trash will come back; the path may end with NULs.
    456 FuseSettrashpath<'a> { msgid: MsgId, inode: Inode, path: Bytes32<'a> }
    /// Answers `FuseSettrashpath`.
    457 FuseSettrashpathReply { msgid: MsgId, status: Status }

    /// Bring a file back from the trash.
    458 FuseUndel { msgid: MsgId, inode: Inode }
    /// Answers `FuseUndel`.
    459 FuseUndelReply { msgid: MsgId, status: Status }

    /// Delete a file in the trash for good.
    460 FusePurge { msgid: MsgId, inode: Inode }
    /// Answers `FusePurge`.
    461 FusePurgeReply { msgid: MsgId, status: Status }

    /// Which deleted files are still open?
    470 FuseGetsustained { msgid: MsgId }
    /// Answers `FuseGetsustained`, as `FuseGettrashReply`.
    471 FuseGetsustainedReply<'a> { msgid: MsgId, reply: Reply<Rest<'a, (Name<'a>, Inode)>> }
} }
