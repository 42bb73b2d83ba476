//! Every operation of a 3.0.117 changelog, declared once (`spec/metadata-format.md` 15).

use super::macros::ops;
use super::{AttrExtra, CsdbAction, LockKind, MaskList, NewNode, SclassCounts, SessionFields, SnapshotGids};
use crate::{AclEntries, QuotaLimits};
use types::{Bytes32, ChunkId, ChunkIndex, ChunkVersion, Inode, Name, SessionId, Time};

ops! {
/// One change of the metadata. Borrows names and binaries, from a request or from a line; cheap to copy. What it
/// does to the state is written in the spec's section 15; what it yields is an [`super::Outcome`].
Op<'a> {
    // 15.1 Names and inodes

    /// A new node with a name.
    "CREATE" => Create { parent: Inode, name: Name<'a>, node: NewNode, uid: u32, gid: u32, rdev: u32 } : inode;
    /// A new symbolic link.
    "SYMLINK" => Symlink { parent: Inode, name: Name<'a>, target: Bytes32<'a>, uid: u32, gid: u32 } : inode;
    /// One more name for a node.
    "LINK" => Link { inode: Inode, parent: Inode, name: Name<'a> };
    /// A name goes away, of a file or of an empty directory.
    "UNLINK" => Unlink { parent: Inode, name: Name<'a> } : inode;
    /// Rename.
    "MOVE" => Move { src_parent: Inode, src_name: Name<'a>, dst_parent: Inode, dst_name: Name<'a> } : inode;
    /// A file in the trash gets another path.
    "SETPATH" => SetPath { inode: Inode, path: Bytes32<'a> };
    /// A file comes back from the trash.
    "UNDEL" => Undel { inode: Inode };
    /// A file leaves the trash for ever.
    "PURGE" => Purge { inode: Inode };
    /// Files whose trash time is over are purged, in one of 4096 buckets or in all.
    "EMPTYTRASH" => EmptyTrash { bucket: Option<u32> } : freed, sustained maybe xor;
    /// Sustained files that nobody has open any more are removed, in one of 256 buckets or in all.
    "EMPTYSUSTAINED" | "EMPTYRESERVED" => EmptySustained { bucket: Option<u32> } : freed maybe xor;
    /// Inode numbers freed longer ago than the delay, in seconds, can be used again.
    "FREEINODES" => FreeInodes { delay: u32 = 86400 } maybe freed, busy, xor;
    /// All directory entries get new ids.
    "RENUMERATEEDGES" => RenumerateEdges { } : next;
    /// A tree is copied, sharing its chunks, or such a copy is removed.
    "SNAPSHOT" => Snapshot {
        src: Inode, parent: Inode, name: Name<'a>,
        /// Snapshot mode bits, `spec/metadata-format.md` 1.
        mode: u8,
        session_flags: u8, uid: u32, gids: SnapshotGids<'a>, umask: u16,
    } maybe xor, removed, same, existing, hardlinks, new;
    /// Chunks of one file are added, shared, to the end of another. Without a range: all of them.
    "APPEND" => Append {
        dst: Inode, src: Inode,
        /// First and last chunk index, both included.
        range: Option<(ChunkIndex, ChunkIndex)>,
    };

    // 15.2 Attributes

    /// The node was read.
    "ACCESS" => Access { inode: Inode };
    /// All three times are set.
    "AMTIME" => AmTime { inode: Inode, atime: Time, mtime: Time, ctime: Time };
    /// Attributes are set.
    "ATTR" => Attr {
        inode: Inode, mode: u16, uid: u32, gid: u32, atime: Time, mtime: Time, extra: AttrExtra,
    };
    /// Storage class of a file or of a tree.
    "SETSCLASS" => SetSclass { inode: Inode, uid: u32, src: u8, dst: u8, smode: u8 } : changed, unchanged, denied;
    /// Trash time, in seconds, of a node or of a tree.
    "SETTRASHTIME" => SetTrashTime { inode: Inode, uid: u32, seconds: u32, smode: u8 } : changed, unchanged, denied;
    /// Extra attribute bits of a node or of a tree.
    "SETEATTR" => SetEattr { inode: Inode, uid: u32, bits: u8, smode: u8 } : changed, unchanged, denied;
    /// An extended attribute is set or removed.
    "SETXATTR" => SetXattr {
        inode: Inode, name: Name<'a>, value: Bytes32<'a>,
        /// 0 create or replace, 1 create only, 2 replace only, 3 remove.
        mode: u8,
    };
    /// An ACL is set or removed. 0xFFFF in a permission field is "not set".
    "SETACL" => SetAcl {
        inode: Inode, mode: u16, change_ctime: bool,
        /// 1 access, 2 default.
        kind: u8,
        user: u16, group: u16, other: u16, mask: u16, named: AclEntries<'a>,
    };
    /// The quota of a directory; flags 0 removes it.
    "QUOTA" => Quota {
        inode: Inode, exceeded: bool, flags: u8, stamp: u32, limits: QuotaLimits,
        /// Seconds from the soft limit to refusal; 0 keeps what was.
        grace: u32 = 0,
    };

    // 15.3 File data

    /// The length of a file, bytes.
    "LENGTH" => Length { inode: Inode, length: u64, set_mtime: bool = true };
    /// A chunk is about to be written.
    "WRITE" => Write {
        inode: Inode, index: ChunkIndex,
        /// The chunk's version went up by one.
        new_version: bool = true,
        set_mtime: bool = true,
    } : chunk;
    /// A chunk is about to be shortened.
    "TRUNC" => Trunc { inode: Inode, index: ChunkIndex } : chunk;
    /// A chunk may be changed again.
    "UNLOCK" => Unlock { chunk: ChunkId };
    /// A write or shortening could not begin.
    "ROLLBACK" => Rollback { inode: Inode, index: ChunkIndex, prev: ChunkId, cur: ChunkId };
    /// A file goes on with an older version of a chunk (the result), or without it (result 0).
    "REPAIR" => Repair { inode: Inode, index: ChunkIndex } : version;
    /// A file's chunk table is changed by hand.
    "SETFILECHUNK" => SetFileChunk { inode: Inode, index: ChunkIndex, chunk: ChunkId };
    /// A chunk that no metadata knew was found on a chunkserver.
    "CHUNKADD" => ChunkAdd { chunk: ChunkId, version: ChunkVersion, locked_to: u32 };
    /// A chunk that no file has is forgotten.
    "CHUNKDEL" => ChunkDel { chunk: ChunkId, version: ChunkVersion };
    /// A chunk's version is set.
    "SETVERSION" => SetVersion { chunk: ChunkId, version: ChunkVersion };
    /// A chunk's version goes up by one.
    "INCVERSION" => IncVersion { chunk: ChunkId };
    /// The next new chunk's id; only in old logs.
    "NEXTCHUNKID" => NextChunkId { chunk: ChunkId };
    /// Archive flags of all chunks of a tree are cleared (0) or set (1).
    "ARCHCHG" => ArchChg { inode: Inode, uid: u32, cmd: u8 } : changed, unchanged, denied;

    // 15.4 Sessions, open files, locks

    /// A client came.
    "SESADD" => SesAdd { fields: SessionFields<'a> } : session;
    /// A client came back with other rights.
    "SESCHANGED" => SesChanged { session: SessionId, fields: SessionFields<'a> };
    /// A session is over; its open files and POSIX locks go with it.
    "SESDEL" => SesDel { session: SessionId };
    /// A session has no connection any more.
    "SESDISCONNECTED" => SesDisconnected { session: SessionId };
    /// Only raises the next session id; only in old logs.
    "SESSION" | "CUSTOMER" => Session { } : session;
    /// A session opened a file.
    "ACQUIRE" | "AQUIRE" => Acquire { session: SessionId, inode: Inode };
    /// A session has a file no longer open.
    "RELEASE" => Release { session: SessionId, inode: Inode };
    /// A BSD lock.
    "FLOCK" => Flock { inode: Inode, session: SessionId, owner: u64, kind: LockKind };
    /// A POSIX lock on the bytes from `start` up to but without `end`; `u64::MAX` is the end of any file.
    "POSIXLOCK" => PosixLock {
        inode: Inode, session: SessionId, owner: u64, kind: LockKind, start: u64, end: u64, pid: u32,
    };

    // 15.5 Cluster tables

    /// The id of this metadata, for ever.
    "SETMETAID" => SetMetaId { id: u64 };
    /// The table of chunkservers.
    "CSDBOP" => Csdb { action: CsdbAction, ip: u32, port: u16, arg: u32 };
    /// A storage class is made or changed.
    "SCSET" => ScSet {
        name: Name<'a>, new: bool, counts: SclassCounts,
        /// 0 loose, 1 standard, 2 strict.
        mode: u8,
        /// Days.
        arch_delay: u16, admin_only: bool, masks: MaskList<'a>,
    } : class;
    /// A storage class is copied.
    "SCDUP" => ScDup { src: Name<'a>, dst: Name<'a> } : src_class, dst_class;
    /// A storage class is renamed.
    "SCREN" => ScRen { old: Name<'a>, new: Name<'a> } : class;
    /// A storage class is deleted.
    "SCDEL" => ScDel { name: Name<'a> } : class;
    /// Nothing happened for a while; written by 4.x.
    "IDLE" => Idle { };
}
}
