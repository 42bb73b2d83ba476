//! Where data is and how writes begin and end (`spec/wire-client-master.md` 4).

use super::data_shapes::{FileChunk, WriteEnd};
use types::{ChunkId, ChunkIndex, Inode, MsgId, Reply, Status, Tag};

packets! { <'a> {
    /// Where is this chunk of the file?
    432 FuseReadChunk {
        msgid: MsgId,
        inode: Inode,
        index: ChunkIndex,
        /// Flags as of `FuseWriteChunk`; missing in the 12-byte form.
        flags: Option<u8>
    }
    /// Answers `FuseReadChunk`; chunk 0 is a hole.
    433 FuseReadChunkReply<'a> { msgid: MsgId, reply: Reply<(Tag<2>, FileChunk<'a>)> }

    /// I am going to write to this chunk of the file: make or copy it, and lock it.
    434 FuseWriteChunk {
        msgid: MsgId,
        inode: Inode,
        index: ChunkIndex,
        /// 0x02 the lock is mine already, 0x04 the user may take the last space; missing in the 12-byte form.
        flags: Option<u8>
    }
    /// Answers `FuseWriteChunk`.
    435 FuseWriteChunkReply<'a> { msgid: MsgId, reply: Reply<(Tag<2>, FileChunk<'a>)> }

    /// I have written: this is the file's length now (0 to leave it alone). Unlocks the chunk.
    436 FuseWriteChunkEnd { msgid: MsgId, chunk: ChunkId, inode: Inode, end: WriteEnd }
    /// Answers `FuseWriteChunkEnd`.
    437 FuseWriteChunkEndReply { msgid: MsgId, status: Status }
} }
