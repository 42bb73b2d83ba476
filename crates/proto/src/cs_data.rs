//! The chunkserver's data port (`spec/wire-chunkserver.md` 1 and 2): clients and other chunkservers on one side, a
//! chunkserver on the other. Bulk packets are declared as heads; the block that follows never enters a struct.

mod shapes;

pub use crate::any::{BadCommandSize, ConfigValue, GetConfig, GetVersion, Nop, UnknownCommand, VersionInfo};
use crate::info::{
    Chart, ChartData, ChartDataReply, ChartReply, HddList, HddListReply, ModuleInfo, ModuleInfoReply,
    MonotonicData, MonotonicDataReply,
};
use crate::jobs::{JobList, JobListReply, JobSwitch, JobSwitchReply};
pub use shapes::{CrcTable, ProtoVer};
use std::net::SocketAddrV4;
use types::{BulkLen, ChunkId, ChunkVersion, Reply, Rest, Status};

packets! { <'a> {
    /// Read `size` bytes from `offset`, any alignment, within the chunk. Clients send a protocol version (1), a
    /// replicating chunkserver does not.
    200 Read { protover: ProtoVer, chunk: ChunkId, version: ChunkVersion, offset: u32, size: u32 }

    /// The end of a read, or its failure.
    201 ReadStatus { chunk: ChunkId, status: Status }

    /// A piece of the data read, within one block. The head only: `size` bytes follow, and `crc` is theirs.
    202 ReadData { chunk: ChunkId, block: u16, offset: u16, size: BulkLen, crc: u32 }

    /// Starts writing through a chain of chunkservers.
    210 Write<'a> {
        protover: ProtoVer,
        chunk: ChunkId,
        version: ChunkVersion,
        /// The servers behind the receiver, the next one first.
        chain: Rest<'a, SocketAddrV4>
    }

    /// An acknowledgement: of the whole chain (`write_id` 0) or of one block.
    211 WriteStatus { chunk: ChunkId, write_id: u32, status: Status }

    /// A piece of a block to write. The head only: `size` bytes follow, and `crc` is theirs.
    212 WriteData {
        chunk: ChunkId,
        /// From 1 upward in each session.
        write_id: u32,
        block: u16,
        offset: u16,
        size: BulkLen,
        crc: u32
    }

    /// Ends a write session; there is no answer.
    213 WriteFinish { chunk: ChunkId, version: ChunkVersion }

    /// How many blocks has this copy?
    250 GetChunkBlocks { chunk: ChunkId, version: ChunkVersion }

    /// Answers `GetChunkBlocks`; `blocks` means nothing unless the status is OK.
    251 ChunkBlocks { chunk: ChunkId, version: ChunkVersion, blocks: u16, status: Status }

    /// What is the checksum over all block checksums of this copy?
    300 GetChunkChecksum { chunk: ChunkId, version: ChunkVersion }

    /// Answers `GetChunkChecksum`.
    301 ChunkChecksum { chunk: ChunkId, version: ChunkVersion, checksum: Reply<u32> }

    /// What are the checksums of the blocks of this copy?
    302 GetChunkChecksumTab { chunk: ChunkId, version: ChunkVersion }

    /// Answers `GetChunkChecksumTab`.
    303 ChunkChecksumTab<'a> { chunk: ChunkId, version: ChunkVersion, table: Reply<CrcTable<'a>> }
} }

direction! {
    /// To a chunkserver's data port, from clients, chunkservers and monitors.
    CltoCs<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, GetVersion, GetConfig<'a>,
        Read, Write<'a>, WriteData, WriteFinish,
        GetChunkBlocks, GetChunkChecksum, GetChunkChecksumTab,
        MonotonicData, Chart, ChartData, ModuleInfo, HddList,
        JobList, JobSwitch<'a>,
    }
}

direction! {
    /// From a chunkserver's data port.
    CsToCl<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, VersionInfo<'a>, ConfigValue<'a>,
        ReadStatus, ReadData, WriteStatus,
        ChunkBlocks, ChunkChecksum, ChunkChecksumTab<'a>,
        MonotonicDataReply<'a>, ChartReply<'a>, ChartDataReply<'a>, ModuleInfoReply, HddListReply<'a>,
        JobListReply<'a>, JobSwitchReply,
    }
}
