//! What an operator may ask and tell our master beyond stock: chunks in quarantine, and whether the metadata is what he
//! wants. Asked on the client port by anybody, as stock's administration is, after the master has said in its
//! `VersionInfo` that it is ours.

use std::net::Ipv4Addr;
use types::{ChunkId, ChunkVersion, Inode, Rest, Status};

packets! { <'a> {
    /// Which chunks do chunkservers have that the metadata does not know?
    0x454C_1000 QuarantineList {
        /// The first id to tell.
        from: ChunkId,
        /// Chunks, at most.
        limit: u32
    }
    /// Answers `QuarantineList`, in the order of ids; all copies of a chunk are told together.
    0x454C_1001 QuarantineListReply<'a> { fence: FenceInfo, copies: Rest<'a, QuarantinedCopy> }

    /// What is to become of a chunk in quarantine.
    0x454C_1002 QuarantineCommand {
        /// 0 it may be deleted, 1 make it known to the metadata.
        command: u8,
        chunk: ChunkId
    }
    /// Answers `QuarantineCommand`.
    0x454C_1003 QuarantineCommandReply {
        status: Status,
        /// The file made for a chunk that no file names; 0 none.
        inode: Inode
    }

    /// This metadata is what the operator wants, although chunkservers hold something newer: deletions may go on.
    0x454C_1004 ConfirmMetadata {}
    /// Answers `ConfirmMetadata`.
    0x454C_1005 ConfirmMetadataReply { status: Status }
} }

record! { <'a> {
    /// Whether the metadata looks older than the data.
    #[derive(Eq)]
    FenceInfo {
        /// 1 it does, and nothing is deleted.
        up: u8,
        /// Chunks found with ids that were never given out.
        new_ids: u64,
        /// Chunks found with versions that were never given.
        new_versions: u64,
        /// Chunks in quarantine.
        quarantined: u64,
    }

    /// A copy of a chunk in quarantine.
    #[derive(Eq)]
    QuarantinedCopy {
        /// Its id.
        chunk: ChunkId,
        /// The copy's version.
        version: ChunkVersion,
        /// Seconds since it was found.
        age: u32,
        /// 1 its deletion was agreed to.
        released: u8,
        /// The chunkserver.
        ip: Ipv4Addr,
        /// Its data port.
        port: u16,
    }
} }
