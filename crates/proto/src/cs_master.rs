//! The link between a chunkserver and the master (`spec/wire-chunkserver.md` 3).

mod shapes;

pub use crate::any::{BadCommandSize, ConfigValue, GetConfig, GetVersion, Nop, UnknownCommand, VersionInfo};
pub use crate::cs_data::{
    ChunkBlocks, ChunkChecksum, ChunkChecksumTab, GetChunkBlocks, GetChunkChecksum, GetChunkChecksumTab,
};
pub use shapes::{Ack, CsBegin, CsRegister, ListedChunk, ReplicationSource, Source, Space};
use types::{ChunkId, ChunkVersion, Rest, Status};

/// Field tables of all parts of packets of this link.
pub(crate) const RECORDS_BY_FILE: &[&[crate::record::RecordDoc]] = &[shapes::RECORDS];

packets! { <'a> {
    /// Registration in steps: who I am, my chunks (a list per acknowledgement), end; later maybe goodbye.
    100 CsRegisterPacket<'a> { step: CsRegister<'a> }

    /// Space has changed.
    101 CsSpace { space: Space }

    /// Copies that cannot be read any more.
    102 ChunkDamaged<'a> { chunks: Rest<'a, ChunkId> }

    /// How busy the chunkserver is.
    103 CurrentLoad {
        /// Busy workers and queued jobs.
        load: u32,
        /// 1 fine, 2 overloaded, 3 rebalancing its disks.
        state: u8
    }

    /// Answers registration.
    104 MasterAck { ack: Ack }

    /// Copies that are gone, or were asked for and never were here.
    105 ChunkLost<'a> { chunks: Rest<'a, ChunkId> }

    /// A disk reported an error.
    106 ErrorOccurred {}

    /// Copies found on a disk, or whose disk was marked for removal or unmarked.
    107 ChunkNew<'a> { chunks: Rest<'a, ListedChunk> }

    /// The server's labels.
    109 Labels {
        /// Bit 0 is label A.
        mask: u32
    }

    /// Make an empty chunk.
    110 ChunkCreate { chunk: ChunkId, version: ChunkVersion }
    /// Answers `ChunkCreate`.
    111 ChunkCreateReply { chunk: ChunkId, status: Status }

    /// Delete a copy; version 0 is any.
    120 ChunkDelete { chunk: ChunkId, version: ChunkVersion }
    /// Answers `ChunkDelete`.
    121 ChunkDeleteReply { chunk: ChunkId, status: Status }

    /// Copy a chunk to a new one on the same server.
    130 ChunkDuplicate { new_chunk: ChunkId, new_version: ChunkVersion, old_chunk: ChunkId, old_version: ChunkVersion }
    /// Answers `ChunkDuplicate`; `chunk` is the new one.
    131 ChunkDuplicateReply { chunk: ChunkId, status: Status }

    /// Change a copy's version.
    140 ChunkSetVersion { chunk: ChunkId, new_version: ChunkVersion, old_version: ChunkVersion }
    /// Answers `ChunkSetVersion`.
    141 ChunkSetVersionReply { chunk: ChunkId, status: Status }

    /// Fetch a copy from elsewhere.
    150 ChunkReplicate<'a> { chunk: ChunkId, version: ChunkVersion, source: ReplicationSource<'a> }
    /// Answers `ChunkReplicate`.
    151 ChunkReplicateReply { chunk: ChunkId, version: ChunkVersion, status: Status }

    /// Any of the operations above and below, told by which fields are zero; and testing a chunk. A stock master
    /// never sends it and drops the link on its answer.
    152 ChunkOp {
        chunk: ChunkId,
        version: ChunkVersion,
        new_version: ChunkVersion,
        copy_chunk: ChunkId,
        copy_version: ChunkVersion,
        length: u32
    }
    /// Answers `ChunkOp`.
    153 ChunkOpReply {
        chunk: ChunkId,
        version: ChunkVersion,
        new_version: ChunkVersion,
        copy_chunk: ChunkId,
        copy_version: ChunkVersion,
        length: u32,
        status: Status
    }

    /// Cut or extend a chunk and change its version.
    160 ChunkTruncate { chunk: ChunkId, length: u32, new_version: ChunkVersion, old_version: ChunkVersion }
    /// Answers `ChunkTruncate`.
    161 ChunkTruncateReply { chunk: ChunkId, status: Status }

    /// Copy a chunk to a new one on the same server, cut or extended.
    170 ChunkDuptrunc {
        new_chunk: ChunkId,
        new_version: ChunkVersion,
        old_chunk: ChunkId,
        old_version: ChunkVersion,
        length: u32
    }
    /// Answers `ChunkDuptrunc`; `chunk` is the new one.
    171 ChunkDuptruncReply { chunk: ChunkId, status: Status }
} }

direction! {
    /// From a chunkserver to the master.
    CsToMa<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, GetVersion, GetConfig<'a>,
        CsRegisterPacket<'a>, CsSpace, ChunkDamaged<'a>, CurrentLoad, ChunkLost<'a>, ErrorOccurred, ChunkNew<'a>, Labels,
        ChunkCreateReply, ChunkDeleteReply, ChunkDuplicateReply, ChunkSetVersionReply, ChunkReplicateReply, ChunkOpReply,
        ChunkTruncateReply, ChunkDuptruncReply,
        ChunkBlocks, ChunkChecksum, ChunkChecksumTab<'a>,
    }
}

direction! {
    /// From the master to a chunkserver.
    MatoCs<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, VersionInfo<'a>, ConfigValue<'a>,
        MasterAck,
        ChunkCreate, ChunkDelete, ChunkDuplicate, ChunkSetVersion, ChunkReplicate<'a>, ChunkOp, ChunkTruncate, ChunkDuptrunc,
        GetChunkBlocks, GetChunkChecksum, GetChunkChecksumTab,
    }
}
