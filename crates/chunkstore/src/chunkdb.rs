//! `.chunkdb`: a disk's list of chunks, written at a clean stop and consumed at the next start, so that no folder has to
//! be listed (`spec/wire-chunkserver.md` 4.6). Stock's format, so that it works from one to the other.
//!
//! ```text
//! "MFS CHUNKDB2" | u16 length | path with / at the end | n × (u64 id | u32 version | u16 blocks | u16 header | u16 folder)
//! | 18 zero bytes
//! ```
//!
//! A list that may be stale is worse than none: chunks it does not know would be called lost. So it is believed only if
//! no folder was changed after it was written, it is removed before the first request is served, and the whole disk is
//! scanned on the slightest doubt.

use crate::disk::{Disk, folder_name, shown_path};
use crate::format::NEW_HEADER;
use rustix::fs::{AtFlags, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;
use types::{BLOCKS_PER_CHUNK, ChunkId, ChunkVersion};

const FILE: &str = ".chunkdb";
const TEMPORARY: &str = ".tmp_chunkdb";
const MAGIC: &[u8; 12] = b"MFS CHUNKDB2";
const RECORD: usize = 18;
/// Times of files come from a clock that moves on at least this often.
const TICK: Duration = Duration::from_millis(20);
/// "Not known" in the field of blocks.
const UNKNOWN: u16 = u16::MAX;

/// A chunk as the list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: ChunkId,
    pub(crate) version: ChunkVersion,
    pub(crate) blocks: Option<u16>,
    pub(crate) header: u16,
    pub(crate) folder: u8,
}

impl Entry {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.0.to_be_bytes());
        out.extend_from_slice(&self.version.0.to_be_bytes());
        // The header's size is known when the number of blocks is.
        let (blocks, header) = self.blocks.map_or((UNKNOWN, 0), |blocks| (blocks, self.header));
        for field in [blocks, header, self.folder.into()] {
            out.extend_from_slice(&field.to_be_bytes());
        }
    }

    fn decode(record: &[u8]) -> Option<Entry> {
        let number = |from: usize, to: usize| record[from..to].iter().fold(0, |n, b| n << 8 | u64::from(*b));
        let (blocks, header) = (number(12, 14) as u16, number(14, 16) as u16);
        if blocks != UNKNOWN && blocks > BLOCKS_PER_CHUNK {
            return None;
        }
        Some(Entry {
            id: ChunkId(number(0, 8)),
            version: ChunkVersion(number(8, 12) as u32),
            blocks: (blocks != UNKNOWN).then_some(blocks),
            header: if header == 0 { NEW_HEADER } else { header },
            folder: u8::try_from(number(16, 18)).ok()?,
        })
    }
}

fn encode(path: &[u8], entries: impl Iterator<Item = Entry>) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(path.len() as u16).to_be_bytes());
    bytes.extend_from_slice(path);
    entries.for_each(|entry| entry.encode(&mut bytes));
    bytes.extend_from_slice(&[0; RECORD]);
    bytes
}

/// `None` for anything but a whole list of this path.
fn decode(bytes: &[u8], path: &[u8]) -> Option<Vec<Entry>> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let rest = rest.get(..usize::from(u16::from_be_bytes(*length)))?.eq(path).then(|| &rest[path.len()..])?;
    let (records, end) = rest.split_at_checked(rest.len().checked_sub(RECORD)?)?;
    if end != [0; RECORD] || !records.len().is_multiple_of(RECORD) {
        return None;
    }
    // A zero record in the middle would be an end that is not at the end.
    records.chunks_exact(RECORD).map(|record| Entry::decode(record).filter(|entry| entry.id.0 != 0)).collect()
}

/// Seconds and nanoseconds of the last change.
type Moment = (i64, i64);

fn changed(stat: &Stat) -> Moment {
    let (mtime, ctime) =
        ((stat.st_mtime, stat.st_mtime_nsec as i64), (stat.st_ctime, stat.st_ctime_nsec as i64));
    mtime.max(ctime)
}

/// True if no folder has changed since the list was written. The root is compared by seconds only, because the list's
/// own renaming changes it, and stock does not hide that.
fn is_fresh(disk: &Disk, written: Moment) -> Result<bool, Errno> {
    if disk.root_changed > written.0 {
        return Ok(false);
    }
    for folder in 0..=255u8 {
        match rustix::fs::statat(&disk.root, folder_name(folder).as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if changed(&stat) <= written => {}
            Ok(_) => return Ok(false),
            // Removing a folder would have changed the root; one that never was has no chunks.
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Takes the list if it can be believed. In any case there is none afterwards, and that is durable, so that no later
/// start can find it. A disk that cannot be written to keeps it: then it stays true, too.
pub(crate) fn consume(disk: &Disk) -> io::Result<Option<Vec<Entry>>> {
    let file = match disk.open_at(FILE, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let stat = rustix::fs::fstat(&file)?;
    let fresh = is_fresh(disk, (stat.st_mtime as i64, stat.st_mtime_nsec as i64))?;
    let entries = if fresh { read(&file, disk)? } else { None };
    if entries.is_none() {
        tracing::info!("{}/{FILE} is not believed; scanning", disk.path.display());
    }
    if !disk.read_only {
        disk.unlink(FILE)?;
        rustix::fs::fsync(&disk.root)?;
    }
    Ok(entries)
}

fn read(mut file: &File, disk: &Disk) -> io::Result<Option<Vec<Entry>>> {
    let mut bytes = Vec::new();
    // Bounded by the file, which is our own or stock's, in the disk's root.
    file.read_to_end(&mut bytes)?;
    Ok(decode(&bytes, shown_path(&disk.path).as_bytes()))
}

/// Writes the list. Nothing on the disk may change any more.
pub(crate) fn write(disk: &Disk, entries: impl Iterator<Item = Entry>) -> io::Result<()> {
    let path = shown_path(&disk.path);
    if path.len() > usize::from(u16::MAX) {
        return Ok(());
    }
    let bytes = encode(path.as_bytes(), entries);
    let mut file =
        disk.open_at(TEMPORARY, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW)?;
    file.write_all(&bytes)?;
    rustix::fs::fsync(&file)?;
    // The folders' last changes are older than the renaming below by more than a tick of the file system's clock …
    std::thread::sleep(TICK);
    disk.rename(TEMPORARY, FILE)?;
    let root = rustix::fs::fstat(&disk.root)?;
    // … and the list is older by a nanosecond, so that a change in the very same tick is still a later one.
    let at = Timespec { tv_sec: root.st_mtime as i64, tv_nsec: (root.st_mtime_nsec as i64 - 1).max(0) };
    rustix::fs::futimens(&file, &Timestamps { last_access: at, last_modification: at })?;
    Ok(rustix::fs::fsync(&disk.root)?)
}

/// Removes what a stop that was cut short has left.
pub(crate) fn forget_temporary(disk: &Disk) {
    let _ = rustix::fs::unlinkat(&disk.root, TEMPORARY, AtFlags::empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let one = |id, blocks, header, folder| Entry {
            id: ChunkId(id),
            version: ChunkVersion(9),
            blocks,
            header,
            folder,
        };
        vec![one(1, Some(1024), 4096, 0), one(2, None, 4096, 255), one(u64::MAX >> 1, Some(0), 1024, 7)]
    }

    #[test]
    fn there_and_back() {
        let bytes = encode(b"/mnt/a/", entries().into_iter());
        assert_eq!(&bytes[..23], b"MFS CHUNKDB2\0\x07/mnt/a/\0\0");
        assert_eq!(decode(&bytes, b"/mnt/a/"), Some(entries()));
        assert_eq!(decode(&bytes, b"/mnt/b/"), None);
        assert_eq!(decode(&bytes, b"/mnt/a"), None);
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end], b"/mnt/a/"), None, "cut at {end}");
        }
        let longer = [&bytes[..], &[0; RECORD]].concat();
        assert_eq!(decode(&longer, b"/mnt/a/"), None);
        let mut bad = bytes.clone();
        bad[21 + 12] = 0x80;
        assert_eq!(decode(&bad, b"/mnt/a/"), None, "too many blocks");
    }
}
