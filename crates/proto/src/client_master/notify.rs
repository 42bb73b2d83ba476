//! What is sent without being asked for (`spec/wire-client-master.md` 1.6 and 1.7). From the master the message id is 0.

use types::{ChunkId, ChunkIndex, ChunkVersion, Inode, MsgId, Rest, Time};

packets! { <'a> {
    /// All nodes this mount has open, or must otherwise stay: replaces the session's open files.
    700 FuseSustainedInodes<'a> { inodes: Rest<'a, Inode> }

    /// Times of access and change that the mount observed: node, atime, mtime; 0 leaves a time alone.
    701 FuseAmtimeInodes<'a> { times: Rest<'a, (Inode, u32, u32)> }

    /// `FuseAmtimeInodes` with times beyond stock's seconds.
    0x454C_02BD FineAmtimeInodes<'a> { times: Rest<'a, (Inode, Time, Time)> }

    /// A chunk of a file that others have open was changed.
    702 FuseChunkHasChanged {
        msgid: MsgId,
        inode: Inode,
        index: ChunkIndex,
        chunk: ChunkId,
        version: ChunkVersion,
        file_length: u64,
        /// 1: the file was cut there.
        truncated: u8
    }

    /// The length of a file that others have open was changed.
    703 FuseLengthHasChanged { msgid: MsgId, inode: Inode, file_length: u64 }

    /// What time is it?
    704 FuseTimeSync { msgid: MsgId }

    /// Answers `FuseTimeSync`.
    705 FuseTimeSyncReply {
        msgid: MsgId,
        /// Microseconds since the epoch.
        time_us: u64
    }

    /// Forget where chunks are: a chunkserver came or went.
    706 FuseInvalidateChunkCache { msgid: MsgId }
} }
