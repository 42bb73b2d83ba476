//! Reading and writing the blocks of an open chunk file (`spec/wire-chunkserver.md` 4.4).
//!
//! Order of writes, so that no crash makes a good block unreadable without need and none goes unnoticed: a file
//! grows by zeros first (its table says zeros already), then what is to come is recorded, then data is written, then
//! its checksum. The checksum is in the file before the write is acknowledged, so `kill -9` loses nothing that was;
//! the block that was being written is put right at the next start (see `intents`). After a power cut a block that
//! was not yet durable may not fit its checksum and is then treated as any damaged block.

use crate::chunk::ChunkState;
use crate::disk::Disk;
use crate::fault::Fault;
use crate::format::{TABLE_SIZE, block_at, crc_at, encode_table};
use crate::intents::Intent;
use crate::stats::Access;
use crate::sys::{ftruncate, pwrite_all};
use rustix::io::Errno;
use std::cell::RefCell;
use std::fs::File;
use std::time::Instant;
use types::{BLOCK_SIZE, Status, ZERO_BLOCK_CRC};

const BLOCK: usize = BLOCK_SIZE as usize;
static ZEROS: [u8; BLOCK] = [0; BLOCK];
/// The grain in which zeros are left out of new blocks.
const SPARSE_GRAIN: usize = 512;

thread_local! {
    /// Room for the block that a partial write changes.
    static SCRATCH: RefCell<Box<[u8; BLOCK]>> = RefCell::new(Box::new([0; BLOCK]));
}

/// Who wants a block; it decides where it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A request.
    Request,
    /// A test or a copy inside this server.
    Upkeep,
}

/// Part of a block to be written.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) block: u16,
    pub(crate) offset: usize,
    pub(crate) data: &'a [u8],
    /// Checksum of `data`, verified.
    pub(crate) crc: u32,
    /// The place of the writer inside the disk.
    pub(crate) slot: u32,
}

/// Part of a block and the checksum of the whole block that it makes.
#[derive(Clone, Copy)]
struct Put<'a> {
    block: u16,
    offset: usize,
    data: &'a [u8],
    block_crc: u32,
    slot: u32,
}

impl<'a> Piece<'a> {
    fn is_whole(&self) -> bool {
        self.data.len() == BLOCK
    }

    fn put(&self, block_crc: u32) -> Put<'a> {
        Put { block: self.block, offset: self.offset, data: self.data, block_crc, slot: self.slot }
    }
}

pub(crate) fn pread_all(file: &File, mut buf: &mut [u8], mut at: u64) -> Result<(), Errno> {
    while !buf.is_empty() {
        match rustix::io::pread(file, &mut *buf, at) {
            // The file is shorter than it was when it was opened.
            Ok(0) => return Err(Errno::IO),
            Ok(n) => {
                buf = &mut buf[n..];
                at += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

impl ChunkState {
    pub(crate) fn block_count(&self) -> u16 {
        self.blocks.unwrap_or(0)
    }

    fn open_file(&self) -> Result<&crate::chunk::ChunkFile, Fault> {
        self.file.as_deref().ok_or(Fault::Refused(Status::NOTOPENED))
    }

    /// Reads a whole block and checks it. Returns its checksum. Blocks behind the end are zeros.
    pub(crate) fn read_block(&self, block: u16, buf: &mut [u8], purpose: Purpose) -> Result<u32, Fault> {
        debug_assert_eq!(buf.len(), BLOCK);
        if block >= self.block_count() {
            buf.fill(0);
            return Ok(ZERO_BLOCK_CRC);
        }
        let file = self.open_file()?;
        let start = Instant::now();
        pread_all(&file.fd, buf, block_at(self.header, block)).map_err(|e| Fault::of(e, "read a block"))?;
        let access = match purpose {
            Purpose::Request => Access::Read(BLOCK_SIZE),
            Purpose::Upkeep => Access::UpkeepRead(BLOCK_SIZE),
        };
        self.disk.stats.count(access, start);
        let stored = file.crc[usize::from(block)];
        if crc32fast::hash(buf) == stored { Ok(stored) } else { Err(Fault::Rotten(block)) }
    }

    /// Writes a piece and its checksum.
    pub(crate) fn write_piece(&mut self, piece: Piece<'_>, sparsify: bool) -> Result<(), Fault> {
        let start = Instant::now();
        let result = if piece.block >= self.block_count() {
            self.write_new(piece, sparsify)
        } else if piece.is_whole() {
            self.overwrite(piece.put(piece.crc))
        } else {
            self.modify(piece)
        };
        self.disk.stats.count(Access::Write(piece.data.len() as u32), start);
        result
    }

    fn modify(&mut self, piece: Piece<'_>) -> Result<(), Fault> {
        SCRATCH.with_borrow_mut(|whole| {
            self.read_block(piece.block, &mut whole[..], Purpose::Request)?;
            whole[piece.offset..piece.offset + piece.data.len()].copy_from_slice(piece.data);
            self.overwrite(piece.put(crc32fast::hash(&whole[..])))
        })
    }

    /// As [`Self::put`], for a block that holds data. A full disk is no damage as long as the old block is whole.
    fn overwrite(&mut self, put: Put<'_>) -> Result<(), Fault> {
        let result = self.put(put);
        if let Err(Fault::Refused(_)) = result {
            let mut whole = vec![0; BLOCK];
            self.read_block(put.block, &mut whole, Purpose::Upkeep)?;
        }
        result
    }

    /// What is to come, then data, then the checksum of the block it makes. Counted as a write even if it fails in the
    /// middle, and only afterwards, so that no sync takes it for done.
    fn put(&mut self, put: Put<'_>) -> Result<(), Fault> {
        let header = self.header;
        let file = self.file.as_deref_mut().ok_or(Fault::Refused(Status::NOTOPENED))?;
        let entry = &mut file.crc[usize::from(put.block)];
        let changes = *entry != put.block_crc;
        if changes && let Some(intents) = &self.disk.intents {
            let intent = Intent { chunk: self.id, block: put.block, old: *entry, new: put.block_crc };
            intents.announce(put.slot, &intent).map_err(|e| Fault::of(e, "write what is to be written"))?;
        }
        let at = block_at(header, put.block) + put.offset as u64;
        let mut result = pwrite_all(&file.fd, put.data, at).map_err(|e| Fault::of(e, "write a block"));
        if changes && result.is_ok() {
            result = pwrite_all(&file.fd, &put.block_crc.to_be_bytes(), crc_at(header, put.block))
                .map_err(|e| Fault::of(e, "write a checksum"));
            if result.is_ok() {
                *entry = put.block_crc;
            }
        }
        file.sync.wrote();
        result
    }

    /// Writes into a block that the file does not have yet; if that fails, it does not have it afterwards either.
    fn write_new(&mut self, piece: Piece<'_>, sparsify: bool) -> Result<(), Fault> {
        let old = self.block_count();
        self.set_length(piece.block + 1)?;
        let (data, skipped) = if sparsify { trim_zeros(piece.data) } else { (piece.data, 0) };
        let crc = if piece.is_whole() { piece.crc } else { crc_among_zeros(piece.data, piece.offset) };
        let result = self.put(Put { data, offset: piece.offset + skipped, ..piece.put(crc) });
        if result.is_err() {
            self.set_length(old)?;
        }
        result
    }

    /// Gives a block that was being written when we died the checksum of what is there, if `intent` says so. True if
    /// that was needed.
    pub(crate) fn finish_intent(&mut self, intent: &Intent) -> Result<bool, Fault> {
        if intent.block >= self.block_count()
            || self.open_file()?.crc[usize::from(intent.block)] != intent.old
        {
            return Ok(false);
        }
        let mut whole = vec![0; BLOCK];
        match self.read_block(intent.block, &mut whole, Purpose::Upkeep) {
            Ok(_) => return Ok(false),
            Err(Fault::Rotten(_)) => {}
            Err(fault) => return Err(fault),
        }
        let crc = crc32fast::hash(&whole);
        let header = self.header;
        let file = self.file.as_deref_mut().ok_or(Fault::Refused(Status::NOTOPENED))?;
        pwrite_all(&file.fd, &crc.to_be_bytes(), crc_at(header, intent.block))
            .map_err(|e| Fault::of(e, "write a checksum"))?;
        file.crc[usize::from(intent.block)] = crc;
        file.sync.wrote();
        Ok(true)
    }

    /// Cuts or extends the file to `blocks` blocks. What it gains is zeros, and its table says so beforehand.
    pub(crate) fn set_length(&mut self, blocks: u16) -> Result<(), Fault> {
        let (header, old) = (self.header, self.block_count());
        let file = self.file.as_deref_mut().ok_or(Fault::Refused(Status::NOTOPENED))?;
        if blocks > old && file.stale_tail {
            pwrite_all(&file.fd, &encode_table(&file.crc), u64::from(header))
                .map_err(|e| Fault::of(e, "write the checksums"))?;
            file.stale_tail = false;
        }
        ftruncate(&file.fd, block_at(header, blocks)).map_err(|e| Fault::of(e, "change a file's length"))?;
        if blocks < old {
            file.crc[usize::from(blocks)..].fill(ZERO_BLOCK_CRC);
            file.stale_tail = true;
        }
        file.sync.wrote();
        self.set_blocks(Some(blocks));
        Ok(())
    }

    /// Zeros block `block` from `keep` bytes on. The block is checked first: a new checksum must not hide old damage.
    pub(crate) fn zero_tail(&mut self, block: u16, keep: usize, slot: u32) -> Result<(), Fault> {
        SCRATCH.with_borrow_mut(|whole| {
            self.read_block(block, &mut whole[..], Purpose::Upkeep)?;
            if whole[keep..].iter().all(|byte| *byte == 0) {
                return Ok(());
            }
            whole[keep..].fill(0);
            let block_crc = crc32fast::hash(&whole[..]);
            self.overwrite(Put { block, offset: keep, data: &ZEROS[keep..], block_crc, slot })
        })
    }
}

/// The data without zeros in front and behind, and how many bytes were left out in front.
pub(crate) fn trim_zeros(data: &[u8]) -> (&[u8], usize) {
    let zero = |part: &[u8]| part == &ZEROS[..part.len()];
    let front = data.chunks_exact(SPARSE_GRAIN).take_while(|part| zero(part)).count() * SPARSE_GRAIN;
    let rest = &data[front..];
    let back = rest.rchunks_exact(SPARSE_GRAIN).take_while(|part| zero(part)).count() * SPARSE_GRAIN;
    (&rest[..rest.len() - back], front)
}

/// The checksum of a block that is zeros but for `data` at `offset`.
fn crc_among_zeros(data: &[u8], offset: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&ZEROS[..offset]);
    hasher.update(data);
    hasher.update(&ZEROS[offset + data.len()..]);
    hasher.finalize()
}

/// Makes a file's data durable, counting the time.
pub(crate) fn sync_data(disk: &Disk, file: &File) -> Result<(), Errno> {
    let start = Instant::now();
    let result = rustix::fs::fdatasync(file);
    disk.stats.count(Access::Fsync, start);
    result
}

/// Bytes of the table, to be read with the header in one go.
pub(crate) const HEADER_AND_TABLE: usize = crate::format::NEW_HEADER as usize + TABLE_SIZE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_left_out() {
        let mut data = vec![0; BLOCK];
        assert_eq!(trim_zeros(&data), (&[][..], BLOCK));
        data[1000] = 1;
        data[2000] = 2;
        let (kept, skipped) = trim_zeros(&data);
        assert_eq!((skipped, kept.len()), (512, 2048 - 512));
        assert_eq!(trim_zeros(&[0; 100]), (&[0; 100][..], 0));
    }

    #[test]
    fn crc_of_a_part() {
        // `spec/wire-chunkserver.md` 6.5.
        assert_eq!(crc_among_zeros(b"hello", 0), 0x955E_540B);
        let mut block = [0; BLOCK];
        block[65531..].copy_from_slice(b"hello");
        assert_eq!(crc_among_zeros(b"hello", 65531), crc32fast::hash(&block));
    }
}
