//! Questions about a copy (`spec/wire-chunkserver.md` 2), asked on data connections and by the master.

use chunkstore::Store;
use std::sync::Arc;
use types::{ChunkId, ChunkVersion, Status};

/// Bytes of a checksum table.
const TABLE: usize = proto::cs_data::CrcTable::SIZE;

/// Number of blocks in the copy; 0 on error.
pub(crate) fn blocks(store: &Arc<Store>, chunk: ChunkId, version: ChunkVersion) -> (u16, Status) {
    match store.open(chunk, version).and_then(|handle| handle.blocks()) {
        Ok(blocks) => (blocks, Status::OK),
        Err(status) => (0, status),
    }
}

/// One number for all block checksums.
pub(crate) fn checksum(store: &Arc<Store>, chunk: ChunkId, version: ChunkVersion) -> Result<u32, Status> {
    let table = store.open(chunk, version)?.checksums()?;
    Ok(fold_checksums(&table))
}

fn fold_checksums(table: &[u32]) -> u32 {
    table.iter().fold(1_u32, |sum, crc| sum.wrapping_mul(426_265_243) ^ crc)
}

/// The block checksums.
pub(crate) fn checksum_table(
    store: &Arc<Store>,
    chunk: ChunkId,
    version: ChunkVersion,
) -> Result<[u8; TABLE], Status> {
    let table = store.open(chunk, version)?.checksums()?;
    let mut bytes = [0; TABLE];
    for (entry, crc) in bytes.chunks_exact_mut(4).zip(table) {
        entry.copy_from_slice(&crc.to_be_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksums_as_in_the_spec() {
        // `spec/wire-chunkserver.md` 6.5.
        assert_eq!(super::fold_checksums(&[0xD797_8EEB; 1024]), 0x4A00_B401);
        assert_eq!(super::fold_checksums(&[0; 1024]), 0x3509_7001);
    }
}
