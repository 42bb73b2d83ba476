//! The chunkserver's data port (`spec/wire-chunkserver.md` 1 and 2): clients and other chunkservers on one side, a
//! chunkserver on the other. Bulk packets are declared as heads; the block that follows never enters a struct.

use types::{ChunkId, Status};

packets! {
    /// From a chunkserver's data port.
    CsToCl<'a> {
        /// The end of a read, or its failure.
        201 ReadStatus { chunk: ChunkId, status: Status }
        /// An acknowledgement: of the whole chain (`write_id` 0) or of one block.
        211 WriteStatus { chunk: ChunkId, write_id: u32, status: Status }
    }
}
