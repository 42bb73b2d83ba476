//! What is being written right now, so that `kill -9` costs no block.
//!
//! A block and its checksum are two writes; dying between them would leave a block that fits neither its old nor its
//! new checksum, and with it everything else the block holds. So before a block is touched, a small record in
//! `.elkfs_intents` in the disk's root says which one and from which checksum to which. It is not synced: it is for
//! the death of the process, not of the machine. The file is removed at a clean stop; stock ignores it.
//!
//! ```text
//! slot i at 32·i: u64 chunk | u16 block | u16 0 | u32 old crc | u32 new crc | u64 0 | u32 crc of the 28 bytes before
//! ```
//!
//! At start a record whose block still has the old checksum stored, but not the data it belongs to, is a write that
//! was cut short and never acknowledged. Any mixture of old and new bytes is a correct outcome of it, so the block
//! gets the checksum of what is there. A record of a write that was completed has the new checksum stored, and then
//! a block that does not fit is damaged like any other.

use crate::disk::Disk;
use crate::sys::pwrite_all;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::File;
use types::ChunkId;

/// Name of the file in a disk's root.
pub(crate) const FILE: &str = ".elkfs_intents";
/// Slots: one for each request that may be inside a disk.
pub(crate) const SLOTS: u32 = 64;
const SLOT: usize = 32;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) chunk: ChunkId,
    pub(crate) block: u16,
    pub(crate) old: u32,
    pub(crate) new: u32,
}

impl Intent {
    fn encode(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&self.chunk.0.to_be_bytes());
        bytes[8..10].copy_from_slice(&self.block.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.old.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.new.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Intent> {
        let number = |from: usize, to: usize| bytes[from..to].iter().fold(0, |n, b| n << 8 | u64::from(*b));
        if bytes.len() != SLOT || number(28, 32) != u64::from(crc32fast::hash(&bytes[..28])) {
            return None;
        }
        let (old, new) = (number(12, 16) as u32, number(16, 20) as u32);
        Some(Intent { chunk: ChunkId(number(0, 8)), block: number(8, 10) as u16, old, new })
    }
}

/// The records of one disk.
pub(crate) struct Intents(File);

impl Intents {
    /// Opens the file, and hands out what an earlier life has left in it.
    pub(crate) fn open(disk_root: &impl std::os::fd::AsFd) -> Result<(Intents, Vec<Intent>), Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mode = rustix::fs::Mode::from_raw_mode(0o640);
        let file = File::from(rustix::fs::openat(disk_root, FILE, flags, mode)?);
        let mut bytes = [0; SLOT * SLOTS as usize];
        let got = rustix::io::pread(&file, &mut bytes, 0)?;
        let left = bytes[..got].chunks(SLOT).filter_map(Intent::decode).filter(|i| i.old != i.new).collect();
        Ok((Intents(file), left))
    }

    /// Says what the holder of `slot` is about to write.
    pub(crate) fn announce(&self, slot: u32, intent: &Intent) -> Result<(), Errno> {
        pwrite_all(&self.0, &intent.encode(), u64::from(slot) * SLOT as u64)
    }
}

impl Disk {
    /// Nothing is being written any more.
    pub(crate) fn forget_intents(&self) {
        if self.intents.is_some() {
            let _ = self.unlink(FILE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let intent = Intent { chunk: ChunkId(0x1234), block: 1023, old: 1, new: 0xFFFF_FFFF };
        let bytes = intent.encode();
        assert_eq!(Intent::decode(&bytes), Some(intent));
        for i in 0..SLOT {
            let mut bad = bytes;
            bad[i] ^= 1;
            assert_eq!(Intent::decode(&bad), None);
        }
        assert_eq!(Intent::decode(&[0; SLOT]), None);
    }
}
