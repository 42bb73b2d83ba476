//! Sizes and limits of the file system (`spec/wire-client-master.md` 0, `spec/metadata-format.md` 1).

use crate::{Inode, Version};

/// Bytes in a full chunk: 64 MiB.
pub const CHUNK_SIZE: u64 = 1 << 26;
/// Bytes in a block, the unit of checksums: 64 KiB.
pub const BLOCK_SIZE: u32 = 1 << 16;
/// Blocks in a full chunk.
pub const BLOCKS_PER_CHUNK: u16 = 1024;
/// Bytes that size accounting adds for each chunk's header.
pub const CHUNK_HEADER_SIZE: u64 = 0x2000;
/// The highest chunk index in a file.
pub const MAX_CHUNK_INDEX: u32 = 0x7FFF_FFFF;
/// The longest file: all chunk indices used.
pub const MAX_FILE_SIZE: u64 = CHUNK_SIZE << 31;
/// The longest file name, bytes.
pub const MAX_NAME: usize = 255;
/// The longest symlink target, bytes.
pub const MAX_SYMLINK: usize = 4096;
/// The longest path remembered for a file in the trash, bytes.
pub const MAX_TRASH_PATH: usize = 1024;
/// The longest extended attribute value, and the longest list of names, bytes.
pub const MAX_XATTR_VALUE: usize = 65536;
/// The root directory.
pub const ROOT: Inode = Inode(1);
/// CRC-32 of a block of zeros.
pub const ZERO_BLOCK_CRC: u32 = 0xD797_8EEB;
/// What we announce to peers: wire-compatible with MooseFS 3.0.117.
pub const OUR_VERSION: Version = Version::new(3, 0, 117);
