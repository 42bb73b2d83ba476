//! What the command line tools ask for, through a mount (`spec/wire-client-master.md` 3.9).
//!
//! `gmode`: 0 the node only, 1 everything below. `smode`: 0 set, 1 increase, 2 decrease, 3 exchange; +4 everything below.

use super::tools_shapes::{
    ArchReply, CheckReply, Counters, DirStatsReply, NodeInfo, QuotaLimits, QuotaState, SclassId, SclassTarget,
};
use types::{Bytes32, ChunkIndex, Cred, Inode, MsgId, Name, Reply, Rest, Status, TwoLists};

packets! { <'a> {
    /// Append chunks of a file to another.
    438 FuseAppendSlice<'a> {
        msgid: MsgId,
        /// 0x01 `from`, 0x02 `to` counts from the end of the source.
        flags: u8,
        inode: Inode,
        src: Inode,
        from: u32,
        to: u32,
        cred: Cred<'a>
    }
    /// Answers `FuseAppendSlice`.
    439 FuseAppendSliceReply { msgid: MsgId, status: Status }

    /// How many copies have the chunks of this file; or where are the copies of one chunk?
    440 FuseCheck { msgid: MsgId, inode: Inode, index: Option<ChunkIndex> }
    /// Answers `FuseCheck`.
    441 FuseCheckReply<'a> { msgid: MsgId, reply: Reply<CheckReply<'a>> }

    /// Trash times.
    442 FuseGettrashtime { msgid: MsgId, inode: Inode, gmode: u8 }
    /// Answers `FuseGettrashtime`: seconds and number of nodes, of files, then of directories.
    443 FuseGettrashtimeReply<'a> { msgid: MsgId, reply: Reply<TwoLists<'a, u32, (u32, u32)>> }

    /// Change trash times; rounded up to hours.
    444 FuseSettrashtime { msgid: MsgId, inode: Inode, uid: u32, seconds: u32, smode: u8 }
    /// Answers `FuseSettrashtime`.
    445 FuseSettrashtimeReply { msgid: MsgId, reply: Reply<Counters> }

    /// Storage classes.
    446 FuseGetsclass { msgid: MsgId, inode: Inode, gmode: u8 }
    /// Answers `FuseGetsclass`: class and number of nodes, of files, then of directories.
    447 FuseGetsclassReply<'a> { msgid: MsgId, reply: Reply<TwoLists<'a, u8, (SclassId<'a>, u32)>> }

    /// Change storage classes.
    448 FuseSetsclass<'a> { msgid: MsgId, inode: Inode, uid: u32, class: SclassTarget<'a> }
    /// Answers `FuseSetsclass`.
    449 FuseSetsclassReply { msgid: MsgId, reply: Reply<Counters> }

    /// Size and number of everything below.
    462 FuseGetdirstats { msgid: MsgId, inode: Inode }
    /// Answers `FuseGetdirstats`.
    463 FuseGetdirstatsReply { msgid: MsgId, reply: Reply<DirStatsReply> }

    /// Make a file readable that has lost chunks.
    466 FuseRepair<'a> { msgid: MsgId, inode: Inode, cred: Cred<'a> }
    /// Answers `FuseRepair`: chunks not changed, erased, repaired.
    467 FuseRepairReply { msgid: MsgId, reply: Reply<(u32, u32, u32)> }

    /// Make a lazy copy of a tree, or delete one.
    468 FuseSnapshot<'a> {
        msgid: MsgId,
        src: Inode,
        dst: Inode,
        dst_name: Name<'a>,
        cred: Cred<'a>,
        /// 0x01 overwrite, 0x02 as cp does, 0x04 force removal, 0x08 keep hard links, 0x80 delete.
        smode: u8,
        umask: u16
    }
    /// Answers `FuseSnapshot`.
    469 FuseSnapshotReply { msgid: MsgId, status: Status }

    /// Extra attributes.
    472 FuseGeteattr { msgid: MsgId, inode: Inode, gmode: u8 }
    /// Answers `FuseGeteattr`: attributes and number of nodes, of all but directories, then of directories.
    473 FuseGeteattrReply<'a> { msgid: MsgId, reply: Reply<TwoLists<'a, u8, (u8, u32)>> }

    /// Change extra attributes; `smode` 0 assigns, 1 adds, 2 removes bits.
    474 FuseSeteattr {
        msgid: MsgId,
        inode: Inode,
        uid: u32,
        /// `spec/wire-client-master.md` 3.1.5.
        eattr: u8,
        smode: u8
    }
    /// Answers `FuseSeteattr`.
    475 FuseSeteattrReply { msgid: MsgId, reply: Reply<Counters> }

    /// Read, set or delete a quota.
    476 FuseQuotacontrol {
        msgid: MsgId,
        inode: Inode,
        /// Limits: soft 0x01 inodes, 0x02 length, 0x04 size, 0x08 real size; hard the same times 16. Without `set`:
        /// delete these (0: only read).
        flags: u8,
        /// Grace period in seconds (0 leaves it), soft limits, hard limits.
        set: Option<(u32, QuotaLimits, QuotaLimits)>
    }
    /// Answers `FuseQuotacontrol` with the state after.
    477 FuseQuotacontrolReply { msgid: MsgId, reply: Reply<QuotaState> }

    /// Directories that hold a node.
    484 FuseParents { msgid: MsgId, inode: Inode }
    /// Answers `FuseParents`, once per link.
    485 FuseParentsReply<'a> { msgid: MsgId, reply: Reply<Rest<'a, Inode>> }

    /// Paths of a node.
    486 FusePaths { msgid: MsgId, inode: Inode }
    /// Answers `FusePaths`, relative to the session's root.
    487 FusePathsReply<'a> { msgid: MsgId, reply: Reply<Rest<'a, Bytes32<'a>>> }

    /// Ask about, set or clear the archive flag of chunks.
    496 FuseArchctl {
        msgid: MsgId,
        inode: Inode,
        /// 0 clear, 1 set, 2 get.
        command: u8,
        /// Who asks; not there for get.
        uid: Option<u32>
    }
    /// Answers `FuseArchctl`.
    497 FuseArchctlReply { msgid: MsgId, reply: Reply<ArchReply> }

    /// Entries of a directory, or chunks of a file, in pieces.
    546 NodeInfoRequest {
        msgid: MsgId,
        inode: Inode,
        max_entries: u32,
        /// 0 to start, else from the last answer.
        next: u64
    }
    /// Answers `NodeInfoRequest`.
    547 NodeInfoReply<'a> { msgid: MsgId, reply: Reply<NodeInfo<'a>> }
} }
