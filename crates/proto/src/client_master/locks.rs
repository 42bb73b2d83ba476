//! Locks (`spec/wire-client-master.md` 3.8). The answer to a lock that must wait comes when it is granted.

use super::tools_shapes::PosixConflict;
use types::{Inode, MsgId, Reply, Status};

packets! { <'a> {
    /// Whole-file locks.
    492 FuseFlock {
        msgid: MsgId,
        inode: Inode,
        /// Names a waiting request, so that it can be interrupted.
        reqid: u32,
        owner: u64,
        /// 0 unlock, 1 try shared, 2 shared, 3 try exclusive, 4 exclusive, 5 interrupt, 6 release.
        command: u8
    }
    /// Answers `FuseFlock`.
    493 FuseFlockReply { msgid: MsgId, status: Status }

    /// Byte-range locks; the range is half open, `end` 2^64-1 is the end of the file.
    494 FusePosixLock {
        msgid: MsgId,
        inode: Inode,
        /// Names a waiting request, so that it can be interrupted.
        reqid: u32,
        owner: u64,
        pid: u32,
        /// 0 get, 1 set, 2 try, 3 interrupt.
        command: u8,
        /// 0 unlock, 1 read, 2 write.
        kind: u8,
        start: u64,
        end: u64
    }
    /// Answers `FusePosixLock`: `get` with the first conflict, all others with a status, OK included.
    495 FusePosixLockReply { msgid: MsgId, reply: Reply<PosixConflict> }
} }
