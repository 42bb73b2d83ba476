//! The bytes of a chunk file and its name (`spec/wire-chunkserver.md` 4.2 and 4.3).
//!
//! ```text
//! 0        8         16        20          H           H+4096        H+4096+65536·n
//! | "MFSC 1.0" | u64 id | u32 version | zeros | 1024 × u32 crc | n blocks of 65536 bytes |
//! ```
//!
//! The header size H is 4096 in files we make and 1024 in old ones; the file's size tells which.

use types::{BLOCK_SIZE, BLOCKS_PER_CHUNK, ChunkId, ChunkVersion, ZERO_BLOCK_CRC};

/// Header size of files we make.
pub(crate) const NEW_HEADER: u16 = 4096;
/// Header size of files from before the header grew.
const OLD_HEADER: u16 = 1024;
/// Bytes of the checksum table.
pub(crate) const TABLE_SIZE: usize = 4096;
/// Bytes of the meaningful part of the header.
pub(crate) const HEAD_SIZE: usize = 20;
/// Where the version stands in the header.
pub(crate) const VERSION_AT: u64 = 16;
/// Length of a chunk file's name.
const NAME_LEN: usize = 35;

const MAGICS: [&[u8; 8]; 2] = [b"MFSC 1.0", b"MFSC 1.1"];

/// `chunk_IIIIIIIIIIIIIIII_VVVVVVVV.mfs`.
pub fn file_name(id: ChunkId, version: ChunkVersion) -> String {
    format!("chunk_{:016X}_{:08X}.mfs", id.0, version.0)
}

/// Id and version from a name; `None` for every other name (lower-case digits included).
pub fn parse_file_name(name: &[u8]) -> Option<(ChunkId, ChunkVersion)> {
    if name.len() != NAME_LEN || !name.starts_with(b"chunk_") || name[22] != b'_' || !name.ends_with(b".mfs")
    {
        return None;
    }
    Some((ChunkId(upper_hex(&name[6..22])?), ChunkVersion(upper_hex(&name[23..31])? as u32)))
}

fn upper_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

/// The first bytes of a header.
pub(crate) fn encode_head(id: ChunkId, version: ChunkVersion) -> [u8; HEAD_SIZE] {
    let mut head = [0; HEAD_SIZE];
    head[..8].copy_from_slice(MAGICS[0]);
    head[8..16].copy_from_slice(&id.0.to_be_bytes());
    head[16..].copy_from_slice(&version.0.to_be_bytes());
    head
}

/// Id and version from a header; `None` if it is not one.
pub(crate) fn decode_head(head: &[u8; HEAD_SIZE]) -> Option<(ChunkId, ChunkVersion)> {
    if !MAGICS.iter().any(|magic| head.starts_with(*magic)) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| head[range].iter().fold(0, |n, b| n << 8 | u64::from(*b));
    Some((ChunkId(number(8..16)), ChunkVersion(number(16..20) as u32)))
}

/// Header size and number of blocks that a file size means; `None` if no chunk file has that size.
pub(crate) fn shape(size: u64) -> Option<(u16, u16)> {
    let header = (size.checked_sub(TABLE_SIZE as u64)? & u64::from(BLOCK_SIZE - 1)) as u16;
    if header != NEW_HEADER && header != OLD_HEADER {
        return None;
    }
    let blocks = (size - TABLE_SIZE as u64 - u64::from(header)) / u64::from(BLOCK_SIZE);
    (blocks <= u64::from(BLOCKS_PER_CHUNK)).then_some((header, blocks as u16))
}

/// Where block `block` starts.
pub(crate) fn block_at(header: u16, block: u16) -> u64 {
    u64::from(header) + TABLE_SIZE as u64 + u64::from(block) * u64::from(BLOCK_SIZE)
}

/// Where the checksum of block `block` stands.
pub(crate) fn crc_at(header: u16, block: u16) -> u64 {
    u64::from(header) + u64::from(block) * 4
}

/// The checksums of a chunk's blocks, as the file holds them.
pub(crate) type CrcTable = [u32; BLOCKS_PER_CHUNK as usize];

/// The table of a chunk without data. Entries of blocks that do not exist are those of zeros, so that the file can
/// grow by zeros without a moment in which its table is wrong.
pub(crate) const EMPTY_TABLE: CrcTable = [ZERO_BLOCK_CRC; BLOCKS_PER_CHUNK as usize];

/// The table's bytes.
pub(crate) fn encode_table(table: &CrcTable) -> [u8; TABLE_SIZE] {
    let mut bytes = [0; TABLE_SIZE];
    for (entry, crc) in bytes.chunks_exact_mut(4).zip(table) {
        entry.copy_from_slice(&crc.to_be_bytes());
    }
    bytes
}

/// The table from its bytes.
pub(crate) fn decode_table(bytes: &[u8; TABLE_SIZE]) -> CrcTable {
    std::array::from_fn(|i| u32::from_be_bytes(std::array::from_fn(|j| bytes[4 * i + j])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let (id, version) = (ChunkId(0x1234), ChunkVersion(7));
        assert_eq!(file_name(id, version), "chunk_0000000000001234_00000007.mfs");
        assert_eq!(parse_file_name(file_name(id, version).as_bytes()), Some((id, version)));
        for bad in [
            "chunk_000000000000abcd_00000007.mfs",
            "chunk_0000000000001234_00000007.mfsx",
            "chunk_0000000000001234-00000007.mfs",
            "chunk_000000000001234_00000007.mfs",
            "chunk_+000000000001234_00000007.mfs",
            "",
        ] {
            assert_eq!(parse_file_name(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn head_as_in_the_spec() {
        let golden =
            [0x4d, 0x46, 0x53, 0x43, 0x20, 0x31, 0x2e, 0x30, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 7];
        assert_eq!(encode_head(ChunkId(0x1234), ChunkVersion(7)), golden);
        assert_eq!(decode_head(&golden), Some((ChunkId(0x1234), ChunkVersion(7))));
        let mut bad = golden;
        bad[7] = b'2';
        assert_eq!(decode_head(&bad), None);
    }

    #[test]
    fn sizes_tell_the_header() {
        assert_eq!(shape(8192), Some((4096, 0)));
        assert_eq!(shape(5120 + 3 * 65536), Some((1024, 3)));
        assert_eq!(shape(8192 + (64 << 20)), Some((4096, 1024)));
        for bad in [0, 4095, 4096, 8191, 8193, 8192 + (64 << 20) + 65536] {
            assert_eq!(shape(bad), None, "{bad}");
        }
    }

    #[test]
    fn table_is_big_endian() {
        let bytes = encode_table(&EMPTY_TABLE);
        assert_eq!(bytes[..4], [0xD7, 0x97, 0x8E, 0xEB]);
        assert_eq!(decode_table(&bytes), EMPTY_TABLE);
        assert_eq!(crc32fast::hash(&[0; 65536]), ZERO_BLOCK_CRC);
    }
}
