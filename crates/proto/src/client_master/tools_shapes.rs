//! Shapes of tool packets and locks.

use std::net::SocketAddrV4;
use types::{ChunkId, ChunkVersion, DecodeError, Inode, Name, Reader, Rest, Wire};

record! { <'a> {
    /// Outcome of a change: how many nodes.
    #[derive(Eq, Default)]
    Counters {
        /// Changed.
        changed: u32,
        /// Were so before.
        not_changed: u32,
        /// Must not be changed by this user.
        not_permitted: u32,
    }

    /// A lock that is in the way; all zero when there is none.
    #[derive(Eq, Default)]
    PosixConflict {
        /// Its process; 0 in another session.
        pid: u32,
        /// 0 none, 1 read, 2 write.
        kind: u8,
        /// First byte.
        start: u64,
        /// Behind the last byte.
        end: u64,
    }

    /// Where a copy of a chunk is.
    #[derive(Eq)]
    CopyInfo {
        /// Its chunkserver.
        addr: SocketAddrV4,
        /// 0 valid, 1 marked for removal, 2 wrong version, 3 both, 4 invalid.
        kind: u8,
    }

    /// The copies of one chunk; chunk 0 is a hole.
    ChunkCopies<'a> {
        /// The chunk.
        chunk: ChunkId,
        /// Its version.
        version: ChunkVersion,
        /// Its copies.
        copies: Rest<'a, CopyInfo>,
    }

    /// Sizes below a node, for mounts and the tools that go through them. What stock always sends as 0 is not named.
    #[derive(Eq, Default)]
    DirStats {
        /// Nodes; one with two names counts twice.
        inodes: u32,
        /// Directories, the node itself too.
        dirs: u32,
        /// Files.
        files: u32,
        /// 0.
        zero1: u64,
        /// Chunks.
        chunks: u32,
        /// 0.
        zero2: u64,
        /// Bytes as files have them.
        length: u64,
        /// Bytes in chunks.
        size: u64,
        /// Bytes in copies.
        real_size: u64,
    }

    /// Sizes below a node, for tools that are connected to the master themselves.
    #[derive(Eq, Default)]
    OldDirStats {
        /// Nodes.
        inodes: u32,
        /// Directories.
        dirs: u32,
        /// Files.
        files: u32,
        /// Chunks.
        chunks: u32,
        /// Bytes as files have them.
        length: u64,
        /// Bytes in chunks.
        size: u64,
        /// Bytes in copies.
        real_size: u64,
    }

    /// Limits of a quota, or what is used of it.
    #[derive(Eq, Default)]
    QuotaLimits {
        /// Nodes.
        inodes: u32,
        /// Bytes as files have them.
        length: u64,
        /// Bytes in chunks.
        size: u64,
        /// Bytes in copies.
        real_size: u64,
    }

    /// A quota as it is.
    #[derive(Eq, Default)]
    QuotaState {
        /// Which limits are set, as in `FuseQuotacontrol`.
        flags: u8,
        /// Seconds for which a soft limit may be exceeded.
        grace: u32,
        /// Soft limits.
        soft: QuotaLimits,
        /// Hard limits.
        hard: QuotaLimits,
        /// What is used.
        current: QuotaLimits,
    }

    /// The archive flag below a node.
    #[derive(Eq, Default)]
    ArchState {
        /// Chunks archived.
        arch_chunks: u64,
        /// Chunks not archived.
        not_arch_chunks: u64,
        /// Files archived whole.
        arch_inodes: u32,
        /// Files archived in part.
        partial_inodes: u32,
        /// Files not archived.
        not_arch_inodes: u32,
    }

    /// Outcome of setting or clearing the archive flag.
    #[derive(Eq, Default)]
    ArchChanged {
        /// Chunks changed.
        changed: u64,
        /// Chunks that were so before.
        not_changed: u64,
        /// Nodes this user must not change.
        not_permitted: u32,
    }

    /// A chunk of a file, in short.
    #[derive(Eq)]
    ChunkInfo {
        /// The chunk.
        chunk: ChunkId,
        /// Bytes.
        size: u32,
        /// Copies.
        copies: u8,
    }
} }

/// What [`super::FuseCheck`] found: 48 bytes for a whole file (no chunk's answer has that length), else one chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CheckReply<'a> {
    /// Chunks with 0, 1, … 9, 10 or more valid copies, then holes.
    File([u32; 12]),
    /// One chunk.
    Chunk(ChunkCopies<'a>),
}

impl<'a> Wire<'a> for CheckReply<'a> {
    const MIN_SIZE: usize = 12;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 48 {
            Wire::decode(r).map(CheckReply::File)
        } else {
            Wire::decode(r).map(CheckReply::Chunk)
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            CheckReply::File(counts) => counts.encode(out),
            CheckReply::Chunk(copies) => copies.encode(out),
        }
    }
}

/// The two forms of directory sizes, told by length (56 or 40 bytes). Which one to send depends on how the connection
/// registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirStatsReply {
    /// On a mount's connection.
    Mount(DirStats),
    /// On a connection registered with code 4.
    OldTools(OldDirStats),
}

impl<'a> Wire<'a> for DirStatsReply {
    const MIN_SIZE: usize = 40;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 40 {
            Wire::decode(r).map(DirStatsReply::OldTools)
        } else {
            Wire::decode(r).map(DirStatsReply::Mount)
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            DirStatsReply::Mount(stats) => stats.encode(out),
            DirStatsReply::OldTools(stats) => stats.encode(out),
        }
    }
}

/// The two answers to [`super::FuseArchctl`], told by length (28 or 20 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchReply {
    /// To get.
    State(ArchState),
    /// To set and clear.
    Changed(ArchChanged),
}

impl<'a> Wire<'a> for ArchReply {
    const MIN_SIZE: usize = 20;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 20 {
            Wire::decode(r).map(ArchReply::Changed)
        } else {
            Wire::decode(r).map(ArchReply::State)
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            ArchReply::State(state) => state.encode(out),
            ArchReply::Changed(changed) => changed.encode(out),
        }
    }
}

/// A storage class in a listing: `u8 id`, or `u8 0xFF | NAME` for classes with a name of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SclassId<'a> {
    /// 1 to 9: as many copies anywhere. Not 0xFF, which would be read as a name following.
    Goal(u8),
    /// Any other class.
    Named(Name<'a>),
}

impl<'a> Wire<'a> for SclassId<'a> {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match u8::decode(r)? {
            0xFF => Name::decode(r).map(SclassId::Named),
            goal => Ok(SclassId::Goal(goal)),
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            SclassId::Goal(goal) => goal.encode(out),
            SclassId::Named(name) => (0xFF_u8, *name).encode(out),
        }
    }
}

/// Which storage class to set, and how: `u8 goal | u8 smode`, or `u8 0xFF | u8 smode | [NAME old] | NAME new`, the old
/// name being there when the mode is exchange (3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SclassTarget<'a> {
    /// A classic goal, 1 to 9.
    Goal {
        /// The goal; not 0xFF, which would be read as names following.
        goal: u8,
        /// How.
        smode: u8,
    },
    /// Files of any class, or whatever the mode says.
    Named {
        /// How; the low two bits are not 3.
        smode: u8,
        /// The class to set.
        name: Name<'a>,
    },
    /// Files of one class.
    Exchange {
        /// How; the low two bits are 3.
        smode: u8,
        /// The class to replace.
        old: Name<'a>,
        /// The class to set.
        new: Name<'a>,
    },
}

impl<'a> Wire<'a> for SclassTarget<'a> {
    const MIN_SIZE: usize = 2;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match Wire::decode(r)? {
            (0xFF_u8, smode) if smode & 3 == 3 => {
                let (old, new) = Wire::decode(r)?;
                SclassTarget::Exchange { smode, old, new }
            }
            (0xFF, smode) => SclassTarget::Named { smode, name: Name::decode(r)? },
            (goal, smode) => SclassTarget::Goal { goal, smode },
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            SclassTarget::Goal { goal, smode } => (goal, smode).encode(out),
            SclassTarget::Named { smode, name } => (0xFF_u8, smode, name).encode(out),
            SclassTarget::Exchange { smode, old, new } => (0xFF_u8, smode, old, new).encode(out),
        }
    }
}

/// What a node has, in pieces: `u16 kind | …`; `next` 0 is the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NodeInfo<'a> {
    /// 0: neither directory nor file.
    Other,
    /// 1: children of a directory.
    Dir {
        /// Where to go on.
        next: u64,
        /// The children.
        children: Rest<'a, Inode>,
    },
    /// 2: chunks of a file, holes left out.
    File {
        /// Where to go on.
        next: u64,
        /// The file's length, bytes.
        length: u64,
        /// The chunks.
        chunks: Rest<'a, ChunkInfo>,
    },
}

impl<'a> Wire<'a> for NodeInfo<'a> {
    const MIN_SIZE: usize = 2;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match u16::decode(r)? {
            0 => NodeInfo::Other,
            1 => {
                let (next, children) = Wire::decode(r)?;
                NodeInfo::Dir { next, children }
            }
            2 => {
                let (next, length, chunks) = Wire::decode(r)?;
                NodeInfo::File { next, length, chunks }
            }
            _ => return Err(r.bad("kind of node")),
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            NodeInfo::Other => 0_u16.encode(out),
            NodeInfo::Dir { next, children } => (1_u16, next, children).encode(out),
            NodeInfo::File { next, length, chunks } => (2_u16, next, length, chunks).encode(out),
        }
    }
}
